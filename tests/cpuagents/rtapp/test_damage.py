"""Whatever a file holds, the reader gives a sound scenario or says what is wrong."""

from hypothesis import given
from hypothesis import strategies as st

from cpuagents import rtapp
from cpuagents import scenario as scenarios
from cpuagents.bad_input import BadInput
from cpuagents.rtapp.events import KINDS
from cpuagents.rtapp.tasks import TASK_KEYS
from tests.reading import CALM, scenario

TEXT = """{ /* one of everything */
  "global": { "duration": 1, "default_policy": "SCHED_BATCH", "ftrace": "main,task" },
  "resources": { "m": { "type": "mutex" } },
  'tasks': {
    "a": { "instance": 2, "loop": 2, "delay": 5, "cpus": [0, 1], "priority": -3,
      "phases": { "p": { "loop": 2, "run": 5, "timer": { "ref": "unique", "period": 7 } },
                  "q": { "lock": "m", "sync": { "ref": "c", "mutex": "m" }, "unlock": "m" } } },
    "b": { "run": 5, "resume": "b", "suspend", "fork": "a", "barrier": "B", // end
      "memrun": { "type": "read", "size": 4, "count": 4 }, }
  }
}
"""
VALUES = st.sampled_from([None, True, 1.5, "", "a", "/g", "SCHED_RR", [], [0], [9], [[]], {}])
VALUES |= st.sampled_from([{"ref": "a"}, {"ref": 1}, {"mutex": "m"}, {"ref": "c", "mutex": "m"}])
VALUES |= st.sampled_from([{"type": "read", "size": -1, "count": 1}, {"a": {"run": 1}}])
VALUES |= st.integers(-5, 2000) | st.sampled_from([1 << 31, -(1 << 63), 1 << 100])
KEYS = st.sampled_from([*KINDS, *TASK_KEYS])


def is_read_or_refused(read):
    try:
        scenarios.check(read())
    except BadInput as error:
        return (str(error).startswith("t.json:") and ";" in str(error)) or "expected" in str(error)
    return True


@CALM
@given(st.integers(0, len(TEXT)), st.integers(0, 9), st.text('{}[]",:/*\\0a-.e', max_size=3))
def test_a_damaged_file_is_read_or_refused(at, nr_lost, gained):
    text = TEXT[:at] + gained + TEXT[at + nr_lost :]
    assert is_read_or_refused(lambda: rtapp.scenario_of(text, "t.json", "t", 4))


@CALM
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_value_of_any_key_is_read_or_refused(members):
    assert is_read_or_refused(lambda: scenario({"a": {"run": 1, **members}}))
    assert is_read_or_refused(lambda: scenario({"a": {"phases": {"p": {"run": 1, **members}}}}))
