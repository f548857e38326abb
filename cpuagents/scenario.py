"""Scenarios: what runs. Tasks are programs of small instructions; a control program goes beside.

Everything is plain and immutable, so that it travels in reproducers and means the same anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from emu.abi.limits import NR_REGS

Instruction = tuple[Any, ...]  # A name, then integers.


class Spec:
    """The arguments of an instruction: one letter each, and what it means.

    n: nanoseconds (0 or more), d: a nice value, r: a register, t: a place in the program,
    o: an object, T: a template, p: a thread, m: a mask of CPUs, i: any integer.
    """

    def __init__(self, args: str, about: str) -> None:
        """Declare one instruction."""
        self.args = args
        self.about = about


INSTRUCTIONS: dict[str, Spec] = {
    "run": Spec("n", "use the CPU for so long"),
    "spin": Spec("n", "use the CPU until the clock is so much further"),
    "sleep": Spec("n", "sleep for so long"),
    "sleep_until": Spec("n", "sleep until the clock says so; nothing if it does already"),
    "timer": Spec("oni", "wait for a timer all share: object, period, 1 for absolute"),
    "own_timer": Spec("rni", "wait for a timer of this thread: slot, period, 1 for absolute"),
    "lock": Spec("o", "take a mutex"),
    "unlock": Spec("o", "release a mutex"),
    "wait": Spec("oo", "wait on a condition, releasing a mutex meanwhile"),
    "signal": Spec("o", "wake the first waiter of a condition"),
    "broadcast": Spec("o", "wake all waiters of a condition"),
    "barrier": Spec("o", "wait until all have come"),
    "sem_post": Spec("o", "add one to a semaphore"),
    "sem_wait": Spec("o", "take one from a semaphore"),
    "yield": Spec("", "give the rest of the slice away"),
    "pause": Spec("", "sleep until a `wake`; one that came before counts"),
    "wake": Spec("p", "end the `pause` of a thread, or its next one"),
    "fork": Spec("T", "make a task from a template"),
    "affinity": Spec("m", "run on these CPUs only; 0 is the mask it was made with"),
    "affinity_of": Spec("pm", "the same for another thread"),
    "nice": Spec("d", "set the own nice value"),
    "renice_of": Spec("pd", "set that of another thread"),
    "set": Spec("ri", "set a register"),
    "loop": Spec("rt", "count a register down, and go to a place while it is above 0"),
    "jump": Spec("t", "go to a place"),
    "exit": Spec("", "end"),
}
CONTROL_INSTRUCTIONS = ("sleep", "affinity_of", "renice_of", "wake", "fork", "exit")


class ObjectKind(IntEnum):
    """What an object is."""

    MUTEX = 0
    COND = 1
    BARRIER = 2
    SEM = 3
    TIMER = 4


@dataclass(frozen=True)
class Object:
    """Something that tasks wait on. `value`: count of a semaphore, or of a barrier less one."""

    kind: ObjectKind
    name: str
    value: int = 0


@dataclass(frozen=True)
class Template:
    """A program and how a task of it starts."""

    name: str
    code: tuple[Instruction, ...]
    cpus: int = 0  # Mask; 0: that of whoever makes it, or all.
    nice: int | None = None  # None: that of whoever makes it, or 0.
    delay_ns: int = 0  # It sleeps until this time first.
    numbered: bool = False  # Its tasks are called NAME-0000, NAME-0001 ...


@dataclass(frozen=True)
class Scenario:
    """All that runs: `threads` are the templates of the tasks that exist from the start."""

    name: str
    nr_cpus: int
    templates: tuple[Template, ...]
    threads: tuple[int, ...]
    objects: tuple[Object, ...] = ()
    control: tuple[Instruction, ...] = ()
    duration_ns: int = 0  # 0: until nothing is left to do.
    notes: tuple[str, ...] = ()  # What a reader should know about how it was read.


def to_data(s: Scenario) -> dict[str, Any]:
    """Plain values, for msgpack."""
    return {
        "name": s.name,
        "nr_cpus": s.nr_cpus,
        "templates": [
            [t.name, [list(i) for i in t.code], t.cpus.to_bytes(32, "little"), t.nice, t.delay_ns]
            + [t.numbered]
            for t in s.templates
        ],
        "threads": list(s.threads),
        "objects": [[int(o.kind), o.name, o.value] for o in s.objects],
        "control": [list(i) for i in s.control],
        "duration_ns": s.duration_ns,
        "notes": list(s.notes),
    }


def from_data(data: object) -> Scenario:
    """The scenario that `to_data()` wrote.

    Errors: ValueError naming what is not as it should be.
    """
    if not isinstance(data, Mapping):
        raise ValueError("the scenario is not a table")
    try:
        templates = tuple(
            Template(n, tuple(_code(i) for i in code), int.from_bytes(cpus, "little"), *rest)
            for n, code, cpus, *rest in data["templates"]
        )
        scenario = Scenario(
            str(data["name"]),
            data["nr_cpus"],
            templates,
            tuple(data["threads"]),
            tuple(Object(ObjectKind(k), str(n), v) for k, n, v in data["objects"]),
            tuple(_code(i) for i in data["control"]),
            data["duration_ns"],
            tuple(str(n) for n in data["notes"]),
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"the scenario is not sound: {error!r}") from error
    check(scenario)
    return scenario


def _code(item: Any) -> Instruction:
    return (item[0], *[_signed(v) for v in item[1:]])


def _signed(value: Any) -> int:
    if isinstance(value, bytes):
        return int.from_bytes(value, "little")
    return int(value)


def check(s: Scenario) -> None:
    """Check that every number names something that exists.

    Errors: ValueError naming the program and the instruction.
    """
    if not s.templates or s.nr_cpus < 1:
        raise ValueError(f"scenario {s.name}: it needs a template and a CPU")
    limits = {"T": len(s.templates), "p": len(s.threads), "o": len(s.objects), "r": NR_REGS}
    for thread in s.threads:
        if not 0 <= thread < len(s.templates):
            raise ValueError(f"scenario {s.name}: thread of template {thread}, which is not there")
    for t in s.templates:
        if not t.code:
            raise ValueError(f"scenario {s.name}: {t.name} has no program")
        for at, step in enumerate(t.code):
            _check_step(f"{s.name}: {t.name}[{at}]", step, {**limits, "t": len(t.code)})
    for at, step in enumerate(s.control):
        if step[0] not in CONTROL_INSTRUCTIONS:
            raise ValueError(f"{s.name}: control[{at}] {step[0]!r} is not for the control agent")
        _check_step(f"{s.name}: control[{at}]", step, limits)


def _check_step(place: str, step: Instruction, limits: Mapping[str, int]) -> None:
    spec = INSTRUCTIONS.get(step[0])
    if spec is None or len(step) != len(spec.args) + 1:
        raise ValueError(f"{place}: {step!r} is no instruction")
    for letter, value in zip(spec.args, step[1:], strict=True):
        if letter in limits and not 0 <= value < limits[letter]:
            raise ValueError(f"{place}: {value} in {step!r} names nothing that exists")
        if letter in "nm" and value < 0:
            raise ValueError(f"{place}: {value} in {step!r} is negative")
