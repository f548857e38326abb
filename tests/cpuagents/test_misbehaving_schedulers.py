"""A scheduler that misbehaves during a run is a finding that names callback and line."""

import os

import pytest

from cpuagents.bad_input import BadInput
from emu.bpf import Array, SchedExtOps, scx_bpf_dsq_insert
from tests import running

SLICE = 1_000_000
NOWHERE = 77


class Raising(SchedExtOps):
    """Divides by zero."""

    name = "raising"

    def enqueue(self, p, enq_flags):
        scx_bpf_dsq_insert(p, NOWHERE // 0, SLICE, enq_flags)


class Leaving(SchedExtOps):
    """Wants the process to end."""

    name = "leaving"

    def enqueue(self, p, enq_flags):
        raise SystemExit(0)


class Forking(SchedExtOps):
    """Wants another process."""

    name = "forking"

    def enqueue(self, p, enq_flags):
        os.fork()


class Shouting(SchedExtOps):
    """Says what cannot be written."""

    name = "shouting"

    def enqueue(self, p, enq_flags):
        raise ValueError("a \ud800 [/b]")


class Nonsense(SchedExtOps):
    """Names a CPU that does not exist."""

    name = "nonsense"

    def select_cpu(self, p, prev_cpu, wake_flags):
        return 999


class Lost(SchedExtOps):
    """Inserts into a DSQ that was never made."""

    name = "lost"

    def enqueue(self, p, enq_flags):
        scx_bpf_dsq_insert(p, NOWHERE, SLICE, enq_flags)


class Forgetful(SchedExtOps):
    """Takes tasks and never gives them back."""

    name = "forgetful"

    def enqueue(self, p, enq_flags):
        return None


class Private(SchedExtOps):
    """Keeps state where only one CPU sees it."""

    name = "private"

    def enqueue(self, p, enq_flags):
        self.seen = 1


class Endless(SchedExtOps):
    """Never comes back."""

    name = "endless"

    def enqueue(self, p, enq_flags):
        while True:
            pass


class Spinning(SchedExtOps):
    """Never comes back, but looks at a map all the time."""

    name = "spinning"
    word = Array(1)

    def enqueue(self, p, enq_flags):
        while not self.word[0]:
            pass


class Refusing(SchedExtOps):
    """Does not want to be loaded."""

    name = "refusing"

    def init(self):
        return -12


def outcome(ops, out, **changes):
    given = running.setting(running.scenario(), sched=ops.name, **changes)
    return running.fuzz(given, 1, out, ops=ops)


@pytest.mark.parametrize(
    ("ops", "kind", "part"),
    [
        (Raising, "scheduler raised", "ops.enqueue() raised ZeroDivisionError"),
        (Leaving, "scheduler raised", "ops.enqueue() raised SystemExit"),
        (Forking, "scheduler raised", "it cannot fork"),
        (Shouting, "scheduler raised", "a \\ud800 [/b]"),
        (Nonsense, "scheduler aborted", "invalid CPU 999"),
        (Lost, "scheduler aborted", "non-existent DSQ 0x4d"),
        (Forgetful, "lost wakeup", "could run"),
        (Private, "scheduler raised", "use a map: seen = Global()"),
    ],
)
def test_a_scheduler_that_misbehaves_is_found_at_once(ops, kind, part, tmp_path):
    found = outcome(ops, tmp_path).finding
    assert found is not None and (found.kind, part in found.message) == (kind, True), found


def test_a_finding_names_the_line_of_the_scheduler(tmp_path):
    found = outcome(Raising, tmp_path).finding
    assert found is not None and found.callback == "enqueue"
    assert found.site.startswith("test_misbehaving_schedulers.py:")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["controlled", "free"])
def test_a_callback_that_loops_for_ever_is_named(mode, tmp_path):
    """Method: no heartbeat for some seconds; the agent is asked by a signal where it is."""
    found = outcome(Endless, tmp_path, mode=mode).finding
    assert found is not None and found.kind == "endless callback"
    assert "ops.enqueue() does not come back" in found.message


@pytest.mark.slow
def test_a_callback_that_loops_over_scheduling_points_makes_no_progress(tmp_path):
    found = outcome(Spinning, tmp_path, stall_steps=10_000).finding
    assert found is not None and found.kind == "no progress"


@pytest.mark.slow
def test_a_free_run_in_which_nothing_gets_on_ends(tmp_path):
    """Method: a callback spins on a map, so its heart beats and no task gets on."""
    given = running.setting(running.scenario(), sched="spinning", mode="free")
    found = running.run(given, tmp_path, ops=Spinning).finding
    assert found is not None and found.kind == "no progress", found


def test_a_scheduler_that_refuses_to_be_loaded_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="ops.init\\(\\) failed \\(-12\\)"):
        outcome(Refusing, tmp_path)
