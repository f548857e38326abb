"""Simple: one shared queue, first come first served.

Shows: direct dispatch to an idle CPU from ops.select_cpu, a user DSQ, a per-CPU map.
Not for: several caches or nodes (one queue serves all CPUs), or fairness between tasks.
"""

from emu.abi.dsq import SCX_DSQ_LOCAL
from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    PerCpuArray,
    SchedExtOps,
    Task,
    scx_bpf_create_dsq,
    scx_bpf_dsq_insert,
    scx_bpf_dsq_move_to_local,
    scx_bpf_select_cpu_dfl,
)

SHARED_DSQ = 0
LOCAL, GLOBAL = 0, 1  # Places of the counters.


class Simple(SchedExtOps):
    """First come, first served."""

    name = "simple"
    stats = PerCpuArray(2)

    def init(self) -> int:
        return scx_bpf_create_dsq(SHARED_DSQ, -1)

    def select_cpu(self, p: Task, prev_cpu: int, wake_flags: int) -> int:
        cpu, is_idle = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags)
        if is_idle:
            self.stats[LOCAL] += 1
            scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0)
        return cpu

    def enqueue(self, p: Task, enq_flags: int) -> None:
        self.stats[GLOBAL] += 1
        scx_bpf_dsq_insert(p, SHARED_DSQ, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu: int, prev: Task | None) -> None:
        scx_bpf_dsq_move_to_local(SHARED_DSQ)
