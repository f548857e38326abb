"""Courier: a CPU takes the first task that may run on it, and sends the others where they may.

Shows: SCX_DSQ_LOCAL_ON | cpu in ops.dispatch, and how to give such a verdict safely. The mask of a
task may change between the look at it and the verdict, and a verdict for a CPU that is not allowed
ends the scheduler. So look again after the verdict: a mask that changes later makes the kernel
drop it, and one that has changed before is seen, and the verdict is cancelled. Either way the task
was enqueued again, and is in the queue once more.
Not for: fairness, or caches.
"""

from emu.abi.dsq import SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_ON
from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    Queue,
    SchedExtOps,
    Task,
    bpf_task_from_pid,
    scx_bpf_dispatch_cancel,
    scx_bpf_dispatch_nr_slots,
    scx_bpf_dsq_insert,
)


class Courier(SchedExtOps):
    """First come, first served; a CPU that finds a task it may run is content."""

    name = "courier"
    dispatch_max_batch = 4
    queue = Queue(64)

    def enqueue(self, p: Task, enq_flags: int) -> None:
        if self.queue.push(p.pid):
            scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu: int, prev: Task | None) -> None:
        while scx_bpf_dispatch_nr_slots():
            pid = self.queue.pop()
            if pid is None:
                return
            p = bpf_task_from_pid(pid)
            if p is not None and _carry(p, cpu):
                return


def _carry(p: Task, cpu: int) -> bool:
    """Send `p` to `cpu` if it may run there, else to the first CPU it may; says whether it may."""
    mask = p.cpus_ptr
    here = mask >> cpu & 1 == 1
    to = cpu if here else (mask & -mask).bit_length() - 1
    scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL_ON | to, SCX_SLICE_DFL, 0)
    if not p.cpus_ptr >> to & 1:
        scx_bpf_dispatch_cancel()
        return False
    return here
