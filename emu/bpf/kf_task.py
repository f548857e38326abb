"""kfuncs and helpers on tasks."""

from emu.abi.states import TASK_DEAD
from emu.bpf import task
from emu.bpf.task import Task
from emu.core import this_cpu


def scx_bpf_task_cpu(p: Task) -> int:
    """The CPU that `p` is assigned to; it may change at once."""
    return p._cell.cpu


def scx_bpf_task_running(p: Task) -> bool:
    """Whether `p` is the current task of its CPU; that may change at once."""
    return this_cpu.task_rq(p._cell).curr == p._cell


def bpf_task_from_pid(pid: int) -> Task | None:
    """The task with this number, or None if there is none or it has exited."""
    # Guard: none needed, a number is not used again during a run.
    if not 0 < pid <= this_cpu.world.limits.nr_tasks:
        return None
    p = task.views[pid - 1]
    return None if p._cell.state == TASK_DEAD else p
