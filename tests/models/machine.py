"""A plain model of the machine's words, masks and locks, for one process with points off."""

U64 = (1 << 64) - 1


class Model:
    """What the fields of a test cell hold."""

    def __init__(self) -> None:
        """Everything zero, nothing locked."""
        self.word = 0
        self.bits = 0
        self.plain = 0
        self.locked = False

    def cmpxchg(self, old: int, new: int) -> int:
        """As Word.cmpxchg()."""
        seen = self.word
        if seen == old:
            self.word = new
        return seen

    def xchg(self, new: int) -> int:
        """As Word.xchg()."""
        seen, self.word = self.word, new
        return seen

    def fetch_add(self, delta: int) -> int:
        """As Word.fetch_add()."""
        seen, self.word = self.word, (self.word + delta) & U64
        return seen

    def fetch_or(self, bits: int) -> int:
        """As Word.fetch_or()."""
        seen, self.word = self.word, self.word | bits
        return seen

    def fetch_and(self, bits: int) -> int:
        """As Word.fetch_and()."""
        seen, self.word = self.word, self.word & bits
        return seen

    def bit_set(self, cpu: int) -> bool:
        """As Mask.test_and_set()."""
        seen = bool(self.bits >> cpu & 1)
        self.bits |= 1 << cpu
        return seen

    def bit_clear(self, cpu: int) -> bool:
        """As Mask.test_and_clear()."""
        seen = bool(self.bits >> cpu & 1)
        self.bits &= ~(1 << cpu)
        return seen

    def trylock(self) -> bool:
        """As LockRef.trylock()."""
        got, self.locked = not self.locked, True
        return got

    def unlock(self) -> bool:
        """As LockRef.unlock(); False where the machine refuses."""
        was, self.locked = self.locked, False
        return was
