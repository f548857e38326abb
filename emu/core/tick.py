"""Time accounting and the tick: how a slice is used up, and what follows.

Ticks come at multiples of TICK_NS. One that could do nothing is skipped: with no ops.tick, only
the first one after the slice's end matters.
"""

from emu.abi.limits import SCX_SLICE_INF, TICK_NS
from emu.abi.states import CLASS_EXT
from emu.core import callback, classes
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw

_last_tick_ns = 0  # Of this CPU.


def reset() -> None:
    """A new run begins on this CPU."""
    global _last_tick_ns
    _last_tick_ns = 0


def update_curr(rq: Rq, p: Task) -> None:
    """Charge the CPU time since the last time to `p`, which runs on `rq`, and to its slice.

    Locks:  rq.lock.
    Kernel: update_curr_scx().
    """
    now = hw.clock_of(rq.index)
    used = now - p.exec_start
    if used <= 0:
        return
    p.exec_start = now
    p.sum_exec = p.sum_exec + used
    if p.slice != SCX_SLICE_INF:
        p.slice = max(0, p.slice - used)


def next_deadline_ns(rq: Rq) -> int:
    """When the next tick of this CPU is due that matters to its current task.

    Locks: none. Unlocked read: only a change window can write meanwhile; then the answer is
        early or late, and the tick looks again under rq.lock.
    """
    p = Rq.curr.peek(rq)
    if p is None or p.sched_class != CLASS_EXT:
        return hw.NEVER
    start = Task.exec_start.peek(p)
    if callback.has("tick"):
        return (max(_last_tick_ns, start) // TICK_NS + 1) * TICK_NS
    left = Task.slice.peek(p)
    if left == SCX_SLICE_INF:
        return hw.NEVER
    return -(-(start + left) // TICK_NS) * TICK_NS


def run_if_due(rq: Rq) -> None:
    """Do the tick of this CPU, if its time has come.

    Locks:  none may be held; takes rq.lock.
    Kernel: sched_tick(), task_tick_scx().
    """
    global _last_tick_ns
    if hw.now() < next_deadline_ns(rq):
        return
    _last_tick_ns = hw.now()
    with rq.lock:
        p = Rq.curr.peek(rq)
        if p is None or p.sched_class != CLASS_EXT:
            return
        update_curr(rq, p)
        if callback.has("tick"):
            callback.call("tick", rq, p.pid, p)
        if not p.slice:
            classes.resched_curr(rq)
