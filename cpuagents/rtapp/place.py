"""A value in its file: reads itself as the type that is wanted, and says where it stands if not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NoReturn

from cpuagents.bad_input import BadInput
from cpuagents.rtapp.text import Lines, Node, Real, Table

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1
US = 1_000  # ns


@dataclass(frozen=True)
class Options:
    """How a file is read where rt-app and its tools differ, and what imitated work costs."""

    keep_duplicates: bool = True  # Repeated event keys are further events; else the last one wins.
    suspend_by_string: bool = True  # `suspend` means its string if a `resume` names that.
    mem_ps_per_byte: int = 100  # mem and iorun
    memrun_ps_per_byte: int = 1_000
    memrun_ps_per_load: int = 80_000
    endless_ns: int = 10_000_000_000  # Duration if the file gives none and a thread has no end.


@dataclass
class Source:
    """One file that is being read."""

    file: str
    lines: Lines
    nr_cpus: int
    options: Options = Options()
    notes: dict[str, str] = field(default_factory=dict)  # By subject: one warning each.

    def refuse(self, at: int, what: str) -> NoReturn:
        """The file cannot be used."""
        line, column = self.lines.of(at)
        raise BadInput(f"{self.file}:{line}:{column}: {what}")

    def warn(self, at: int, subject: str, what: str) -> None:
        """Note something once for each subject."""
        line, column = self.lines.of(at)
        self.notes.setdefault(subject, f"{self.file}:{line}:{column}: {what}")


@dataclass(frozen=True)
class Place:
    """A node and the way to it from the root."""

    source: Source
    path: str
    node: Node

    def refuse(self, what: str, mend: str) -> NoReturn:
        """Say what is wrong here and how to mend it."""
        self.source.refuse(self.node.at, f"{self.path}: {what}; {mend}")

    def warn(self, subject: str, what: str) -> None:
        """Note something about this place, once for each subject."""
        self.source.warn(self.node.at, subject, f"{self.path}: {what}")

    def found(self) -> str:
        """The value, as a message shows it."""
        match self.node.value:
            case Table():
                return "an object"
            case list():
                return "an array"
            case Real(text):
                return text
            case bool(truth):
                return "true" if truth else "false"
            case None:
                return "null"
            case str(text):
                return f'"{text}"'
        return str(self.node.value)

    # ------------------------------------------------------------ objects

    def table(self, mend: str) -> Table:
        """The object this is."""
        if not isinstance(self.node.value, Table):
            self.refuse(f"expected an object, found {self.found()}", mend)
        return self.node.value

    def members(self, mend: str = "write { }") -> Iterator[tuple[str, "Place"]]:
        """All members in file order, repeated ones too."""
        for key, at, node in self.table(mend).members:
            # A value without a place of its own (a bare key) stands where its key stands.
            yield key, Place(self.source, self.inside(key), Node(node.value, node.at or at))

    def inside(self, key: str) -> str:
        """The path of a member."""
        return f"{self.path}.{key}" if self.path else key

    def unique(self, mend: str = "write { }") -> dict[str, "Place"]:
        """Members by key: the last value at the first position; repeated ones are noted."""
        found: dict[str, Place] = {}
        for key, place in self.members(mend):
            if key in found:
                place.warn(f"twice {place.path}", "given twice; the last one counts")
            found[key] = place
        return found

    # ------------------------------------------------------------ scalars

    def whole(self, unit: str = "number") -> int:
        """A whole number, clamped to 32 bits as rt-app does."""
        value = self.node.value
        if type(value) is not int:
            self.refuse(f"expected whole {unit}, found {self.found()}", self._whole_mend())
        if not INT_MIN <= value <= INT_MAX:
            clamped = min(max(value, INT_MIN), INT_MAX)
            self.warn(f"clamped {self.path}", f"out of 32 bits; taken as {clamped}")
            return clamped
        return value

    def _whole_mend(self) -> str:
        text = self.node.value.text if isinstance(self.node.value, Real) else self.node.value
        try:
            number = float(text) if isinstance(text, str) else None
        except ValueError:
            number = None
        if number is not None and abs(number) <= INT_MAX and number == int(number):
            return f"write {int(number)}"
        return "write digits only"

    def not_negative(self, unit: str) -> int:
        """A whole number from 0."""
        value = self.whole(unit)
        if value < 0:
            self.refuse(f"{value} is negative", "give 0 or more")
        return value

    def time_ns(self) -> int:
        """Microseconds in the file; nanoseconds here."""
        return self.not_negative("microseconds") * US

    def text(self) -> str:
        """A string."""
        if not isinstance(self.node.value, str):
            self.refuse(f"expected a string, found {self.found()}", 'write "..."')
        return self.node.value

    def boolean(self) -> bool:
        """A truth value; 0 and 1 are none."""
        if not isinstance(self.node.value, bool):
            self.refuse(f"expected true or false, found {self.found()}", "write true or false")
        return self.node.value


def nearest(word: str, words: list[str]) -> str:
    """How to mend a name that is not known."""
    close = get_close_matches(word.upper(), [w.upper() for w in words], 1)
    for candidate in words:
        if close and candidate.upper() == close[0]:
            return f'write "{candidate}"'
    return f"there are {', '.join(words) or 'none'}"
