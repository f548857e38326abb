"""Generated workloads: a small scenario from a seed.

Swarm testing: each scenario leaves some kinds of actions out, so that others meet more often.

No generated scenario can get stuck by itself. Each task has at most one partner role (waker and
pauser in strict turns, poster and taker of a semaphore, one meeting at a barrier), which no other
task's progress depends on in a circle, and mutexes are held over nothing but work and sleep.
"""

from collections.abc import Callable

from cpuagents.scenario import Instruction, Object, ObjectKind, Scenario, Template, check
from emu.machine import _machine as hw

US = 1_000
MS = 1_000_000

STREAM_SWARM, STREAM_ROLES, STREAM_CONTROL, STREAM_TASKS = range(4)  # Tasks: one stream each.

MUTEX_A, MUTEX_B, MEETING, FIRST_SEM = range(4)  # Objects; one semaphore a pair from there on.
NR_SEMS_MAX = 12
NR_CHILDREN = 2  # Templates of forked tasks.
ROUNDS_MAX = 3
LOOP_REG = 0

KINDS = ("yield", "fork", "affinity", "affinity_of", "nice", "lock", "long")
PAIRED, SEMAPHORE, ALONE, BARRIER = range(4)


class Chance:
    """One stream of draws: the n-th draw depends on seed, stream and n only."""

    def __init__(self, seed: int, stream: int) -> None:
        """Start at the first draw."""
        self._seed = seed
        self._stream = stream
        self._index = 0

    def below(self, limit: int) -> int:
        """A number from 0 to below `limit`."""
        self._index += 1
        return hw.draw(self._seed, self._stream, self._index) % limit

    def between(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both possible."""
        return low + self.below(high - low + 1)

    def one_in(self, n: int) -> bool:
        """True once in `n` times."""
        return self.below(n) == 0


class _Writer:
    """Writes the program of one task."""

    def __init__(self, seed: int, who: int, kinds: list[str], nr_cpus: int, nr_tasks: int) -> None:
        self.chance = Chance(seed, STREAM_TASKS + who)
        self.kinds = kinds
        self.nr_cpus = nr_cpus
        self.nr_tasks = nr_tasks
        self.code: list[Instruction] = []

    def add(self, name: str, *args: int) -> None:
        self.code.append((name, *args))

    def mask(self) -> int:
        """Some CPUs; 0 in a third of cases, which is the mask of birth."""
        every = (1 << self.nr_cpus) - 1
        if self.chance.one_in(3):
            return 0
        if self.chance.one_in(2):
            return 1 << self.chance.below(self.nr_cpus)
        return self.chance.between(1, every)

    def work(self) -> None:
        """Run or sleep for a while that is often short, and seldom longer than a slice."""
        long = "long" in self.kinds and self.chance.one_in(12)
        ns = self.chance.between(21, 30) * MS if long else self.chance.between(1, 400) * US
        self.add("run" if self.chance.below(5) < 3 else "sleep", ns)

    def act(self) -> None:
        """Something that is over at once, or a critical section."""
        if not self.kinds:
            return self.work()
        match self.kinds[self.chance.below(len(self.kinds))]:
            case "yield":
                self.add("yield")
            case "affinity":
                self.add("affinity", self.mask())
            case "affinity_of":
                self.add("affinity_of", self.chance.below(self.nr_tasks), self.mask())
            case "nice":
                self.add("nice", self.chance.between(-20, 19))
            case "lock":
                self.critical_section()
            case _:
                self.work()

    def critical_section(self) -> None:
        mutex = MUTEX_A + self.chance.below(2)
        self.add("lock", mutex)
        self.work()
        self.add("unlock", mutex)

    def rounds(self, nr: int, body: Callable[[], None]) -> None:
        """Repeat what `body` writes."""
        self.add("set", LOOP_REG, nr)
        start = len(self.code)
        body()
        self.add("loop", LOOP_REG, start)

    def some(self) -> None:
        """A few things in a row."""
        for _ in range(self.chance.between(1, 3)):
            if self.chance.one_in(2):
                self.work()
            else:
                self.act()

    def finish(self) -> tuple[Instruction, ...]:
        self.add("exit")
        return tuple(self.code)


def generate(seed: int, nr_cpus: int, nr_tasks: int) -> Scenario:
    """The scenario of a seed: `nr_tasks` tasks from the start, and at most as many forked ones."""
    swarm = Chance(seed, STREAM_SWARM)
    kinds = [kind for kind in KINDS if swarm.below(3) < 2]
    roles = _roles(seed, nr_tasks)
    programs = [_program(seed, who, role, kinds, nr_cpus, roles) for who, role in enumerate(roles)]
    children = [_child(seed, nr_tasks + i, kinds, nr_cpus, nr_tasks) for i in range(NR_CHILDREN)]
    starts = Chance(seed, STREAM_TASKS + nr_tasks + NR_CHILDREN)
    templates = [
        Template(f"task{who}", code, nice=_nice(starts), cpus=_cpus(starts, nr_cpus))
        for who, code in enumerate(programs)
    ]
    templates += [Template(f"child{i}", code, numbered=True) for i, code in enumerate(children)]
    scenario = Scenario(
        f"generated-{seed:#x}",
        nr_cpus,
        tuple(templates),
        tuple(range(nr_tasks)),
        _objects(roles),
        _control(seed, nr_cpus, nr_tasks),
    )
    check(scenario)
    return scenario


def _nice(chance: Chance) -> int | None:
    return chance.between(-20, 19) if chance.one_in(4) else None


def _cpus(chance: Chance, nr_cpus: int) -> int:
    return chance.between(1, (1 << nr_cpus) - 1) if chance.one_in(4) else 0


Role = tuple[int, int]  # A kind, and the partner (or the number of rounds of the barrier's guests).


def _roles(seed: int, nr_tasks: int) -> list[Role]:
    """Who works with whom: tasks 2i and 2i+1 are partners if their kind has partners."""
    chance = Chance(seed, STREAM_ROLES)
    roles: list[Role] = []
    for first in range(0, nr_tasks - 1, 2):
        kind = chance.below(4)
        if kind == SEMAPHORE and first // 2 >= NR_SEMS_MAX:
            kind = ALONE
        roles += [(kind, chance.between(1, ROUNDS_MAX))] * 2
    return roles + [(ALONE, 1)] * (nr_tasks - len(roles))


def _program(
    seed: int, who: int, role: Role, kinds: list[str], nr_cpus: int, roles: list[Role]
) -> tuple[Instruction, ...]:
    writer = _Writer(seed, who, kinds, nr_cpus, len(roles))
    kind, nr_rounds = role
    partner, leads = who ^ 1, who % 2 == 0
    if "fork" in kinds and writer.chance.one_in(2):
        writer.add("fork", len(roles) + writer.chance.below(NR_CHILDREN))
    if kind == BARRIER:
        writer.some()
        writer.add("barrier", MEETING)

    def body() -> None:
        writer.some()
        if kind == PAIRED:
            turn: list[Instruction] = [("wake", partner), ("pause",)]
            writer.code += turn if leads else turn[::-1]
        elif kind == SEMAPHORE:
            writer.add("sem_post" if leads else "sem_wait", FIRST_SEM + who // 2)

    writer.rounds(nr_rounds, body)
    return writer.finish()


def _child(
    seed: int, who: int, kinds: list[str], nr_cpus: int, nr_tasks: int
) -> tuple[Instruction, ...]:
    writer = _Writer(seed, who, kinds, nr_cpus, nr_tasks)
    writer.some()
    return writer.finish()


def _objects(roles: list[Role]) -> tuple[Object, ...]:
    nr_guests = sum(kind == BARRIER for kind, _ in roles)
    nr_sems = min(len(roles) // 2, NR_SEMS_MAX)
    return (
        Object(ObjectKind.MUTEX, "a"),
        Object(ObjectKind.MUTEX, "b"),
        Object(ObjectKind.BARRIER, "meeting", max(0, nr_guests - 1)),
        *(Object(ObjectKind.SEM, f"sem{i}") for i in range(nr_sems)),
    )


def _control(seed: int, nr_cpus: int, nr_tasks: int) -> tuple[Instruction, ...]:
    """Now and then the masks and nice values of tasks change from outside."""
    writer = _Writer(seed, 0, [], nr_cpus, nr_tasks)
    writer.chance = Chance(seed, STREAM_CONTROL)
    for _ in range(writer.chance.below(4)):
        writer.add("sleep", writer.chance.between(1, 500) * US)
        whom = writer.chance.below(nr_tasks)
        if writer.chance.below(3):
            writer.add("affinity_of", whom, writer.mask())
        else:
            writer.add("renice_of", whom, writer.chance.between(-20, 19))
    return tuple(writer.code)
