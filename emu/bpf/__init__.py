"""The only door from a scheduler into the kernel: kfuncs, maps, and the base class of schedulers.

What the kernel offers and this version does not have yet is refused by name, at import.
"""

from typing import TYPE_CHECKING, NoReturn

from emu.bpf.kf_dsq import (
    scx_bpf_consume,
    scx_bpf_create_dsq,
    scx_bpf_destroy_dsq,
    scx_bpf_dispatch,
    scx_bpf_dispatch_cancel,
    scx_bpf_dispatch_nr_slots,
    scx_bpf_dsq_insert,
    scx_bpf_dsq_move_to_local,
    scx_bpf_dsq_nr_queued,
)
from emu.bpf.kf_idle import (
    SCX_PICK_IDLE_CORE,
    SCX_PICK_IDLE_IN_NODE,
    scx_bpf_nr_cpu_ids,
    scx_bpf_pick_idle_cpu,
    scx_bpf_select_cpu_dfl,
    scx_bpf_test_and_clear_cpu_idle,
)
from emu.bpf.kf_runtime import (
    bpf_get_prandom_u32,
    bpf_get_smp_processor_id,
    bpf_ktime_get_ns,
    bpf_printk,
    scx_bpf_error,
)
from emu.bpf.kf_task import bpf_task_from_pid, scx_bpf_task_cpu, scx_bpf_task_running
from emu.bpf.maps import Array, Global, PerCpuArray, Queue, TaskStorage
from emu.bpf.ops import PluginError, SchedExtOps
from emu.bpf.task import Task

__all__ = [
    "SCX_PICK_IDLE_CORE",
    "SCX_PICK_IDLE_IN_NODE",
    "Array",
    "Global",
    "PerCpuArray",
    "PluginError",
    "Queue",
    "SchedExtOps",
    "Task",
    "TaskStorage",
    "bpf_get_prandom_u32",
    "bpf_get_smp_processor_id",
    "bpf_ktime_get_ns",
    "bpf_printk",
    "bpf_task_from_pid",
    "scx_bpf_consume",
    "scx_bpf_create_dsq",
    "scx_bpf_destroy_dsq",
    "scx_bpf_dispatch",
    "scx_bpf_dispatch_cancel",
    "scx_bpf_dispatch_nr_slots",
    "scx_bpf_dsq_insert",
    "scx_bpf_dsq_move_to_local",
    "scx_bpf_dsq_nr_queued",
    "scx_bpf_error",
    "scx_bpf_nr_cpu_ids",
    "scx_bpf_pick_idle_cpu",
    "scx_bpf_select_cpu_dfl",
    "scx_bpf_task_cpu",
    "scx_bpf_task_running",
    "scx_bpf_test_and_clear_cpu_idle",
]

# Of the kernel, by the start of their names; Hash and CgrpStorage are maps.
LATER = ("scx_bpf_", "bpf_", "__scx_bpf_", "Hash", "CgrpStorage")

if not TYPE_CHECKING:  # A type checker shall still find misspelt names.

    def __getattr__(name: str) -> NoReturn:
        if name.startswith(LATER):
            raise ImportError(f"{name} is misspelt, or this version does not have it yet")
        raise AttributeError(f"emu.bpf has no {name}")
