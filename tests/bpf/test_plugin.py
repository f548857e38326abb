"""Finding a scheduler from what a user typed."""

import pytest

import emu.bpf
from emu.bpf import PluginError
from emu.bpf.plugin import installed, load_plugin

GOOD = """from emu.bpf import SchedExtOps
class Good(SchedExtOps):
    name = "good"
"""


@pytest.fixture
def plugin(tmp_path):
    def write(text):
        path = tmp_path / "mine.py"
        path.write_text(text)
        return str(path)

    return write


def test_a_class_of_a_file_is_found(plugin):
    assert load_plugin(f"{plugin(GOOD)}:Good").name == "good"


def test_a_class_of_a_module_is_found():
    assert load_plugin("scheduler_plugins.simple:Simple").name == "simple"


def test_every_installed_scheduler_is_called_what_it_calls_itself():
    assert [load_plugin(name).name for name in installed()] == installed()


@pytest.mark.parametrize(
    ("text", "class_name", "says"),
    [
        (GOOD, "Bad", "has no Bad; it has Good"),
        (GOOD, "SchedExtOps", "is no class derived from emu.bpf.SchedExtOps"),
        (GOOD.replace('"good"', '""'), "Good", "Good has no name"),
        (GOOD + "\n1 / 0\n", "Good", r"mine.py:5: ZeroDivisionError: division by zero"),
        (GOOD + "\n)\n", "Good", r"mine.py:5: SyntaxError"),
        ("from emu.bpf import scx_bpf_kick_cpu\n", "Good", "mine.py:1: ImportError: scx_bpf_kick_"),
    ],
)
def test_a_file_that_is_no_scheduler_is_refused_with_the_place(plugin, text, class_name, says):
    with pytest.raises(PluginError, match=says):
        load_plugin(f"{plugin(text)}:{class_name}")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nobody", "no scheduler of that name is installed"),
        ("no/such.py:Mine", "no/such.py: there is no such file"),
        ("no_such_module:Mine", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(spec, says):
    with pytest.raises(PluginError, match=says):
        load_plugin(spec)


def test_a_kfunc_that_does_not_exist_yet_is_refused_by_name():
    with pytest.raises(ImportError, match="scx_bpf_dsq_move_vtime .* does not have it yet"):
        _ = emu.bpf.scx_bpf_dsq_move_vtime


def test_everything_that_is_exported_exists():
    assert [name for name in emu.bpf.__all__ if name not in vars(emu.bpf)] == []
