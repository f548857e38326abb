"""Events: which keys are events, and what their values say."""

from collections.abc import Callable
from dataclasses import dataclass

from cpuagents.rtapp.place import Place
from cpuagents.rtapp.text import Table

# A key is an event if it starts with one of these; the first that fits is its kind.
KINDS = (
    *("sleep", "runtime", "run", "memrun", "mem", "iorun", "lock", "unlock", "signal", "broad"),
    *("wait", "sync", "barrier", "timer", "resume", "suspend", "yield", "fork"),
    *("sem_post", "sem_wait"),
)
UNKNOWN = "unknown"  # What rt-app calls objects without a name.


@dataclass(frozen=True)
class Event:
    """One thing a thread does. Which of the fields count depends on the kind."""

    kind: str
    place: Place
    ns: int = 0  # Work, time or period.
    ref: str = ""  # The object, or the task, it is about.
    mutex: str = ""
    absolute: bool = False


def kind_of(key: str) -> str | None:
    """The kind of event a key is, or None: it is a property, or unknown."""
    return next((kind for kind in KINDS if key.startswith(kind)), None)


def read(kind: str, place: Place) -> Event:
    """Read the value of an event.

    Errors: BadInput for a value of the wrong type or out of its range.
    """
    return _READERS[kind](kind, place)


def _time(kind: str, place: Place) -> Event:
    return Event(kind, place, ns=place.time_ns())


def _bytes(kind: str, place: Place) -> Event:
    picoseconds = place.not_negative("bytes") * place.source.options.mem_ps_per_byte
    _approximated(kind, place)
    return Event(kind, place, ns=picoseconds // 1000)


def _approximated(kind: str, place: Place) -> None:
    place.warn("memory", f"{kind} is imitated by work of a fixed time a byte or load")


def _named(kind: str, place: Place) -> Event:
    return Event(kind, place, ref=place.text())


def _bare(kind: str, place: Place) -> Event:
    value = place.node.value
    return Event(kind, place, ref=value if isinstance(value, str) else "")


def _timer(kind: str, place: Place) -> Event:
    mend = 'write {"ref": "unique", "period": 10000}'
    parts = {} if place.node.value is None else place.unique(mend)
    ref, period, mode = (_part(parts, key) for key in ("ref", "period", "mode"))
    if ref is None or period is None:
        missing = "ref" if ref is None else "period"
        place.warn(f"timer without {missing}", f"timer without {missing}; {mend}")
    return Event(
        kind,
        place,
        ns=period.time_ns() if period else 0,
        ref=ref.text() if ref else UNKNOWN,
        absolute=mode is not None and mode.text().startswith("absolute"),
    )


def _part(parts: dict[str, Place], key: str) -> Place | None:
    place = parts.get(key)
    return None if place is None or place.node.value is None else place


def _wait(kind: str, place: Place) -> Event:
    mend = 'write {"ref": "cond", "mutex": "m"}'
    parts = place.unique(mend)
    ref, mutex = _part(parts, "ref"), _part(parts, "mutex")
    if ref is None or mutex is None:
        place.refuse("without ref or mutex", mend)
    return Event(kind, place, ref=ref.text(), mutex=mutex.text())


def _lock(kind: str, place: Place) -> Event:
    if isinstance(place.node.value, list):
        place.refuse(
            "grammar of rt-app before September 2014, not supported", "write events as members"
        )
    return _named(kind, place)


def _memrun(kind: str, place: Place) -> Event:
    mend = 'write {"type": "read", "size": 4096, "count": 4096}'
    parts = place.unique(mend)
    what, size, count = (_part(parts, key) for key in ("type", "size", "count"))
    if what is None or size is None or count is None:
        place.refuse("without type, size or count", mend)
    if what.text() not in ("read", "write", "chase"):
        what.refuse(f'type "{what.text()}" is unknown', "write read, write or chase")
    size.not_negative("bytes")
    for key in ("stride", "ref", "pattern"):
        part = _part(parts, key)
        if part is not None:
            part.not_negative("bytes") if key == "stride" else part.text()
    options = place.source.options
    chase = what.text() == "chase"
    cost = options.memrun_ps_per_load if chase else options.memrun_ps_per_byte
    ref = _part(parts, "ref")
    _approximated(kind, place)
    picoseconds = count.not_negative("loads" if chase else "bytes") * cost
    return Event(kind, place, ns=picoseconds // 1000, ref=ref.text() if ref else "")


def buffer_shape(event: Event) -> dict[str, object]:
    """What memruns that share a buffer must agree on."""
    assert isinstance(event.place.node.value, Table), "it was read as one"
    parts = {key: node.value for key, _, node in event.place.node.value.members}
    shape = {"size": parts["size"], "stride": parts.get("stride", 64)}
    return shape | {"pattern": parts.get("pattern", "random")}


_READERS: dict[str, Callable[[str, Place], Event]] = {
    **dict.fromkeys(("sleep", "runtime", "run"), _time),
    **dict.fromkeys(("mem", "iorun"), _bytes),
    **dict.fromkeys(("signal", "broad", "barrier", "resume", "fork"), _named),
    **dict.fromkeys(("sem_post", "sem_wait", "unlock"), _named),
    **dict.fromkeys(("suspend", "yield"), _bare),
    **dict.fromkeys(("wait", "sync"), _wait),
    "lock": _lock,
    "timer": _timer,
    "memrun": _memrun,
}
