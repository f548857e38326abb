"""Tasks as a scheduler sees them: what BPF may read, and the two fields that it may write.

There is one view for each task of the world, made once. Reads are no scheduling points: what they
show may be old by the time it is used, as in BPF.
"""

from collections.abc import Sequence

from emu.layout.task import Task as TaskCell

_pid = TaskCell.pid.peek
_flags = TaskCell.flags.peek
_cpus_mask = TaskCell.cpus_mask.peek
_weight = TaskCell.weight.peek
_slice = TaskCell.slice.peek
_dsq_vtime = TaskCell.dsq_vtime.peek


class ScxEntity:
    """`p.scx`. Kernel: struct sched_ext_entity."""

    __slots__ = ("_cell",)
    _cell: TaskCell

    def __init__(self, cell: TaskCell) -> None:
        object.__setattr__(self, "_cell", cell)

    @property
    def weight(self) -> int:
        """1 to 10000; 100 for nice 0."""
        return _weight(self._cell)

    @property
    def slice(self) -> int:
        """Nanoseconds it may still run."""
        return _slice(self._cell)

    @property
    def dsq_vtime(self) -> int:
        """Its place in a queue in vtime order. On a queued task a write does not move it."""
        return _dsq_vtime(self._cell)

    def __setattr__(self, name: str, value: int) -> None:
        if name == "slice":
            self._cell.slice = value
        elif name == "dsq_vtime":
            self._cell.dsq_vtime = value
        else:
            raise AttributeError(f"p.scx.{name} cannot be written, only slice and dsq_vtime can")


class Task:
    """`p`. Kernel: struct task_struct."""

    __slots__ = ("_cell", "index", "scx")
    _cell: TaskCell
    index: int  # Number in the table of tasks.
    scx: ScxEntity

    def __init__(self, cell: TaskCell) -> None:
        object.__setattr__(self, "_cell", cell)
        object.__setattr__(self, "index", cell.index)
        object.__setattr__(self, "scx", ScxEntity(cell))

    @property
    def pid(self) -> int:
        """Its number, unique during a run."""
        return _pid(self._cell)

    @property
    def comm(self) -> str:
        """Its name."""
        return self._cell.comm.decode()

    @property
    def flags(self) -> int:
        """PF_* bits."""
        return _flags(self._cell)

    @property
    def cpus_ptr(self) -> int:
        """The CPUs it may run on: bit n stands for CPU n."""
        return _cpus_mask(self._cell)

    @property
    def nr_cpus_allowed(self) -> int:
        """How many CPUs that are."""
        return _cpus_mask(self._cell).bit_count()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"p.{name} cannot be written, only p.scx.slice and p.scx.dsq_vtime can"
        )

    def __repr__(self) -> str:
        return f"<{self.comm} {self.pid}>"


views: list[Task] = []  # By the index of the task.


def place(cells: Sequence[TaskCell]) -> None:
    """Make the views of all tasks of a world that is attached."""
    views[:] = [Task(cell) for cell in cells]
