"""Wakeup, birth and death of tasks.

A waker holds pi_lock throughout, so it is the only one. It looks at `state`, `on_rq` and `on_cpu`
in this order, and waits until the CPU that ran the task has let go of it.
"""

from emu.abi import events
from emu.abi.flags import (
    ENQUEUE_INITIAL,
    PF_EXITING,
    SCX_ENQ_CPU_SELECTED,
    SCX_ENQ_WAKEUP,
    SCX_WAKE_FORK,
    SCX_WAKE_TTWU,
)
from emu.abi.limits import SCX_SLICE_DFL
from emu.abi.states import (
    CLASS_EXT,
    TASK_DEAD,
    TASK_INTERRUPTIBLE,
    TASK_NEW,
    TASK_ON_RQ_BLOCKED,
    TASK_ON_RQ_QUEUED,
    TASK_RUNNING,
    TASK_WAKING,
)
from emu.core import affinity, callback, change, classes, enqueue, idle, scx_exit, this_cpu
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.layout.world import init_entity
from emu.machine import _machine as hw


def set_current_state(state: int) -> None:
    """Store the state of the current task, before it looks at what it waits for.

    Kernel: set_current_state().
    """
    p = Rq.curr.peek(this_cpu.rq)
    assert p is not None, "a CPU always runs something"
    p.state = state  # Release: pairs with Acquire in try_to_wake_up().


def select_task_rq(p: Task, prev_cpu: int, wake_flags: int) -> tuple[int, bool]:
    """Choose the CPU a waking task goes to.

    Returns: the CPU, and whether the scheduler or the default choice was asked.
    Errors:  scx_error if ops.select_cpu names a CPU that does not exist.
    Locks:   pi_lock of `p`, and no rq.lock.
    Kernel:  select_task_rq(), select_task_rq_scx().
    """
    mask = p.cpus_mask
    if mask & mask - 1 == 0:
        return affinity.first_cpu(mask), False
    if callback.has("select_cpu"):
        this_cpu.direct_dispatch_task = p
        this_cpu.direct_dispatch_done = False
        answer = callback.call("select_cpu", None, p.pid, p, prev_cpu, wake_flags)
        this_cpu.direct_dispatch_task = None
        cpu = answer if isinstance(answer, int) else -1
        if not 0 <= cpu < this_cpu.world.nr_cpus:
            scx_exit.scx_error(
                f"invalid CPU {answer!r} from ops.select_cpu()", "select_task_rq_scx"
            )
    else:
        cpu, found = idle.select_cpu_dfl(p, prev_cpu)
        if found:
            enqueue.set_local_verdict(p, SCX_SLICE_DFL)
    if mask >> cpu & 1:
        return cpu, True
    return affinity.first_cpu(mask), True  # Kernel: select_fallback_rq().


def try_to_wake_up(p: Task) -> bool:
    """Wake `p` if it sleeps.

    Returns: whether it was asleep, or on its way there.
    Locks:   no rq.lock may be held; takes pi_lock of `p` and an rq.lock.
    Kernel:  try_to_wake_up() in kernel/sched/core.c.
    """
    with p.pi_lock:
        # Acquire: pairs with Release in set_current_state(); the condition was stored before.
        if p.state != TASK_INTERRUPTIBLE:
            return False
        if p.on_rq and _wake_queued(p):
            return True
        p.state = TASK_WAKING
        wait_on_cpu(p)
        prev_cpu = Task.cpu.peek(p)  # A sleeper's: stable under pi_lock.
        cpu, selected = select_task_rq(p, prev_cpu, SCX_WAKE_TTWU)
        if cpu != prev_cpu:
            p.cpu = cpu
        hw.trace(events.WAKEUP, p.index + 1, cpu)
        _activate(p, cpu, SCX_ENQ_WAKEUP | (SCX_ENQ_CPU_SELECTED if selected else 0))
    return True


def wait_on_cpu(p: Task) -> None:
    """Wait until the CPU that `p` fell asleep on has switched away from it.

    Locks: pi_lock of `p`, and no rq.lock.
    """
    # CG1: it must not run elsewhere before. Acquire: pairs with context_switch().
    Task.on_cpu.wait_while(p, True)


def _wake_queued(p: Task) -> bool:
    """It has not finished going to sleep: keep it awake. Kernel: ttwu_runnable()."""
    rq = classes.task_rq_lock(p)
    queued = Task.on_rq.peek(p) == TASK_ON_RQ_QUEUED
    if queued:
        if not Task.on_cpu.peek(p):
            classes.wakeup_preempt(rq, CLASS_EXT)
        p.state = TASK_RUNNING
    rq.lock.unlock()
    return queued


def _activate(p: Task, cpu: int, flags: int) -> None:
    rq = this_cpu.world.rqs[cpu]
    with rq.lock:
        enqueue.enqueue_task_scx(rq, p, flags)
        p.on_rq = TASK_ON_RQ_QUEUED
        classes.wakeup_preempt(rq, CLASS_EXT)
        p.state = TASK_RUNNING


def sched_fork(p: Task, name: bytes, mask: int, nice: int) -> None:
    """Make a new task of a slot of the table, and let the scheduler know it.

    Args:   mask: CPUs it may use.
    Locks:  none may be held; takes pi_lock and rq.lock of `p`.
    Kernel: sched_fork(), sched_cgroup_fork(), scx_post_fork().
    """
    init_entity(p)
    p.comm = name
    p.on_rq = TASK_ON_RQ_BLOCKED
    p.cpus_mask = mask & this_cpu.world.all_cpus
    p.nice = nice
    p.weight = change.weight_of(nice)
    p.slice = SCX_SLICE_DFL
    p.cpu = affinity.first_cpu(p.cpus_mask)
    hw.trace(events.NEW_TASK, p.index + 1)
    if callback.has("enable") or callback.has("set_weight"):
        rq = this_cpu.task_rq(p)
        with p.pi_lock, rq.lock:
            if callback.has("enable"):
                callback.call("enable", rq, p.pid, p)
            if callback.has("set_weight"):
                callback.call("set_weight", rq, p.pid, p, p.weight)
    p.state = TASK_NEW  # Last: until now it was DEAD, and others leave it alone.


def wake_up_new_task(p: Task) -> None:
    """A new task becomes runnable for the first time.

    Locks:  none may be held; takes pi_lock of `p` and an rq.lock.
    Kernel: wake_up_new_task().
    """
    with p.pi_lock:
        p.state = TASK_RUNNING
        prev_cpu = this_cpu.cpu if this_cpu.cpu >= 0 else p.cpu
        cpu, _ = select_task_rq(p, prev_cpu, SCX_WAKE_FORK)
        p.cpu = cpu
        _activate(p, cpu, ENQUEUE_INITIAL)


def do_exit(p: Task) -> None:
    """The current task `p` dies; the caller schedules, and it never comes back.

    Kernel: do_exit(), do_task_dead().
    """
    p.flags = p.flags | PF_EXITING
    p.ended_ns = hw.now()
    p.state = TASK_DEAD
