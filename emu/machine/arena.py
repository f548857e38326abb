"""The shared-memory arena of a run: made, announced to nobody, and gone with its last user.

- `Arena.create()` makes it; its name is unlinked before anything is written, so that no crash
  can leave a segment behind. Processes share it by being forked.
- `attach()` makes it the memory of this process.
- `save()` and `restore()` keep and put back a template image of everything above the machine.
"""

import itertools
import os
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

from emu.machine import _machine as hw

NR_TRACE_DEFAULT = 512
NR_SWITCHES_DEFAULT = 1 << 16

_serials = itertools.count(1)
_attached = 0  # Serial number of the arena that is the memory of this process; 0: none.


class ArenaError(Exception):
    """The operating system gave no shared memory. The message says what to do."""


class Arena:
    """One segment of shared memory with a machine at its start."""

    def __init__(self, shm: SharedMemory, base: int) -> None:
        """Wrap a segment whose machine is written already."""
        self._shm: SharedMemory | None = shm
        self._serial = next(_serials)
        self.base = base  # First offset after the machine: where structures may lie.
        self.size = shm.size

    @classmethod
    def create(
        cls,
        nr_bytes: int,
        nr_participants: int,
        nr_trace: int = NR_TRACE_DEFAULT,
        nr_switches: int = NR_SWITCHES_DEFAULT,
    ) -> "Arena":
        """Make an arena with `nr_bytes` for structures.

        Args:   nr_trace: records in each trace ring. nr_switches: entries in the switch log.
        Errors: ArenaError if shared memory or file descriptors have run out.
        """
        base = hw.machine_size(nr_participants, nr_trace, nr_switches)
        shm = _segment(base + nr_bytes)
        hw.init(_buffer(shm), nr_participants, nr_trace, nr_switches)
        return cls(shm, base)

    @property
    def buf(self) -> memoryview:
        """All bytes of the arena."""
        if self._shm is None:
            raise ArenaError("the arena is closed")
        return _buffer(self._shm)

    def attach(self, me: int) -> None:
        """Make this the memory of the process and `me` its participant (-1: an onlooker)."""
        global _attached
        hw.attach(self.buf, me)
        _attached = self._serial

    def save(self, end: int) -> None:
        """Keep a template image of the bytes from the end of the machine up to `end`."""
        hw.save(self.base, end)

    def close(self) -> None:
        """Give the memory back; needs no other call afterwards, and may be called twice."""
        global _attached
        if self._shm is None:
            return
        if _attached == self._serial:
            hw.detach()
            _attached = 0
        try:
            self._shm.close()
        except BufferError:
            # Somebody still looks at a part of it: the memory goes when that view does.
            self._shm._mmap = None  # type: ignore[attr-defined]
            self._shm.close()
        self._shm = None

    def __del__(self) -> None:
        """Close quietly: an arena that nobody holds is of no use to anybody."""
        self.close()


def _buffer(shm: SharedMemory) -> memoryview:
    buf = shm.buf
    assert buf is not None, "the segment is mapped"
    return buf


def _segment(nr_bytes: int) -> SharedMemory:
    name = f"scxemu-{os.getpid()}-{next(_serials)}"
    try:
        # The tracker hears of the name before it exists: killed in between, it is still cleaned up.
        resource_tracker.register(f"/{name}", "shared_memory")
    except OSError as error:
        raise _refused(nr_bytes, error) from error
    try:
        shm = SharedMemory(name, create=True, size=nr_bytes)
    except OSError as error:
        # Where it got as far as a size, the constructor has unregistered the name already: put it
        # there once more, since the tracker cannot forget what it does not know.
        resource_tracker.register(f"/{name}", "shared_memory")
        resource_tracker.unregister(f"/{name}", "shared_memory")
        raise _refused(nr_bytes, error) from error
    shm.unlink()
    try:
        # Without this a full /dev/shm shows as SIGBUS at the first write, in the middle of a run.
        os.posix_fallocate(shm._fd, 0, nr_bytes)  # type: ignore[attr-defined]
    except OSError as error:
        shm.close()
        raise _refused(nr_bytes, error) from error
    return shm


def _refused(nr_bytes: int, error: OSError) -> ArenaError:
    need = f"{-(-nr_bytes >> 20)} MiB of shared memory in /dev/shm"
    return ArenaError(
        f"cannot get {need}: {error.strerror}; free some space or file descriptors, "
        "or use fewer CPUs and tasks"
    )
