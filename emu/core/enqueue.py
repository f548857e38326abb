"""Enqueue: a runnable task goes to a DSQ, or is handed over to the scheduler."""

from emu.abi import events
from emu.abi.dsq import SCX_DSQ_INVALID, SCX_DSQ_LOCAL
from emu.abi.flags import (
    ENQUEUE_RESTORE,
    PF_EXITING,
    SCX_ENQ_APPLY_SLICE,
    SCX_ENQ_CLEAR_OPSS,
    SCX_OPS_ENQ_EXITING,
    SCX_TASK_QUEUED,
)
from emu.abi.limits import SCX_SLICE_DFL
from emu.abi.states import SCX_OPSS_NONE, TASK_ON_RQ_MIGRATING
from emu.core import callback, dsq, ops_state, report, scx_exit, this_cpu
from emu.layout.dsq import Dsq
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw


def enqueue_task_scx(rq: Rq, p: Task, core_flags: int) -> None:
    """`p` becomes runnable on `rq`, or comes back after a change or a move.

    Locks:  rq.lock.
    Kernel: enqueue_task_scx().
    """
    flags = core_flags | rq.remote_activate_enq_flags
    sticky = p.sticky_cpu
    if flags & ENQUEUE_RESTORE and goes_on_running(rq, p):
        sticky = rq.index
    if not p.scx_flags & SCX_TASK_QUEUED:
        p.scx_flags = p.scx_flags | SCX_TASK_QUEUED
        rq.scx_nr_running = rq.scx_nr_running + 1
        rq.nr_running = rq.nr_running + 1
        if callback.has("runnable") and p.on_rq != TASK_ON_RQ_MIGRATING:
            callback.call("runnable", rq, p.pid, p, flags)
        do_enqueue_task(rq, p, flags, sticky)
    if sticky >= 0:
        p.sticky_cpu = -1


def goes_on_running(rq: Rq, p: Task) -> bool:
    """Whether `p`, which comes back from a change window, is the current task of `rq`.

    Locks: rq.lock.
    """
    # G30: then it goes to its own local DSQ and is set again; the scheduler must not get it.
    return Rq.curr.peek(rq) == p


def do_enqueue_task(rq: Rq, p: Task, flags: int, sticky: int) -> None:
    """Decide where a runnable task goes. The first condition that holds wins.

    Locks:  rq.lock, which is not dropped.
    Kernel: do_enqueue_task().
    """
    hw.trace(events.ENQUEUE, p.index + 1)
    local = this_cpu.world.dsqs[rq.index]
    if sticky == rq.index:
        # G29: a task that was moved here has its verdict; the slice is kept.
        dsq.dispatch_enqueue(rq, local, p, 0, flags)
    elif not rq.online:
        _fallback(rq, local, p, flags)
    elif p.ddsp_dsq_id != SCX_DSQ_INVALID:
        direct_dispatch(rq, p, flags)
    elif p.flags & PF_EXITING and not this_cpu.ops_flags & SCX_OPS_ENQ_EXITING:
        _fallback(rq, local, p, flags)
    elif not callback.has("enqueue"):
        _fallback(rq, this_cpu.world.global_dsq, p, flags)
    else:
        hand_over(rq, p, flags)


def _fallback(rq: Rq, to: Dsq, p: Task, flags: int) -> None:
    """The kernel places `p` itself, with a fresh slice. Locks: rq.lock."""
    p.slice = SCX_SLICE_DFL
    p.ddsp_dsq_id = SCX_DSQ_INVALID  # G34: a verdict that was not followed must not stay.
    dsq.dispatch_enqueue(rq, to, p, 0, flags)


def hand_over(rq: Rq, p: Task, flags: int) -> None:
    """Give `p` to the scheduler, unless it dispatches it directly in the callback.

    Locks:  rq.lock.
    Kernel: the second half of do_enqueue_task().
    """
    qseq = ops_state.brand(rq.ops_qseq)
    rq.ops_qseq = rq.ops_qseq + 1
    state = _ops_state_of(p)
    if state != SCX_OPSS_NONE:
        name = report.name(p)
        report.WARN_ON_ONCE(True, "do_enqueue_task", f"{name} is not in NONE but {state:#x}")
    ops_state.set_queueing(p, qseq)
    this_cpu.direct_dispatch_task = p
    this_cpu.direct_dispatch_done = False
    callback.call("enqueue", rq, p.pid, p, flags)
    this_cpu.direct_dispatch_task = None
    if p.ddsp_dsq_id != SCX_DSQ_INVALID:
        direct_dispatch(rq, p, flags | SCX_ENQ_CLEAR_OPSS)
    else:
        ops_state.set_queued(p, qseq)


_ops_state_of = Task.ops_state.peek


def mark_direct_dispatch(p: Task, dsq_id: int, slice_ns: int, enq_flags: int) -> None:
    """Note the verdict a scheduler gives on the task at hand; it is carried out after the callback.

    Errors: scx_error for another task, and for a second verdict in one callback.
    Locks:  pi_lock of `p` in ops.select_cpu, its rq.lock in ops.enqueue.
    Kernel: mark_direct_dispatch().
    """
    # G49: one verdict, and on the task at hand.
    if this_cpu.direct_dispatch_done:
        name = report.name(p)
        scx_exit.scx_error(f"{name} is direct-dispatched already", "mark_direct_dispatch")
    if this_cpu.direct_dispatch_task != p:
        at_hand = report.name(this_cpu.direct_dispatch_task)
        message = f"{report.name(p)} [{p.pid}] is dispatched but not at hand; {at_hand} is"
        scx_exit.scx_error(message, "mark_direct_dispatch")
    this_cpu.direct_dispatch_done = True
    p.ddsp_dsq_id = dsq_id
    p.ddsp_enq_flags = enq_flags
    p.ddsp_slice = slice_ns


def set_local_verdict(p: Task, slice_ns: int) -> None:
    """Note that `p` goes to the local DSQ of the CPU it wakes on, which was found idle.

    Locks:  pi_lock of `p`.
    Kernel: select_task_rq_scx(), its built-in branch.
    """
    p.ddsp_dsq_id = SCX_DSQ_LOCAL
    p.ddsp_enq_flags = 0
    p.ddsp_slice = slice_ns


def direct_dispatch(rq: Rq, p: Task, enq_flags: int) -> None:
    """Carry out a verdict from ops.select_cpu or ops.enqueue.

    KERNEL-GAP(deferred): the local DSQ of another CPU is refused; the kernel defers that.

    Args:   enq_flags: CLEAR_OPSS among them if `p` is in QUEUEING.
    Locks:  rq.lock of `p`, which is not dropped.
    Kernel: direct_dispatch().
    """
    to = dsq.find_dsq_for_dispatch(rq, p.ddsp_dsq_id)
    flags = p.ddsp_enq_flags | enq_flags | SCX_ENQ_APPLY_SLICE
    if to.owner >= 0 and to.owner != rq.index:
        scx_exit.scx_error(
            f"direct dispatch of {report.name(p)} to the local DSQ of CPU {to.owner} is not "
            "supported yet; insert it from ops.dispatch, or return the CPU from ops.select_cpu",
            "direct_dispatch",
        )
    slice_ns = p.ddsp_slice
    p.ddsp_dsq_id = SCX_DSQ_INVALID
    p.ddsp_enq_flags = 0
    dsq.dispatch_enqueue(rq, to, p, slice_ns, flags)
