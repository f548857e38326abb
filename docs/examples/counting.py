"""Two queues with a counter for each, to spare a look into an empty one. Broken on purpose."""

from emu.abi.dsq import SCX_DSQ_LOCAL
from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    Array,
    PerCpuArray,
    SchedExtOps,
    Task,
    scx_bpf_create_dsq,
    scx_bpf_dsq_insert,
    scx_bpf_dsq_move_to_local,
    scx_bpf_select_cpu_dfl,
)

NORMAL, HEAVY = 0, 1  # Ids of the two DSQs.


class Counting(SchedExtOps):
    """Within a queue: first come, first served."""

    name = "counting"
    turn = PerCpuArray(1)  # The queue that this CPU looks into first, next time.
    waiting = Array(2)  # Tasks in each queue.

    def init(self) -> int:
        return scx_bpf_create_dsq(NORMAL, -1) or scx_bpf_create_dsq(HEAVY, -1)

    def select_cpu(self, p: Task, prev_cpu: int, wake_flags: int) -> int:
        cpu, is_idle = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags)
        if is_idle:
            scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0)
        return cpu

    def enqueue(self, p: Task, enq_flags: int) -> None:
        queue = HEAVY if p.scx.weight > 100 else NORMAL
        self.waiting[queue] += 1
        scx_bpf_dsq_insert(p, queue, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu: int, prev: Task | None) -> None:
        first = self.turn[0]
        for queue in (first, 1 - first):
            if self.waiting[queue] and scx_bpf_dsq_move_to_local(queue):
                self.waiting[queue] -= 1
                self.turn[0] = 1 - queue
                return
