"""kfuncs on idle CPUs."""

from errno import EBUSY

from emu.abi.ops import KF_ENQUEUE, KF_SELECT_CPU
from emu.bpf.context import forbid
from emu.bpf.task import Task
from emu.core import idle, scx_exit, this_cpu

SELECT = KF_SELECT_CPU | KF_ENQUEUE
SCX_PICK_IDLE_CORE = 1 << 0  # Without SMT each CPU is a whole core.
SCX_PICK_IDLE_IN_NODE = 1 << 1  # There is one node.


def scx_bpf_select_cpu_dfl(p: Task, prev_cpu: int, wake_flags: int) -> tuple[int, bool]:
    """The kernel's own choice of a CPU for a waking task.

    Returns: the CPU, and whether it was idle and is claimed for this task now.
    Errors:  scx_error if `p` is not the task at hand.
    Kernel:  scx_bpf_select_cpu_dfl(), which gives the second result through a pointer.
    """
    if not this_cpu.kf_mask & SELECT:
        forbid("scx_bpf_select_cpu_dfl", SELECT)
    if p._cell != this_cpu.direct_dispatch_task:
        scx_exit.scx_error(f"{p.comm} is not the task at hand", "scx_bpf_select_cpu_dfl")
    _check_cpu("scx_bpf_select_cpu_dfl", prev_cpu)
    return idle.select_cpu_dfl(p._cell, prev_cpu)


def scx_bpf_test_and_clear_cpu_idle(cpu: int) -> bool:
    """Claim `cpu` if it is idle; only one claimer wins. Who claims a CPU must use it."""
    _check_cpu("scx_bpf_test_and_clear_cpu_idle", cpu)
    return idle.test_and_clear_cpu_idle(cpu)


def scx_bpf_pick_idle_cpu(cpus_allowed: int, flags: int) -> int:
    """Claim an idle CPU of a mask; -EBUSY if none is idle.

    Args: flags: SCX_PICK_IDLE_*.
    """
    if flags & ~(SCX_PICK_IDLE_CORE | SCX_PICK_IDLE_IN_NODE):
        scx_exit.scx_error(f"invalid flags {flags:#x}", "scx_bpf_pick_idle_cpu")
    cpu = idle.pick_idle_cpu(cpus_allowed)
    return cpu if cpu >= 0 else -EBUSY


def scx_bpf_nr_cpu_ids() -> int:
    """One more than the highest number of a CPU."""
    return this_cpu.world.nr_cpus


def _check_cpu(kfunc: str, cpu: int) -> None:
    if not 0 <= cpu < this_cpu.world.nr_cpus:
        scx_exit.scx_error(f"invalid CPU {cpu}", kfunc)
