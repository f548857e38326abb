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

    # Constant while it can be found; INVALID is written under the lock when it is destroyed.
    id = hw.Plain(hw.U64)
    owner = hw.Plain(hw.S64)  # CPU whose rq.lock guards it, or -1.

    # Guard: the lock of its hash bucket to write. Unlocked read: find_user_dsq(), which walks the
    # chain as an RCU reader does; a DSQ that is taken off it meanwhile says so itself.
    hash_next = hw.Once(DSQ, points=hw.OTHER)


class DsqBucket(Struct):
    """A chain of the hash table of user DSQs."""

    lock = hw.Lock()  # Order: inside every rq.lock and outside nothing.
    first = hw.Once(DSQ, points=hw.OTHER)  # Guard: lock to write; see Dsq.hash_next.
