"""Pick: which task runs next, and what happens to the one that ran.

schedule() holds rq.lock from start to end but for the windows of a remote transfer. What was
decided before such a window is decided again after it. `on_cpu` is cleared last of all: a waker
waits for it before it lets the task run elsewhere.
"""

from emu.abi import events
from emu.abi.flags import SCX_DEQ_SLEEP, SCX_ENQ_HEAD, SCX_ENQ_LAST, SCX_TASK_QUEUED
from emu.abi.limits import SCX_SLICE_DFL
from emu.abi.states import (
    CLASS_EXT,
    CLASS_IDLE,
    TASK_DEAD,
    TASK_ON_RQ_BLOCKED,
    TASK_RUNNING,
)
from emu.core import callback, dequeue, dispatch, dsq, enqueue, idle, this_cpu, tick
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw


def schedule() -> None:
    """Give the CPU to the task that should have it; block the current one if it is to sleep.

    Afterwards `rq.curr` is what runs. A caller that is a task may find that it runs no longer.
    One pass: the loop of the CPU looks at need_resched itself. A task is preempted only between
    its instructions, so it never has another state than RUNNING then.

    Locks:  none may be held; takes rq.lock.
    Kernel: __schedule() in kernel/sched/core.c.
    """
    rq = this_cpu.rq
    rq.lock.lock()
    prev = _curr_of(rq)
    assert prev is not None, "a CPU always runs something"
    state = prev.state  # Race: a waker makes it RUNNING under rq.lock; then it is not blocked.
    if state != TASK_RUNNING:
        block(rq, prev)
    next_task = pick_next_task(rq, prev)
    rq.next_class = next_task.sched_class
    if this_cpu.self_kick:
        this_cpu.self_kick = False
        rq.need_resched = True
    elif Rq.need_resched.peek(rq):
        # Also erases what was asked for during the pick: it looked for work after that.
        rq.need_resched = False
    if next_task != prev:
        rq.curr = next_task
        context_switch(rq, prev, next_task, state == TASK_DEAD)
    else:
        rq.lock.unlock()


_curr_of = Rq.curr.peek


def block(rq: Rq, prev: Task) -> None:
    """Take the current task, which is about to sleep or is dead, off its rq.

    Locks: rq.lock.
    """
    if prev.sched_class == CLASS_EXT:
        dequeue.dequeue_task_scx(rq, prev, SCX_DEQ_SLEEP)
    prev.on_rq = TASK_ON_RQ_BLOCKED


def context_switch(rq: Rq, prev: Task, next_task: Task, dead: bool) -> None:
    """Switch from one task to another.

    Args:   dead: `prev` has run for the last time. CG35: the caller read that before on_cpu is
        cleared here; afterwards `prev` is not ours to look at.
    Locks:  rq.lock on entry, dropped.
    Kernel: context_switch(), finish_task_switch().
    """
    next_task.on_cpu = True
    rq.nr_switches = rq.nr_switches + 1
    next_task.nr_switches = next_task.nr_switches + 1
    hw.trace(events.SWITCH, prev.index + 1, next_task.index + 1)
    hw.progress()
    # Release: pairs with wait_on_cpu(): the task may run elsewhere from here on.
    prev.on_cpu = False
    rq.lock.unlock()
    if dead:
        sched_ext_dead(prev)


def sched_ext_dead(p: Task) -> None:
    """A task has run for the last time: the scheduler lets go of it.

    Locks:  pi_lock and rq.lock, taken here.
    Kernel: sched_ext_dead() / sched_ext_free().
    """
    hw.trace(events.EXIT, p.index + 1)
    if callback.has("disable"):
        rq = this_cpu.task_rq(p)
        with p.pi_lock, rq.lock:
            callback.call("disable", rq, p.pid, p)


def pick_next_task(rq: Rq, prev: Task) -> Task:
    """The task of the highest class that has one; `prev` is put and it is set.

    Locks:  rq.lock, dropped and retaken inside.
    Kernel: pick_next_task().
    """
    picked = None
    while picked is None:
        if rq.stop_head is not None:
            picked = rq.stop
            break
        picked = pick_task_scx(rq, prev)
        if outranked(rq):
            picked = None
        elif picked is None:
            picked = rq.idle
    assert picked is not None, "every rq has an idle and a stop task"
    if picked != prev:
        put_prev_task(rq, prev, picked)
        set_next_task(rq, picked)
    elif picked.sched_class == CLASS_IDLE:
        idle.refresh_idle(rq)
    return picked


def outranked(rq: Rq) -> bool:
    """Whether a higher class woke on `rq` while the pick of an ext task had dropped its lock."""
    # G47: look again from the top; the switch would clear the request to do so.
    return rq.next_class > CLASS_EXT


def pick_task_scx(rq: Rq, prev: Task) -> Task | None:
    """The ext task to run, or None. Nothing is dequeued yet.

    Locks:  rq.lock, dropped and retaken inside.
    Kernel: do_pick_task_scx().
    """
    if rq.next_class > CLASS_EXT:
        rq.next_class = CLASS_EXT  # So that a class raised meanwhile can be seen.
    if dispatch.dispatch_one(rq, prev) == dispatch.PREV:
        picked: Task | None = prev
    else:
        # Whatever the verdict: the lock may have been dropped since the DSQ was looked at.
        picked = this_cpu.world.dsqs[rq.index].head
    if picked is not None and not picked.slice:
        picked.slice = SCX_SLICE_DFL
    return picked


def put_prev_task(rq: Rq, prev: Task, next_task: Task | None) -> None:
    """`prev` stops running; if it stays runnable it goes where it can be found again.

    Args:   next_task: what runs next, or None in a change window.
    Locks:  rq.lock.
    Kernel: put_prev_task_scx(), put_prev_task_idle().
    """
    if prev.sched_class == CLASS_IDLE:
        idle.update_idle(rq, False)
    if prev.sched_class != CLASS_EXT:
        return
    tick.update_curr(rq, prev)
    if not prev.scx_flags & SCX_TASK_QUEUED:
        return
    if callback.has("stopping"):
        callback.call("stopping", rq, prev.pid, prev, True)
    if prev.slice:
        # Preempted by a higher class: it goes on first, with what is left of its slice.
        dsq.dispatch_enqueue(rq, this_cpu.world.dsqs[rq.index], prev, 0, SCX_ENQ_HEAD)
    else:
        last = next_task is not None and next_task.sched_class == CLASS_IDLE
        enqueue.do_enqueue_task(rq, prev, SCX_ENQ_LAST if last else 0, -1)


def set_next_task(rq: Rq, p: Task) -> None:
    """`p` is going to run: it leaves every queue.

    Locks:  rq.lock.
    Kernel: set_next_task_scx(), set_next_task_idle().
    """
    if p.sched_class == CLASS_IDLE:
        idle.update_idle(rq, True)
    if p.sched_class != CLASS_EXT:
        return
    queued = p.scx_flags & SCX_TASK_QUEUED
    if queued:
        dequeue.ops_dequeue(p)
        dsq.dispatch_dequeue(rq, p)
    p.exec_start = hw.clock_of(rq.index)
    if queued and callback.has("running"):
        callback.call("running", rq, p.pid, p)
