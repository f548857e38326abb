"""Scenarios made from a seed: small programs that end, and disturb each other on the way.

Every choice is drawn from (seed, stream, number), so a scenario is a pure function of its seed.
Nobody waits for ever: each `pause` has its `wake` in a task that pauses for nobody before it, and
mutexes are taken one at a time and released at once.
"""

from cpuagents.scenario import Instruction, Object, ObjectKind, Scenario, Template
from emu.machine import _machine as hw

US = 1000
STEPS_MIN, STEPS_MAX = 3, 7
ROUNDS_MAX = 3
FORKS_MAX = 2


class Chance:
    """Draws in order from one stream of a seed."""

    def __init__(self, seed: int, stream: int) -> None:
        """Start at the first number."""
        self._seed = seed
        self._stream = stream
        self._nr = 0

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        self._nr += 1
        return hw.draw_below(self._seed, self._stream, self._nr, limit)

    def time_ns(self) -> int:
        """Some tens of microseconds up to some milliseconds, short ones more often."""
        return (1 + self.below(20)) * (10, 10, 100, 500)[self.below(4)] * US

    def mask(self, nr_cpus: int) -> int:
        """A set of CPUs that is not empty; 0, which stands for all, now and then."""
        return 0 if self.below(3) == 0 else 1 + self.below((1 << min(nr_cpus, 62)) - 1)


def generate(seed: int, nr_cpus: int, nr_tasks: int) -> Scenario:
    """A scenario for `nr_cpus` CPUs with up to `nr_tasks` tasks, forks included."""
    chance = Chance(seed, 0)
    nr_threads = 2 + chance.below(max(1, nr_tasks - FORKS_MAX - 1))
    child = Template("child", _child(Chance(seed, 1)), numbered=True)
    threads = [
        Template(f"t{i}", _program(Chance(seed, 2 + i), i, nr_threads, nr_cpus))
        for i in range(nr_threads)
    ]
    forker = chance.below(2 * nr_threads)
    if forker < nr_threads:
        t = threads[forker]
        forks = (("fork", nr_threads),) * (1 + chance.below(FORKS_MAX))
        threads[forker] = Template(t.name, forks + _shifted(t.code, len(forks)))
    return Scenario(
        name=f"generated {seed:#x}",
        nr_cpus=nr_cpus,
        templates=(*threads, child),
        threads=tuple(range(nr_threads)),
        objects=(Object(ObjectKind.MUTEX, "m"),),
        control=_control(chance, nr_threads, nr_cpus),
    )


def _shifted(code: tuple[Instruction, ...], by: int) -> tuple[Instruction, ...]:
    """`code` with its jump targets moved, for instructions put in front of it."""
    return tuple((i[0], i[1], i[2] + by) if i[0] == "loop" else i for i in code)


def _child(chance: Chance) -> tuple[Instruction, ...]:
    return (("run", chance.time_ns()), ("yield",), ("run", chance.time_ns()), ("exit",))


def _program(chance: Chance, me: int, nr: int, nr_cpus: int) -> tuple[Instruction, ...]:
    body: list[Instruction] = []
    if me % 2 and chance.below(2):
        body.append(("pause",))  # Woken by the even task before it.
    for _ in range(STEPS_MIN + chance.below(STEPS_MAX - STEPS_MIN + 1)):
        body += _step(chance, me, nr, nr_cpus)
    if me % 2 == 0 and me + 1 < nr:
        body.append(("wake", me + 1))
    rounds = 1 + chance.below(ROUNDS_MAX)
    # A pause in a loop would need a wake for each round, so only the first instruction pauses.
    start = 2 if body[0][0] == "pause" else 1
    return (("set", 0, rounds), *body, ("loop", 0, start), ("exit",))


def _step(chance: Chance, me: int, nr: int, nr_cpus: int) -> list[Instruction]:
    other = chance.below(nr)
    kind = chance.below(12)
    if kind < 4:
        return [("run", chance.time_ns())]
    if kind < 7:
        return [("sleep", chance.time_ns())]
    if kind == 7:
        return [("yield",)]
    if kind == 8:
        return [("affinity_of", other, chance.mask(nr_cpus))]
    if kind == 9:
        return [("affinity", chance.mask(nr_cpus)), ("run", chance.time_ns())]
    if kind == 10:
        return [("renice_of", other, chance.below(40) - 20)]
    return [("lock", 0), ("run", chance.time_ns()), ("unlock", 0)]


def _control(chance: Chance, nr: int, nr_cpus: int) -> tuple[Instruction, ...]:
    steps: list[Instruction] = []
    for _ in range(chance.below(4)):
        steps.append(("sleep", chance.time_ns()))
        if chance.below(2):
            steps.append(("affinity_of", chance.below(nr), chance.mask(nr_cpus)))
        else:
            steps.append(("renice_of", chance.below(nr), chance.below(40) - 20))
    return tuple(steps)
