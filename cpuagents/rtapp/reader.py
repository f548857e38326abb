"""Reads a whole file: its root, `global`, `resources`, `tasks`."""

from collections.abc import Callable

from cpuagents.rtapp import params, tasks, text
from cpuagents.rtapp.model import Globals, Workload
from cpuagents.rtapp.place import Place, Source
from cpuagents.rtapp.text import Table

ROOT_KEYS = ("tasks", "global", "resources")
NEEDED = 'a workload needs "tasks": {"name": { ... }}'
EXAMPLE = 'write "tasks": {"a": {"run": 1000, "sleep": 1000}}'
S = 1_000_000_000  # ns
FTRACE_WORDS = ("main", "task", "loop", "event", "stats", "none", "all")
RESOURCE_TYPES = ("mutex", "wait", "timer", "signal", "broadcast", "sync", "sleep", "run")
RESOURCES_USED = RESOURCE_TYPES[:3]


def read(source: Source, content: str) -> Workload:
    """Understand the content of a file.

    Errors: BadInput naming file, line, column, path, what was found and the mend.
    """
    try:
        node, rest = text.parse(content)
    except text.SyntaxFault as fault:
        source.refuse(fault.at, str(fault))
    if rest >= 0:
        source.warn(rest, "after the root", "ignored: text after the end of the workload")
    root = Place(source, "", node)
    if not isinstance(node.value, Table):
        source.refuse(node.at, f"{NEEDED}; {EXAMPLE}")
    keys = {k: p for k, p in root.unique().items() if p.node.value is not None}
    for key, place in keys.items():
        if key not in ROOT_KEYS:
            place.warn(f"unknown {key}", "ignored: unknown key")
    if "tasks" not in keys or not isinstance(keys["tasks"].node.value, Table):
        source.refuse((keys["tasks"].node if "tasks" in keys else node).at, f"{NEEDED}; {EXAMPLE}")
    settings = _globals(keys.get("global"))
    found = tasks.read(keys["tasks"].unique(), settings.policy)
    return Workload(root, settings, found, _resources(keys.get("resources")))


def _globals(place: Place | None) -> Globals:
    if place is None:
        return Globals()
    if not isinstance(place.node.value, Table):
        place.warn("global", "ignored: it is no object")
        return Globals()
    keys = {k: p for k, p in place.unique().items() if p.node.value is not None}
    for key, inner in keys.items():
        if key in _CHECKS:
            _CHECKS[key](inner)
        elif key not in tasks.SILENT_KEYS:
            inner.warn(f"unknown {key}", "ignored: unknown key")
    return Globals(
        max(0, keys["duration"].whole("seconds")) * S if "duration" in keys else 0,
        params.policy_of(keys["default_policy"]) if "default_policy" in keys else params.OTHER,
        "pi_enabled" in keys and keys["pi_enabled"].boolean(),
        "lock_pages" in keys and keys["lock_pages"].boolean(),
    )


def _calibration(place: Place) -> None:
    value = place.node.value
    if isinstance(value, str):
        if not (value.startswith("CPU") and value[3:].isascii() and value[3:].isdigit()):
            place.refuse(f'expected nanoseconds or "CPU0", found "{value}"', 'write "CPU0"')
    else:
        place.whole("nanoseconds")


def _log_size(place: Place) -> None:
    if not isinstance(place.node.value, str):
        place.whole("megabytes")


def _ftrace(place: Place) -> None:
    if isinstance(place.node.value, bool):
        return
    for word in place.text().lower().split(","):
        if word not in FTRACE_WORDS:
            place.refuse(f'"{word}" is no category', f"write some of {','.join(FTRACE_WORDS[:6])}")


def _io_device(place: Place) -> None:
    if place.text() != "/dev/null":
        place.warn("io_device", "ignored: iorun goes nowhere")


_CHECKS: dict[str, Callable[[Place], object]] = {
    "duration": lambda place: place.whole("seconds"),
    "default_policy": params.policy_of,
    "calibration": _calibration,
    "pi_enabled": Place.boolean,
    "lock_pages": Place.boolean,
    "logdir": Place.text,
    "log_basename": Place.text,
    "log_size": _log_size,
    "ftrace": _ftrace,
    "gnuplot": Place.boolean,
    "io_device": _io_device,
    "mem_buffer_size": lambda place: place.not_negative("bytes"),
    "cumulative_slack": Place.boolean,
}


def _resources(place: Place | None) -> dict[str, tuple[str, Place]]:
    if place is None or not isinstance(place.node.value, Table):
        return {}
    found = {}
    for name, inner in place.unique().items():
        mend = 'write {"type": "mutex"}'
        kind = inner.unique(mend).get("type")
        if kind is None:
            inner.refuse("a resource without type", mend)
        if kind.text() not in RESOURCE_TYPES:
            kind.refuse(f'type "{kind.text()}" is unknown', f"use {', '.join(RESOURCES_USED)}")
        found[name] = (kind.text(), inner)
    return found
