"""Remote transfer: two rq locks in order, and a claim that a dequeuer can cancel."""

import pytest

from emu.abi.dsq import SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_ON
from emu.abi.flags import SCX_ENQ_PREEMPT
from emu.abi.states import SCX_OPSS_NONE, TASK_ON_RQ_QUEUED
from emu.core import affinity, change, dispatch, this_cpu, transfer
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw
from tests.core.acting import Fifo, Keeper, acting, just_before, on_dsq
from tests.one_process import Machine, finding_of


def locked(machine):
    """The CPUs whose rq is locked."""
    return [rq.index for rq in machine.world.rqs if rq.lock.owner() is not None]


def test_two_rqs_are_locked_in_the_order_of_their_cpus():
    """G24. Method: the lower one cannot be had, so the higher one must not be held."""
    with Machine(Keeper) as machine:
        a, b = machine.world.rqs
        a.lock.lock()
        with pytest.raises(hw.MachineBug):
            transfer.double_rq_lock(b, a)
        assert locked(machine) == [0]


def test_a_lock_held_before_is_dropped_on_the_way():
    """G24: whoever calls must take everything about its rq for stale."""
    with Machine(Keeper) as machine:
        a, b = machine.world.rqs
        b.lock.lock()
        released = []
        Rq.lock.probe = lambda rq: released.append(rq.index)
        try:
            transfer.double_lock_balance(b, a)
        finally:
            Rq.lock.probe = None
        assert (released, locked(machine)) == ([1], [0, 1])


def test_one_rq_is_locked_once():
    with Machine(Keeper) as machine:
        rq = machine.world.rqs[1]
        transfer.double_rq_lock(rq, rq)
        assert locked(machine) == [1]


@pytest.mark.parametrize(
    ("rq", "src", "dst"), [(0, 0, 1), (1, 0, 1), (0, 1, 0), (0, 1, 1), (2, 1, 0), (0, 1, 2)]
)
def test_the_lock_dance_leaves_the_right_locks_held(rq, src, dst):
    """G26, and the table of 5.1.2."""
    with Machine(Keeper, nr_cpus=3) as machine:
        own, a, b = (machine.world.rqs[i] for i in (rq, src, dst))
        own.lock.lock()
        transfer.lock_both(own, a, b)
        assert locked(machine) == sorted({src, dst})
        transfer.unlock_both(own, a, b)
        assert locked(machine) == [rq]


def claimed(machine, p, dsq_id, cpu, flags=0):
    """CPU `cpu` flushes a verdict on `p`."""
    machine.on(cpu)
    dispatch.dsq_insert_commit(p, dsq_id, 9, flags)
    with this_cpu.rq.lock:
        dispatch.flush_dispatch_buf(this_cpu.rq)


def test_a_moved_task_keeps_the_slice_of_its_verdict_and_is_queued_there():
    """G29, G27."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        claimed(machine, p, SCX_DSQ_LOCAL_ON | 1, 0)
        assert (p.slice, p.dsq, Task.cpu.peek(p)) == (9, machine.world.dsqs[1], 1)
        assert Task.on_rq.peek(p) == TASK_ON_RQ_QUEUED


def test_a_change_in_the_window_takes_the_task_from_the_mover(monkeypatch):
    """G10 to G14: nobody claimed the new hand-over, so it stays with the scheduler."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        just_before(monkeypatch, transfer, "lock_both", -1, lambda: requeue(machine, p))
        claimed(machine, p, SCX_DSQ_LOCAL, 1)
        assert Task.ops_state.peek(p) != SCX_OPSS_NONE
        assert (p.dsq, p.holding_cpu, Task.cpu.peek(p)) == (None, -1, 0)


def requeue(machine, p):
    """Renice `p`, whose rq CPU 1 is about to lock while it holds its own."""
    assert locked(machine) == [1]
    change.set_user_nice(p, 7)


def test_another_movers_mark_is_not_ours():
    """G12."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        rq = machine.world.rqs[0]
        with acting(1):
            p.holding_cpu = 0
            assert not transfer.claim_holds(p, rq)
            p.holding_cpu = 1
            assert transfer.claim_holds(p, rq)
            assert not transfer.claim_holds(p, machine.world.rqs[1])


def test_a_forbidden_cpu_aborts_the_scheduler():
    """E17."""
    with Machine(Keeper) as machine:
        p = machine.task("p", mask=1)
        found = finding_of(machine, lambda: claimed(machine, p, SCX_DSQ_LOCAL_ON | 1, 0))
        assert found["message"] == "ERROR: SCX_DSQ_LOCAL[_ON] target CPU 1 not allowed for p"


def test_a_mask_that_changes_before_the_flush_aborts_nobody():
    """G02: the verdict was right when it was given."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        machine.on(0)
        dispatch.dsq_insert_commit(p, SCX_DSQ_LOCAL_ON | 1, 0, 0)
        with acting(-1):
            affinity.set_cpus_allowed_ptr(p, 1)
        with this_cpu.rq.lock:
            dispatch.flush_dispatch_buf(this_cpu.rq)
        assert (p.dsq, Task.cpu.peek(p)) == (None, 0)


def test_preemption_reaches_the_destination_and_stays_with_its_task():
    """G48."""
    with Machine(Fifo) as machine:
        curr = machine.task("curr", mask=2)
        assert machine.schedule(1) == curr
    with Machine(Keeper) as machine:
        curr, p = machine.task("curr", mask=2), machine.task("p")
        claimed(machine, curr, SCX_DSQ_LOCAL, 1)
        machine.schedule(1)
        claimed(machine, p, SCX_DSQ_LOCAL_ON | 1, 0, SCX_ENQ_PREEMPT)
        rq = machine.world.rqs[1]
        assert (curr.slice, rq.need_resched, rq.remote_activate_enq_flags) == (0, True, 0)
        assert on_dsq(machine.world.dsqs[1]) == ["p"]
