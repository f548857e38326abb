"""Remote transfer, generation `double_lock`: a waiting task moves to another CPU's local DSQ.

A waiting task hangs on the rq of its last CPU. To move it, that rq must be locked, and so must the
destination's. The mover holds one rq.lock already and owns the task through a DSQ lock or through
DISPATCHING; a dequeuer may hold the task's rq.lock and wait for just that. The dequeuer cannot
back off. So the mover lets go first: it stores its own CPU in `holding_cpu`, gives up what it
owned the task by, locks the task's rq, and then looks whether the mark is still there. A
dequeuer that came in between has reset it, and the mover has lost and forgets the task.

Lock order: two rq locks are taken in the order of their CPUs. A lock held before may have been
dropped meanwhile, so everything known about its rq is stale afterwards.
"""

from emu.abi import events
from emu.abi.flags import (
    SCX_ENQ_APPLY_SLICE,
    SCX_ENQ_CLEAR_OPSS,
    SCX_ENQ_GDSQ_FALLBACK,
)
from emu.abi.states import TASK_ON_RQ_MIGRATING, TASK_ON_RQ_QUEUED
from emu.core import dequeue, dsq, enqueue, ops_state, report, scx_exit, this_cpu
from emu.layout.dsq import Dsq
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw

# ---------------------------------------------------------------- two rq locks


def double_rq_lock(a: Rq, b: Rq) -> None:
    """Lock two rqs, the lower CPU first; one lock if they are the same.

    Locks:  no rq.lock may be held.
    Kernel: double_rq_lock().
    """
    if a.index > b.index:
        a, b = b, a
    a.lock.lock()
    if a != b:
        b.lock.lock()


def double_lock_balance(this: Rq, other: Rq) -> None:
    """Lock `other` as well as `this`, dropping `this` on the way.

    Locks:   this.lock on entry, dropped and retaken; both on return.
    Recheck: everything about `this`.
    Kernel:  double_lock_balance(), the variant of preemptible kernels.
    """
    if this == other:
        return
    # G24: two rq locks only in their order; whoever holds one must not block on a lower one.
    this.lock.unlock()
    double_rq_lock(this, other)


def lock_both(rq: Rq, src: Rq, dst: Rq) -> None:
    """Lock the source and the destination of a move decided under rq.lock.

    Locks:   rq.lock on entry; src.lock and dst.lock, and no other, on return.
    Recheck: everything about `rq`.
    Kernel:  dispatch_to_local_dsq_lock().
    """
    if rq == src:
        double_lock_balance(rq, dst)
    elif rq == dst:
        double_lock_balance(rq, src)
    else:
        # G26: the own lock is dropped also where both are one: it may be the higher one.
        rq.lock.unlock()
        double_rq_lock(src, dst)


def unlock_both(rq: Rq, src: Rq, dst: Rq) -> None:
    """Undo lock_both(), so that only rq.lock is held.

    Kernel: dispatch_to_local_dsq_unlock().
    """
    for other in (src, dst) if src != dst else (src,):
        if other != rq:
            other.lock.unlock()
    if rq not in (src, dst):
        rq.lock.lock()


# ---------------------------------------------------------------- the claim


def enter_transfer(p: Task) -> None:
    """Mark `p` as being moved by this CPU, and give up DISPATCHING.

    Locks: none of the task's; it is ours through DISPATCHING.
    """
    # G10: the mark first: a dequeuer that waits for us looks for it as soon as it sees NONE.
    p.holding_cpu = this_cpu.cpu
    ops_state.set_none(p)


def begin_transfer(rq: Rq, src: Rq, dst: Rq, p: Task) -> bool:
    """Begin to move `p`, which this CPU has claimed, from `src` to `dst`.

    Returns: False if a dequeuer took it meanwhile; forget it then.
    Locks:   as lock_both().
    """
    # G09: NONE before its rq is locked: a dequeuer holds that while it waits for us.
    enter_transfer(p)
    return lock_then_test(rq, src, dst, p)


def unlink_and_mark(p: Task, d: Dsq) -> None:
    """Take `p` off `d` for a move by this CPU.

    Locks: d.lock on entry, dropped.
    """
    # G17: `p.dsq` goes on naming `d`, so that a dequeuer takes d.lock before it looks at the mark.
    # G15: both in one critical section: a dequeuer that finds it unlinked must find the mark.
    dsq.task_unlink_from_dsq(p, d)
    p.holding_cpu = this_cpu.cpu
    d.lock.unlock()


def claim_holds(p: Task, src: Rq) -> bool:
    """Whether `p` is still ours to move from `src`.

    Locks: src.lock.
    """
    # G12: our own number, not just any: another mover may have taken it since.
    return p.holding_cpu == this_cpu.cpu and src == this_cpu.task_rq(p)


def lock_then_test(rq: Rq, src: Rq, dst: Rq, p: Task) -> bool:
    """Lock both rqs, then see whether `p` is still ours.

    Returns: False if a dequeuer took it meanwhile; forget it then.
    Locks:   as lock_both().
    """
    lock_both(rq, src, dst)
    # G14: under the lock: before it the answer may be stale at once.
    return claim_holds(p, src)


# ---------------------------------------------------------------- the move


def task_can_run_on_remote_rq(p: Task, rq: Rq, enforce: bool) -> bool:
    """Whether `p`, which hangs on another rq, may go to `rq`.

    Args:   enforce: a scheduler named this CPU, so a forbidden one is its mistake; the locks of
        both rqs are held then.
    Kernel: task_can_run_on_remote_rq().
    """
    if not p.cpus_mask >> rq.index & 1:
        if enforce:
            scx_exit.scx_error(
                f"SCX_DSQ_LOCAL[_ON] target CPU {rq.index} not allowed for {report.name(p)}",
                "task_can_run_on_remote_rq",
            )
        return False
    return rq.online


def move_task_to_local_dsq(p: Task, src: Rq, dst: Rq, enq_flags: int) -> None:
    """Move `p` from `src` to the local DSQ of `dst`. Its slice is kept.

    Locks:  src.lock and dst.lock.
    Kernel: move_task_to_local_dsq() / move_remote_task_to_local_dsq().
    """
    hw.trace(events.MOVE, p.index + 1, src.index, dst.index)
    p.sticky_cpu = dst.index
    deactivate_task(src, p)
    p.cpu = dst.index
    activate_with_flags(dst, p, enq_flags)


def activate_with_flags(rq: Rq, p: Task, enq_flags: int) -> None:
    """Activate `p` on `rq` with flags that the generic activation has no room for.

    Locks:  rq.lock.
    Kernel: move_task_to_local_dsq(), its second half.
    """
    if rq.remote_activate_enq_flags:
        report.WARN_ON_ONCE(True, "move_task_to_local_dsq", "an activation is under way")
    rq.remote_activate_enq_flags = enq_flags & ~SCX_ENQ_CLEAR_OPSS
    activate_task(rq, p)
    rq.remote_activate_enq_flags = 0  # G48: the next one on this rq is not meant.


def deactivate_task(rq: Rq, p: Task) -> None:
    """Take `p` off `rq` in order to move it. Locks: rq.lock. Kernel: deactivate_task()."""
    # G27: whoever wants its rq meanwhile waits, and looks again.
    p.on_rq = TASK_ON_RQ_MIGRATING
    dequeue.dequeue_task_scx(rq, p, 0)


def activate_task(rq: Rq, p: Task) -> None:
    """Put `p` on `rq`, which is that of its CPU. Locks: rq.lock. Kernel: activate_task()."""
    enqueue.enqueue_task_scx(rq, p, 0)
    p.on_rq = TASK_ON_RQ_QUEUED


def dispatch_to_local_dsq(rq: Rq, to: Dsq, p: Task, slice_ns: int, enq_flags: int) -> None:
    """Put `p`, which this CPU has claimed, on the local DSQ `to`.

    Errors:  scx_error if its CPU is not allowed.
    Locks:   rq.lock on entry and on return, dropped and retaken unless `p` and `to` are of `rq`.
    Recheck: everything about `rq`.
    Kernel:  dispatch_to_local_dsq(), generation A with the checks of B.
    """
    src = this_cpu.task_rq(p)  # Stable while it is in DISPATCHING.
    dst = this_cpu.world.rqs[to.owner]
    flags = enq_flags | SCX_ENQ_APPLY_SLICE
    if rq == src == dst:
        dsq.dispatch_enqueue(rq, to, p, slice_ns, flags | SCX_ENQ_CLEAR_OPSS)
        return
    if not begin_transfer(rq, src, dst, p):
        hw.trace(events.LOST, p.index + 1)
    elif src == dst:
        p.holding_cpu = -1
        dsq.dispatch_enqueue(dst, to, p, slice_ns, flags)
    elif not task_can_run_on_remote_rq(p, dst, True):
        p.holding_cpu = -1
        fallback = flags | SCX_ENQ_GDSQ_FALLBACK
        dsq.dispatch_enqueue(src, this_cpu.world.global_dsq, p, slice_ns, fallback)
    else:
        dsq.apply_slice(p, slice_ns)
        move_task_to_local_dsq(p, src, dst, enq_flags)
    unlock_both(rq, src, dst)


def consume_remote_task(rq: Rq, p: Task, d: Dsq, src: Rq) -> bool:
    """Move `p` from the DSQ `d`, which it hangs on for `src`, to the local DSQ of `rq`.

    Returns: False if a dequeuer took it meanwhile; look at `d` again then.
    Locks:   rq.lock and d.lock on entry; only rq.lock on return, dropped and retaken.
    Recheck: everything about `rq` and `d`.
    Kernel:  consume_remote_task().
    """
    unlink_and_mark(p, d)
    mine = lock_then_test(rq, src, rq, p)
    if mine:
        move_task_to_local_dsq(p, src, rq, 0)
    else:
        hw.trace(events.LOST, p.index + 1)
    unlock_both(rq, src, rq)
    return mine
