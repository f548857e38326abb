"""A plain model of the machine's words, masks and locks, for one process with points off."""

from collections.abc import Callable

U64 = (1 << 64) - 1
U32 = (1 << 32) - 1


def _signed(value: int) -> int:
    value &= U64
    return value - (1 << 64) if value >> 63 else value


KEEPS: dict[str, Callable[[int], int]] = {
    "plain": lambda value: value & U64,
    "once": lambda value: value & U64,
    "small": lambda value: value & U32,
    "signed": _signed,
    "truth": lambda value: bool(value & U64),
    "mask": lambda value: value,
}
NR_WORDS = 4
NR_COUNTERS = 3
NR_BYTES = 10


class Refused(Exception):
    """The machine says no to that call."""


class Word:
    """An atomic word."""

    def __init__(self) -> None:
        """Zero."""
        self.value = 0

    def _becomes(self, value: int) -> int:
        seen, self.value = self.value, value & U64
        return seen

    def load(self) -> int:
        """As Word.load()."""
        return self.value

    def store(self, value: int) -> None:
        """As Word.store()."""
        self.value = value & U64

    def cmpxchg(self, old: int, new: int) -> int:
        """As Word.cmpxchg()."""
        return self._becomes(new) if self.value == old & U64 else self.value

    def xchg(self, new: int) -> int:
        """As Word.xchg()."""
        return self._becomes(new)

    def fetch_add(self, delta: int) -> int:
        """As Word.fetch_add()."""
        return self._becomes(self.value + delta)

    def fetch_or(self, bits: int) -> int:
        """As Word.fetch_or()."""
        return self._becomes(self.value | bits)

    def fetch_and(self, bits: int) -> int:
        """As Word.fetch_and()."""
        return self._becomes(self.value & bits)


class Mask:
    """A set of CPUs."""

    def __init__(self) -> None:
        """Empty."""
        self.cpus: set[int] = set()

    def load(self) -> int:
        """As Mask.load()."""
        return sum(1 << cpu for cpu in self.cpus)

    def store(self, value: int) -> None:
        """As Mask.store()."""
        self.cpus = {cpu for cpu in range(256) if value >> cpu & 1}

    def has(self, cpu: int) -> bool:
        """As Mask.test()."""
        return cpu in self.cpus

    def put(self, cpu: int) -> bool:
        """As Mask.test_and_set()."""
        seen = cpu in self.cpus
        self.cpus.add(cpu)
        return seen

    def drop(self, cpu: int) -> bool:
        """As Mask.test_and_clear()."""
        seen = cpu in self.cpus
        self.cpus.discard(cpu)
        return seen


class Lock:
    """A spin lock, for one process that is participant `me`."""

    def __init__(self, me: int) -> None:
        """Free."""
        self._me = me
        self._held = False

    def lock(self) -> None:
        """As LockRef.lock()."""
        if self._held:
            raise Refused
        self._held = True

    def trylock(self) -> bool:
        """As LockRef.trylock()."""
        got, self._held = not self._held, True
        return got

    def unlock(self) -> None:
        """As LockRef.unlock()."""
        self.assert_held()
        self._held = False

    def assert_held(self) -> None:
        """As LockRef.assert_held()."""
        if not self._held:
            raise Refused

    def owner(self) -> int | None:
        """As LockRef.owner()."""
        return self._me if self._held else None


class Cell:
    """What a cell of the tests holds."""

    def __init__(self, me: int) -> None:
        """Everything zero, nothing locked."""
        self.atomic = Word()
        self.counters = [Word() for _ in range(NR_COUNTERS)]
        self.bits = Mask()
        self.lock = Lock(me)
        self.other = Lock(me)
        self.text = b""
        self.words = [0] * NR_WORDS
        self.kept = {name: keep(0) for name, keep in KEEPS.items()}

    def put(self, name: str, value: int) -> None:
        """Write an attribute that holds a number."""
        self.kept[name] = KEEPS[name](value)

    def put_text(self, value: bytes) -> None:
        """Write the bytes."""
        self.text = value[:NR_BYTES]

    def put_word(self, index: int, value: int) -> None:
        """Write a word of the array."""
        self.words[index] = value & U64
