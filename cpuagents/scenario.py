"""Scenarios: what runs. Tasks are programs of small instructions; a control program goes beside.

Everything is plain and immutable, so that it travels in reproducers and means the same anywhere.
What the instructions mean is written in `instructions.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cpuagents.instructions import CONTROL_INSTRUCTIONS, INSTRUCTIONS, Arg
from emu.abi.limits import NR_CPUS_MAX, NR_REGS, NR_TASKS_MAX, NR_TEMPLATES_MAX

Instruction = tuple[Any, ...]  # A name, then integers.

NS_MAX = 1 << 62
NICE_MIN, NICE_MAX = -20, 19


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
    delay_ns: int = 0  # Where its timers count from; to wait until then is up to the program.
    numbered: bool = (
        False  # Tasks are called NAME-INDEX, and forked ones NAME-INDEX-0000, -0001 ...
    )


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


# ---------------------------------------------------------------- as data


def to_data(s: Scenario) -> dict[str, Any]:
    """Plain values, for msgpack."""
    return {
        "name": s.name,
        "nr_cpus": s.nr_cpus,
        "templates": [
            [t.name, [_plain(i) for i in t.code], _bytes(t.cpus), t.nice, t.delay_ns, t.numbered]
            for t in s.templates
        ],
        "threads": list(s.threads),
        "objects": [[int(o.kind), o.name, o.value] for o in s.objects],
        "control": [_plain(i) for i in s.control],
        "duration_ns": s.duration_ns,
        "notes": list(s.notes),
    }


def _plain(step: Instruction) -> list[Any]:
    kinds = INSTRUCTIONS[step[0]].args
    pairs = zip(kinds, step[1:], strict=True)
    return [step[0], *(_bytes(v) if kind is Arg.MASK else v for kind, v in pairs)]


def _bytes(mask: int) -> bytes:
    """A mask can be wider than the integers of msgpack."""
    return mask.to_bytes((mask.bit_length() + 7) // 8, "little")


def from_data(data: object) -> Scenario:
    """The scenario that `to_data()` wrote.

    Errors: ValueError naming what is not as it should be.
    """
    if not isinstance(data, Mapping):
        raise ValueError("the scenario is not a table")
    scenario = Scenario(
        _typed(data.get("name"), str, "the name of the scenario"),
        _typed(data.get("nr_cpus"), int, "nr_cpus of the scenario"),
        _tuple(data, "templates", _template),
        _tuple(data, "threads", lambda v, at: _typed(v, int, at)),
        _tuple(data, "objects", _object),
        _tuple(data, "control", _instruction),
        _typed(data.get("duration_ns"), int, "duration_ns of the scenario"),
        _tuple(data, "notes", lambda v, at: _typed(v, str, at)),
    )
    check(scenario)
    return scenario


def _typed(value: Any, kind: type, place: str) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{place} is {value!r}, which is no {kind.__name__}")
    return value


def _tuple(data: Mapping[Any, Any], key: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    values = data.get(key)
    if not isinstance(values, list):
        raise ValueError(f"the scenario has no list {key!r}")
    return tuple(read(value, f"{key}[{i}]") for i, value in enumerate(values))


def _row(value: Any, length: int, place: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise ValueError(f"{place} is not a list of {length}")
    return value


def _template(value: Any, place: str) -> Template:
    name, code, cpus, nice, delay_ns, numbered = _row(value, 6, place)
    steps = enumerate(_typed(code, list, f"{place}.code"))
    return Template(
        _typed(name, str, f"{place}.name"),
        tuple(_instruction(step, f"{place}.code[{i}]") for i, step in steps),
        int.from_bytes(_typed(cpus, bytes, f"{place}.cpus"), "little"),
        None if nice is None else _typed(nice, int, f"{place}.nice"),
        _typed(delay_ns, int, f"{place}.delay_ns"),
        _typed(numbered, bool, f"{place}.numbered"),
    )


def _object(value: Any, place: str) -> Object:
    kind, name, count = _row(value, 3, place)
    if type(kind) is not int or kind not in list(ObjectKind):
        raise ValueError(f"{place} is of the unknown kind {kind!r}")
    return Object(
        ObjectKind(kind),
        _typed(name, str, f"{place}.name"),
        _typed(count, int, f"{place}.value"),
    )


def _instruction(value: Any, place: str) -> Instruction:
    if not isinstance(value, list) or not value:
        raise ValueError(f"{place} is not a list that begins with a name")
    args = (int.from_bytes(v, "little") if isinstance(v, bytes) else v for v in value[1:])
    return (value[0], *args)


# ---------------------------------------------------------------- is it sound


def check(s: Scenario) -> None:
    """Check that every number is in its range and names something that exists.

    Errors: ValueError naming the program and the instruction.
    """
    _within(f"{s.name}: number of templates", len(s.templates), 0, NR_TEMPLATES_MAX)
    _within(f"{s.name}: number of tasks", len(s.threads), 0, NR_TASKS_MAX)
    _within(f"{s.name}: nr_cpus", s.nr_cpus, 1, NR_CPUS_MAX)
    _within(f"{s.name}: duration_ns", s.duration_ns, 0, NS_MAX)
    for i, thread in enumerate(s.threads):
        _within(f"{s.name}: template of task {i}", thread, 0, len(s.templates) - 1)
    for thing in s.objects:
        lowest = -1 if thing.kind == ObjectKind.BARRIER else 0  # -1: nobody comes at the start.
        _within(f"{s.name}: count of {thing.name}", thing.value, lowest, NS_MAX)
    for t in s.templates:
        _check_template(s, t)
    for at, step in enumerate(s.control):
        if step[0] not in CONTROL_INSTRUCTIONS:
            raise ValueError(f"{s.name}: control[{at}]: {step[0]!r} is not for the control agent")
        _check_step(s, f"{s.name}: control[{at}]", step, 0)


def _check_template(s: Scenario, t: Template) -> None:
    place = f"{s.name}: {t.name}"
    _within(f"{place}.cpus", t.cpus, 0, (1 << s.nr_cpus) - 1)
    _within(f"{place}.nice", t.nice or 0, NICE_MIN, NICE_MAX)
    _within(f"{place}.delay_ns", t.delay_ns, 0, NS_MAX)
    for at, step in enumerate(t.code):
        _check_step(s, f"{place}[{at}]", step, len(t.code))
    if not t.code or t.code[-1][0] not in ("exit", "jump"):
        raise ValueError(f"{place}: its program does not end in exit or jump")


def _check_step(s: Scenario, place: str, step: Instruction, length: int) -> None:
    spec = INSTRUCTIONS.get(step[0]) if isinstance(step[0], str) else None
    if spec is None or len(step) != len(spec.args) + 1:
        raise ValueError(f"{place}: {step!r} is no instruction")
    for kind, value in zip(spec.args, step[1:], strict=True):
        _within(f"{place}: {kind.value} of {step!r}", value, *_range(s, kind, length))
        if kind.name in ObjectKind.__members__:
            thing = s.objects[value]
            if thing.kind != ObjectKind[kind.name]:
                raise ValueError(f"{place}: {step!r} takes {thing.name} for a {kind.value}")


def _within(what: str, value: Any, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{what} is {value!r}, outside {low} .. {high}")


def _range(s: Scenario, kind: Arg, length: int) -> tuple[int, int]:
    """The lowest and the highest value of an argument; the highest of nothing is -1."""
    match kind:
        case Arg.NS:
            return 0, NS_MAX
        case Arg.COUNT:
            return 1, NS_MAX
        case Arg.ABSOLUTE:
            return 0, 1
        case Arg.NICE:
            return NICE_MIN, NICE_MAX
        case Arg.REG:
            return 0, NR_REGS - 1
        case Arg.PLACE:
            return 0, length - 1
        case Arg.MASK:
            return 0, (1 << s.nr_cpus) - 1
        case Arg.TEMPLATE:
            return 0, len(s.templates) - 1
        case Arg.THREAD:
            return 0, len(s.threads) - 1
    return 0, len(s.objects) - 1
