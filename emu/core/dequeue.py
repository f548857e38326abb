"""Dequeue: a task leaves its rq, wherever it is by then. It holds rq.lock and cannot fail."""

from emu.abi import events
from emu.abi.dsq import SCX_DSQ_INVALID
from emu.abi.flags import (
    SCX_DEQ_CORE_SCHED_EXEC,
    SCX_DEQ_SCHED_CHANGE,
    SCX_DEQ_SLEEP,
    SCX_TASK_DEQD_FOR_SLEEP,
    SCX_TASK_QUEUED,
)
from emu.abi.states import (
    SCX_OPSS_NONE,
    SCX_OPSS_QUEUED,
    SCX_OPSS_QUEUEING,
    SCX_OPSS_STATE_MASK,
    TASK_ON_RQ_MIGRATING,
)
from emu.core import callback, dsq, ops_state, report, tick
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw

_ops_state_of = Task.ops_state.peek


def take_queued(p: Task, word: int) -> bool:
    """X5: take `p` back from the scheduler, if it still is in the state `word`.

    Returns: False if a dispatcher has claimed it meanwhile.
    Locks:   rq.lock of `p`.
    """
    # G06: by compare-exchange: a claim may come between the read and this.
    return p.ops_state.cmpxchg(word, SCX_OPSS_NONE) == word


def ops_dequeue(p: Task) -> None:
    """Make sure that nobody but the kernel owns `p`.

    Afterwards the state is NONE, and `p` is on a DSQ, in a transfer window, or nowhere.

    Locks:  rq.lock of `p`, held throughout; waits for a claimer (see ops_state.py).
    Kernel: ops_dequeue().
    """
    # NONE is left under rq.lock only, so that it is seen is enough.
    if _ops_state_of(p) == SCX_OPSS_NONE:
        return
    # Acquire: pairs with set_queued() and set_none().
    word = p.ops_state.load_acquire()
    state = word & SCX_OPSS_STATE_MASK
    if state == SCX_OPSS_NONE:
        return
    if state == SCX_OPSS_QUEUEING:
        name = report.name(p)
        report.BUG_ON(True, "ops_dequeue", f"{name} is dequeued while it is being enqueued")
    if state == SCX_OPSS_QUEUED and take_queued(p, word):
        return
    # Race: a dispatcher has claimed it, and wins; what it does we undo below it.
    word = ops_state.wait_dispatching(p)
    if word != SCX_OPSS_NONE:
        name = report.name(p)
        report.BUG_ON(True, "ops_dequeue", f"{name} is in {word:#x} after its dispatch")


def dequeue_task_scx(rq: Rq, p: Task, core_flags: int) -> None:
    """`p` leaves `rq`: to sleep, to change, or to move.

    Locks:  rq.lock, which is that of `p`.
    Kernel: dequeue_task_scx().
    """
    if not p.scx_flags & SCX_TASK_QUEUED:
        return
    flags = core_flags
    if not flags & (SCX_DEQ_SLEEP | SCX_DEQ_CORE_SCHED_EXEC):
        flags |= SCX_DEQ_SCHED_CHANGE
    hw.trace(events.DEQUEUE, p.index + 1)
    ops_dequeue(p)
    if Rq.curr.peek(rq) == p:
        tick.update_curr(rq, p)
        if callback.has("stopping"):
            callback.call("stopping", rq, p.pid, p, False)
    if callback.has("quiescent") and p.on_rq != TASK_ON_RQ_MIGRATING:
        callback.call("quiescent", rq, p.pid, p, flags)
    slept = SCX_TASK_DEQD_FOR_SLEEP if flags & SCX_DEQ_SLEEP else 0
    p.scx_flags = p.scx_flags & ~(SCX_TASK_QUEUED | SCX_TASK_DEQD_FOR_SLEEP) | slept
    rq.scx_nr_running = rq.scx_nr_running - 1
    rq.nr_running = rq.nr_running - 1
    dsq.dispatch_dequeue(rq, p)
    p.ddsp_dsq_id = SCX_DSQ_INVALID
