"""Each rule of tidy fires on what it forbids and is silent on its tidy neighbour."""

from pathlib import Path

import pytest

from tools import tidy
from tools.tidy import barriers, comments, determinism, imports, shape, suite
from tools.tidy.__main__ import main
from tools.tidy.source import Source, read_tree

MODULES = Source("emu/core/__init__.py", '"""Core."""\nMODULES = ("low", "high")\n')


def found(rule, files: dict[str, str], *others: Source) -> list[str]:
    """What `rule` says about these files: `path:line` of each violation."""
    sources = [*others, *(Source(path, text) for path, text in files.items())]
    return [f"{violation.path}:{violation.line}" for violation in rule(sources)]


@pytest.mark.parametrize(
    "path, text",
    [
        ("emu/machine/a.py", "import emu.abi"),
        ("emu/layout/a.py", "from emu.core import dsq"),
        ("emu/core/a.py", "from emu.bpf import maps"),
        ("emu/core/a.py", "from ..bpf import maps"),
        ("emu/check/a.py", "import emu.bpf.maps"),
        ("scheduler_plugins/a.py", "from emu.core import dsq"),
        ("scheduler_plugins/a.py", "from emu.machine import _machine"),
        ("scheduler_plugins/a.py", "from scheduler_plugins.simple import Simple"),
        ("cpuagents/a.py", "import scheduler_plugins.simple"),
        ("cpuagents/a.py", "from tools import main"),
    ],
)
def test_layering_refuses_an_import_upwards_or_sideways(path, text):
    assert found(imports.layering, {path: text}) == [f"{path}:1"]


@pytest.mark.parametrize(
    "path, text",
    [
        ("emu/layout/a.py", "from emu.machine import struct"),
        ("emu/core/a.py", "from emu.core import dsq\nfrom emu.layout.rq import Rq"),
        ("emu/bpf/a.py", "from emu.core import dsq"),
        ("scheduler_plugins/a.py", "import math\nfrom emu.bpf import Ops\nfrom emu.abi import dsq"),
        ("cpuagents/a.py", "from emu.core import dsq"),
        ("tools/a.py", "import cpuagents.cpu"),
        ("tests/test_a.py", "from tools import main"),
    ],
)
def test_layering_allows_an_import_downwards(path, text):
    assert found(imports.layering, {path: text}) == []


@pytest.mark.parametrize(
    "name, text",
    [
        ("low", "from emu.core import high"),
        ("high", "from emu.core.low import f"),
        ("other", "x = 1"),
    ],
)
def test_core_order_refuses(name, text):
    low_and_high = {"emu/core/low.py": "", "emu/core/high.py": ""}
    path = f"emu/core/{name}.py"
    assert found(imports.core_order, low_and_high | {path: text}, MODULES) == [f"{path}:1"]


def test_core_order_allows_a_lower_module():
    files = {"emu/core/low.py": "", "emu/core/high.py": "from emu.core import low"}
    assert found(imports.core_order, files, MODULES) == []


def test_hidden_refuses_an_import_of_ours_in_a_function_of_the_emulator():
    text = "def f():\n    from emu.machine import struct"
    files = {"emu/layout/a.py": text, "cpuagents/a.py": text}
    assert found(imports.hidden, files) == ["emu/layout/a.py:2"]


@pytest.mark.parametrize("text", ["from emu.machine import struct", "def f():\n    import math"])
def test_hidden_allows(text):
    assert found(imports.hidden, {"emu/layout/a.py": text}) == []


def test_circles_finds_an_import_hidden_in_a_function():
    files = {"tools/a.py": "from tools import b", "tools/b.py": "def f():\n    import tools.a"}
    assert len(found(imports.circles, files)) == 1


def test_circles_finds_each_of_two_circles():
    files = {
        "tools/a.py": "import tools.b",
        "tools/b.py": "import tools.a",
        "tools/c.py": "import tools.d",
        "tools/d.py": "import tools.c",
    }
    assert len(found(imports.circles, files)) == 2


def test_circles_allows_an_import_for_types_only():
    for_types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tools.a"
    assert found(imports.circles, {"tools/a.py": "import tools.b", "tools/b.py": for_types}) == []


@pytest.mark.parametrize(
    "path, text",
    [
        ("emu/abi/a.py", "import random"),
        ("cpuagents/a.py", "from random import choice"),
        ("emu/core/a.py", "import time"),
        ("emu/bpf/a.py", "from datetime import datetime"),
        ("scheduler_plugins/a.py", "from time import monotonic_ns"),
        ("cpuagents/agent.py", "import trio"),
        ("tools/run.py", "import trio.testing"),
    ],
)
def test_forbidden_refuses(path, text):
    assert found(imports.forbidden, {path: text}) == [f"{path}:1"]


@pytest.mark.parametrize(
    "path, text",
    [
        ("cpuagents/coordinator.py", "import trio"),
        ("cpuagents/wire.py", "import trio"),
        ("cpuagents/a.py", "import time"),
        ("tools/bench.py", "import time"),
        ("tests/test_a.py", "import random"),
    ],
)
def test_forbidden_allows(path, text):
    assert found(imports.forbidden, {path: text}) == []


@pytest.mark.parametrize("nr_lines, is_fine", [(70, True), (71, False)])
def test_function_length_counts_the_body(nr_lines, is_fine):
    python = {"tools/a.py": 'def f():\n    """One.\n\n    Two."""\n' + "    x = 1\n" * nr_lines}
    c = {"emu/machine/csrc/a.c": "int f(void)\n{\n" + "\tx();\n" * nr_lines + "}\n"}
    assert (found(shape.function_length, python) == []) is is_fine
    assert (found(shape.function_length, c) == []) is is_fine


@pytest.mark.parametrize(
    "path, longest, is_warning",
    [
        ("tools/a.py", 600, False),
        ("emu/machine/csrc/a.c", 300, True),
        ("emu/machine/csrc/a.c", 600, False),
    ],
)
def test_file_length_has_a_limit(path, longest, is_warning):
    def said(nr_lines):
        return [(v.line, v.is_warning) for v in shape.file_length([Source(path, "\n" * nr_lines)])]

    assert (longest + 1, is_warning) not in said(longest)
    assert (longest + 1, is_warning) in said(longest + 1)


def test_docstrings_are_asked_of_every_module_with_content():
    files = {"tools/a.py": "x = 1", "tools/b.py": '"""B."""\nx = 1', "tools/__init__.py": ""}
    assert found(shape.docstrings, files) == ["tools/a.py:1"]


def test_c_sources_are_listed_in_the_project():
    project = Source("pyproject.toml", 'sources = ["emu/machine/csrc/a.c"]')
    files = {"emu/machine/csrc/a.c": "", "emu/machine/csrc/b.c": ""}
    assert found(shape.c_sources, files, project) == ["emu/machine/csrc/b.c:1"]


@pytest.mark.parametrize("text", ["x = 0.5", "x = 1 / 2", "x /= 2", "x = float(1)", "x: float"])
def test_floats_are_refused_in_the_emulated_kernel_only(text):
    files = {"emu/core/a.py": text, "tools/a.py": text}
    assert found(determinism.floats, files) == ["emu/core/a.py:1"]


def test_floats_are_refused_in_c():
    files = {"emu/machine/csrc/a.c": "int n; // A double lock.\nint double_lock;\ndouble x;\n"}
    assert found(determinism.floats, files) == ["emu/machine/csrc/a.c:3"]


def test_floats_allows_integers():
    assert found(determinism.floats, {"emu/core/a.py": "x = 1 // 2\nx //= 2"}) == []


@pytest.mark.parametrize(
    "text",
    [
        "for x in {1, 2}: pass",
        "y = [x for x in set(z)]",
        "s = set(z)\nfor x in s: pass",
        "s = set(z)\nfor x in s | t: pass",
        "s: set[int] = z\ny = list(s)",
        "s = {1}\ny = [*s]",
        "s = {1}\ns.pop()",
        "def f(s: frozenset[int]): return tuple(s)",
        "def f() -> set[int]: return z\nfor x in f(): pass",
        "class A:\n    s: set[str]\n    def f(self): return enumerate({x for x in z})",
        "s = {'a'}\ny = ','.join(s)",
        "s = {1}\nfor x in s.union(z): pass",
    ],
)
def test_iterated_sets_refuses(text):
    assert len(found(determinism.iterated_sets, {"cpuagents/a.py": text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "s = {1}\nif 1 in s: pass",
        "for x in sorted({1, 2}): pass",
        "n = len(set(z)) + max({1})",
        "for x in {1: 2}: pass",
        "def f():\n    s = {1}\ndef g(s):\n    for x in s: pass",
        "s = {1}\ndef g():\n    s = [1]\n    for x in s: pass",
        "d = {}\nd.pop(1)",
    ],
)
def test_iterated_sets_allows(text):
    assert found(determinism.iterated_sets, {"cpuagents/a.py": text}) == []


@pytest.mark.parametrize(
    "text",
    [
        "# Acquire: the links are seen.",
        "# Release: pairs with the other side.",
        "# Release: pairs with Acquire in nowhere().",
        "x = 1  # pairs with nowhere()",
        "# Acquire: a long sentence that pairs\n# with nowhere().",
    ],
)
def test_pairs_refuses_a_barrier_without_a_partner(text):
    assert found(barriers.pairs, {"emu/core/a.py": text}) == ["emu/core/a.py:1"]


def test_pairs_allows_partners_that_name_each_other():
    files = {
        "emu/core/a.py": "def f():\n    # Acquire: pairs with g() and with\n    # h().\n    x",
        "emu/core/b.py": "# Release: pairs with f().\ndef h():\n    pass",
        "emu/machine/csrc/a.c": "static int g(int x)\n{\n\tx(); // pairs with f()\n}\n",
    }
    assert found(barriers.pairs, files) == []


@pytest.mark.parametrize("back", ["x()", "x() # pairs with g()"])
def test_pairs_refuses_a_partner_that_does_not_name_this_end(back):
    files = {
        "emu/core/a.py": "def f():\n    x() # Acquire: pairs with g().\ndef h(): pass",
        "emu/core/b.py": f"def g():\n    {back}",
    }
    assert "emu/core/a.py:2" in found(barriers.pairs, files)


@pytest.mark.parametrize("back, is_fine", [("x() # pairs with f()", True), ("x()", False)])
def test_pairs_asks_the_partner_of_a_field_for_a_comment(back, is_fine):
    files = {
        "emu/layout/a.py": "class A:\n    x = 1  # Release: pairs with f().",
        "emu/core/a.py": f"def f():\n    {back}",
    }
    assert (found(barriers.pairs, files) == []) is is_fine


@pytest.mark.parametrize(
    "path, text",
    [
        ("emu/core/a.py", "def f(p):\n    p.x.store_release(1){}"),
        ("emu/core/a.py", "def f(p):\n    return p.x.load_acquire(){}"),
        ("emu/machine/csrc/a.c", "void f(void)\n{\n\tstore(1, memory_order_release);{}\n}\n"),
    ],
)
def test_weak_accesses_carry_their_partner(path, text):
    mark = "  // pairs with f()" if path.endswith(".c") else "  # pairs with f()"
    bare, marked = text.replace("{}", ""), text.replace("{}", mark)
    assert found(barriers.weak_accesses, {path: marked}) == []
    assert found(barriers.weak_accesses, {path: bare}) == [f"{path}:{3 if '.c' in path else 2}"]


def test_weak_accesses_allows_sequential_consistency_and_relaxed_counters():
    files = {
        "emu/core/a.py": "def f(p):\n    p.x.store(1)",
        "emu/machine/csrc/a.c": "void f(void)\n{\n\tstore(1, memory_order_relaxed);\n}\n",
    }
    assert found(barriers.weak_accesses, files) == []


def test_guards_have_one_line_each():
    files = {"emu/core/a.py": "# CG1: one. G01: two.", "emu/core/b.py": "# G01: again."}
    assert found(comments.guards, files) == ["emu/core/b.py:1"]


def test_guards_may_be_mentioned_elsewhere():
    files = {"emu/core/a.py": "# G01: one.\n# See G01.", "emu/bpf/a.py": "# G01: the plugin."}
    assert found(comments.guards, files) == []


@pytest.mark.parametrize(
    "text", ['F = Fault(guard="G02")', "x = 1", 'F = (Fault(guard="G01"), Fault(guard="G01"))']
)
def test_faults_refuses_a_file_without_exactly_one_existing_guard(text):
    files = {"emu/core/a.py": "# G01: one.", "emu/faults/a.py": text}
    assert found(comments.faults, files) == ["emu/faults/a.py:1"]


def test_faults_allows_a_fault_of_an_existing_guard():
    files = {
        "emu/core/a.py": "# G01: one.",
        "emu/faults/__init__.py": "x = 1",
        "emu/faults/g01.py": 'F = Fault(name="f", guard="G01")',
    }
    assert found(comments.faults, files) == []


@pytest.mark.parametrize("word", comments._LEFTOVERS)
def test_leftovers_are_refused_in_comments_only(word):
    files = {
        "tools/a.py": f"x = 1  # {word} later",
        "tools/b.py": f'x = "{word}"',
        "emu/machine/csrc/a.c": f"\n/* {word} */\n",
    }
    assert found(comments.leftovers, files) == ["tools/a.py:1", "emu/machine/csrc/a.c:2"]


@pytest.mark.parametrize("body", ["f()", "x = 1", "print(assert_)"])
def test_assertions_refuses_a_test_without_one(body):
    path = "tests/test_a.py"
    assert found(suite.assertions, {path: f"def test_a():\n    {body}\n"}) == [f"{path}:1"]


@pytest.mark.parametrize("body", ["assert f()", "with pytest.raises(E): f()", "helper()"])
def test_assertions_allows_a_helper_that_asserts(body):
    files = {
        "tests/test_a.py": f"def test_a():\n    {body}\n",
        "tests/checks.py": "def inner(): assert 1\ndef helper(): inner()\n",
    }
    assert found(suite.assertions, files) == []


def test_a_message_says_where_what_and_what_to_do():
    (violation,) = tidy.violations([Source("emu/abi/a.py", '"""A."""\nimport random\n')])
    assert str(violation) == "emu/abi/a.py:2: imports random; draw with hw.draw() from the seed"


@pytest.mark.parametrize("text, status", [('"""A."""\n', 0), ("x = 1\n", 1)])
def test_the_command_leaves_with_its_verdict(tmp_path, monkeypatch, text, status):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "a.py").write_text(text)
    monkeypatch.setattr("sys.argv", ["tidy", str(tmp_path)])
    assert main() == status


def test_a_warning_is_said_and_does_not_fail(tmp_path, monkeypatch, capsys):
    (tmp_path / "emu").mkdir()
    (tmp_path / "emu" / "a.c").write_text("\n" * 301)
    monkeypatch.setattr("sys.argv", ["tidy", str(tmp_path)])
    assert (main(), "emu/a.c:301: warning: " in capsys.readouterr().out) == (0, True)


def test_the_command_refuses_a_place_without_our_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["tidy", str(tmp_path)])
    assert (main(), str(tmp_path) in capsys.readouterr().out) == (1, True)


def test_this_repository_is_tidy():
    found = tidy.violations(read_tree(Path(__file__).parents[2]))
    assert [str(violation) for violation in found if not violation.is_warning] == []
