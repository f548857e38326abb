"""Dispatch: verdicts of the scheduler are carried out, and shared queues are consumed.

A verdict given in ops.dispatch goes into this CPU's buffer with the brand the task had then. When
the buffer is flushed the task may be gone, may have come back under another brand, or may be
claimed by somebody else: then the verdict is dropped. That is no mistake of the scheduler.
"""

from emu.abi import events
from emu.abi.flags import (
    SCX_ENQ_APPLY_SLICE,
    SCX_ENQ_CLEAR_OPSS,
    SCX_OPS_ENQ_LAST,
    SCX_TASK_QUEUED,
)
from emu.abi.limits import SCX_DSP_MAX_LOOPS
from emu.abi.states import (
    CLASS_EXT,
    SCX_OPSS_DISPATCHING,
    SCX_OPSS_QSEQ_MASK,
    SCX_OPSS_QUEUED,
    SCX_OPSS_QUEUEING,
    SCX_OPSS_STATE_MASK,
)
from emu.core import callback, dsq, ops_state, report, scx_exit, this_cpu, tick, transfer
from emu.layout.dsq import Dsq
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw

# What a round of dispatch brought.
NOTHING = 0
LOCAL = 1  # The local DSQ has a task.
PREV = 2  # The previous task goes on.

# ---------------------------------------------------------------- the buffer


def dsq_insert_commit(p: Task, dsq_id: int, slice_ns: int, enq_flags: int) -> None:
    """Append a verdict to the buffer of this CPU.

    Errors: scx_error if the buffer is full.
    Locks:  none needed; `p` need not even be runnable.
    Kernel: scx_dsq_insert_commit().
    """
    if len(this_cpu.buffer) >= this_cpu.max_batch:
        scx_exit.scx_error("dispatch buffer overflow", "dsq_insert_commit")
    brand = p.ops_state.load() & SCX_OPSS_QSEQ_MASK
    hw.trace(events.INSERT, p.index + 1, dsq_id)
    this_cpu.buffer.append((p, brand, dsq_id, slice_ns, enq_flags))


def flush_dispatch_buf(rq: Rq) -> None:
    """Carry out the buffered verdicts in their order.

    Locks:   rq.lock, dropped and retaken by some.
    Recheck: everything about `rq`.
    Kernel:  flush_dispatch_buf().
    """
    entries = this_cpu.buffer
    if not entries:
        return
    for p, brand, dsq_id, slice_ns, enq_flags in entries:
        finish_dispatch(rq, p, brand, dsq_id, slice_ns, enq_flags)
    this_cpu.nr_tasks += len(entries)
    entries.clear()


def brand_matches(word: int, brand: int) -> bool:
    """Whether a verdict given at `brand` is one on the hand-over that `word` is in."""
    # G02: the task may have been taken back and handed over again since.
    return word & SCX_OPSS_QSEQ_MASK == brand


def claim(p: Task, word: int) -> bool:
    """X4: make `p` this CPU's to dispatch, if it is still in the state `word`.

    Returns: False if somebody else claimed it, or a dequeuer took it.
    """
    # G01: by compare-exchange: the scheduler may have given verdicts on several CPUs.
    return p.ops_state.cmpxchg(word, SCX_OPSS_DISPATCHING) == word


def finish_dispatch(
    rq: Rq, p: Task, brand: int, dsq_id: int, slice_ns: int, enq_flags: int
) -> None:
    """Carry out one verdict, or drop it if the task is no longer what it was given on.

    Locks:   rq.lock, perhaps dropped and retaken.
    Recheck: everything about `rq`.
    Kernel:  finish_dispatch().
    """
    word = p.ops_state.load()  # Acquire: pairs with set_queued().
    while True:
        state = word & SCX_OPSS_STATE_MASK
        if state == SCX_OPSS_QUEUEING:
            word = ops_state.wait_queueing(p, word)
            continue
        if state != SCX_OPSS_QUEUED or not brand_matches(word, brand):
            hw.trace(events.DROP, p.index + 1)
            return
        if claim(p, word):
            break
        word = p.ops_state.load()
    hw.trace(events.CLAIM, p.index + 1)
    if not p.scx_flags & SCX_TASK_QUEUED:
        name = report.name(p)
        report.BUG_ON(True, "finish_dispatch", f"{name} is dispatched but not runnable")
    to = dsq.find_dsq_for_dispatch(rq, dsq_id)
    if to.owner >= 0:
        transfer.dispatch_to_local_dsq(rq, to, p, slice_ns, enq_flags)
    else:
        flags = enq_flags | SCX_ENQ_APPLY_SLICE | SCX_ENQ_CLEAR_OPSS
        dsq.dispatch_enqueue(rq, to, p, slice_ns, flags)


# ---------------------------------------------------------------- consume


def consume_dispatch_q(rq: Rq, d: Dsq) -> bool:
    """Move one task that may run here from the shared DSQ `d` to the local DSQ of `rq`.

    Returns: whether one was moved.
    Locks:   rq.lock, dropped and retaken for a task of another CPU; takes d.lock.
    Recheck: everything about `rq`.
    Kernel:  consume_dispatch_q().
    """
    # Unlocked read: whoever inserts afterwards causes another dispatch here.
    while d.nr:
        took = consume_first(rq, d)
        if took is not False or not retry_after_loss():
            return bool(took)
    return False


def retry_after_loss() -> bool:
    """Whether a consumer that lost its task to a dequeuer looks at the DSQ again.

    KERNEL-GAP(loss): a loss makes ops.dispatch run once more if it brings nothing; the kernel only
    looks at this DSQ again. rq.lock was dropped: a task that woke on this CPU meanwhile may wait
    on a DSQ that ops.dispatch had looked into before, and its reschedule request ends with this
    pick. The kernel would let it wait for the next event.
    """
    this_cpu.nr_tasks += 1
    # G18: the task behind the lost one would be stranded otherwise.
    return True


def consume_first(rq: Rq, d: Dsq) -> bool | None:
    """Try to move the first task of `d` that may run here.

    Returns: True if it was moved, False if it was lost to a dequeuer, None if there is none.
    Locks:   as consume_dispatch_q().
    """
    d.lock.lock()
    p = d.head
    while p is not None:
        src = this_cpu.task_rq(p)
        if src == rq:
            dsq.move_local_task_to_local_dsq(rq, p, d, 0)
            d.lock.unlock()
            return True
        if transfer.task_can_run_on_remote_rq(p, rq, False):
            return transfer.consume_remote_task(rq, p, d, src)
        p = p.dsq_next
    d.lock.unlock()
    return None


def move_to_local(dsq_id: int) -> bool:
    """Flush the buffer, then consume one task of a user DSQ; for ops.dispatch.

    Errors:  scx_error if there is no such DSQ.
    Locks:   that of the rq dispatched for, dropped and retaken.
    Kernel:  scx_bpf_dsq_move_to_local().
    """
    rq = this_cpu.dispatch_rq
    assert rq is not None, "the context mask lets this be called in ops.dispatch only"
    flush_dispatch_buf(rq)
    d = dsq.find_user_dsq(dsq_id)
    if d is None:
        scx_exit.scx_error(f"invalid DSQ ID {dsq_id:#018x}", "move_to_local")
    if not consume_dispatch_q(rq, d):
        return False
    this_cpu.nr_tasks += 1  # A consumed task counts like a flushed verdict.
    return True


# ---------------------------------------------------------------- rounds


def dispatch_one(rq: Rq, prev: Task) -> int:
    """Find something for the CPU of `rq` to run; `prev` is what it ran.

    Returns: NOTHING, LOCAL or PREV.
    Locks:   rq.lock, dropped and retaken.
    Recheck: everything about `rq`.
    Kernel:  balance_scx() / dispatch_one().
    """
    rq.in_dispatch = True
    verdict = _dispatch_one(rq, prev)
    rq.in_dispatch = False
    return verdict


def _dispatch_one(rq: Rq, prev: Task) -> int:
    local = this_cpu.world.dsqs[rq.index]
    ext = prev.sched_class == CLASS_EXT
    if ext:
        tick.update_curr(rq, prev)
        if keeps_running(prev):
            return PREV
    if _nr_of(local):
        return LOCAL
    verdict = dispatch_sched(rq, prev, ext)
    # G46: after the last drop of rq.lock: `prev` may have been dequeued or given a slice.
    if verdict == NOTHING and ext and prev.scx_flags & SCX_TASK_QUEUED:
        if not this_cpu.ops_flags & SCX_OPS_ENQ_LAST:
            return PREV  # The only task there is goes on.
    return verdict


_nr_of = Dsq.nr.peek


def keeps_running(prev: Task) -> bool:
    """Whether `prev` is runnable and has some of its slice left. Locks: its rq.lock."""
    return bool(prev.scx_flags & SCX_TASK_QUEUED and prev.slice)


def produced_something() -> bool:
    """Whether the last round of ops.dispatch calls for another one."""
    # G19: what it produced may have been taken away again, while rq.lock was dropped.
    return this_cpu.nr_tasks != 0


def out_of_rounds() -> None:
    """The scheduler produces and produces, and nothing of it is for this CPU.

    Kernel: scx_kick_cpu() of the own CPU in scx_dispatch_sched().
    """
    # G20: the loop is bounded, so that interrupts are taken, and the CPU comes back to the rest.
    this_cpu.self_kick = True


def dispatch_sched(rq: Rq, prev: Task, ext: bool) -> int:
    """Consume the global DSQ, then ask the scheduler as long as it produces something.

    Returns: NOTHING, LOCAL or PREV.
    Locks:  rq.lock, dropped and retaken.
    Kernel: scx_dispatch_sched().
    """
    world = this_cpu.world
    local = world.dsqs[rq.index]
    if consume_dispatch_q(rq, world.global_dsq):
        return LOCAL
    if not callback.has("dispatch") or not rq.online:
        return NOTHING
    this_cpu.dispatch_rq = rq
    for _ in range(SCX_DSP_MAX_LOOPS):
        this_cpu.nr_tasks = 0
        callback.call("dispatch", rq, rq.index, rq.index, prev if ext else None)
        flush_dispatch_buf(rq)
        if ext and keeps_running(prev):
            return PREV  # The scheduler gave it a new slice.
        if _nr_of(local):
            return LOCAL
        if consume_dispatch_q(rq, world.global_dsq):
            return LOCAL
        if not produced_something():
            return NOTHING
    out_of_rounds()
    return NOTHING
