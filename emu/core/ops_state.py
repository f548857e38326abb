"""Who owns a task: the word `p.ops_state`, its moves, and the waits that are allowed on it.

    NONE ----X1----> QUEUEING|q ----X2----> QUEUED|q ----X4----> DISPATCHING
     ^                   |                     |                      |
     +--------X3---------+----------X5---------+----------X6----------+

NONE         the kernel owns it. It may be on a DSQ, run, sleep, or be in a transfer.
QUEUEING|q   on its way to the scheduler, inside ops.enqueue; rq.lock held throughout.
QUEUED|q     the scheduler owns it; q brands this hand-over, and so each verdict on it.
DISPATCHING  on its way back, in the hands of exactly one CPU, which usually does not hold
             the rq.lock of the task.

Moves. X1, X2, X3 and X5 are made under the task's rq.lock. X4, the claim, is a compare-and-
exchange by whoever flushes a verdict; X6 ends it and is made by the claimer alone. The loser of a
claim forgets the task: whoever won does what must be done.

Waits. A flusher that meets QUEUEING waits until the word changes: the enqueuer is inside a
callback, which blocks on no rq.lock. A dequeuer that meets DISPATCHING waits while the word is
exactly that: the claimer needs at most a DSQ lock, and never the rq.lock of the task, before it
gives the state up. So neither waits for the other.

Memory order. X2, X3 and X6 are releases: what was done before is seen by whoever reads the word.
Lock order: pi_lock, rq.lock, dsq.lock.
"""

from emu.abi.states import (
    SCX_OPSS_DISPATCHING,
    SCX_OPSS_NONE,
    SCX_OPSS_QSEQ_MASK,
    SCX_OPSS_QSEQ_SHIFT,
    SCX_OPSS_QUEUED,
    SCX_OPSS_QUEUEING,
)
from emu.layout.task import Task


def brand(rq_qseq: int) -> int:
    """The bits of a word that say which hand-over this is."""
    return (rq_qseq << SCX_OPSS_QSEQ_SHIFT) & SCX_OPSS_QSEQ_MASK


def set_queueing(p: Task, qseq: int) -> None:
    """X1: ops.enqueue is about to be called. Locks: rq.lock of `p`."""
    p.ops_state.store(SCX_OPSS_QUEUEING | qseq)


def set_queued(p: Task, qseq: int) -> None:
    """X2: the scheduler owns `p` from now on. Locks: rq.lock of `p`."""
    # G04: only after the callback. Release: pairs with finish_dispatch() and ops_dequeue().
    p.ops_state.store_release(SCX_OPSS_QUEUED | qseq)


def set_none(p: Task) -> None:
    """X3 or X6: the kernel owns `p` again. The caller was in QUEUEING or DISPATCHING."""
    # Release: pairs with wait_dispatching() and ops_dequeue(); the insertion before is seen first.
    p.ops_state.store_release(SCX_OPSS_NONE)


def wait_ops_state(p: Task, word: int) -> int:
    """Wait while the word of `p` is exactly `word`; returns what it became.

    Kernel: wait_ops_state().
    """
    return p.ops_state.wait_while(word)


def wait_queueing(p: Task, word: int) -> int:
    """Wait until an enqueuer has left ops.enqueue; returns the word to go by.

    Locks: the own rq.lock is held, and it is not that of `p`.
    """
    # G03: an early flusher must not drop its verdict: nobody else will give one.
    return wait_ops_state(p, word)


def wait_dispatching(p: Task) -> int:
    """Wait until the claimer has let go of `p`; returns the word, which is NONE then.

    Locks: rq.lock of `p`.
    """
    # G07: what the claimer puts on a DSQ must be taken off it by this dequeue.
    # G08: on the literal value; any word read before may have changed meanwhile.
    # Acquire: pairs with Release in set_none().
    return wait_ops_state(p, SCX_OPSS_DISPATCHING)
