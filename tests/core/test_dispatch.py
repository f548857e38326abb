"""Dispatch: verdicts are carried out or dropped, and rounds are repeated or ended."""

import pytest

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_ON
from emu.abi.flags import SCX_TASK_QUEUED
from emu.abi.limits import SCX_DSP_MAX_LOOPS, SCX_SLICE_DFL
from emu.abi.states import SCX_OPSS_DISPATCHING, SCX_OPSS_NONE, SCX_OPSS_QUEUEING
from emu.bpf import scx_bpf_dsq_insert, scx_bpf_dsq_move_to_local
from emu.bpf.task import views
from emu.core import affinity, change, classes, dispatch, dsq, ops_state, this_cpu, transfer
from emu.layout.task import Task
from tests.core.acting import POOL, Fifo, Keeper, changed, just_before, on_dsq, pool
from tests.one_process import Machine, finding_of


def verdict(machine, cpu, p, dsq_id, slice_ns=0):
    """Buffer a verdict on CPU `cpu`."""
    machine.on(cpu)
    dispatch.dsq_insert_commit(p, dsq_id, slice_ns, 0)


def flush(machine):
    """Carry out what the CPU that acts has in its buffer."""
    with this_cpu.rq.lock:
        dispatch.flush_dispatch_buf(this_cpu.rq)


def state_of(p):
    return Task.ops_state.peek(p)


@pytest.mark.parametrize("dsq_id", [SCX_DSQ_GLOBAL, POOL])
def test_a_verdict_for_a_shared_dsq_needs_no_lock_of_the_task(dsq_id):
    with Machine(Keeper) as machine:
        p = machine.task("p", mask=1)
        verdict(machine, 1, p, dsq_id, 7)
        with machine.world.rqs[0].lock:
            flush(machine)
        assert (p.slice, state_of(p), p.dsq.id) == (7, SCX_OPSS_NONE, dsq_id)
        assert Task.cpu.peek(p) == 0


def test_a_verdict_for_the_own_local_dsq_moves_the_task_here():
    with Machine(Keeper) as machine:
        p = machine.task("p")
        verdict(machine, 1, p, SCX_DSQ_LOCAL, 7)
        flush(machine)
        assert on_dsq(machine.world.dsqs[1]) == ["p"]
        assert (Task.cpu.peek(p), p.slice, p.sticky_cpu, p.holding_cpu) == (1, 7, -1, -1)
        assert [rq.scx_nr_running for rq in machine.world.rqs] == [0, 1]


@pytest.mark.parametrize(("cpu", "target"), [(1, 0), (0, 1), (2, 1), (1, 2), (2, 2)])
def test_a_verdict_for_any_local_dsq_is_carried_out_from_any_cpu(cpu, target):
    """The lock dance of each case ends with the own rq.lock held, and no other."""
    with Machine(Keeper, nr_cpus=3) as machine:
        p = machine.task("p")
        verdict(machine, cpu, p, SCX_DSQ_LOCAL_ON | target)
        flush(machine)
        assert on_dsq(machine.world.dsqs[target]) == ["p"]
        assert [rq.lock.owner() for rq in machine.world.rqs] == [None] * 3
        assert cpu == target or machine.world.rqs[target].need_resched


def test_a_stale_brand_is_dropped():
    """G02: a verdict on an earlier hand-over has no claim on a later one."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        verdict(machine, 1, p, POOL)
        change.set_user_nice(p, 3)
        before = state_of(p)
        flush(machine)
        assert (state_of(p), p.dsq) == (before, None)


def test_only_one_of_two_verdicts_is_carried_out():
    with Machine(Keeper) as machine:
        p = machine.task("p")
        verdict(machine, 1, p, POOL)
        dispatch.dsq_insert_commit(p, SCX_DSQ_GLOBAL, 0, 0)
        flush(machine)
        assert (p.dsq, this_cpu.nr_tasks, this_cpu.buffer) == (pool(), 2, [])


def test_a_lost_claim_is_forgotten(monkeypatch):
    """G01: CPU 0 claims p first."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        word = state_of(p)
        verdict(machine, 1, p, POOL)
        just_before(monkeypatch, dispatch, "claim", 0, lambda: p.ops_state.cmpxchg(word, 3))
        flush(machine)
        assert (state_of(p), p.dsq) == (SCX_OPSS_DISPATCHING, None)


def test_an_early_verdict_waits_for_the_enqueuer(monkeypatch):
    """G03: ops.enqueue has made p known, but has not returned."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        brand = state_of(p) & ~3
        p.ops_state.store(SCX_OPSS_QUEUEING | brand)
        verdict(machine, 1, p, POOL)
        just_before(
            monkeypatch, ops_state, "wait_queueing", 0, lambda: ops_state.set_queued(p, brand)
        )
        flush(machine)
        assert p.dsq == pool()


def test_a_claimed_task_must_be_runnable():
    with Machine(Keeper) as machine:
        p = machine.task("p")
        verdict(machine, 1, p, POOL)
        p.scx_flags = p.scx_flags & ~SCX_TASK_QUEUED
        found = finding_of(machine, lambda: flush(machine))
        assert found["signature"] == "kernel-bug/finish_dispatch"


def test_a_verdict_on_a_running_task_is_dropped():
    """4.9.3: to keep it, a scheduler gives it a new slice."""
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=1)
        assert machine.schedule(0) == p
        verdict(machine, 1, p, POOL)
        flush(machine)
        assert (p.dsq, machine.curr(0)) == (None, p)


# ---------------------------------------------------------------- consume


def consume(machine, cpu):
    machine.on(cpu)
    with this_cpu.rq.lock:
        return dispatch.consume_dispatch_q(this_cpu.rq, pool())


def test_the_first_task_that_may_run_here_is_consumed():
    with Machine(Fifo) as machine:
        machine.task("pinned", mask=1)
        machine.task("free")
        assert consume(machine, 1)
        assert (on_dsq(pool()), on_dsq(machine.world.dsqs[1])) == (["pinned"], ["free"])


def test_a_task_of_this_cpu_is_consumed_without_a_dance(monkeypatch):
    with Machine(Fifo) as machine:
        p = machine.task("p")
        monkeypatch.delattr(transfer, "lock_both")
        assert consume(machine, 0)
        assert (p.dsq, p.slice) == (machine.world.dsqs[0], SCX_SLICE_DFL)


def test_a_consumer_that_lost_its_task_takes_the_next_one(monkeypatch):
    """G18: while CPU 1 waits for rq 0, the first task is pinned to CPU 0."""
    with Machine(Fifo) as machine:
        first, second = machine.task("first"), machine.task("second")

        def pin():
            machine.world.rqs[1].lock.unlock()
            affinity.set_cpus_allowed_ptr(first, 1)
            machine.world.rqs[1].lock.lock()

        just_before(monkeypatch, transfer, "lock_then_test", 0, pin)
        assert consume(machine, 1)
        assert on_dsq(machine.world.dsqs[1]) == ["second"]
        assert (on_dsq(pool()), second.holding_cpu, first.holding_cpu) == (["first"], -1, -1)


def test_a_task_that_wakes_while_another_is_lost_is_not_overlooked(monkeypatch):
    """A loss calls for another round: what ops.dispatch saw before rq.lock was dropped is stale.

    Method: ops.dispatch looks into an empty DSQ, then takes p off the pool. Before it has both
    locks, q wakes on this CPU and goes to the first DSQ, and p is pinned to another CPU.
    """
    other = POOL + 1

    def enqueue(p, flags):
        scx_bpf_dsq_insert(p, other if p.comm == "q" else POOL, SCX_SLICE_DFL, flags)

    def look(cpu, prev):
        return scx_bpf_dsq_move_to_local(other) or scx_bpf_dsq_move_to_local(POOL)

    ops = changed(Fifo, enqueue=enqueue, dispatch=look)
    with Machine(ops) as machine:
        assert dsq.create_dsq(other) == 0
        p = machine.task("p")

        def meanwhile():
            machine.world.rqs[1].lock.unlock()
            q = machine.task("q", mask=2)
            affinity.set_cpus_allowed_ptr(p, 1)
            machine.world.rqs[1].lock.lock()
            assert on_dsq(q.dsq) == ["q"]

        just_before(monkeypatch, transfer, "lock_then_test", 0, meanwhile)
        assert machine.schedule(1).comm == b"q"


# ---------------------------------------------------------------- rounds


def rounds_of(dispatch_op, **ops):
    seen = []
    return seen, changed(Keeper, dispatch=lambda cpu, prev: dispatch_op(seen, cpu, prev), **ops)


def test_dispatch_runs_again_after_it_produced_something_for_another_cpu():
    """G19."""

    def give_away(seen, cpu, prev):
        seen.append(cpu)
        if len(seen) == 1:
            scx_bpf_dsq_insert(views[0], SCX_DSQ_LOCAL_ON | 1, 0, 0)

    seen, ops = rounds_of(give_away)
    with Machine(ops) as machine:
        machine.task("p")
        assert machine.schedule(0) == machine.world.rqs[0].idle
        assert seen == [0, 0]


def test_endless_rounds_end_and_the_cpu_comes_back():
    """G20: the request outlives the pick it was made in."""

    def produce(seen, cpu, prev):
        seen.append(cpu)
        scx_bpf_dsq_insert(views[0], POOL, 0, 0)

    seen, ops = rounds_of(produce)
    with Machine(ops) as machine:
        machine.task("p", mask=2)
        machine.schedule(0)
        assert len(seen) == SCX_DSP_MAX_LOOPS
        assert classes.need_resched(machine.world.rqs[0])


def test_a_refilled_slice_keeps_the_previous_task():
    """G46: looked at after the callback, and before what it brought."""

    def refill(seen, cpu, prev):
        if prev is not None:
            seen.append(prev.comm)
            prev.scx.slice = 5
        scx_bpf_dsq_move_to_local(POOL)

    seen, ops = rounds_of(refill, enqueue=lambda p, f: scx_bpf_dsq_insert(p, POOL, 1, 0))
    with Machine(ops) as machine:
        p = machine.task("p", mask=1)
        machine.task("q", mask=1)
        assert machine.schedule(0) == p
        machine.expire(0)
        assert (machine.schedule(0), seen, p.slice) == (p, ["p"], 5)


def test_the_only_task_goes_on_with_a_fresh_slice():
    """E4."""
    with Machine(Fifo) as machine:
        p = machine.task("p")
        machine.schedule(0)
        machine.expire(0)
        assert (machine.schedule(0), p.slice) == (p, SCX_SLICE_DFL)


def test_ops_dispatch_is_not_asked_while_there_is_local_work():
    """E2."""
    seen, ops = rounds_of(lambda seen, cpu, prev: seen.append(cpu))
    with Machine(ops) as machine:
        p = machine.task("p", mask=1)
        verdict(machine, 0, p, SCX_DSQ_LOCAL)
        flush(machine)
        assert (machine.schedule(0), seen) == (p, [])


def test_a_destroyed_dsq_takes_no_task():
    """G39."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        d = pool()
        dsq.destroy_dsq(POOL)
        with machine.world.rqs[0].lock:
            found = finding_of(
                machine, lambda: dsq.dispatch_enqueue(machine.world.rqs[0], d, p, 0, 0)
            )
        assert "destroyed" in found["message"]
