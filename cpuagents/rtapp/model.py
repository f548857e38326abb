"""A workload file as it was understood: tasks, phases, events. Still in the words of rt-app."""

from dataclasses import dataclass, field

from cpuagents.rtapp.events import Event
from cpuagents.rtapp.params import OTHER, Params
from cpuagents.rtapp.place import Place


@dataclass(frozen=True)
class Phase:
    """A list of events that is repeated."""

    name: str
    passes: int  # 0: without end.
    events: tuple[Event, ...]
    params: Params | None  # None: what is in force stays.
    cpus: int | None  # Mask; None: that of the task.


@dataclass(frozen=True)
class Task:
    """One member of `tasks`."""

    name: str
    place: Place
    instances: int
    delay_ns: int
    rounds: int | None  # None: without end. 0: threads end at once.
    phases: tuple[Phase, ...]
    params: Params
    cpus: int | None  # Mask; None: that of whoever makes the thread.

    @property
    def events(self) -> list[Event]:
        """All events of all phases, each once."""
        return [event for phase in self.phases for event in phase.events]

    @property
    def is_endless(self) -> bool:
        """Does a thread of this task run until it is stopped?"""
        return self.rounds is None or bool(self.rounds and any(not p.passes for p in self.phases))


@dataclass(frozen=True)
class Globals:
    """The object `global`, as far as it means something here."""

    duration_ns: int = 0  # 0: until all threads have ended.
    policy: str = OTHER
    pi_enabled: bool = False
    lock_pages: bool = False  # Only if the file asks for it.


@dataclass(frozen=True)
class Workload:
    """All of a file."""

    place: Place
    settings: Globals
    tasks: tuple[Task, ...]
    resources: dict[str, tuple[str, Place]] = field(default_factory=dict)  # Name -> type, place.

    def task(self, name: str) -> Task | None:
        """The task of a name."""
        return next((task for task in self.tasks if task.name == name), None)

    @property
    def running(self) -> list[Task]:
        """Tasks of which there will be threads: from the start, or forked by such ones."""
        found = [task for task in self.tasks if task.instances]
        for task in found:  # Grows while it is walked.
            forked = (self.task(e.ref) for e in task.events if e.kind == "fork")
            found += [t for t in forked if t is not None and t not in found]
        return found

    @property
    def forked(self) -> list[str]:
        """Names that threads fork."""
        return [e.ref for task in self.running for e in task.events if e.kind == "fork"]
