"""Pick: what runs next, what is told to the scheduler, and what becomes of the one that ran."""

import functools

from emu.abi.dsq import SCX_DSQ_LOCAL
from emu.abi.flags import SCX_OPS_ENQ_LAST
from emu.abi.states import (
    CLASS_EXT,
    CLASS_IDLE,
    SCX_OPSS_NONE,
    TASK_INTERRUPTIBLE,
    TASK_ON_RQ_BLOCKED,
)
from emu.bpf import scx_bpf_dsq_insert
from emu.core import affinity, dispatch, wakeup
from emu.layout.sched import Sched
from emu.layout.task import Task
from tests.core.acting import POOL, Fifo, Talker, calls, changed, just_before, on_dsq, pool
from tests.one_process import Machine


def idle_cpus(machine):
    return Sched.idle_cpus.peek(machine.world.sched)


def test_a_cpu_that_leaves_idle_says_so():
    with Machine(Fifo) as machine:
        machine.task("p", mask=1)
        machine.schedule(0)
        assert idle_cpus(machine) == 2


def test_a_cpu_that_goes_idle_says_so():
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=1)
        machine.schedule(0)
        p.state = TASK_INTERRUPTIBLE
        assert machine.schedule(0) == machine.world.rqs[0].idle
        assert (idle_cpus(machine), machine.world.rqs[0].next_class) == (3, CLASS_IDLE)


def test_an_idle_cpu_that_finds_nothing_is_idle_again():
    """CG19: a waker claimed it, and its task went elsewhere."""
    with Machine(Fifo) as machine:
        machine.world.sched.idle_cpus.store(0)
        machine.schedule(0)
        assert idle_cpus(machine) == 1


def test_the_current_task_is_in_nobodys_hands():
    """S12."""
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=1)
        assert machine.schedule(0) == p
        assert (p.dsq, p.linked, p.holding_cpu) == (None, None, -1)
        assert (Task.ops_state.peek(p), Task.on_cpu.peek(p)) == (SCX_OPSS_NONE, True)
        assert machine.world.rqs[0].next_class == CLASS_EXT


def test_a_switch_ends_one_run_and_begins_another():
    with Machine(Talker) as machine:
        a, b = machine.task("a", mask=1), machine.task("b", mask=1)
        machine.schedule(0)
        machine.expire(0)
        calls.clear()
        assert machine.schedule(0) == b
        assert calls == ["stopping True", "enqueue", "running"]
        assert (on_dsq(pool()), Task.on_cpu.peek(a)) == (["a"], False)


def test_a_task_that_goes_on_is_told_nothing():
    """4.4 of the CPU's page: put and set are skipped."""
    with Machine(Talker) as machine:
        p = machine.task("p")
        machine.schedule(0)
        calls.clear()
        assert (machine.schedule(0), calls) == (p, [])


def test_a_task_that_blocks_stops_and_is_quiescent():
    """I12."""
    with Machine(Talker) as machine:
        p = machine.task("p")
        machine.schedule(0)
        calls.clear()
        p.state = TASK_INTERRUPTIBLE
        machine.schedule(0)
        assert calls == ["stopping False", "quiescent"]
        assert (Task.on_rq.peek(p), Task.on_cpu.peek(p)) == (TASK_ON_RQ_BLOCKED, False)
        assert machine.world.rqs[0].nr_running == 0


def test_a_task_preempted_by_the_stopper_goes_on_first():
    """4.9.5 step 5."""
    with Machine(Fifo) as machine:
        p, pushed = machine.task("p", mask=1), machine.task("pushed", mask=1)
        machine.schedule(0)
        p.slice = 77
        rq = machine.world.rqs[0]
        with rq.lock:
            affinity.queue_stopper(rq, pushed)
        assert machine.schedule(0) == rq.stop
        assert (on_dsq(machine.world.dsqs[0]), p.slice) == (["p"], 77)
        affinity.cpu_stopper()
        assert machine.schedule(0) == p


def test_a_stopper_that_wakes_during_dispatch_wins(monkeypatch):
    """G47."""
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=1)
        rq = machine.world.rqs[0]
        stop = functools.partial(affinity.queue_stopper, rq, p)
        just_before(monkeypatch, dispatch, "dispatch_sched", -1, stop)
        assert machine.schedule(0) == rq.stop
        affinity.cpu_stopper()
        assert machine.schedule(0) == p


def test_the_last_task_is_offered_to_a_scheduler_that_asked_for_it():
    """Its CPU goes idle, and the next wakeup there must reach it."""
    ops = type("Last", (Fifo,), {"flags": SCX_OPS_ENQ_LAST})
    insert = changed(ops, enqueue=lambda p, f: scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, 5, f))
    with Machine(insert) as machine:
        p, rq = machine.task("p", mask=1), machine.world.rqs[0]
        machine.schedule(0)
        machine.expire(0)
        assert machine.schedule(0) == rq.idle
        assert (on_dsq(machine.world.dsqs[0]), rq.next_class) == (["p"], CLASS_IDLE)
        machine.task("q", mask=1)
        assert rq.need_resched and machine.schedule(0) == p


def test_a_request_made_during_the_pick_ends_with_it():
    with Machine(Fifo) as machine:
        machine.task("p", mask=1)
        assert machine.world.rqs[0].need_resched
        machine.schedule(0)
        assert not machine.world.rqs[0].need_resched


def test_a_dead_task_is_let_go_after_its_last_switch():
    with Machine(Talker) as machine:
        p = machine.task("p")
        machine.schedule(0)
        wakeup.do_exit(p)
        calls.clear()
        machine.schedule(0)
        assert calls == ["stopping False", "quiescent", "disable"]


def test_local_work_that_arrives_during_dispatch_is_picked(monkeypatch):
    """L2: whatever the verdict, the local DSQ is looked at after the last drop of rq.lock."""
    with Machine(Fifo) as machine:
        p = machine.task("p", mask=2)
        rq = machine.world.rqs[1]
        pool_is_empty = [dispatch.NOTHING]

        def late(*args):
            assert dispatch.consume_dispatch_q(rq, pool())
            return pool_is_empty.pop()

        monkeypatch.setattr(dispatch, "dispatch_sched", late)
        assert (machine.schedule(1), pool_is_empty) == (p, [])


def test_a_global_pool_is_shared_by_all_cpus():
    ops = changed(Fifo, enqueue=lambda p, f: scx_bpf_dsq_insert(p, POOL, 5, f))
    with Machine(ops) as machine:
        a, b = machine.task("a"), machine.task("b")
        assert (machine.schedule(1), machine.schedule(0)) == (a, b)
