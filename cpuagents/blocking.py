"""What emulated tasks wait for: mutexes, conditions, barriers, semaphores, each other.

They stand for futexes of user space: a released waiter is woken and tries again. An object's
queue is first come, first served, and is linked through its waiters.

The handshake that loses no wakeup: a waiter puts itself on the queue (`wait_on` set) under the
object's lock, stores its state, and looks at `wait_on` again before it schedules. A waker clears
`wait_on` under that lock first and looks at the state, in try_to_wake_up(), second.
"""

from emu.abi.states import TASK_INTERRUPTIBLE, TASK_RUNNING
from emu.core import pick, wakeup
from emu.layout.sync import Sync
from emu.layout.task import Task
from emu.machine import _machine as hw


class WorkloadError(Exception):
    """The workload did what no program may do; the scheduler is not to blame."""


def queue(s: Sync, p: Task) -> None:
    """Append `p` to the waiters of `s`. Locks: s.lock held."""
    p.wait_next = None
    if s.tail is None:
        s.head = p
    else:
        s.tail.wait_next = p
    s.tail = p
    p.wait_on = s.index + 1


def take_first(s: Sync) -> Task | None:
    """Take the first waiter of `s` off its queue. Locks: s.lock held."""
    p = s.head
    if p is not None:
        s.head = p.wait_next
        if s.head is None:
            s.tail = None
        p.wait_next = None
        p.wait_on = 0
    return p


def wake(p: Task | None) -> None:
    """Wake a task that was taken off a queue; its clock is not behind ours.

    Locks: none may be held.
    """
    if p is not None:
        p.seen_ns = max(p.seen_ns, hw.now())
        wakeup.try_to_wake_up(p)


def sleep_while_queued(p: Task) -> None:
    """Give the CPU away if `p`, which runs here, is still on a queue; see the handshake above."""
    wakeup.set_current_state(TASK_INTERRUPTIBLE)
    if p.wait_on:
        pick.schedule()
    else:
        wakeup.set_current_state(TASK_RUNNING)


def lock(s: Sync, p: Task) -> bool:
    """Take the mutex `s` for `p`, which runs here.

    Returns: whether it has it now; if not, `p` sleeps and must try again when it runs.
    Errors:  WorkloadError if `p` holds it already: a plain mutex blocks for good.
    """
    with s.lock:
        if s.owner is None:
            s.owner = p
            return True
        if s.owner == p:
            raise WorkloadError(f"{name(p)} locks a mutex that it holds; the program would hang")
        if not p.wait_on:
            queue(s, p)
    sleep_while_queued(p)
    return False


def unlock(s: Sync, p: Task) -> None:
    """Release the mutex `s` and wake its first waiter.

    Errors: WorkloadError if `p` does not hold it.
    """
    with s.lock:
        if s.owner != p:
            raise WorkloadError(f"{name(p)} unlocks a mutex that it does not hold")
        s.owner = None
        first = take_first(s)
    wake(first)


def wait_begin(cond: Sync, mutex: Sync, p: Task) -> None:
    """Queue `p` on the condition and release the mutex; then sleep until it is taken off.

    Errors: WorkloadError if `p` does not hold the mutex.
    """
    if mutex.owner != p:
        raise WorkloadError(f"{name(p)} waits on a condition without holding its mutex")
    with cond.lock:
        queue(cond, p)
    unlock(mutex, p)


def signal(cond: Sync) -> None:
    """Wake the first waiter of a condition; a signal nobody waits for is lost."""
    with cond.lock:
        first = take_first(cond)
    wake(first)


def broadcast(s: Sync) -> None:
    """Wake all who wait on `s`, in their order."""
    with s.lock:
        waiters = []
        while (p := take_first(s)) is not None:
            waiters.append(p)
    for p in waiters:
        wake(p)


def barrier_enter(s: Sync, p: Task) -> bool:
    """Come to a barrier. Returns: True if `p` was the last and goes on, False if it must wait."""
    with s.lock:
        last = s.count == 0
        if not last:
            s.count = s.count - 1
            queue(s, p)
    if last:
        broadcast(s)
    return last


def barrier_leave(s: Sync) -> None:
    """Count a waiter back in: the barrier recovers only as each of them runs."""
    with s.lock:
        s.count = s.count + 1


def sem_post(s: Sync) -> None:
    """Add one to a semaphore, or hand it to the first waiter."""
    with s.lock:
        first = take_first(s)
        if first is None:
            s.count = s.count + 1
    wake(first)


def sem_wait(s: Sync, p: Task) -> bool:
    """Take one from a semaphore. Returns: False if `p` must wait for one to be handed over."""
    with s.lock:
        if s.count > 0:
            s.count = s.count - 1
            return True
        queue(s, p)
    return False


def name(p: Task) -> str:
    """The name of a task, as people know it."""
    return p.comm.decode(errors="replace") or f"task {p.index}"
