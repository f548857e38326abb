"""Affinity: a task gets another mask, and is pushed away from where it may no longer be.

A queued task is moved at once. A running one, or one that is being switched out, is moved by the
stopper of its CPU, which the requester asks for; `migration_pending` says that it has not been
done yet. None is waking: a waker holds pi_lock until the task is queued.
"""

from emu.abi import events
from emu.abi.states import (
    CLASS_EXT,
    CLASS_STOP,
    TASK_DEAD,
    TASK_ON_RQ_MIGRATING,
    TASK_ON_RQ_QUEUED,
)
from emu.core import callback, change, classes, dequeue, enqueue, this_cpu
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw

EINVAL = 22


def first_cpu(mask: int) -> int:
    """The lowest CPU of a mask that is not empty."""
    return (mask & -mask).bit_length() - 1


def set_cpus_allowed_ptr(p: Task, mask: int) -> int:
    """Let `p` run on the CPUs of `mask` only, and see that it leaves any other one.

    KERNEL-GAP(affinity-wait): a task that asks does not wait until the stopper has done it; the
    control agent does. The mask is in force either way.

    Returns: 0, or -EINVAL if no CPU of the machine is in the mask.
    Locks:   none may be held; takes pi_lock and rq.lock of `p`.
    Kernel:  set_cpus_allowed_ptr(), __set_cpus_allowed_ptr_locked().
    """
    mask &= this_cpu.world.all_cpus
    if not mask:
        return -EINVAL
    p.pi_lock.lock()
    rq = classes.task_rq_lock(p)
    if p.state == TASK_DEAD or p.cpus_mask == mask:
        rq.lock.unlock()
        p.pi_lock.unlock()
        return 0
    hw.trace(events.AFFINITY, p.index + 1, mask)
    change.sched_change(rq, p, lambda: _set_mask(rq, p, mask))
    if not mask >> rq.index & 1:
        rq = affine_move_task(rq, p, mask)
    rq.lock.unlock()
    p.pi_lock.unlock()
    if this_cpu.cpu < 0:
        Task.migration_pending.wait_while(p, True)
    return 0


def _set_mask(rq: Rq, p: Task, mask: int) -> None:
    p.cpus_mask = mask
    if callback.has("set_cpumask"):
        callback.call("set_cpumask", rq, p.pid, p, mask)


def affine_move_task(rq: Rq, p: Task, mask: int) -> Rq:
    """Get `p`, whose CPU is not in its mask any more, away from there.

    Returns: the rq whose lock is held now.
    Locks:   pi_lock of `p`, and rq.lock, which may be exchanged for another.
    Kernel:  affine_move_task().
    """
    if Task.on_cpu.peek(p):
        p.migration_pending = True
        queue_stopper(rq, p)
        return rq
    if Task.on_rq.peek(p) == TASK_ON_RQ_QUEUED:
        return move_queued_task(rq, p, first_cpu(mask))
    return rq  # Asleep: its wakeup will choose an allowed CPU.


def queue_stopper(rq: Rq, p: Task) -> None:
    """Ask the stopper of `rq`'s CPU to push `p` away.

    Locks:  rq.lock.
    Kernel: stop_one_cpu_nowait() with migration_cpu_stop().
    """
    if p.stop_queued:
        return
    p.stop_queued = True
    p.stop_next = rq.stop_head
    rq.stop_head = p
    classes.wakeup_preempt(rq, CLASS_STOP)


def move_queued_task(rq: Rq, p: Task, cpu: int) -> Rq:
    """Move a queued task that does not run to another CPU, and enqueue it there afresh.

    Returns: the rq of that CPU, locked.
    Locks:   pi_lock of `p`; rq.lock on entry, dropped.
    Kernel:  move_queued_task().
    """
    hw.trace(events.MOVE, p.index + 1, rq.index, cpu)
    # Whoever wants the rq of `p` meanwhile waits until it is not MIGRATING any more.
    p.on_rq = TASK_ON_RQ_MIGRATING
    dequeue.dequeue_task_scx(rq, p, 0)
    p.cpu = cpu
    rq.lock.unlock()
    dst = this_cpu.world.rqs[cpu]
    dst.lock.lock()
    enqueue.enqueue_task_scx(dst, p, 0)
    p.on_rq = TASK_ON_RQ_QUEUED
    classes.wakeup_preempt(dst, CLASS_EXT)
    return dst


def cpu_stopper() -> None:
    """The stop task of this CPU: push away one task that somebody asked for.

    Locks:  none may be held; takes pi_lock and rq.lock.
    Kernel: cpu_stopper_thread(), migration_cpu_stop().
    """
    rq = this_cpu.rq
    with rq.lock:
        p = rq.stop_head
        if p is None:
            return
        rq.stop_head = p.stop_next
        p.stop_queued = False
    migration_cpu_stop(p)


def migration_cpu_stop(p: Task) -> None:
    """Push `p` to an allowed CPU, wherever it is by now.

    Locks:  none may be held; takes pi_lock and rq.lock of `p`.
    Kernel: migration_cpu_stop().
    """
    p.pi_lock.lock()
    rq = classes.task_rq_lock(p)
    mask = p.cpus_mask
    forbidden = not mask >> rq.index & 1
    if forbidden and Task.on_cpu.peek(p):
        queue_stopper(rq, p)  # It runs on yet another forbidden CPU: chase it.
    else:
        if forbidden and Task.on_rq.peek(p) == TASK_ON_RQ_QUEUED:
            rq = move_queued_task(rq, p, first_cpu(mask))
        p.migration_pending = False
    rq.lock.unlock()
    p.pi_lock.unlock()
