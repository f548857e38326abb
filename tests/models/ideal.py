"""The ideal run of a scenario: a CPU for each task, and nothing but work and waiting takes time.

What a finite task works in total is the same here and under every schedule. Instructions of no
duration are not interrupted; wakeups are first come, first served. The control program is left out.
"""

import heapq
from dataclasses import dataclass, field

from cpuagents.instructions import EVENTS_STILL_MAX, FORKS_MAX
from cpuagents.scenario import Instruction, ObjectKind, Scenario, Template
from emu.abi.limits import NR_REGS


class WorkloadFault(Exception):
    """The program did what none may do."""


@dataclass(eq=False)
class Thread:
    """A task of the ideal run, and afterwards what became of it."""

    name: str
    template: Template
    birth_mask: int
    mask: int
    nice: int
    pc: int = 0
    half: bool = False  # The present instruction is one that blocks, and it was woken.
    regs: list[int] = field(default_factory=lambda: [0] * NR_REGS)
    token: bool = False
    pauses: bool = False
    run_ns: int = 0
    ended_ns: int | None = None
    log: list[tuple[int, Instruction]] = field(default_factory=list)  # At its end, each.
    masks: list[int] = field(default_factory=list)  # In force at each `run`.
    still: tuple[int, int] = (0, 0)  # Time, and instructions at that time.

    def ends_of(self, name: str) -> list[int]:
        """When each instruction of this name was done."""
        return [time for time, step in self.log if step[0] == name]

    def did(self, *names: str) -> list[Instruction]:
        """Those instructions of these names that were done, in order."""
        return [step for _, step in self.log if step[0] in names]


class _Thing:
    def __init__(self, kind: ObjectKind, count: int) -> None:
        self.kind = kind
        self.count = count
        self.owner: Thread | None = None
        self.waiters: list[Thread] = []
        self.next_ns: int | None = None


class Ideal:
    """Runs a scenario when it is made; `threads` say what came out."""

    def __init__(self, scenario: Scenario, until_ns: int = 0) -> None:
        """Run it until its duration, `until_ns`, or until nothing moves any more."""
        self.scenario = scenario
        self.end_ns = until_ns or scenario.duration_ns or 1 << 62
        self.now = 0
        self.threads: list[Thread] = []
        self._things = [_Thing(o.kind, o.value) for o in scenario.objects]
        self._heap: list[tuple[int, int, Thread]] = []
        self._order = 0
        self._forks: dict[int, int] = {}
        for template in scenario.threads:
            self._make(template, None)
        while self._heap and self._heap[0][0] <= self.end_ns:
            self.now, _, thread = heapq.heappop(self._heap)
            self._go_on(thread)
        self.is_stuck = not self._heap and any(t.ended_ns is None for t in self.threads)

    def thread(self, name: str) -> Thread:
        """The thread of a name."""
        return next(t for t in self.threads if t.name == name)

    def run_by_name(self) -> dict[str, int]:
        """How long each thread worked, in ns."""
        return {t.name: t.run_ns for t in self.threads}

    # ------------------------------------------------------------ threads

    def _make(self, index: int, parent: Thread | None) -> None:
        template = self.scenario.templates[index]
        name = template.name
        if template.numbered:
            name += f"-{len(self.threads)}"
            if parent:
                nr = self._forks[index] = self._forks.get(index, -1) + 1
                if nr == FORKS_MAX:
                    raise WorkloadFault(f"{template.name} is forked more than {FORKS_MAX} times")
                name += f"-{nr:04d}"
        every = (1 << self.scenario.nr_cpus) - 1
        mask = template.cpus or (parent.mask if parent else every)
        nice = parent.nice if parent else 0
        nice = template.nice if template.nice is not None else nice
        self.threads.append(Thread(name, template, mask, mask, nice))
        self._later(self.threads[-1], self.now)

    def _later(self, thread: Thread, time_ns: int) -> None:
        self._order += 1
        heapq.heappush(self._heap, (time_ns, self._order, thread))

    def _go_on(self, thread: Thread) -> None:
        """Do instructions until one takes time, blocks or ends the thread."""
        while thread.ended_ns is None:
            since, nr = thread.still
            thread.still = (self.now, nr + 1 if since == self.now else 1)
            if thread.still[1] > EVENTS_STILL_MAX:
                raise WorkloadFault(f"{thread.name}: no virtual time passes")
            step = thread.template.code[thread.pc]
            if not self._do(thread, step):
                return
            thread.log.append((self.now, step))
            thread.half = False

    def _do(self, thread: Thread, step: Instruction) -> bool:
        """Do one instruction. False: it is not over, and the thread was left to be woken."""
        name, *args = step
        pc = thread.pc
        thread.pc = pc + 1
        done: bool | None = getattr(self, f"_{name}")(thread, *args)
        if done is False:
            thread.pc = pc
            return False
        return True

    # ------------------------------------------------------------ time

    def _until(self, thread: Thread, time_ns: int) -> bool:
        if thread.half or time_ns <= self.now:
            return True
        thread.half = True
        self._later(thread, time_ns)
        return False

    def _run(self, thread: Thread, ns: int) -> bool:
        if not thread.half:
            thread.masks.append(thread.mask)
        if self._until(thread, self.now + ns):
            thread.run_ns += ns
            return True
        return False

    _spin = _run

    def _sleep(self, thread: Thread, ns: int) -> bool:
        return self._until(thread, self.now + ns)

    def _sleep_until(self, thread: Thread, time_ns: int) -> bool:
        return self._until(thread, time_ns)

    def _timer(self, thread: Thread, index: int, period: int, absolute: int) -> bool:
        if thread.half:
            return True
        thing = self._things[index]
        before = thread.template.delay_ns if thing.next_ns is None else thing.next_ns
        thing.next_ns = before + period
        wake = thing.next_ns
        if wake <= self.now and not absolute:
            thing.next_ns = self.now
        return self._until(thread, wake)

    def _own_timer(self, thread: Thread, reg: int, period: int, absolute: int) -> bool:
        if thread.half:
            return True
        before = thread.regs[reg] - 1 if thread.regs[reg] else thread.template.delay_ns
        wake = before + period
        thread.regs[reg] = (self.now if wake <= self.now and not absolute else wake) + 1
        return self._until(thread, wake)

    # ------------------------------------------------------------ waiting for each other

    def _queue(self, thread: Thread, index: int) -> bool:
        self._things[index].waiters.append(thread)
        thread.half = True
        return False

    def _wake_first(self, index: int) -> bool:
        waiters = self._things[index].waiters
        if waiters:
            self._later(waiters.pop(0), self.now)
            return True
        return False

    def _lock(self, thread: Thread, index: int) -> bool:
        thing = self._things[index]
        if thing.owner is thread:
            raise WorkloadFault(f"{thread.name} locks what it holds")
        if thing.owner is not None:
            return self._queue(thread, index)
        thing.owner = thread
        return True

    def _unlock(self, thread: Thread, index: int) -> None:
        thing = self._things[index]
        if thing.owner is not thread:
            raise WorkloadFault(f"{thread.name} unlocks what it does not hold")
        thing.owner = None
        self._wake_first(index)

    def _wait(self, thread: Thread, cond: int, mutex: int) -> bool:
        if thread.half:
            return self._lock(thread, mutex)
        self._queue(thread, cond)
        self._unlock(thread, mutex)
        return False

    def _signal(self, thread: Thread, index: int) -> None:
        self._wake_first(index)

    def _broadcast(self, thread: Thread, index: int) -> None:
        while self._wake_first(index):
            pass

    def _barrier(self, thread: Thread, index: int) -> bool:
        thing = self._things[index]
        if thread.half:
            thing.count += 1
        elif thing.count:
            thing.count -= 1
            return self._queue(thread, index)
        else:
            self._broadcast(thread, index)
        return True

    def _sem_post(self, thread: Thread, index: int) -> None:
        if not self._wake_first(index):
            self._things[index].count += 1

    def _sem_wait(self, thread: Thread, index: int) -> bool:
        thing = self._things[index]
        if thread.half:
            return True
        if not thing.count:
            return self._queue(thread, index)
        thing.count -= 1
        return True

    def _pause(self, thread: Thread) -> bool:
        thread.pauses = not thread.token
        thread.token = False
        return not thread.pauses

    def _wake(self, thread: Thread, whom: int) -> None:
        other = self.threads[whom]
        other.token = True
        if other.pauses:
            other.pauses = False
            self._later(other, self.now)

    # ------------------------------------------------------------ the rest

    def _yield(self, thread: Thread) -> None:
        pass

    def _fork(self, thread: Thread, template: int) -> None:
        self._make(template, thread)

    def _affinity(self, thread: Thread, mask: int) -> None:
        thread.mask = mask or thread.birth_mask

    def _affinity_of(self, thread: Thread, whom: int, mask: int) -> None:
        self._affinity(self.threads[whom], mask)

    def _nice(self, thread: Thread, nice: int) -> None:
        thread.nice = nice

    def _renice_of(self, thread: Thread, whom: int, nice: int) -> None:
        self.threads[whom].nice = nice

    def _set(self, thread: Thread, reg: int, value: int) -> None:
        thread.regs[reg] = value

    def _loop(self, thread: Thread, reg: int, place: int) -> None:
        thread.regs[reg] -= 1
        if thread.regs[reg] > 0:
            thread.pc = place

    def _jump(self, thread: Thread, place: int) -> None:
        thread.pc = place

    def _exit(self, thread: Thread) -> None:
        thread.ended_ns = self.now
