"""The pages about schedulers: their examples do what is said, and their tables are complete."""

import pytest

from emu import bpf
from emu.abi.ops import OPS, OPS_LATER
from emu.bpf.plugin import load_plugin
from tests import running

DOCS = running.ROOT / "docs"
TWO_QUEUES = DOCS / "examples" / "two_queues.py"
PAGE = (DOCS / "writing-a-scheduler.md").read_text()
# Slices end in the middle of the work, so that tasks come through ops.enqueue again.
LONG = (("set", 0, 3), ("run", 25_000_000), ("sleep", 100_000), ("loop", 0, 1), ("exit",))
HEAVY = (("set", 0, 3), ("nice", -5), *LONG[1:])


def fuzz(example, runs, out, *programs):
    given = running.setting(running.scenario(*programs), sched=str(DOCS / "examples" / example))
    return running.fuzz(given, runs, out, ops=load_plugin(given.scheduler))


def test_the_page_shows_the_example_as_it_is():
    assert TWO_QUEUES.read_text() in PAGE


def test_the_page_names_every_op_and_kfunc():
    missing = [name for name in (*OPS, *OPS_LATER, *bpf.__all__) if name not in PAGE]
    assert missing == ["PluginError"]  # Not for schedulers.


@pytest.mark.slow
@pytest.mark.parametrize("programs", [(), (LONG, HEAVY, LONG, HEAVY)], ids=["busy", "two weights"])
def test_two_queues_is_clean(programs, tmp_path):
    result = fuzz("two_queues.py:TwoQueues", 50, tmp_path, *programs)
    assert (result.finding, result.verdict, result.nr_schedules) == (None, "clean", 50)


@pytest.mark.slow
def test_counting_loses_an_update_and_with_it_a_task(tmp_path):
    found = fuzz("counting.py:Counting", 200, tmp_path).finding
    assert found is not None and found.signature == "lost-wakeup/shared-dsq"
