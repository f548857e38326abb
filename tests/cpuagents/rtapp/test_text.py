"""RT-21, the text: what the tolerant reader takes, and what it refuses with line and column."""

import pytest

from cpuagents import rtapp
from cpuagents.bad_input import BadInput
from tests.reading import code

RUN_5 = (("run", 5000), ("exit",))


def read(text):
    return rtapp.scenario_of(text, "t.json", "t", 4)


@pytest.mark.parametrize(
    "text",
    [
        '/* a */ {"tasks": /* b */ {"a": {"run": 5, "loop": 1}}} // c\n',
        '{"tasks": {"a": {"run": 5, "loop": 1}}} // no newline after this',
        '{"tasks": {"a": {"run": 5, // one\n "loop": 1}}}',
        '{"tasks": {"a": {"run": 5, "loop": 1,},},}',
        "{'tasks': {'a': {'run': 5, 'loop': 1}}}",
        '{"t\\u0061sks": {"a": {"run": 5, "loop": 1}}}',
        '{"tasks": {"a": {"run": 5, "loop": 1, "policy": NULL}}, "global": {"gnuplot": TRUE}}',
        '\ufeff{"tasks": {"a": {"run": 5, "loop": 1}}}',
        '{"tasks": {"a": {"run": 005, "loop": 1}}}',
        '{"tasks": {"a": {"run": 5, "loop": 1}}, "global": {"logdir": "a\nb"}}',
    ],
)
def test_the_reader_takes_what_rt_app_takes(text):
    found = read(text)
    assert found.templates[0].code == RUN_5
    assert found.notes == ()


@pytest.mark.parametrize("rest", ["}", '{"tasks": 1}', "text", "/* no end"])
def test_text_after_the_root_is_ignored_and_noted(rest):
    found = read('{"tasks": {"a": {"run": 5, "loop": 1}}} ' + rest)
    assert found.templates[0].code == RUN_5
    assert len(found.notes) == 1 and "text after the end" in found.notes[0]


@pytest.mark.parametrize("key", ["suspend", "yield"])
def test_suspend_and_yield_need_no_value(key):
    bare = code(f'{{"a": {{"run": 1, "{key}"}}, "b": {{"resume": "a", "run": 1}}}}', duration=1)
    given = code(f'{{"a": {{"run": 1, "{key}": 1}}, "b": {{"resume": "a", "run": 1}}}}', duration=1)
    assert bare == given and len(bare) > 2


@pytest.mark.parametrize(
    "text, place, message",
    [
        ("", "1:1", "expected a value, found the end of the file"),
        ("  \n", "2:1", "expected a value, found the end of the file"),
        ("{", "1:2", "expected a key in quotes or '}', found the end of the file"),
        ('{"tasks": {', "1:12", "expected a key in quotes or '}', found the end of the file"),
        ("# no", "1:1", "expected a value, found '#'"),
        ("{tasks: 1}", "1:2", "expected a key in quotes or '}', found 't'"),
        ('{"a": 1 "b": 2}', "1:9", "expected ',' or '}', found '\"'"),
        ('{"a": 1,, "b": 2}', "1:9", "expected a key in quotes, found ','"),
        ('{"a": [1 2]}', "1:10", "expected ',' or ']', found '2'"),
        ('{"run"}', "1:7", "expected ':', found '}'"),
        ('{\n "a": "b', "2:7", "the string does not end"),
        ('{"a": "\\q"}', "1:8", "no such escape"),
        ('{"a": 1 /* b }', "1:9", "the comment does not end"),
        ('{"a": 0x10}', "1:8", "expected ',' or '}', found 'x'"),
        ('{"a": +10}', "1:7", "expected a value, found '+'"),
        ('{"a": 10ms}', "1:9", "expected ',' or '}', found 'm'"),
        ('{"a": 1_000}', "1:8", "expected ',' or '}', found '_'"),
        ("[" * 33, "1:33", "nested deeper than 32"),
    ],
)
def test_a_syntax_fault_is_said_with_its_place(text, place, message):
    with pytest.raises(BadInput) as caught:
        read(text)
    assert str(caught.value).startswith(f"t.json:{place}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("nr_chars", range(len('{"tasks": {"a": {"run": 5}}}') - 1))
def test_a_truncated_file_is_refused_wherever_it_ends(nr_chars):
    with pytest.raises(BadInput, match="t.json:1:"):
        read('{"tasks": {"a": {"run": 5}}}'[:nr_chars])


def test_a_deeply_nested_file_is_no_crash():
    with pytest.raises(BadInput, match="nested deeper"):
        read("[" * 100_000)
