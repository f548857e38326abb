"""Maps: the state of a scheduler, in the arena, where all CPUs see it.

Declared as class attributes of a SchedExtOps. Each access is a scheduling point of class POLICY,
and `m[i] += 1` is two, as it is on hardware: others may come in between. Where that matters use
`fetch_add` or `cmpxchg`, which are the atomics of BPF. Words are unsigned, 64 bits, and wrap.

- Array(nr, init): `m[i]`, shared.            - PerCpuArray(nr): `m[i]` of the CPU that asks.
- TaskStorage(init): `m[p]`, one word a task. - Global(init): `self.g`, shared.
- Queue(capacity): push, pop, peek.

Life: maps_bytes() before the arena is made; place() once the World is attached, before or after a
fork; boot() whenever the World was booted.
"""

from abc import ABC, abstractmethod
from errno import E2BIG
from typing import Any, Protocol, Self, overload

from emu.abi import events
from emu.bpf.task import Task
from emu.core import this_cpu
from emu.machine import _machine as hw
from emu.machine.struct import Struct

NR_WORDS_MAX = 1 << 20


class Sizes(Protocol):
    """What the size of a map depends on."""

    @property
    def nr_cpus(self) -> int: ...
    @property
    def nr_tasks(self) -> int: ...


class Map(ABC):
    """A part of the maps area that belongs to one class attribute of a scheduler."""

    name = "?"
    number = 0  # Its place among the maps of the scheduler, for the trace.

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @abstractmethod
    def _size(self, sizes: Sizes) -> int:
        """Bytes that it needs."""

    @abstractmethod
    def _place(self, offset: int, sizes: Sizes) -> None:
        """Bind it to the arena of this process."""

    def _boot(self) -> None:  # noqa: B027  Most maps start as zeros, and have nothing to do.
        """Write what does not start as zero; the arena is zeroed already."""


def maps_of(ops_class: type) -> list[Map]:
    """The maps of a scheduler in the order of their declaration, those of base classes first."""
    found: dict[str, Map] = {}
    for base in reversed(ops_class.__mro__):
        found |= {name: value for name, value in vars(base).items() if isinstance(value, Map)}
    return list(found.values())


def maps_bytes(ops_class: type, sizes: Sizes) -> int:
    """Bytes that the maps of a scheduler need in the arena."""
    return sum(m._size(sizes) for m in maps_of(ops_class))


def place(offset: int, ops_class: type, sizes: Sizes) -> None:
    """Bind the maps of a scheduler to the arena of this process.

    Args: offset: of the maps area, `world.maps_offset`.
    """
    for number, m in enumerate(maps_of(ops_class)):
        m.number = number
        m._place(offset, sizes)
        offset += m._size(sizes)


def boot(ops_class: type) -> None:
    """Write the initial values of a scheduler's maps; after `world.boot()`, which zeroes them."""
    for m in maps_of(ops_class):
        m._boot()


def _struct(**fields: hw.Field) -> type[Struct]:
    return type("MapWords", (Struct,), {"__slots__": (), **fields})


def _checked(nr: int, what: str) -> int:
    """`nr`, if a map can have so many."""
    if type(nr) is not int or not 1 <= nr <= NR_WORDS_MAX:
        raise ValueError(f"{what} is {nr!r}; write a whole number from 1 to {NR_WORDS_MAX}")
    return nr


class _Words(Map):
    """Shared words by number."""

    def __init__(self, nr: int, init: int) -> None:
        self._nr = nr
        self._init = init
        # By key, not by position: an index below zero must not find the last word.
        self._words: dict[int, hw.Word] = {}

    def _count(self, sizes: Sizes) -> int:
        return self._nr

    def _size(self, sizes: Sizes) -> int:
        return _struct(words=hw.AtomicArray(self._count(sizes))).size

    def _place(self, offset: int, sizes: Sizes) -> None:
        nr = self._count(sizes)
        field = hw.AtomicArray(nr, points=hw.POLICY)
        view = field.__get__(_struct(words=field)._place(offset, 0), Struct)
        self._words = {index: view[index] for index in range(nr)}

    def _boot(self) -> None:
        for word in self._words.values() if self._init else ():
            word.store(self._init)

    def _read(self, index: int) -> int:
        value = self._word(index).load()
        hw.trace(events.MAP_READ, self.number, index, value)
        return value

    def _write(self, index: int, value: int) -> None:
        self._word(index).store(value)
        hw.trace(events.MAP_WRITE, self.number, index, value)

    def _add(self, index: int, delta: int) -> int:
        old = self._word(index).fetch_add(delta)
        hw.trace(events.MAP_WRITE, self.number, index, old + delta)
        return old

    def _word(self, index: int) -> hw.Word:
        try:
            return self._words[index]
        except KeyError:
            raise _no_word(self.name, index, len(self._words)) from None


def _no_word(name: str, index: int, nr: int) -> IndexError:
    if not nr:
        return IndexError(f"map {name} is used before the scheduler is loaded")
    return IndexError(f"map {name} has the words 0 to {nr - 1}, not {index}")


class Array(_Words):
    """`nr` words that all CPUs share."""

    def __init__(self, nr: int, init: int = 0) -> None:
        super().__init__(_checked(nr, "the length of an Array"), init)

    def __len__(self) -> int:
        return self._nr

    def __getitem__(self, index: int) -> int:
        return self._read(index)

    def __setitem__(self, index: int, value: int) -> None:
        self._write(index, value)

    def fetch_add(self, index: int, delta: int) -> int:
        """Add to a word as one step; returns what was there."""
        return self._add(index, delta)

    def cmpxchg(self, index: int, old: int, new: int) -> int:
        """Store `new` if the word is `old`, as one step; returns what was there."""
        return self._word(index).cmpxchg(old, new)


class TaskStorage(_Words):
    """One word for each task, shared by all CPUs."""

    def __init__(self, init: int = 0) -> None:
        super().__init__(0, init)

    def _count(self, sizes: Sizes) -> int:
        return sizes.nr_tasks

    def __getitem__(self, p: Task) -> int:
        return self._read(p.index)

    def __setitem__(self, p: Task, value: int) -> None:
        self._write(p.index, value)

    def fetch_add(self, p: Task, delta: int) -> int:
        """Add to the word of a task as one step; returns what was there."""
        return self._add(p.index, delta)


class Global(_Words):
    """One shared word, used like a plain attribute: `self.vtime_now = v`.

    Its atomics are reached through the class: `MyScheduler.vtime_now.fetch_add(1)`.
    """

    def __init__(self, init: int = 0) -> None:
        super().__init__(1, init)

    @overload
    def __get__(self, ops: None, owner: type) -> Self: ...
    @overload
    def __get__(self, ops: object, owner: type) -> int: ...
    def __get__(self, ops: object, owner: type) -> Self | int:
        return self if ops is None else self._read(0)

    def __set__(self, ops: object, value: int) -> None:
        self._write(0, value)

    def fetch_add(self, delta: int) -> int:
        """Add as one step; returns what was there."""
        return self._add(0, delta)

    def cmpxchg(self, old: int, new: int) -> int:
        """Store `new` if the word is `old`, as one step; returns what was there."""
        return self._word(0).cmpxchg(old, new)


class PerCpuArray(Map):
    """`nr` words on each CPU; a CPU sees only its own. Starts with zeros."""

    def __init__(self, nr: int) -> None:
        self._nr = _checked(nr, "the length of a PerCpuArray")
        self._rows: list[hw.Words[int]] = []

    def _row_struct(self) -> tuple[type[Struct], "hw.Array[int]"]:
        field = hw.Array(hw.U64, self._nr, points=hw.POLICY)
        return _struct(words=field), field

    def _size(self, sizes: Sizes) -> int:
        return self._row_struct()[0].size * (sizes.nr_cpus + 1)

    def _place(self, offset: int, sizes: Sizes) -> None:
        struct, field = self._row_struct()
        cells = [struct._place(offset + n * struct.size, n) for n in range(sizes.nr_cpus + 1)]
        self._rows = [field.__get__(cell, Struct) for cell in cells]

    def __len__(self) -> int:
        return self._nr

    def _row(self, index: int) -> "hw.Words[int]":
        # The row of the control agent is the last one, which is what [-1] finds.
        if not self._rows or not 0 <= index < self._nr:
            raise _no_word(self.name, index, self._nr if self._rows else 0)
        return self._rows[this_cpu.cpu]

    def __getitem__(self, index: int) -> int:
        return self._row(index)[index]

    def __setitem__(self, index: int, value: int) -> None:
        self._row(index)[index] = value

    def total(self, index: int) -> int:
        """Sum over all CPUs: for whoever shows statistics, not for the scheduler itself."""
        return sum(row[index] for row in self._rows)


class _Ends(Struct):
    """Head of a Queue."""

    __slots__ = ()
    lock = hw.Lock(points=hw.POLICY)  # Order: inside every lock of the kernel.

    # Guard: lock.
    first = hw.Plain(hw.U64, points=hw.POLICY)
    nr = hw.Plain(hw.U64, points=hw.POLICY)


class Queue(Map):
    """A bounded first-in first-out queue of words; each operation is atomic on its own."""

    def __init__(self, capacity: int) -> None:
        self._capacity = _checked(capacity, "the capacity of a Queue")
        self._ends: _Ends | None = None
        self._words: Any = None

    def _ring(self) -> tuple[type[Struct], "hw.Array[int]"]:
        field = hw.Array(hw.U64, self._capacity, points=hw.POLICY)
        return _struct(words=field), field

    def _size(self, sizes: Sizes) -> int:
        return _Ends.size + self._ring()[0].size

    def _place(self, offset: int, sizes: Sizes) -> None:
        struct, field = self._ring()
        self._ends = _Ends._place(offset, 0)
        self._words = field.__get__(struct._place(offset + _Ends.size, 0), Struct)

    def _placed(self) -> _Ends:
        if self._ends is None:
            raise _no_word(self.name, 0, 0)
        return self._ends

    def push(self, value: int) -> int:
        """Append a word; 0, or -E2BIG if the queue is full."""
        ends = self._placed()
        with ends.lock:
            nr = ends.nr
            if nr == self._capacity:
                return -E2BIG
            self._words[(ends.first + nr) % self._capacity] = value
            ends.nr = nr + 1
        return 0

    def pop(self) -> int | None:
        """Take the oldest word out, or None if there is none."""
        ends = self._placed()
        with ends.lock:
            nr, first = ends.nr, ends.first
            if nr == 0:
                return None
            ends.first = (first + 1) % self._capacity
            ends.nr = nr - 1
            return self._value(first)

    def peek(self) -> int | None:
        """The oldest word, left where it is, or None if there is none."""
        ends = self._placed()
        with ends.lock:
            return self._value(ends.first) if ends.nr else None

    def _value(self, index: int) -> int:
        value: int = self._words[index]
        return value
