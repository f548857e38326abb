"""From a workload to a scenario: the nested loops of rt-app become flat programs.

Before each pass a thread goes to the phase's CPUs, or the task's, or those it was made with; its
nice value changes where a phase asks for one and then stays. Both are written only where what is
in force may differ, in the first round or in a later one.
"""

from collections.abc import Callable
from functools import partial

from cpuagents.rtapp.events import Event
from cpuagents.rtapp.model import Phase, Task, Workload
from cpuagents.rtapp.review import is_own_timer, suspended_as
from cpuagents.scenario import Instruction, Object, ObjectKind, Scenario, Template, check
from emu.abi.limits import NR_REGS, NR_TASKS_MAX, NR_TEMPLATES_MAX

TASK_REG, PHASE_REG, FIRST_TIMER_REG = range(3)
OBJECT_OF = {
    "lock": ObjectKind.MUTEX,
    "unlock": ObjectKind.MUTEX,
    "signal": ObjectKind.COND,
    "broad": ObjectKind.COND,
    "barrier": ObjectKind.BARRIER,
    "sem_post": ObjectKind.SEM,
    "sem_wait": ObjectKind.SEM,
}
INSTRUCTION_OF = {"broad": "broadcast", "runtime": "spin"}
WORK = ("run", "runtime", "sleep", "mem", "iorun", "memrun")


class _Objects:
    """All objects of a workload; the first event that names one makes it."""

    def __init__(self, workload: Workload) -> None:
        self.made: dict[tuple[ObjectKind, str], int] = {}
        self.arrivals: dict[str, int] = {}  # By barrier.
        self.absolute: list[tuple[str, str]] = []  # (task or nothing, ref) of absolute timers.
        for task in workload.tasks:
            for event in task.events:
                if event.kind == "barrier":
                    self.arrivals[event.ref] = self.arrivals.get(event.ref, 0) + task.instances
                if event.kind == "timer" and event.absolute:
                    self.absolute.append(_timer_key(task, event))

    def index(self, kind: ObjectKind, name: str) -> int:
        return self.made.setdefault((kind, name), len(self.made))

    def all(self) -> tuple[Object, ...]:
        return tuple(
            Object(kind, name, self.arrivals[name] - 1 if kind == ObjectKind.BARRIER else 0)
            for kind, name in self.made
        )


def _timer_key(task: Task, event: Event) -> tuple[str, str]:
    return (task.name if is_own_timer(event) else "", event.ref)


class _Writer:
    """Writes the program of one task."""

    def __init__(self, workload: Workload, task: Task, objects: _Objects, indices: dict[str, int]):
        self.workload = workload
        self.task = task
        self.objects = objects
        self.indices = indices  # Of templates, by name.
        self.slots: dict[str, int] = {}  # Registers of own timers, by ref.
        self.code: list[Instruction] = []

    def program(self) -> tuple[Instruction, ...]:
        task = self.task
        if task.delay_ns:
            self.add("sleep_until", task.delay_ns)
        nice = task.params.nice
        if nice is not None and (nice or task.name in self.workload.forked):
            self.add("nice", nice)
        if task.rounds != 0:
            self.repeat(TASK_REG, task.rounds, self.round)
        if not self.code or self.code[-1][0] != "jump":
            self.add("exit")
        return tuple(self.code)

    def add(self, name: str, *args: int) -> None:
        self.code.append((name, *args))

    def repeat(self, reg: int, times: int | None, body: Callable[[], None]) -> None:
        """Write `body` with a loop round it; None is without end."""
        if times is not None and times > 1:
            self.add("set", reg, times)
        start = len(self.code)
        body()
        if times is None:
            self.add("jump", start)
        elif times > 1:
            self.add("loop", reg, start)

    def round(self) -> None:
        """Write all phases once."""
        again = self.task.rounds is None or self.task.rounds > 1
        phases = self.task.phases
        for i, phase in enumerate(phases):
            before = self.cpus(phases[i - 1]) if i else 0
            later = self.cpus(phases[i - 1]) if again else before
            if not before == later == self.cpus(phase):
                self.add("affinity", self.cpus(phase))
            if phase.params is not None and phase.params.nice is not None:
                self.add("nice", phase.params.nice)
            self.repeat(PHASE_REG, phase.passes or None, partial(self.events, phase))

    def cpus(self, phase: Phase) -> int:
        """The mask that passes of a phase run on; 0 is that of birth."""
        return phase.cpus or self.task.cpus or 0

    # ------------------------------------------------------------ events

    def events(self, phase: Phase) -> None:
        for event in phase.events:
            self.event(event)

    def event(self, event: Event) -> None:
        kind = event.kind
        if kind in WORK:
            name = kind if kind in ("sleep", "run", "runtime") else "run"
            if event.ns:
                self.add(INSTRUCTION_OF.get(name, name), event.ns)
        elif kind in OBJECT_OF:
            name = INSTRUCTION_OF.get(kind, kind)
            self.add(name, self.objects.index(OBJECT_OF[kind], event.ref))
        elif kind == "timer":
            self.timer(event)
        elif kind in ("wait", "sync"):
            cond = self.objects.index(ObjectKind.COND, event.ref)
            if kind == "sync":
                self.add("signal", cond)
            self.add("wait", cond, self.objects.index(ObjectKind.MUTEX, event.mutex))
        elif kind == "fork":
            self.add("fork", self.indices[event.ref])
        elif kind == "yield":
            self.add("yield")
        else:
            self.suspend_or_resume(event)

    def suspend_or_resume(self, event: Event) -> None:
        suspends = event.kind == "suspend"
        name = suspended_as(self.workload, self.task, event) if suspends else event.ref
        mutex = self.objects.index(ObjectKind.MUTEX, name)
        cond = self.objects.index(ObjectKind.COND, name)
        self.add("lock", mutex)
        if suspends:
            self.add("wait", cond, mutex)
        else:
            self.add("broadcast", cond)
        self.add("unlock", mutex)

    def timer(self, event: Event) -> None:
        absolute = int(_timer_key(self.task, event) in self.objects.absolute)
        if not is_own_timer(event):
            self.add("timer", self.objects.index(ObjectKind.TIMER, event.ref), event.ns, absolute)
            return
        slot = self.slots.setdefault(event.ref, FIRST_TIMER_REG + len(self.slots))
        if slot >= NR_REGS:
            event.place.refuse(
                f"more than {NR_REGS - FIRST_TIMER_REG} timers of its own", "use fewer refs"
            )
        self.add("own_timer", slot, event.ns, absolute)


def compiled(workload: Workload, name: str) -> Scenario:
    """The scenario of a workload.

    Errors: BadInput if it is larger than the emulator can hold.
    """
    source = workload.place.source
    threads = _threads(workload)
    objects = _Objects(workload)
    indices = {task.name: i for i, task in enumerate(workload.tasks)}
    templates = tuple(
        Template(
            task.name,
            _Writer(workload, task, objects, indices).program(),
            delay_ns=task.delay_ns,
            numbered=True,
        )
        for task in workload.tasks
    )
    duration_ns = workload.settings.duration_ns
    endless = next((t for t in workload.running if t.is_endless), None)
    if not duration_ns and endless:
        duration_ns = source.options.endless_ns
        seconds = duration_ns // 1_000_000_000
        endless.place.warn("endless", f"it has no end, and there is no duration: {seconds} s")
    scenario = Scenario(
        name,
        source.nr_cpus,
        templates,
        threads,
        objects.all(),
        duration_ns=duration_ns,
        notes=tuple(source.notes.values()),
    )
    check(scenario)
    return scenario


def _threads(workload: Workload) -> tuple[int, ...]:
    place = workload.place
    nr = sum(task.instances for task in workload.tasks)
    if nr > NR_TASKS_MAX:
        place.source.refuse(place.node.at, f"{nr} threads, more than {NR_TASKS_MAX}; use fewer")
    if len(workload.tasks) > NR_TEMPLATES_MAX:
        text = f"{len(workload.tasks)} tasks, more than {NR_TEMPLATES_MAX}; use instances"
        place.source.refuse(place.node.at, text)
    return tuple(i for i, task in enumerate(workload.tasks) for _ in range(task.instances))
