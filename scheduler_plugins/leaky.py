"""Leaky: simple, with a counter that forgets. Broken on purpose.

Shows: a lost update in the state of a scheduler. `waiting` is meant to be the number of tasks in
the shared queue, and spares ops.dispatch a look into an empty one. `waiting[0] += 1` reads, then
writes. When two CPUs do it at the same time, or one adds while another takes away, an addition can
be lost, and the counter stays one too low for good:

    CPU 0, ops.enqueue()         CPU 1, ops.enqueue()
    reads 0
                                 reads 0
                                 writes 1
    writes 1                                            two tasks wait, the counter says one

From then on the CPUs go home with a task still in the queue. While more work arrives that task is
merely late; when the last CPU has gone idle it is stranded, and the run ends as a lost wakeup.
Most interleavings are clean: it takes two tasks more than CPUs, and a switch just between a read
and its write. The mend is `waiting.fetch_add(0, 1)`, or no counter at all.
Not for: anything else.
"""

from emu.abi.dsq import SCX_DSQ_LOCAL
from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    Array,
    SchedExtOps,
    Task,
    scx_bpf_create_dsq,
    scx_bpf_dsq_insert,
    scx_bpf_dsq_move_to_local,
    scx_bpf_select_cpu_dfl,
)

SHARED_DSQ = 0


class Leaky(SchedExtOps):
    """First come, first served, unless forgotten."""

    name = "leaky"
    waiting = Array(1)

    def init(self) -> int:
        return scx_bpf_create_dsq(SHARED_DSQ, -1)

    def select_cpu(self, p: Task, prev_cpu: int, wake_flags: int) -> int:
        cpu, is_idle = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags)
        if is_idle:
            scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0)
        return cpu

    def enqueue(self, p: Task, enq_flags: int) -> None:
        self.waiting[0] += 1
        scx_bpf_dsq_insert(p, SHARED_DSQ, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu: int, prev: Task | None) -> None:
        if self.waiting[0] == 0:
            return
        if scx_bpf_dsq_move_to_local(SHARED_DSQ):
            self.waiting[0] -= 1
