"""Timers of this CPU: what wakes sleeping tasks when their time has come.

Each CPU process keeps its own heap, as a CPU has its own timer hardware. A task sleeps on the
timers of the CPU it fell asleep on. Cancelling is lazy: every arming gets a new generation, and
an entry whose generation is stale does nothing.
"""

import heapq

from emu.core import this_cpu, wakeup
from emu.layout.task import Task
from emu.machine import _machine as hw

_heap: list[tuple[int, int, int, int]] = []  # (time ns, order, task index, generation)
_order = 0


def reset() -> None:
    """Forget everything: a new run begins."""
    global _order
    _heap.clear()
    _order = 0


def arm(p: Task, time_ns: int) -> None:
    """Wake `p` at `time_ns` on this CPU, whatever was armed for it before."""
    global _order
    p.timer_gen = p.timer_gen + 1
    _order += 1
    heapq.heappush(_heap, (time_ns, _order, p.index, p.timer_gen))


def next_ns() -> int:
    """When the next timer of this CPU is due; `hw.NEVER` if there is none."""
    return _heap[0][0] if _heap else hw.NEVER


def run_expired() -> None:
    """Wake every task whose time has come.

    Locks: none may be held; takes the pi_lock of each task and an rq.lock.
    Kernel: hrtimer_interrupt() and hrtimer_wakeup().
    """
    while _heap and _heap[0][0] <= hw.now():
        _, _, index, generation = heapq.heappop(_heap)
        p = this_cpu.world.tasks[index]
        if p.timer_gen == generation:
            wakeup.try_to_wake_up(p)
