"""Wakeups: only sleepers wake, an idle CPU is told, and nobody runs in two places."""

import pytest

from emu.abi.flags import PF_EXITING
from emu.abi.states import (
    CLASS_IDLE,
    TASK_DEAD,
    TASK_INTERRUPTIBLE,
    TASK_ON_RQ_BLOCKED,
    TASK_ON_RQ_QUEUED,
    TASK_RUNNING,
)
from emu.bpf import SchedExtOps
from emu.core import pick, wakeup
from emu.layout.sched import Sched
from emu.layout.task import Task
from emu.machine import _machine as hw
from emu.machine import irq
from tests.core.acting import Fifo, Talker, calls, changed, on_dsq
from tests.one_process import Machine, finding_of

Bare = type("Bare", (SchedExtOps,), {"name": "bare"})


def sleeper(machine, mask=-1, cpu=0):
    """A task that fell asleep on `cpu`."""
    p = machine.task("p", mask)
    assert machine.schedule(cpu) == p
    p.state = TASK_INTERRUPTIBLE
    machine.schedule(cpu)
    return p


def test_a_sleeper_wakes_once():
    with Machine(Fifo) as machine:
        p = sleeper(machine)
        assert [wakeup.try_to_wake_up(p), wakeup.try_to_wake_up(p)] == [True, False]
        assert (Task.state.peek(p), Task.on_rq.peek(p)) == (TASK_RUNNING, TASK_ON_RQ_QUEUED)


def test_a_wakeup_makes_an_idle_cpu_schedule_wherever_the_task_was_queued():
    """4.6.2 of the CPU's page: the one built-in wakeup of a CPU."""
    with Machine(Fifo) as machine:
        p = sleeper(machine)
        machine.on(1)
        wakeup.try_to_wake_up(p)
        assert machine.world.rqs[0].need_resched and p.dsq.owner == -1
        assert machine.schedule(0) == p


def test_a_wakeup_does_not_preempt_a_running_task():
    with Machine(Fifo) as machine:
        p = sleeper(machine, mask=1)
        running = machine.task("running", mask=1)
        assert machine.schedule(0) == running
        wakeup.try_to_wake_up(p)
        assert not machine.world.rqs[0].need_resched


def test_a_remote_cpu_is_interrupted(monkeypatch):
    with Machine(Fifo) as machine:
        p = sleeper(machine)
        sent = []
        monkeypatch.setattr(irq, "send", lambda who, bits: sent.append((who, bits)))
        machine.on(1)
        wakeup.try_to_wake_up(p)
        assert sent == [(0, irq.IRQ_RESCHED)]


def test_a_task_on_its_way_to_sleep_stays_awake():
    """It has stored its state, and has not scheduled yet."""
    with Machine(Talker) as machine:
        p = machine.task("p")
        machine.schedule(0)
        wakeup.set_current_state(TASK_INTERRUPTIBLE)
        calls.clear()
        machine.on(1)
        assert wakeup.try_to_wake_up(p)
        assert (machine.schedule(0), calls, Task.state.peek(p)) == (p, [], TASK_RUNNING)


def test_a_waker_waits_until_the_cpu_has_let_go():
    """CG1: p is off its rq, and CPU 0 has not finished the switch.

    Method: in one process a wait that cannot end is refused.
    """
    with Machine(Fifo) as machine:
        p = sleeper(machine)
        p.on_cpu = True
        machine.on(1)
        with pytest.raises(hw.MachineBug, match="busy"):
            wakeup.try_to_wake_up(p)
        assert (Task.on_rq.peek(p), p.dsq) == (TASK_ON_RQ_BLOCKED, None)


def test_the_default_choice_claims_the_idle_cpu_and_skips_ops_enqueue():
    with Machine(Bare) as machine:
        p = machine.task("p")
        claimed = 3 & ~Sched.idle_cpus.peek(machine.world.sched)
        assert claimed.bit_count() == 1
        assert p.dsq == machine.world.dsqs[claimed.bit_length() - 1]


def test_a_forbidden_choice_is_replaced():
    """4.6 of the CPU's page, step 7c: no error."""
    with Machine(changed(Fifo, select_cpu=lambda p, prev, flags: 0), nr_cpus=3) as machine:
        p = machine.task("p", mask=6)
        assert Task.cpu.peek(p) == 1


@pytest.mark.parametrize("answer", [2, -1, None])
def test_a_cpu_that_does_not_exist_aborts_the_scheduler(answer):
    """E24."""
    with Machine(changed(Fifo, select_cpu=lambda p, prev, flags: answer)) as machine:
        found = finding_of(machine, machine.task)
        assert found["signature"] == "scheduler-aborted/ERROR/select_task_rq_scx"


def test_ops_select_cpu_is_not_asked_where_there_is_no_choice():
    """I29."""
    asked = []
    with Machine(changed(Fifo, select_cpu=lambda p, *a: asked.append(p.comm) or 0)) as machine:
        machine.task("pinned", mask=2)
        machine.task("free")
        assert asked == ["free"]


def test_a_new_task_is_enabled_before_it_is_runnable():
    """5.2 of the CPU's page."""
    with Machine(Talker) as machine:
        calls.clear()
        machine.task("p")
        assert calls == ["enable", "set_weight 100", "runnable", "enqueue"]


def test_a_dead_task_does_not_wake():
    with Machine(Fifo) as machine:
        p = machine.task("p")
        machine.schedule(0)
        wakeup.do_exit(p)
        pick.schedule()
        assert not wakeup.try_to_wake_up(p)
        assert (Task.state.peek(p), p.flags, p.dsq) == (TASK_DEAD, PF_EXITING, None)


def test_an_idle_cpu_stays_asleep_without_work():
    with Machine(Fifo) as machine:
        machine.task("p", mask=1)
        rq = machine.world.rqs[1]
        assert (rq.need_resched, rq.next_class) == (False, CLASS_IDLE)
        assert on_dsq(machine.world.dsqs[1]) == []
