"""Dispatch queues: insert, remove, find, make and destroy.

A local DSQ belongs to its rq and is guarded by rq.lock; every other one has its own lock, which
nests inside every rq.lock. Nobody blocks on an rq.lock while holding a DSQ lock.

`p.dsq` says where a task belongs, `p.linked` whether its node is on that list. They differ only in
a transfer window: a mover has unlinked the task, `holding_cpu` is its CPU, and `p.dsq` still names
the DSQ, so that a dequeuer takes that DSQ's lock before it looks.
"""

from emu.abi import events
from emu.abi.dsq import (
    SCX_DSQ_FLAG_BUILTIN,
    SCX_DSQ_GLOBAL,
    SCX_DSQ_INVALID,
    SCX_DSQ_LOCAL,
    SCX_DSQ_LOCAL_CPU_MASK,
    SCX_DSQ_LOCAL_ON,
)
from emu.abi.flags import (
    SCX_ENQ_APPLY_SLICE,
    SCX_ENQ_CLEAR_OPSS,
    SCX_ENQ_DSQ_PRIQ,
    SCX_ENQ_HEAD,
    SCX_ENQ_PREEMPT,
)
from emu.abi.limits import NR_DSQ_BUCKETS
from emu.abi.states import CLASS_EXT
from emu.core import classes, ops_state, report, scx_exit, this_cpu
from emu.layout.dsq import Dsq, DsqBucket
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.machine import _machine as hw


def link(dsq: Dsq, p: Task, enq_flags: int) -> None:
    """Put the node of `p` on the list of `dsq`, at the head or at the tail.

    Locks: that of `dsq`.
    """
    if p.linked is not None:
        name = report.name(p)
        report.WARN_ON_ONCE(True, "dispatch_enqueue", f"{name} is already on a DSQ")
    if enq_flags & (SCX_ENQ_HEAD | SCX_ENQ_PREEMPT):
        first = dsq.head
        p.dsq_prev = None
        p.dsq_next = first
        dsq.head = p
        if first is None:
            dsq.tail = p
        else:
            first.dsq_prev = p
    else:
        last = dsq.tail
        p.dsq_next = None
        p.dsq_prev = last
        dsq.tail = p
        if last is None:
            dsq.head = p
        else:
            last.dsq_next = p
    p.linked = dsq
    dsq.nr = Dsq.nr.peek(dsq) + 1


def task_unlink_from_dsq(p: Task, dsq: Dsq) -> None:
    """Take the node of `p` off the list of `dsq`; `p.dsq` stays as it is.

    Locks:  that of `dsq`.
    Kernel: scx_task_unlink_from_dsq().
    """
    if p.linked != dsq:
        name = report.name(p)
        report.WARN_ON_ONCE(True, "task_unlink_from_dsq", f"{name} is not on this DSQ")
    before, after = p.dsq_prev, p.dsq_next
    if before is None:
        dsq.head = after
    else:
        before.dsq_next = after
    if after is None:
        dsq.tail = before
    else:
        after.dsq_prev = before
    p.dsq_prev = p.dsq_next = p.linked = None
    dsq.nr = Dsq.nr.peek(dsq) - 1
    hw.trace(events.DSQ_DEL, p.index + 1, dsq.id)


def apply_slice(p: Task, slice_ns: int) -> None:
    """Commit the slice a verdict carried; 0 keeps what is left, but at least 1 ns.

    Locks:  those of the insertion that the verdict ends in.
    Kernel: apply_slice_vtime().
    """
    # G58: here, and not when the verdict is given: that may be stale, and `p` running.
    p.slice = slice_ns or p.slice or 1


def dispatch_enqueue(rq: Rq, dsq: Dsq, p: Task, slice_ns: int, enq_flags: int) -> None:
    """Put `p` on `dsq` and, if asked, end the transit state it was in.

    Args:   rq: the one the caller has locked.
    Errors: scx_error for vtime order on a built-in DSQ, and for a DSQ destroyed meanwhile.
    Locks:  a local `dsq` needs its rq.lock on entry. Any other one is locked and unlocked here;
        then `p` is ours through DISPATCHING or its rq.lock.
    Kernel: scx_dispatch_enqueue() in kernel/sched/ext/ext.c.
    """
    local = dsq.owner >= 0
    if not local:
        dsq.lock.lock()
        if destroyed(dsq):
            scx_exit.scx_error("attempting to dispatch to a destroyed dsq", "dispatch_enqueue")
    if p.dsq is not None:
        name = report.name(p)
        report.WARN_ON_ONCE(True, "dispatch_enqueue", f"{name} already belongs to a DSQ")
    if enq_flags & SCX_ENQ_DSQ_PRIQ and dsq.id & SCX_DSQ_FLAG_BUILTIN:
        scx_exit.scx_error("cannot use vtime ordering for built-in DSQs", "dispatch_enqueue")
    if enq_flags & SCX_ENQ_APPLY_SLICE:
        apply_slice(p, slice_ns)
    link(dsq, p, enq_flags)
    dsq.seq = dsq.seq + 1
    p.dsq_seq = dsq.seq
    p.dsq = dsq
    hw.trace(events.DSQ_ADD, p.index + 1, SCX_DSQ_LOCAL_ON | dsq.owner if local else dsq.id)
    if local:
        local_post_enq(this_cpu.world.rqs[dsq.owner], p, enq_flags)
    else:
        dsq.lock.unlock()
    if enq_flags & SCX_ENQ_CLEAR_OPSS:
        # G37: last of all. A dequeuer that waits for us unlinks as soon as it sees NONE.
        ops_state.set_none(p)


def destroyed(dsq: Dsq) -> bool:
    """Whether `dsq` was destroyed since it was found. Locks: dsq.lock."""
    # G39: under the lock, which destroy_dsq() holds while it makes sure that nothing is there.
    return dsq.id == SCX_DSQ_INVALID


def local_post_enq(rq: Rq, p: Task, enq_flags: int) -> None:
    """A task arrived on the local DSQ of `rq`: wake or preempt its CPU where that is due.

    Locks:  rq.lock.
    Kernel: rq_owned_post_enq() / local_dsq_post_enq().
    """
    if rq.in_dispatch and rq.index == this_cpu.cpu:
        return  # We are about to pick, and the pick sets next_class.
    # G57: an idle CPU must come and get it.
    classes.wakeup_preempt(rq, CLASS_EXT)
    if rq.in_dispatch or not enq_flags & SCX_ENQ_PREEMPT:
        return
    curr = Rq.curr.peek(rq)
    if curr is not None and curr != p and curr.sched_class == CLASS_EXT:
        curr.slice = 0
        classes.resched_curr(rq)


def dispatch_dequeue(rq: Rq, p: Task) -> None:
    """Take `p` off wherever it is, or away from a mover that has it in a transfer window.

    Locks:  rq.lock of `p`, which `rq` is; takes the lock of the DSQ it belongs to.
    Kernel: scx_dispatch_dequeue().
    """
    d = p.dsq
    if d is None:
        cancel_window(p)
        return
    local = d.owner >= 0
    if not local:
        # G16: lock first, then look at holding_cpu: a mover may just be unlinking `p`.
        d.lock.lock()
    if p.holding_cpu < 0:
        task_unlink_from_dsq(p, d)
    else:
        p.holding_cpu = -1  # Race: the mover finds this, and forgets `p`.
    p.dsq = None
    if not local:
        d.lock.unlock()


def cancel_window(p: Task) -> None:
    """Take `p` away from a CPU that is moving it to a local DSQ and has not locked its rq yet.

    Locks: rq.lock of `p`.
    """
    # G11: also without a DSQ: dispatch_to_local_dsq() has given up DISPATCHING by now.
    if p.holding_cpu >= 0:
        p.holding_cpu = -1


def move_local_task_to_local_dsq(rq: Rq, p: Task, src: Dsq, enq_flags: int) -> None:
    """Move `p`, whose rq this is, from `src` to the local DSQ.

    Locks:  rq.lock, and that of `src`.
    Kernel: move_local_task_to_local_dsq().
    """
    task_unlink_from_dsq(p, src)
    local = rq.local_dsq
    assert local is not None, "every rq has a local DSQ"
    link(local, p, enq_flags)
    p.dsq = local
    hw.trace(events.DSQ_ADD, p.index + 1, SCX_DSQ_LOCAL_ON | rq.index)
    local_post_enq(rq, p, enq_flags)


# ---------------------------------------------------------------- user DSQs


def _bucket(dsq_id: int) -> DsqBucket:
    return this_cpu.world.buckets[dsq_id % NR_DSQ_BUCKETS]


def _chain(bucket: DsqBucket, dsq_id: int) -> Dsq | None:
    found = bucket.first
    while found is not None and _id_of(found) != dsq_id:
        found = found.hash_next
    return found


_id_of = Dsq.id.peek


def find_user_dsq(dsq_id: int) -> Dsq | None:
    """The user DSQ with this id; it may be destroyed by the time its lock is taken.

    Locks:  none. Unlocked read: see Dsq.hash_next.
    Kernel: find_user_dsq(), rhashtable_lookup() under RCU.
    """
    return _chain(_bucket(dsq_id), dsq_id)


def create_dsq(dsq_id: int) -> int:
    """Make a user DSQ; 0 or -errno.

    Kernel: scx_bpf_create_dsq().
    """
    if dsq_id & SCX_DSQ_FLAG_BUILTIN:
        return -22  # EINVAL
    world = this_cpu.world
    bucket = _bucket(dsq_id)
    with bucket.lock:
        if _chain(bucket, dsq_id) is not None:
            return -17  # EEXIST
        number = world.sched.nr_dsqs.fetch_add(1)
        if number >= world.limits.nr_dsqs:
            return -12  # ENOMEM
        dsq = world.dsqs[world.nr_cpus + 1 + number]
        dsq.id = dsq_id
        dsq.hash_next = bucket.first
        bucket.first = dsq
    return 0


def destroy_dsq(dsq_id: int) -> None:
    """Take a user DSQ out of the table and mark it dead; an unknown id is ignored.

    Errors: scx_error if tasks are on it.
    Locks:  the lock of its bucket, then, after dropping it, that of the DSQ.
    Kernel: destroy_dsq().
    """
    bucket = _bucket(dsq_id)
    with bucket.lock:
        dsq = _chain(bucket, dsq_id)
        if dsq is None:
            return
        before = bucket.first
        if before == dsq:
            bucket.first = dsq.hash_next
        else:
            while before is not None and before.hash_next != dsq:
                before = before.hash_next
            assert before is not None, "a DSQ that was found is on the chain"
            before.hash_next = dsq.hash_next
    with dsq.lock:
        if Dsq.nr.peek(dsq):
            scx_exit.scx_error(
                f"attempting to destroy in-use dsq {dsq_id:#x} (nr={Dsq.nr.peek(dsq)})",
                "destroy_dsq",
            )
        dsq.id = SCX_DSQ_INVALID


def find_dsq_for_dispatch(rq: Rq, dsq_id: int) -> Dsq:
    """The DSQ a verdict names; `rq` is the one dispatched for.

    Errors: scx_error for a DSQ or a CPU that does not exist.
    Kernel: find_dsq_for_dispatch().
    """
    world = this_cpu.world
    if dsq_id == SCX_DSQ_LOCAL:
        return world.dsqs[rq.index]
    if dsq_id & SCX_DSQ_LOCAL_ON == SCX_DSQ_LOCAL_ON:
        cpu = dsq_id & SCX_DSQ_LOCAL_CPU_MASK
        if cpu >= world.nr_cpus:
            scx_exit.scx_error(f"invalid CPU {cpu} in SCX_DSQ_LOCAL_ON", "find_dsq_for_dispatch")
        return world.dsqs[cpu]
    if dsq_id == SCX_DSQ_GLOBAL:
        return world.global_dsq
    dsq = find_user_dsq(dsq_id)
    if dsq is None:
        scx_exit.scx_error(f"non-existent DSQ {dsq_id:#x}", "find_dsq_for_dispatch")
    return dsq
