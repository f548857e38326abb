"""Objects that emulated tasks wait on: mutexes, conditions, barriers, semaphores, timers."""

from emu.layout.refs import TASK
from emu.machine import _machine as hw
from emu.machine.struct import Struct

USER = hw.OTHER


class Sync(Struct):
    """One object of the workload; which fields matter depends on its kind."""

    lock = hw.Lock(points=USER)  # Order: no other lock is taken inside it.

    # Guard: lock.
    owner = hw.Once(TASK, points=USER)  # Of a mutex.
    head = hw.Plain(TASK, points=USER)  # Waiters, first come first served.
    tail = hw.Plain(TASK, points=USER)
    count = hw.Plain(hw.S64, points=USER)  # Of a semaphore or a barrier.
    next_ns = hw.Plain(hw.S64, points=USER)  # Of a timer.
    used = hw.Plain(hw.BOOL, points=USER)
