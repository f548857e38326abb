"""Interrupts: pending words in the arena, and the line an idle CPU sleeps on.

- `send(cpu, bits)` sets pending bits and, where the CPU sleeps, raises its line.
- `take()` takes what is pending; a CPU calls it only while it holds no rq lock.
- `cpu_wait(deadline_ns, idle)` lets CPU time pass until an interrupt or the deadline.
- The lines are POSIX semaphores, unlinked as soon as they exist; used in free mode only.
"""

from multiprocessing import resource_tracker
from operator import truediv

import posix_ipc

from emu.machine import _machine as hw

IRQ_RESCHED = 1  # The scheduler must look again.
IRQ_WORK = 2  # Work that a lock holder left for later.
IRQ_TIMER = 4  # A timer that another CPU armed or moved.
IRQ_CALL = 8  # A function call: stop requests.
IRQ_DOORBELL = 16  # Capabilities changed.

NS_PER_S = 1_000_000_000
POLL_NS_MAX = 20_000_000  # Real time after which a sleeper looks whether the run is over.

_lines: list[posix_ipc.Semaphore] = []  # Those of the engine this process belongs to.
_free_mode = False
_time_scale = 1


class LineError(Exception):
    """The operating system gave no semaphore. The message says what to do."""


class Lines:
    """The interrupt lines of one engine, one for each participant."""

    def __init__(self, nr_participants: int) -> None:
        """Make them, before any participant is forked.

        Errors: LineError if semaphores or file descriptors have run out.
        """
        self._semaphores: list[posix_ipc.Semaphore] = []
        try:
            for _ in range(nr_participants):
                self._semaphores.append(_line())
        except (OSError, posix_ipc.Error) as error:
            self.close()
            raise LineError(
                f"cannot make {nr_participants} semaphores: {error}; "
                "free some space in /dev/shm or file descriptors, or use fewer CPUs"
            ) from error

    def use(self) -> None:
        """Make these the lines of this process."""
        global _lines
        _lines = self._semaphores

    def close(self) -> None:
        """Give them back; may be called twice."""
        for line in self._semaphores:
            line.close()
        self._semaphores.clear()


def _line() -> posix_ipc.Semaphore:
    resource_tracker.ensure_running()  # It may be refused too: better before there is a name.
    line = posix_ipc.Semaphore(None, posix_ipc.O_CREX, mode=0o600)
    resource_tracker.register(line.name, "semaphore")
    line.unlink()
    resource_tracker.unregister(line.name, "semaphore")
    return line


def set_mode(free: bool, time_scale: int) -> None:
    """Say how time passes in the run that begins; called by every participant."""
    global _free_mode, _time_scale
    _free_mode = free
    _time_scale = time_scale


def send(who: int, bits: int) -> None:
    """Interrupt participant `who`. One scheduling point. May be called under any lock."""
    if hw.irq_send(who, bits):
        _lines[who].release()


def raise_all() -> None:
    """Wake every sleeper, so that it sees that the run is over."""
    for line in _lines:
        line.release()


def take() -> int:
    """The pending interrupts of this CPU, now taken. One scheduling point."""
    return hw.irq_take()


def cpu_wait(deadline_ns: int, idle: bool) -> bool:
    """Let CPU time pass until an interrupt is pending or the clock reaches `deadline_ns`.

    Returns: True if an interrupt is pending. May come back early in free mode.
    Locks:   none may be held: the others need this CPU's locks meanwhile.
    """
    if not _free_mode:
        return hw.cpu_wait(deadline_ns, idle)
    # Acquire: pairs with irq_send(), which sets the pending word first and looks at the line
    # second.
    hw.free_waiting(True, deadline_ns, idle)
    for_ever = idle and deadline_ns == hw.NEVER
    while not hw.irq_pending():
        left_ns = POLL_NS_MAX
        if deadline_ns != hw.NEVER:
            left_ns = min(left_ns, max(0, deadline_ns - hw.now()) // _time_scale)
        try:
            # The one float of the emulator: seconds are what posix_ipc takes.
            _lines[hw.me()].acquire(truediv(left_ns, NS_PER_S))
        except (posix_ipc.BusyError, posix_ipc.SignalError):
            pass  # The time is up, or a signal came: look again either way.
        if not for_ever:
            break
        # Asleep without an end, it must not look alive each time it looks whether the run is over.
        hw.free_waiting(True, deadline_ns, idle)
    hw.free_waiting(False, 0, False)
    return bool(hw.irq_pending())
