"""The hardware: shared words, locks, interrupts, clocks, turns. Everything the C module offers.

Vocabulary. A *participant* is one process of a run: CPU agents are participants 0 .. n-1, the
control agent is the last one. A *scheduling point* stands before each operation on shared memory
that others can see. In a controlled run exactly one participant holds the *baton*; it counts down
its *burst* of points, and when that is used up, or its operation blocks or may unblock another,
it asks the plan who goes on. A *step* is one scheduling point of the whole run.

All words are 64 bits wide. Offsets are bytes from the start of the arena.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, Literal, Self, TypeVar, overload

T = TypeVar("T")
S = TypeVar("S", bound="Cell")

# Classes of scheduling points: what a selective strategy can choose to count.
PROTOCOL: Final[int]  # Belongs to the ownership protocol of the kernel.
POLICY: Final[int]  # Shared state of a scheduler plugin.
OTHER: Final[int]  # Everything else that is shared.
ALL: Final[int]

# Modes of a run.
SETUP: Final[int]  # Only the caller runs; points are free.
FREE: Final[int]  # Everyone runs at once.
CONTROLLED: Final[int]  # One runs, the plan says who.

# Verdicts: how a run ended.
NONE: Final[int]
STUCK: Final[int]  # Nobody can go on.
STEPS: Final[int]  # The step limit was reached.
NO_PROGRESS: Final[int]  # Many steps in which nobody called progress().
FINDING: Final[int]  # end() was called by a detector.
ENDED: Final[int]  # The control agent ended the run: all is done.
DIVERGED: Final[int]  # A replay met something else than it expected.
ABORTED: Final[int]  # abort() from outside the run.

# Status of a participant.
RUNNABLE: Final[int]
LOCK: Final[int]  # Waits for a lock.
WORD: Final[int]  # Waits for a word to change.
CPU: Final[int]  # Gave its CPU time away: waits for an interrupt or a deadline.
DONE: Final[int]
ABSENT: Final[int]

# Kinds of operations, as announced.
OP_START: Final[int]
OP_LOAD: Final[int]
OP_STORE: Final[int]
OP_RMW: Final[int]
OP_LOCK: Final[int]
OP_TRYLOCK: Final[int]
OP_UNLOCK: Final[int]
OP_WAIT_WORD: Final[int]
OP_WAIT_CPU: Final[int]
OP_IRQ_SEND: Final[int]
OP_IRQ_TAKE: Final[int]
OP_DONE: Final[int]

NEVER: Final[int]  # A deadline that never comes.
SCRATCH: Final[int]  # Number of scratch words a strategy may use.

class RunOver(BaseException):
    """The run this participant takes part in is over: unwind to the agent loop."""

class MachineBug(Exception):
    """The machine was used against its rules, for example a lock released by a stranger."""

# ---------------------------------------------------------------- structures and fields

class Kind(Generic[T]):
    """What a word holds: a number of some width, a truth value, or a reference."""

class Ref(Kind[S | None], Generic[S]):
    """A kind of word that names one structure of a table; stored as index + 1, 0 is None."""

    table: list[S]
    name: str
    def __init__(self, name: str) -> None: ...

U64: Final[Kind[int]]
U32: Final[Kind[int]]  # Wraps at 32 bits, on purpose.
S64: Final[Kind[int]]
BOOL: Final[Kind[bool]]

class Cell:
    """One structure at its place in the arena. Two cells are the same if they are at one place."""

    @property
    def index(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @classmethod
    def _place(cls, offset: int, index: int) -> Self: ...

class Field:
    """What all field descriptors share."""

    offset: int  # From the start of the structure; set once, by Struct.
    name: str
    probe: Callable[..., object] | None  # See the sub-classes. Points are off while it runs.
    points: int
    @property
    def size(self) -> int: ...
    @property
    def nr(self) -> int: ...

class Plain(Field, Generic[T]):
    """A word guarded by a lock. A scheduling point only where the run asks for all of them.

    `probe(cell, old, new)` is called after a store.
    """

    def __init__(self, kind: Kind[T], *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> T: ...
    def __set__(self, cell: Cell, value: T) -> None: ...
    def peek(self, cell: Cell) -> T:
        """Read without a scheduling point: for detectors and reports."""

class Once(Field, Generic[T]):
    """A word that is racy on purpose: each read and each write is a scheduling point.

    Reads have acquire order and writes release order, which is stronger than the READ_ONCE and
    WRITE_ONCE of the kernel. `probe(cell, old, new)` is called after a store.
    """

    def __init__(self, kind: Kind[T], *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> T: ...
    def __set__(self, cell: Cell, value: T) -> None: ...
    def peek(self, cell: Cell) -> T: ...
    def wait_while(self, cell: Cell, value: T) -> T:
        """Wait until the word differs from `value`; returns what it became."""

class Word:
    """A place in memory that atomic instructions work on. Each call is one scheduling point."""

    def load(self) -> int: ...
    def load_acquire(self) -> int: ...
    def store(self, value: int) -> None: ...
    def store_release(self, value: int) -> None: ...
    def cmpxchg(self, old: int, new: int) -> int:
        """Store `new` if the word is `old`; returns what was seen."""
    def xchg(self, new: int) -> int: ...
    def fetch_add(self, delta: int) -> int: ...
    def fetch_or(self, bits: int) -> int: ...
    def fetch_and(self, bits: int) -> int: ...
    def wait_while(self, value: int) -> int:
        """Wait until the word differs from `value` (one point, then asleep); returns its value."""

class Atomic(Field):
    """A word for atomic instructions. `probe(cell, old, new)` is called after each store."""

    def __init__(self, kind: Kind[int] = ..., *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> Word: ...
    def peek(self, cell: Cell) -> int: ...

class LockRef:
    """A raw spin lock that knows its owner; also a context manager."""

    def lock(self) -> None:
        """Take the lock, waiting for it.

        Errors: MachineBug if this participant already holds it.
        """
    def trylock(self) -> bool: ...
    def unlock(self) -> None:
        """Errors: MachineBug if this participant does not hold it."""
    def owner(self) -> int | None:
        """The participant that holds it. No scheduling point."""
    def assert_held(self) -> None:
        """Errors: MachineBug, naming lock and owner, if this participant does not hold it."""
    @property
    def name(self) -> str: ...
    @property
    def offset(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> Literal[False]: ...

class Lock(Field):
    """A spin lock. `probe(cell)` is called just before each release."""

    def __init__(self, *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> LockRef: ...
    def peek(self, cell: Cell) -> int | None:
        """The participant that holds it."""

class Words(Generic[T]):
    """A view of an array field: plain or once words."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> T: ...
    def __setitem__(self, index: int, value: T) -> None: ...

class AtomicWords:
    """A view of an array of atomic words."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Word: ...

class Array(Field, Generic[T]):
    """`nr` plain words (`once=True`: once words)."""

    def __init__(self, kind: Kind[T], nr: int, *, once: bool = ..., points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> Words[T]: ...
    def peek(self, cell: Cell) -> list[T]: ...

class AtomicArray(Field):
    """`nr` atomic words."""

    def __init__(self, nr: int, *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> AtomicWords: ...
    def peek(self, cell: Cell) -> list[int]: ...

class Bytes(Field):
    """Up to `nr_bytes` bytes with their length. Never a scheduling point; longer values are cut."""

    def __init__(self, nr_bytes: int) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> bytes: ...
    def __set__(self, cell: Cell, value: bytes) -> None: ...

class Cpumask(Field):
    """A set of CPUs guarded by a lock, read and written as an int (bit n is CPU n)."""

    def __init__(self, *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> int: ...
    def __set__(self, cell: Cell, value: int) -> None: ...
    def peek(self, cell: Cell) -> int: ...

class Mask:
    """A set of CPUs changed bit by bit with atomic instructions. Each call is one point."""

    def load(self) -> int: ...
    def store(self, value: int) -> None: ...
    def test(self, cpu: int) -> bool: ...
    def test_and_set(self, cpu: int) -> bool:
        """Set the bit; returns whether it was set before."""
    def test_and_clear(self, cpu: int) -> bool: ...

class AtomicCpumask(Field):
    """A set of CPUs for atomic bit operations."""

    def __init__(self, *, points: int = ...) -> None: ...
    @overload
    def __get__(self, cell: None, owner: type) -> Self: ...
    @overload
    def __get__(self, cell: Cell, owner: type) -> Mask: ...
    def peek(self, cell: Cell) -> int: ...

# ---------------------------------------------------------------- arena

def machine_size(nr_participants: int, nr_trace: int, nr_switches: int) -> int:
    """Bytes that the machine itself needs at the start of an arena."""

def init(buf: memoryview, nr_participants: int, nr_trace: int, nr_switches: int) -> None:
    """Write an empty machine at the start of `buf`.

    Args:  nr_trace: records in the ring of each participant. nr_switches: entries of the log.
    """

def attach(buf: memoryview, me: int) -> None:
    """Make `buf` the memory of this process and `me` its participant (-1: an onlooker)."""

def detach() -> None: ...
def me() -> int: ...
def save(start: int, end: int) -> None:
    """Keep a copy of these bytes of the arena in this process: the template image."""

def clear(start: int, end: int) -> None:
    """Write zeros over these bytes of the arena."""

def restore() -> None:
    """Copy the template image back."""

# ---------------------------------------------------------------- turns

Plan = Callable[[list[int], int, int, int, int, bool], tuple[int, int]]

def set_plan(plan: Plan | None) -> None:
    """Who decides: asked by the holder of the baton whenever more than one participant is enabled.

    `plan(enabled, me, decisions, counted, step, exhausted)` returns who goes on and for how many
    counted points. `decisions`: earlier questions. `counted`: earlier points of the counted
    classes at which somebody else was enabled. `exhausted`: the burst was used up, not cut.
    """

def configure(
    *,
    steps_max: int = ...,
    stall_steps: int = ...,
    noise_seed: int = 0,
    noise_one_in: int = 0,
    time_scale: int = 1,
) -> None:
    """Limits and noise of the next run.

    Args:
        stall_steps: steps without progress() after which the verdict is NO_PROGRESS.
        noise_one_in: free mode: about one point in so many is delayed; 0 means never.
        time_scale: free mode: virtual nanoseconds in one real nanosecond.
    """

def begin(mode: int, count: int, fine: bool) -> None:
    """Start the next run; for the control agent, which takes part in it.

    Args:
        count: classes of points that bursts and decisions count.
        fine: also stop at accesses of plain words.
    """

def enter() -> bool:
    """For an agent between runs: sleep until a run begins or the agent is collected.

    Returns: True when a run began, False for a request to report (see collect()).
    """

def done() -> None:
    """This participant has nothing left to do in this run."""

def end(verdict: int) -> None:
    """End the run. The next operation of any participant raises RunOver."""

def abort(verdict: int) -> None:
    """End the run from outside of it: for the coordinator."""

def collect(who: int) -> None:
    """After the end: let `who` unwind, and wait until it hands the turn back."""

def hand(who: int) -> None:
    """Give the turn back to `who` from an agent that was collected."""

def progress() -> None:
    """Something happened that a user would call progress."""

def quiet(on: bool) -> bool:
    """Switch the points of this process off or on; returns the setting before."""

def state() -> dict[str, int]:
    """step, decisions, counted, hash, nr_switches, verdict, verdict_by, over, run, holder, mode."""

def row(who: int) -> dict[str, Any]:
    """status, op, points, off, wait_off, wait_value, deadline, clock, idle, held, beats, irq."""

def next_time(who: int) -> int:
    """The virtual time at which `who` would go on."""

def next_times(who: list[int]) -> list[tuple[int, int, int]]:
    """For each: the time at which it would go on, the step since which it waits, its number.

    The step is 0 for one that does not wait for CPU time.
    """

def signature(who: int) -> int:
    """A hash of what `who` has announced."""

def switches(first: int, count: int) -> list[tuple[int, int, int, int, int, int]]:
    """Entries of the log: (step, from, to, signature of from, signature of to, hash so far)."""

def scratch() -> Words[int]:
    """SCRATCH words a strategy may keep its state in. No scheduling points."""

# ---------------------------------------------------------------- clock and CPU time

def now() -> int:
    """The clock of this participant, in virtual nanoseconds."""

def clock_of(who: int) -> int: ...
def advance_to(time_ns: int) -> None:
    """Controlled: move the own clock forward to `time_ns` if it is behind."""

def cpu_wait(deadline_ns: int, idle: bool) -> bool:
    """Controlled: give CPU time away until an interrupt or the deadline; True for an interrupt.

    The caller looks at its interrupts itself. With NEVER as the deadline only an interrupt helps.
    """

def free_waiting(waiting: bool, deadline_ns: int, idle: bool) -> None:
    """Free mode: show others that this CPU sleeps on its interrupt line."""

# ---------------------------------------------------------------- interrupts

def irq_send(who: int, bits: int) -> bool:
    """Set interrupt bits of `who`; True if its line must be raised (free mode, it sleeps)."""

def irq_take() -> int:
    """Take all pending interrupts of this participant: one scheduling point."""

def irq_pending() -> int:
    """Pending interrupts of this participant. No scheduling point."""

# ---------------------------------------------------------------- trace

def trace(event: int, a: int = 0, b: int = 0, c: int = 0, d: int = 0) -> None:
    """Write one record into the ring of this participant."""

def traces(who: int) -> list[tuple[int, int, int, int, int, int, int]]:
    """What its ring still holds: (step, time, event, a, b, c, d), oldest first."""

def traced(who: int) -> int:
    """How many records it has written in this run."""

# ---------------------------------------------------------------- chance and benches

def draw(seed: int, stream: int, index: int) -> int:
    """64 random bits: a pure function of its arguments."""

def draw_below(seed: int, stream: int, index: int, limit: int) -> int: ...
def draw_geometric(seed: int, stream: int, index: int, num: int, den: int) -> int:
    """How many tries until the first success (>= 1) with chance num/den. Integers only."""

def bench_start(who: int) -> None:
    """Give the baton of the bare ring to `who`."""

def bench_ring(next_: int, rounds: int) -> None:
    """Pass a baton round a ring of processes with bare futexes: the baseline of `scxemu bench`."""
