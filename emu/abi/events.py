"""Trace events: number, name, and how their arguments read in a timeline."""

from collections.abc import Sequence
from typing import NamedTuple

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_ON
from emu.abi.ops import OP_NAMES


class Event(NamedTuple):
    """One kind of trace record; `text` is formatted with its arguments a, b, c, d."""

    name: str
    text: str


SWITCH = 1
WAKEUP = 2
ENQUEUE = 3
DEQUEUE = 4
INSERT = 5
CLAIM = 6
DROP = 7
DSQ_ADD = 8
DSQ_DEL = 9
MOVE = 10
LOST = 11
CALL = 12
IDLE = 14
RESCHED = 15
AFFINITY = 16
NEW_TASK = 17
EXIT = 18
PRINT = 20
MAP_READ = 21
MAP_WRITE = 22

EVENTS: dict[int, Event] = {
    SWITCH: Event("sched_switch", "switches from {t0} to {t1}"),
    WAKEUP: Event("sched_wakeup", "wakes {t0} on CPU {1}"),
    ENQUEUE: Event("enqueue", "enqueues {t0}"),
    DEQUEUE: Event("dequeue", "dequeues {t0}"),
    INSERT: Event("dsq_insert", "verdict: {t0} to {d1}"),
    CLAIM: Event("claim", "claims {t0}"),
    DROP: Event("drop", "drops a stale verdict on {t0}"),
    DSQ_ADD: Event("dsq_add", "puts {t0} on {d1}"),
    DSQ_DEL: Event("dsq_del", "takes {t0} off {d1}"),
    MOVE: Event("move", "moves {t0} from CPU {1} to CPU {2}"),
    LOST: Event("lost", "lost {t0} to a dequeue"),
    CALL: Event("call", "a callback of the scheduler; see describe()"),
    IDLE: Event("idle", "goes idle"),
    RESCHED: Event("resched", "asks CPU {0} to reschedule"),
    AFFINITY: Event("affinity", "lets {t0} run on CPUs {x1}"),
    NEW_TASK: Event("new_task", "makes {t0}"),
    EXIT: Event("exit", "{t0} exits"),
    PRINT: Event("print", "prints; see describe()"),
    MAP_READ: Event("map_read", "reads {m0}[{1}]: {v2}"),
    MAP_WRITE: Event("map_write", "writes {m0}[{1}]: {v2}"),
}


def dsq_name(dsq_id: int) -> str:
    """How people call the DSQ with this id."""
    if dsq_id == SCX_DSQ_GLOBAL:
        return "the global DSQ"
    if dsq_id == SCX_DSQ_LOCAL:
        return "the local DSQ"
    if dsq_id & SCX_DSQ_LOCAL_ON == SCX_DSQ_LOCAL_ON:
        return f"the local DSQ of CPU {dsq_id & 0xFFFFFFFF}"
    return f"DSQ {dsq_id:#x}"


def _call(op: int, number: int, names: Sequence[str]) -> str:
    name = OP_NAMES[op] if op < len(OP_NAMES) else str(op)
    if not number or name == "dispatch":
        return f"ops.{name}({number if name == 'dispatch' else ''})"
    return f"ops.{name}({_task(number, names)})"


def _task(number: int, names: Sequence[str]) -> str:
    if not number:
        return "nobody"
    return names[number - 1] if number <= len(names) else f"task {number - 1}"


def _text(words: Sequence[int]) -> str:
    """The part of a bpf_printk() text that one record holds."""
    data = b"".join(word.to_bytes(8, "little") for word in words)
    return data.rstrip(b"\0").decode(errors="replace")


def describe(
    event: int, args: Sequence[int], names: Sequence[str] = (), maps: Sequence[str] = ()
) -> str:
    """One trace record as a phrase.

    Args: names: of the tasks, in the order they were made. maps: names of the scheduler's maps.
    """
    known = EVENTS.get(event)
    if known is None:
        return f"event {event} {list(args)}"
    if event == CALL:
        return _call(args[0], args[1], names)
    if event == PRINT:
        return f"prints {_text(args)!r}"
    words: dict[str, str] = {"m0": maps[args[0]] if args[0] < len(maps) else f"map {args[0]}"}
    for i, value in enumerate(args):
        words[f"t{i}"] = _task(value, names)
        words[f"d{i}"] = dsq_name(value)
        words[f"x{i}"] = f"{value:#x}"
        words[f"v{i}"] = str(value - (1 << 64) if value >> 63 else value)
    return known.text.format(*args, **words)
