"""A finding: what was found, with which values, where, and what everybody was doing.

Made from plain data, so that it travels over sockets and in files. Its signature is built from
kind, site and names only: the same bug has the same signature in every run.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

TraceRow = list[int]  # participant, step, time in ns, event, and its four arguments.


@dataclass(frozen=True)
class Finding:
    """One thing that should not be, as people and machines see it."""

    kind: str  # "lost wakeup", "deadlock", "invariant broken" ...
    signature: str
    message: str
    step: int = 0
    time_ns: int = 0
    cpu: int = -1  # -1: the control agent.
    callback: str = ""  # The scheduler callback it happened in.
    site: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # The wait-for graph, held locks ...
    stacks: dict[int, list[str]] = field(default_factory=dict)  # By participant, innermost last.
    timeline: list[TraceRow] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)  # Names, in the order they were made.
    maps: list[str] = field(default_factory=list)  # Names of the scheduler's maps.
    focus: list[int] = field(default_factory=list)  # Numbers of the tasks it is about, from 1.

    def slug(self) -> str:
        """A file name without suffix: readable, and different for different signatures."""
        words = re.sub(r"[^a-z0-9]+", "-", self.signature.lower()).strip("-")[:48].strip("-")
        digest = hashlib.sha256(self.signature.encode()).hexdigest()[:8]
        return f"{words}-{digest}"


def to_data(finding: Finding) -> dict[str, Any]:
    """Plain values, for msgpack and JSON."""
    return asdict(finding)


_TYPES = {
    "kind": str,
    "signature": str,
    "message": str,
    "step": int,
    "time_ns": int,
    "cpu": int,
    "callback": str,
    "site": str,
    "values": dict,
    "notes": list,
    "stacks": dict,
    "timeline": list,
    "tasks": list,
    "maps": list,
    "focus": list,
}


def from_data(data: object) -> Finding:
    """The finding that `to_data()` wrote.

    Errors: ValueError naming the first part that is missing or of another type.
    """
    if not isinstance(data, Mapping):
        raise ValueError("the finding is not a table")
    for name, kind in _TYPES.items():
        if type(data.get(name)) is not kind:
            raise ValueError(f"the finding has no proper {name!r}")
    if not all(isinstance(row, list) and len(row) == 8 for row in data["timeline"]):
        raise ValueError("the timeline of the finding is not made of rows of eight")
    return Finding(**{f.name: data[f.name] for f in fields(Finding)})
