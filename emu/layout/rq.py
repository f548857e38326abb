"""Run queues."""

from emu.layout.refs import DSQ, TASK
from emu.machine import _machine as hw
from emu.machine.struct import Struct


class Rq(Struct):
    """Run queue of one CPU. Kernel: struct rq and struct scx_rq."""

    lock = hw.Lock()  # Order: inside pi_lock; two of them in the order of their CPUs.

    # Constant.
    idle = hw.Plain(TASK)
    stop = hw.Plain(TASK)
    local_dsq = hw.Plain(DSQ)

    # Guard: lock.
    nr_running = hw.Plain(hw.U64)  # Runnable tasks whose CPU this is.
    scx_nr_running = hw.Plain(hw.U64)  # Of these, the ones with the QUEUED flag.
    next_class = hw.Plain(hw.U64)  # Class picked last, raised by wakeups since.
    ops_qseq = hw.Plain(hw.U64)  # Brand of the next hand-over to the scheduler.
    in_dispatch = hw.Plain(hw.BOOL)
    remote_activate_enq_flags = hw.Plain(hw.U64)  # Not 0 only inside a remote activation.
    stop_head = hw.Plain(TASK)  # Tasks the stopper is asked to push away.
    nr_switches = hw.Plain(hw.U64)
    online = hw.Plain(hw.BOOL)

    # Guard: lock to write. Unlocked read: its own CPU between rounds, and detectors.
    curr = hw.Once(TASK)

    # Guard: lock to set; cleared by its own CPU under lock. Unlocked read: its own CPU, which
    # looks again after every interrupt, and the setter always sends one.
    need_resched = hw.Once(hw.BOOL)
