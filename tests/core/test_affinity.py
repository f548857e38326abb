"""Changes of a task: masks, nice values, and where it must not be left afterwards."""

import pytest

from emu.abi.states import SCX_OPSS_NONE, TASK_INTERRUPTIBLE, TASK_ON_RQ_QUEUED
from emu.core import affinity, change, dispatch, tick, transfer, wakeup
from emu.layout.task import Task
from emu.machine import _machine as hw
from tests.core.acting import (
    Fifo,
    Keeper,
    Talker,
    acting,
    calls,
    just_before,
    on_dsq,
    pool,
)
from tests.one_process import Machine


@pytest.mark.parametrize(
    ("nice", "weight"), [(-20, 8668), (-1, 125), (0, 100), (1, 80), (19, 1), (-99, 8668)]
)
def test_weights_follow_nice_values(nice, weight):
    assert change.weight_of(nice) == weight


def test_a_mask_without_cpus_is_refused():
    with Machine(Fifo) as machine:
        p = machine.task("p")
        assert affinity.set_cpus_allowed_ptr(p, 4) == -22
        assert p.cpus_mask == 3


def test_a_queued_task_moves_at_once_and_is_enqueued_afresh():
    """4.17 of the CPU's page."""
    with Machine(Talker) as machine:
        p = machine.task("p")
        calls.clear()
        affinity.set_cpus_allowed_ptr(p, 2)
        assert (Task.cpu.peek(p), Task.on_rq.peek(p), on_dsq(pool())) == (
            1,
            TASK_ON_RQ_QUEUED,
            ["p"],
        )
        assert calls == ["quiescent", "set_cpumask 0x2", "runnable", "enqueue", "enqueue"]
        assert machine.world.rqs[1].need_resched


def test_a_task_in_custody_gets_a_new_brand():
    with Machine(Keeper) as machine:
        p = machine.task("p")
        before = Task.ops_state.peek(p)
        affinity.set_cpus_allowed_ptr(p, 1)
        assert Task.ops_state.peek(p) not in (before, SCX_OPSS_NONE)


def test_a_running_task_is_pushed_away_by_the_stopper():
    with Machine(Fifo) as machine:
        p = machine.task("p")
        machine.schedule(0)
        affinity.set_cpus_allowed_ptr(p, 2)
        assert Task.migration_pending.peek(p) and machine.world.rqs[0].need_resched
        assert machine.schedule(0) == machine.world.rqs[0].stop
        affinity.cpu_stopper()
        assert machine.schedule(0) == machine.world.rqs[0].idle
        assert (machine.schedule(1), Task.migration_pending.peek(p)) == (p, False)


def test_two_requests_for_one_task_are_served_by_one_stop():
    with Machine(Fifo, nr_cpus=3) as machine:
        p = machine.task("p")
        machine.schedule(0)
        affinity.set_cpus_allowed_ptr(p, 2)
        affinity.set_cpus_allowed_ptr(p, 4)
        machine.schedule(0)
        affinity.cpu_stopper()
        assert (Task.cpu.peek(p), machine.world.rqs[0].stop_head) == (2, None)


def test_a_stopper_that_comes_too_late_sends_another_after_the_task():
    """4.15 of the CPU's page: p has moved on to a CPU that is forbidden by now."""
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=3)
        machine.schedule(1)
        first, second = machine.world.rqs
        with first.lock:
            affinity.queue_stopper(first, p)
        affinity.set_cpus_allowed_ptr(p, 1)
        assert second.stop_head is None
        machine.on(0)
        affinity.cpu_stopper()
        assert (second.stop_head, Task.migration_pending.peek(p)) == (p, True)


def test_a_sleeper_keeps_its_cpu_until_it_wakes():
    with Machine(Fifo) as machine:
        p = machine.task("p")
        machine.schedule(0)
        p.state = TASK_INTERRUPTIBLE
        machine.schedule(0)
        affinity.set_cpus_allowed_ptr(p, 2)
        assert (Task.cpu.peek(p), Task.migration_pending.peek(p)) == (0, False)
        wakeup.try_to_wake_up(p)
        assert Task.cpu.peek(p) == 1


def test_a_running_task_does_not_leave_its_cpu_when_it_is_reniced():
    """G30: the scheduler is told, and does not get it."""
    with Machine(Talker) as machine:
        p = machine.task("p")
        machine.schedule(0)
        calls.clear()
        change.set_user_nice(p, -20)
        assert calls == ["stopping False", "quiescent", "set_weight 8668", "runnable", "running"]
        assert (p.dsq, Task.ops_state.peek(p), machine.curr(0)) == (None, SCX_OPSS_NONE, p)


def test_a_task_that_a_mover_lost_is_not_left_to_nobody(monkeypatch):
    """CPU 1 has taken p off the pool, CPU 0 looks, sees nothing and goes idle; then p is pinned
    to CPU 0.
    """
    with Machine(Fifo) as machine:
        p = machine.task("p")

        def meanwhile():
            machine.world.rqs[1].lock.unlock()
            assert machine.schedule(0) == machine.world.rqs[0].idle
            affinity.set_cpus_allowed_ptr(p, 1)
            machine.world.rqs[1].lock.lock()

        just_before(monkeypatch, transfer, "lock_then_test", 0, meanwhile)
        machine.on(1)
        with machine.world.rqs[1].lock:
            assert not dispatch.consume_dispatch_q(machine.world.rqs[1], pool())
        assert on_dsq(pool()) == ["p"] and machine.world.rqs[0].need_resched
        assert machine.schedule(0) == p


def test_a_yield_takes_the_rest_of_the_slice():
    with Machine(Fifo) as machine:
        p, q = machine.task("p", mask=1), machine.task("q", mask=1)
        machine.schedule(0)
        change.do_sched_yield()
        assert (machine.schedule(0), on_dsq(pool()), p.slice) == (q, ["p"], 20_000_000)


def test_a_slice_is_charged_with_the_time_that_passed():
    with Machine(Fifo) as machine:
        p = machine.task("p")
        machine.schedule(0)
        p.exec_start = hw.clock_of(0) - 1_500_000
        with machine.world.rqs[0].lock:
            tick.update_curr(machine.world.rqs[0], p)
        assert (p.slice, p.sum_exec) == (18_500_000, 1_500_000)


def test_a_tick_at_the_end_of_the_slice_reschedules(monkeypatch):
    with Machine(Fifo) as machine:
        p = machine.task("p")
        machine.schedule(0)
        rq = machine.world.rqs[0]
        assert tick.next_deadline_ns(rq) == 20_000_000
        p.slice = 1
        p.exec_start = hw.clock_of(0) - 1
        monkeypatch.setattr(tick, "next_deadline_ns", lambda rq: 0)
        with acting(0):
            tick.run_if_due(rq)
        assert (p.slice, rq.need_resched) == (0, True)
