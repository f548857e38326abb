"""Reads tasks and phases."""

from collections.abc import Sequence

from cpuagents.rtapp import events, params
from cpuagents.rtapp.events import Event
from cpuagents.rtapp.model import Phase, Task
from cpuagents.rtapp.params import Params
from cpuagents.rtapp.place import Place
from emu.abi.limits import NR_CPUS_MAX, NR_TASKS_MAX

SHARED_KEYS = ("loop", "cpus", "nodes_membind", "taskgroup", *params.KEYS)
TASK_KEYS = ("instance", "delay", "phases", *params.OLD_DEADLINE_KEYS, *SHARED_KEYS)
SILENT_KEYS = ("frag",)
NR_GROUPS_MAX = 32

Keys = dict[str, Place]


class _Reader:
    """Reads all tasks of a file; groups are counted over the whole of it."""

    def __init__(self, default_policy: str) -> None:
        self.default_policy = default_policy
        self.groups: list[str] = []

    def task(self, name: str, place: Place) -> Task:
        phased = _is_phased(place)
        keys, own = _split(place, TASK_KEYS, with_events=not phased)
        loop = keys["loop"].whole() if "loop" in keys else -1
        in_force = params.of_task(place, keys, self.default_policy)
        self._group(keys, in_force)
        cpus = _cpus(keys)
        if phased:
            rounds = loop if loop >= 0 else None
            phases = self._phases(keys["phases"], in_force)
        else:
            _require(own, place)
            rounds = loop if loop > 0 else None
            phases = (Phase("", 1, tuple(own), None, None),)
        delay_ns = keys["delay"].time_ns() if "delay" in keys else 0
        return Task(name, place, _instances(keys), delay_ns, rounds, phases, in_force, cpus)

    def _phases(self, place: Place, in_force: Params) -> tuple[Phase, ...]:
        phases = []
        for name, inner in place.unique().items():
            keys, own = _split(inner, SHARED_KEYS, with_events=True)
            _require(own, inner)
            asked = params.of_phase(inner, keys, in_force)
            in_force = asked or in_force
            self._group(keys, in_force)
            passes = max(0, keys["loop"].whole()) if "loop" in keys else 1
            phases.append(Phase(name, passes, tuple(own), asked, _cpus(keys)))
        if not phases:
            place.refuse("no phase", 'write {"phase1": {"run": 1000}}')
        return tuple(phases)

    def _group(self, keys: Keys, in_force: Params) -> None:
        place = keys.get("taskgroup")
        if place is None or not place.text():
            return
        group = place.text()
        if not group.startswith("/"):
            place.refuse(f'"{group}" does not start with "/"', f'write "/{group}"')
        if in_force.policy in (*params.REALTIME, params.DEADLINE):
            place.refuse(f"taskgroup with {in_force.policy}", "drop one of the two")
        if group not in self.groups:
            self.groups.append(group)
        if len(self.groups) > NR_GROUPS_MAX:
            place.refuse(f"more than {NR_GROUPS_MAX} groups", "use fewer")
        place.warn("taskgroup", "ignored: there are no groups")


def read(places: Keys, default_policy: str) -> tuple[Task, ...]:
    """Read all tasks.

    Errors: BadInput.
    """
    reader = _Reader(default_policy)
    return tuple(reader.task(name, place) for name, place in places.items())


def _is_phased(place: Place) -> bool:
    table = place.table('a workload needs "tasks": {"name": { ... }}')
    values = [node.value for key, _, node in table.members if key == "phases"]
    return bool(values) and values[-1] is not None


def _split(place: Place, known: Sequence[str], with_events: bool) -> tuple[Keys, list[Event]]:
    """Properties and events of a task or phase. Properties that are null count as absent."""
    members = list(place.members())
    keys: Keys = {}
    found: list[tuple[str, Event]] = []
    for key, inner in members:
        kind = events.kind_of(key)
        if kind is not None and with_events:
            found.append((key, events.read(kind, inner)))
            if key == "runtime" and "runtime" in known:
                inner.warn("slice", "ignored as a slice: slices cannot be asked for")
        elif key in known:
            if key in keys:
                inner.warn(f"twice {inner.path}", "given twice; the last one counts")
            keys[key] = inner
        elif kind is not None:
            inner.warn("event in a phased task", "ignored: an event beside phases never happens")
        elif key not in SILENT_KEYS:
            inner.warn(f"unknown {key}", "ignored: unknown key")
    if not place.source.options.keep_duplicates:
        found = list({key: (key, event) for key, event in found}.values())
    return {k: p for k, p in keys.items() if p.node.value is not None}, [e for _, e in found]


def _require(own: list[Event], place: Place) -> None:
    if not own:
        place.refuse("no event (run, sleep, timer ...)", "add one, or drop it")


def _instances(keys: Keys) -> int:
    if "instance" not in keys:
        return 1
    nr = keys["instance"].not_negative("number")
    if nr > NR_TASKS_MAX:
        keys["instance"].refuse(f"{nr} is more than {NR_TASKS_MAX} tasks", "give fewer")
    return nr


def _cpus(keys: Keys) -> int | None:
    """The mask of the key `cpus`.

    Errors: BadInput for CPUs that the machine does not have.
    """
    if "nodes_membind" in keys:
        _numbers(keys["nodes_membind"])
        keys["nodes_membind"].warn("nodes_membind", "ignored: memory has no nodes")
    place = keys.get("cpus")
    if place is None:
        return None
    cpus = _numbers(place)
    if not cpus:
        place.refuse("cpus []: no CPU", "name one, or drop the key")
    mask = 0
    for cpu in cpus:
        _check_cpu(place, cpus, cpu)
        if mask >> cpu & 1:
            place.warn(f"twice {place.path} {cpu}", f"CPU {cpu} is given twice")
        mask |= 1 << cpu
    return mask


def _check_cpu(place: Place, cpus: list[int], cpu: int) -> None:
    nr = place.source.nr_cpus
    if cpu < 0:
        place.refuse(f"cpus {cpus}: {cpu} is negative", "CPUs count from 0")
    if cpu >= nr:
        has = f"CPUs 0-{nr - 1}" if nr > 1 else "CPU 0 only"
        most = max(cpus) + 1
        mend = f"use --cpus {most}" if most <= NR_CPUS_MAX else f"there can be {NR_CPUS_MAX}"
        place.refuse(f"cpus {cpus}: the machine has {has}", mend)


def _numbers(place: Place) -> list[int]:
    nodes = place.node.value
    if not isinstance(nodes, list):
        place.refuse(f"expected an array of numbers, found {place.found()}", "write [0]")
    return [
        Place(place.source, f"{place.path}[{i}]", node).whole("number")
        for i, node in enumerate(nodes)
    ]
