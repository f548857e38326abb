"""The world: all structures at their places, and what they hold at boot.

- `World(limits)` knows its size before there is memory.
- `attach(base)` binds the tables to an arena; every process does, or inherits it by fork.
- `boot()` writes the state of a machine that has just started, without tasks.
"""

from dataclasses import dataclass, replace

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_INVALID, SCX_DSQ_LOCAL
from emu.abi.limits import NR_DSQ_BUCKETS, SCX_SLICE_DFL
from emu.abi.states import (
    CLASS_EXT,
    CLASS_IDLE,
    CLASS_STOP,
    TASK_DEAD,
    TASK_ON_RQ_QUEUED,
    TASK_RUNNING,
)
from emu.layout.dsq import Dsq, DsqBucket
from emu.layout.refs import DSQ, TASK
from emu.layout.rq import Rq
from emu.layout.sched import Sched
from emu.layout.sync import Sync
from emu.layout.task import Task
from emu.machine import _machine as hw
from emu.machine.struct import Struct

QSEQ_BITS_OF_A_RUN = 32  # No rq hands over more often than this many bits can count.


@dataclass(frozen=True)
class Limits:
    """Sizes of the tables."""

    nr_cpus: int
    nr_tasks: int
    nr_dsqs: int = 16  # User DSQs.
    nr_syncs: int = 1
    maps_bytes: int = 0

    def with_maps(self, maps_bytes: int) -> "Limits":
        """The same limits with room for a scheduler's maps."""
        return replace(self, maps_bytes=maps_bytes)


class World:
    """Tables of cells. Tasks: the ordinary ones, then the idle and stop tasks of each CPU.

    DSQs: the local one of each CPU, the global one, then those of the scheduler.
    """

    def __init__(self, limits: Limits) -> None:
        """Lay the tables out one behind the other."""
        self.limits = limits
        self.nr_cpus = limits.nr_cpus
        self.all_cpus = (1 << limits.nr_cpus) - 1
        self._plan: list[tuple[type[Struct], int]] = [
            (Sched, 1),
            (Rq, limits.nr_cpus),
            (Task, limits.nr_tasks + 2 * limits.nr_cpus),
            (Dsq, limits.nr_cpus + 1 + limits.nr_dsqs),
            (DsqBucket, NR_DSQ_BUCKETS),
            (Sync, limits.nr_syncs),
        ]
        self.tables_bytes = sum(kind.size * nr for kind, nr in self._plan)
        self.size = self.tables_bytes + -(-limits.maps_bytes // 64) * 64
        self._spans: list[tuple[int, int, type[Struct]]] = []

    def attach(self, base: int) -> None:
        """Make the cells, with the first one `base` bytes into the arena."""
        at = base
        self.base = base
        self.end = base + self.size
        tables: dict[type[Struct], list[Struct]] = {}
        self._spans = []
        for kind, nr in self._plan:
            tables[kind] = [kind._place(at + i * kind.size, i) for i in range(nr)]
            self._spans.append((at, at + nr * kind.size, kind))
            at += nr * kind.size
        self.maps_offset = at
        self.sched: Sched = tables[Sched][0]  # type: ignore[assignment]
        self.rqs: list[Rq] = tables[Rq]  # type: ignore[assignment]
        self.tasks: list[Task] = tables[Task]  # type: ignore[assignment]
        self.dsqs: list[Dsq] = tables[Dsq]  # type: ignore[assignment]
        self.buckets: list[DsqBucket] = tables[DsqBucket]  # type: ignore[assignment]
        self.syncs: list[Sync] = tables[Sync]  # type: ignore[assignment]
        self.global_dsq = self.dsqs[self.nr_cpus]
        TASK.table = self.tasks
        DSQ.table = self.dsqs

    def boot(self) -> None:
        """Write the state of a machine that has just started; every byte, maps included.

        Errors: none. Locks: nobody else may run.
        """
        hw.clear(self.base, self.end)
        for i, dsq in enumerate(self.dsqs):
            dsq.owner = i if i < self.nr_cpus else -1
            dsq.id = SCX_DSQ_LOCAL if i < self.nr_cpus else SCX_DSQ_INVALID
        self.global_dsq.id = SCX_DSQ_GLOBAL
        for p in self.tasks[: self.limits.nr_tasks]:
            init_entity(p)
            p.state = TASK_DEAD
        for cpu, rq in enumerate(self.rqs):
            rq.idle = self._own_task(cpu, 0, CLASS_IDLE, b"swapper")
            rq.stop = self._own_task(cpu, 1, CLASS_STOP, b"migration")
            rq.local_dsq = self.dsqs[cpu]
            rq.curr = rq.idle
            rq.idle.on_cpu = True
            rq.online = True
            rq.next_class = CLASS_IDLE
            # KERNEL-GAP(qseq): the kernel starts every rq at 0. In a run of a few tasks the
            # brands of two rqs would soon meet, and a stale verdict would pass for a fresh one.
            rq.ops_qseq = (cpu + 1) << QSEQ_BITS_OF_A_RUN
        self.sched.idle_cpus.store(self.all_cpus)

    def _own_task(self, cpu: int, which: int, sched_class: int, name: bytes) -> Task:
        p = self.tasks[self.limits.nr_tasks + 2 * cpu + which]
        init_entity(p)
        p.comm = name + b"/%d" % cpu
        p.sched_class = sched_class
        p.state = TASK_RUNNING
        p.on_rq = TASK_ON_RQ_QUEUED if which == 0 else 0
        p.cpu = cpu
        p.cpus_mask = 1 << cpu
        return p

    def describe(self, offset: int) -> str:
        """The name of the word at `offset`, such as "rq[1].lock"."""
        for start, end, kind in self._spans:
            if start <= offset < end:
                index, within = divmod(offset - start, kind.size)
                return f"{kind.__name__.lower()}[{index}].{kind.field_at(within)}"
        if self.maps_offset <= offset < self.end:
            return f"map+{offset - self.maps_offset:#x}"
        return f"word {offset:#x}"


def init_entity(p: Task) -> None:
    """Initial values of the SCX part. Kernel: init_scx_entity()."""
    p.pid = p.index + 1
    p.sched_class = CLASS_EXT
    p.holding_cpu = -1
    p.sticky_cpu = -1
    p.ddsp_dsq_id = SCX_DSQ_INVALID
    p.slice = SCX_SLICE_DFL
    p.weight = 100
