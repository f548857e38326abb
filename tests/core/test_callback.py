"""The one place that calls a scheduler."""

import pytest

from emu.abi.events import CALL
from emu.abi.ops import KF_ENQUEUE, OP_NAMES
from emu.core import report, this_cpu
from emu.machine import _machine as hw
from tests.core.acting import Fifo, changed
from tests.one_process import Machine, finding_of


def test_a_callback_knows_its_context_and_leaves_none_behind():
    seen = []

    def enqueue(p, flags):
        seen.append((this_cpu.kf_mask, this_cpu.locked_rq, report.current_op))

    with Machine(changed(Fifo, enqueue=enqueue)) as machine:
        machine.task("p", mask=2)
        assert seen == [(KF_ENQUEUE, machine.world.rqs[1], "enqueue")]
        assert (this_cpu.kf_mask, this_cpu.locked_rq, report.current_op) == (0, None, "")
        assert this_cpu.direct_dispatch_task is None  # S19.


def test_a_callback_is_traced_with_its_task():
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=1)
        traced = [record[2:5] for record in hw.traces(hw.me())]
        assert (CALL, OP_NAMES.index("enqueue"), p.pid) in traced


def test_an_exception_is_a_finding_that_names_the_line():
    with Machine(changed(Fifo, enqueue=lambda p, flags: 1 // 0)) as machine:
        found = finding_of(machine, machine.task)
        place = found["site"]
        assert place.startswith("test_callback.py:")
        assert found["signature"] == f"scheduler-raised/enqueue/ZeroDivisionError/{place}"


def test_the_first_of_two_findings_counts():
    with Machine(changed(Fifo, enqueue=lambda p, flags: 1 // 0)) as machine:
        machine.world.sched.reported.store(1)  # By another CPU, which has not ended the run yet.
        with pytest.raises(hw.RunOver):
            machine.task()
        assert machine.world.sched.report == b""


def test_a_scheduler_whose_init_fails_is_not_loaded():
    found = {}

    class Refusing(Machine):
        """Keeps the finding of its own start."""

        def __init__(self):
            try:
                super().__init__(changed(Fifo, init=lambda: -12))
            except hw.RunOver:
                found.update(finding_of(self, again))

    def again():
        raise hw.RunOver

    with Refusing() as machine:
        assert "ops.init() failed (-12)" in found["message"]
        assert not machine.world.sched.enabled
