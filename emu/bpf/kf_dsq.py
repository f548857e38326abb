"""kfuncs on dispatch queues and on the dispatch buffer."""

from errno import EINVAL, ENOENT

from emu.abi.dsq import SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_CPU_MASK, SCX_DSQ_LOCAL_ON
from emu.abi.flags import SCX_ENQ_INTERNAL_MASK
from emu.abi.ops import KF_DISPATCH, KF_ENQUEUE, KF_SELECT_CPU, KF_UNLOCKED
from emu.bpf.context import forbid
from emu.bpf.task import Task
from emu.core import dispatch, dsq, enqueue, scx_exit, this_cpu

INSERT = KF_ENQUEUE | KF_SELECT_CPU | KF_DISPATCH
NR_NODES = 1


def scx_bpf_create_dsq(dsq_id: int, node: int) -> int:
    """Make a user DSQ; 0 or -errno. Only from ops.init.

    Args: node: NUMA node for its memory, -1 for none in particular.
    """
    if not this_cpu.kf_mask & KF_UNLOCKED:
        forbid("scx_bpf_create_dsq", KF_UNLOCKED)
    if not -1 <= node < NR_NODES:
        return -EINVAL
    return dsq.create_dsq(dsq_id)


def scx_bpf_destroy_dsq(dsq_id: int) -> None:
    """Unmake a user DSQ, which must be empty; an unknown id is ignored."""
    dsq.destroy_dsq(dsq_id)


def scx_bpf_dsq_insert(p: Task | None, dsq_id: int, slice: int, enq_flags: int) -> bool:
    """Give the verdict that `p` goes to a DSQ.

    In ops.select_cpu and ops.enqueue it is carried out after the callback, and `p` must be the
    task at hand. In ops.dispatch it goes into the dispatch buffer; by the time that is flushed it
    may be stale, and is dropped then.

    Args:   slice: ns; 0 keeps what the task has left.
    Errors: scx_error for a missing task, internal flags, a wrong or second task, a full buffer.
    Kernel: scx_bpf_dsq_insert().
    """
    if not this_cpu.kf_mask & INSERT:
        forbid("scx_bpf_dsq_insert", INSERT)
    if p is None:
        scx_exit.scx_error("called with NULL task", "scx_bpf_dsq_insert")
    if enq_flags & SCX_ENQ_INTERNAL_MASK:
        scx_exit.scx_error(f"invalid enq_flags {enq_flags:#x}", "scx_bpf_dsq_insert")
    if this_cpu.direct_dispatch_task is not None:
        enqueue.mark_direct_dispatch(p._cell, dsq_id, slice, enq_flags)
    else:
        dispatch.dsq_insert_commit(p._cell, dsq_id, slice, enq_flags)
    return True


def scx_bpf_dispatch_nr_slots() -> int:
    """How many verdicts the dispatch buffer has room for."""
    if not this_cpu.kf_mask & KF_DISPATCH:
        forbid("scx_bpf_dispatch_nr_slots", KF_DISPATCH)
    return this_cpu.max_batch - len(this_cpu.buffer)


def scx_bpf_dispatch_cancel() -> None:
    """Drop the newest verdict from the dispatch buffer.

    Errors: scx_error if the buffer is empty.
    """
    if not this_cpu.kf_mask & KF_DISPATCH:
        forbid("scx_bpf_dispatch_cancel", KF_DISPATCH)
    if not this_cpu.buffer:
        scx_exit.scx_error("dispatch buffer underflow", "scx_bpf_dispatch_cancel")
    this_cpu.buffer.pop()


def scx_bpf_dsq_move_to_local(dsq_id: int) -> bool:
    """Flush the dispatch buffer, then move one task of a user DSQ to the local DSQ.

    Returns: whether a task was moved.
    Errors:  scx_error if there is no such user DSQ.
    Locks:   the rq.lock of ops.dispatch is dropped and retaken where need be.
    """
    if not this_cpu.kf_mask & KF_DISPATCH:
        forbid("scx_bpf_dsq_move_to_local", KF_DISPATCH)
    return dispatch.move_to_local(dsq_id)


def scx_bpf_dsq_nr_queued(dsq_id: int) -> int:
    """How many tasks are on a local or user DSQ; -ENOENT if there is no such DSQ.

    Unlocked read: it may be one off by the time it is used.
    """
    world = this_cpu.world
    if dsq_id == SCX_DSQ_LOCAL:
        return world.dsqs[(this_cpu.locked_rq or this_cpu.rq).index].nr
    if dsq_id & SCX_DSQ_LOCAL_ON == SCX_DSQ_LOCAL_ON:
        cpu = dsq_id & SCX_DSQ_LOCAL_CPU_MASK
        return world.dsqs[cpu].nr if cpu < world.nr_cpus else -ENOENT
    found = dsq.find_user_dsq(dsq_id)
    return -ENOENT if found is None else found.nr


# Their names before v6.13.
scx_bpf_dispatch = scx_bpf_dsq_insert
scx_bpf_consume = scx_bpf_dsq_move_to_local
