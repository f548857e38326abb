"""Qfifo: first come first served, with the queue in the scheduler's own memory.

Shows: tasks in the custody of the scheduler. ops.enqueue only notes the pid in a Queue map, and
ops.dispatch gives its verdicts through the dispatch buffer. By then the task may be gone, may have
been taken off and put back, or may still be on its way in: the kernel sorts that out, and a pid
noted twice does no harm.
Not for: fairness, or many tasks with an affinity mask.
"""

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_LOCAL
from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    Queue,
    SchedExtOps,
    Task,
    bpf_task_from_pid,
    scx_bpf_dispatch_nr_slots,
    scx_bpf_dsq_insert,
    scx_bpf_nr_cpu_ids,
)

BATCH = 4


class Qfifo(SchedExtOps):
    """First come, first served, by pid."""

    name = "qfifo"
    dispatch_max_batch = BATCH
    queue = Queue(64)

    def enqueue(self, p: Task, enq_flags: int) -> None:
        if p.nr_cpus_allowed != scx_bpf_nr_cpu_ids():
            # Its own CPU is among the allowed ones; the CPU that pops a pid may not be, and the
            # one that may would have to be told.
            scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, enq_flags)
        elif self.queue.push(p.pid):
            scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu: int, prev: Task | None) -> None:
        # The first one runs here; the others of the batch go to whoever looks first.
        dsq_id = SCX_DSQ_LOCAL
        while scx_bpf_dispatch_nr_slots():
            pid = self.queue.pop()
            if pid is None:
                return
            p = bpf_task_from_pid(pid)
            if p is not None:
                scx_bpf_dsq_insert(p, dsq_id, SCX_SLICE_DFL, 0)
                dsq_id = SCX_DSQ_GLOBAL
