"""Scheduling classes as far as they meet: reschedule requests and wakeup preemption.

KERNEL-GAP(classes): stop, ext and idle exist. Deadline, rt and fair do not, so no higher class
takes a CPU away for longer than a stopper needs.
"""

from emu.abi import events
from emu.abi.states import TASK_ON_RQ_MIGRATING
from emu.core import this_cpu
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw
from emu.machine import irq


def resched_curr(rq: Rq) -> None:
    """Make the CPU of `rq` call schedule() soon.

    Locks:  rq.lock.
    Kernel: resched_curr() in kernel/sched/core.c.
    """
    rq.lock.assert_held()
    if Rq.need_resched.peek(rq):  # Set and cleared under rq.lock only.
        return
    # Release: pairs with need_resched(). The flag first, the interrupt second: a CPU about to
    # sleep either sees the flag or is woken by the interrupt.
    rq.need_resched = True
    if rq.index != this_cpu.cpu:
        hw.trace(events.RESCHED, rq.index)
        irq.send(rq.index, irq.IRQ_RESCHED)


def need_resched(rq: Rq) -> bool:
    """Whether this CPU, which `rq` belongs to, is to schedule. Unlocked read: see Rq."""
    return rq.need_resched  # Acquire: pairs with resched_curr().


def wakeup_preempt(rq: Rq, sched_class: int) -> None:
    """A task of `sched_class` became runnable on `rq`: reschedule if it outranks what runs.

    Between ext tasks nothing happens: a wakeup never preempts by itself. An idle CPU always
    reschedules, wherever the task was queued; that is the one built-in wakeup of a CPU.

    Locks:  rq.lock.
    Kernel: wakeup_preempt() in kernel/sched/core.c.
    """
    if sched_class > rq.next_class:
        resched_curr(rq)
        rq.next_class = sched_class


def task_rq_lock(p: Task) -> Rq:
    """Lock the rq of `p`, whose pi_lock is held, and return it.

    Locks:  pi_lock of `p` on entry; rq.lock of the result on return.
    Kernel: __task_rq_lock() in kernel/sched/core.c.
    """
    while True:
        rq = this_cpu.task_rq(p)
        rq.lock.lock()
        if still_there(p, rq):
            return rq
        rq.lock.unlock()
        wait_migrating(p)


def still_there(p: Task, rq: Rq) -> bool:
    """Whether `rq`, which was the one of `p` before its lock was taken, still is.

    Locks: rq.lock.
    """
    # CG4: it may have moved before we had the lock. CG5: or be between two rqs.
    return rq == this_cpu.task_rq(p) and Task.on_rq.peek(p) != TASK_ON_RQ_MIGRATING


def wait_migrating(p: Task) -> None:
    """Wait while a mover has `p` between two rqs. Locks: no rq.lock may be held."""
    # A mover needs rq locks only, and none of ours, so this ends.
    Task.on_rq.wait_while(p, TASK_ON_RQ_MIGRATING)
