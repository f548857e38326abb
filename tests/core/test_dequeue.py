"""Dequeue: it takes a task away from wherever it is by then."""

import pytest

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_LOCAL
from emu.abi.flags import SCX_DEQ_SLEEP, SCX_ENQ_CLEAR_OPSS, SCX_TASK_QUEUED
from emu.abi.states import SCX_OPSS_NONE, SCX_OPSS_QUEUEING
from emu.bpf import scx_bpf_dsq_insert
from emu.core import dequeue, dispatch, dsq, ops_state, transfer
from emu.layout.task import Task
from tests.core.acting import POOL, Fifo, Keeper, acting, changed, just_before, on_dsq, pool
from tests.one_process import Machine, finding_of


def take_off(machine, p):
    """Dequeue `p` on its own rq."""
    rq = machine.world.rqs[Task.cpu.peek(p)]
    with rq.lock:
        dequeue.dequeue_task_scx(rq, p, SCX_DEQ_SLEEP)


def assert_gone(machine, p):
    """S7, S10."""
    assert (p.dsq, p.linked, p.holding_cpu, p.sticky_cpu) == (None, None, -1, -1)
    assert (Task.ops_state.peek(p), p.scx_flags & SCX_TASK_QUEUED) == (SCX_OPSS_NONE, 0)
    assert [rq.scx_nr_running for rq in machine.world.rqs] == [0, 0]


@pytest.mark.parametrize("dsq_id", [SCX_DSQ_LOCAL, SCX_DSQ_GLOBAL, POOL])
def test_a_task_on_a_dsq_is_unlinked(dsq_id):
    with Machine(
        changed(Fifo, enqueue=lambda p, f: scx_bpf_dsq_insert(p, dsq_id, 1, 0))
    ) as machine:
        p = machine.task("p")
        d = p.dsq
        take_off(machine, p)
        assert_gone(machine, p)
        assert (d.nr, d.head, d.tail) == (0, None, None)


def test_neighbours_stay_linked():
    with Machine(Fifo) as machine:
        tasks = [machine.task(name) for name in ("a", "b", "c")]
        with machine.world.rqs[0].lock:
            dsq.dispatch_dequeue(machine.world.rqs[0], tasks[1])
        assert on_dsq(pool()) == ["a", "c"]
        assert tasks[2].dsq_prev == tasks[0]


def test_a_task_in_custody_is_taken_back():
    """X5."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        take_off(machine, p)
        assert_gone(machine, p)


def test_a_claim_between_read_and_exchange_wins_and_is_waited_for(monkeypatch):
    """G06, G07: CPU 1 claims p for the pool; the dequeue then takes it off there."""
    with Machine(Keeper) as machine:
        p = machine.task("p", mask=1)
        word = Task.ops_state.peek(p)
        just_before(monkeypatch, dequeue, "take_queued", 1, lambda: dispatch.claim(p, word))

        inserted = []

        def insert():
            dsq.dispatch_enqueue(machine.world.rqs[1], pool(), p, 0, SCX_ENQ_CLEAR_OPSS)
            inserted.append(p.dsq)

        just_before(monkeypatch, ops_state, "wait_ops_state", 1, insert)
        take_off(machine, p)
        assert_gone(machine, p)
        assert (inserted, pool().nr) == ([pool()], 0)


def test_a_task_inside_ops_enqueue_cannot_be_dequeued():
    """6.3: QUEUEING under the rq.lock of somebody else is impossible."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        p.ops_state.store(SCX_OPSS_QUEUEING)
        found = finding_of(machine, lambda: take_off(machine, p))
        assert found["signature"] == "kernel-bug/ops_dequeue"


def test_the_mover_of_a_consume_window_loses():
    """G16: p.dsq still names the pool, holding_cpu the mover."""
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=1)
        with acting(1):
            pool().lock.lock()
            transfer.unlink_and_mark(p, pool())
        assert (p.dsq, p.holding_cpu) == (pool(), 1)
        take_off(machine, p)
        assert_gone(machine, p)
        assert pool().nr == 0


def test_the_mover_of_a_dispatch_window_loses():
    """G11: there is no DSQ to find the mark through."""
    with Machine(Keeper) as machine:
        p = machine.task("p", mask=1)
        with acting(1):
            assert dispatch.claim(p, Task.ops_state.peek(p))
            transfer.enter_transfer(p)
        assert (p.dsq, p.holding_cpu) == (None, 1)
        take_off(machine, p)
        assert_gone(machine, p)


def test_a_dequeued_task_is_left_alone():
    with Machine(Keeper) as machine:
        p = machine.task("p")
        take_off(machine, p)
        take_off(machine, p)
        assert_gone(machine, p)
