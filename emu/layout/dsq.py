"""Dispatch queues, and the hash table that user DSQs are found through."""

from emu.layout.refs import DSQ, TASK
from emu.machine import _machine as hw
from emu.machine.struct import Struct


class Dsq(Struct):
    """Dispatch queue. Kernel: struct scx_dispatch_q."""

    lock = hw.Lock()  # Order: inside every rq.lock. Not taken for local DSQs.

    # Guard: lock; for a local DSQ the rq.lock of its CPU.
    head = hw.Plain(TASK)  # First task in dispatch order.
    tail = hw.Plain(TASK)
    seq = hw.Plain(hw.U32)  # Full insertions so far; wraps.

    # Guard: as above to write. Unlocked read: consume_dispatch_q(), where whoever inserts next
    # causes another dispatch, and scx_bpf_dsq_nr_queued(), where one off is harmless.
    nr = hw.Once(hw.U64)  # Tasks on the list.

    # Constant but for the end: INVALID is written under the lock when it is destroyed.
    id = hw.Plain(hw.U64)
    owner = hw.Plain(hw.S64)  # CPU whose rq.lock guards it, or -1.

    # Guard: the lock of its hash bucket.
    hash_next = hw.Plain(DSQ)


class DsqBucket(Struct):
    """A chain of the hash table of user DSQs."""

    lock = hw.Lock()  # Order: inside every rq.lock and outside nothing.
    first = hw.Plain(DSQ)  # Guard: lock.
