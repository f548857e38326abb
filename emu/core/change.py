"""Changing a property of a task: the window in which it is off every queue, and nice values."""

from collections.abc import Callable

from emu.abi.flags import DEQUEUE_SAVE, ENQUEUE_RESTORE
from emu.abi.states import CLASS_EXT, TASK_DEAD, TASK_ON_RQ_QUEUED
from emu.core import callback, classes, dequeue, enqueue, pick, this_cpu
from emu.layout.rq import Rq
from emu.layout.task import Task

NICE_MIN, NICE_MAX = -20, 19

# Load weight by nice value, as the fair class has it; each step is about a quarter.
PRIO_TO_WEIGHT = (
    (88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916)
    + (9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277)
    + (1024, 820, 655, 526, 423, 335, 272, 215, 172, 137)
    + (110, 87, 70, 56, 45, 36, 29, 23, 18, 15)
)


def weight_of(nice: int) -> int:
    """SCX weight of a nice value: 100 for 0, within 1 .. 10000.

    Kernel: sched_weight_to_cgroup().
    """
    load = PRIO_TO_WEIGHT[min(max(nice, NICE_MIN), NICE_MAX) - NICE_MIN]
    return min(max((load * 100 + 512) // 1024, 1), 10000)


def sched_change(rq: Rq, p: Task, body: Callable[[], None]) -> None:
    """Run `body` while `p` is neither queued nor current, then put it back.

    A running task does not leave its CPU: it goes through the local DSQ and is set again. A queued
    one is enqueued afresh, under a new brand.

    KERNEL-GAP(change-kick): a queued task makes its CPU look again if that is idle; the kernel
    does not. Otherwise this is left: CPU 1 has taken the task off a shared DSQ to move it, CPU 0,
    its own, looks, finds the DSQ empty and goes idle; the change takes the task from CPU 1 and
    puts it back, and if CPU 1 may not run it any more, nobody comes for it until the next event.

    Locks:  pi_lock and rq.lock of `p`, not dropped.
    Kernel: sched_change_begin(), sched_change_end().
    """
    queued = Task.on_rq.peek(p) == TASK_ON_RQ_QUEUED
    running = Rq.curr.peek(rq) == p
    if queued:
        dequeue.dequeue_task_scx(rq, p, DEQUEUE_SAVE)
    if running:
        pick.put_prev_task(rq, p, None)
    body()
    if queued:
        enqueue.enqueue_task_scx(rq, p, ENQUEUE_RESTORE)
    if running:
        pick.set_next_task(rq, p)
    elif queued:
        classes.wakeup_preempt(rq, CLASS_EXT)


def set_user_nice(p: Task, nice: int) -> None:
    """Give `p` another nice value, and the weight that goes with it.

    Locks:  none may be held; takes pi_lock and rq.lock of `p`.
    Kernel: set_user_nice().
    """
    with p.pi_lock:
        rq = classes.task_rq_lock(p)
        if p.state != TASK_DEAD and nice != p.nice:
            sched_change(rq, p, lambda: _reweight(rq, p, nice))
        rq.lock.unlock()


def _reweight(rq: Rq, p: Task, nice: int) -> None:
    p.nice = nice
    p.weight = weight_of(nice)
    if callback.has("set_weight"):
        callback.call("set_weight", rq, p.pid, p, p.weight)


def do_sched_yield() -> None:
    """The current task gives up its slice; the caller schedules.

    Locks:  none may be held; takes rq.lock.
    Kernel: do_sched_yield(), yield_task_scx().
    """
    rq = this_cpu.rq
    with rq.lock:
        p = Rq.curr.peek(rq)
        assert p is not None, "a CPU always runs something"
        p.slice = 0
