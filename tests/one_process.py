"""A whole machine in the test's own process: points are free, and the test says who acts.

`on(cpu)` makes the process that CPU. Blocking on anything that another CPU must give is a mistake
of the test: there is nobody to give it.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgpack

from emu.bpf import SchedExtOps, maps
from emu.bpf.instance import instantiate
from emu.core import load, pick, this_cpu, wakeup
from emu.layout.task import Task
from emu.layout.world import Limits, World
from emu.machine import _machine as hw
from emu.machine.arena import Arena


class Machine:
    """A context manager; booted, with the scheduler enabled."""

    def __init__(self, ops_class: type[SchedExtOps], nr_cpus: int = 2, nr_tasks: int = 8) -> None:
        limits = Limits(nr_cpus=nr_cpus, nr_tasks=nr_tasks)
        self.world = World(limits.with_maps(maps.maps_bytes(ops_class, limits)))
        self.arena = Arena.create(self.world.size, nr_cpus + 1)
        self.world.attach(self.arena.base)
        self.instance = instantiate(self.world, ops_class)
        self.arena.attach(nr_cpus)
        self.nr_made = 0
        hw.configure(steps_max=1 << 30, stall_steps=1 << 30)
        hw.begin(hw.SETUP, hw.ALL, False)
        self.world.boot()
        maps.boot(ops_class)
        self.on(-1)
        load.enable()

    def on(self, cpu: int) -> None:
        """Act as this CPU from now on; -1 is the control agent."""
        this_cpu.attach(self.world, cpu, *self.instance)

    def task(self, name: str = "", mask: int = -1) -> Task:
        """Make a task and wake it up for the first time, from where the test acts."""
        p = self.world.tasks[self.nr_made]
        self.nr_made += 1
        wakeup.sched_fork(p, (name or f"task{self.nr_made}").encode(), mask, 0)
        wakeup.wake_up_new_task(p)
        return p

    def schedule(self, cpu: int) -> Task:
        """CPU `cpu` schedules; returns what it runs then."""
        self.on(cpu)
        pick.schedule()
        return self.curr(cpu)

    def curr(self, cpu: int) -> Task:
        """What a CPU runs."""
        p = self.world.rqs[cpu].curr
        assert p is not None
        return p

    def expire(self, cpu: int) -> None:
        """The slice of what a CPU runs is used up."""
        self.curr(cpu).slice = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.arena.close()


def finding_of(machine: Machine, act: Callable[[], object]) -> dict[str, Any]:
    """The finding that `act` ends the run with."""
    try:
        act()
    except hw.RunOver:
        found: dict[str, Any] = msgpack.unpackb(machine.world.sched.report)
        return found
    raise AssertionError("no finding")
