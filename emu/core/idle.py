"""Which CPUs are idle, and the choice of one for a waking task.

The mask is claimed bit by bit with test-and-clear, so that two wakers never choose one CPU. A CPU
sets its own bit when it picks idle, idle to idle included, and clears it when it leaves idle.

No wakeup hangs on the mask. A bit that is late or claimed in vain only makes a choice worse: a
task that wakes always makes the CPU it is queued on reschedule if that is idle, under its
rq.lock, and that CPU looks for work after its last drop of that lock.

KERNEL-GAP(topology): all CPUs share one cache and one node, and there are no SMT siblings.
"""

from emu.abi import events
from emu.core import classes, this_cpu
from emu.layout.rq import Rq
from emu.layout.sched import Sched
from emu.layout.task import Task
from emu.machine import _machine as hw
from emu.machine import irq


def update_idle(rq: Rq, idle: bool) -> None:
    """Say that the CPU of `rq` goes idle, or leaves idle.

    Locks:  rq.lock.
    Kernel: update_builtin_idle() in kernel/sched/ext_idle.c.
    """
    sched = this_cpu.world.sched
    # Race: a claimer may clear the bit after this look, as it may after the store. Nobody else
    # sets it.
    if bool(_idle_cpus(sched) >> rq.index & 1) == idle:
        return
    if idle:
        sched.idle_cpus.test_and_set(rq.index)
    else:
        sched.idle_cpus.test_and_clear(rq.index)


_idle_cpus = Sched.idle_cpus.peek


def refresh_idle(rq: Rq) -> None:
    """An idle CPU found nothing to do and stays idle.

    Locks:  rq.lock.
    Kernel: pick_task_idle(), scx_update_idle() without notification.
    """
    # CG19: its bit may have been claimed by a waker whose task went elsewhere.
    update_idle(rq, True)


def test_and_clear_cpu_idle(cpu: int) -> bool:
    """Claim `cpu` if it is idle; only one claimer wins.

    Kernel: scx_idle_test_and_clear_cpu().
    """
    # CG17: in one atomic step.
    return this_cpu.world.sched.idle_cpus.test_and_clear(cpu)


def pick_idle_cpu(allowed: int) -> int:
    """Claim an idle CPU out of the mask `allowed`; -1 if there is none.

    Kernel: scx_pick_idle_cpu().
    """
    while True:
        candidates = this_cpu.world.sched.idle_cpus.load() & allowed
        if not candidates:
            return -1
        cpu = (candidates & -candidates).bit_length() - 1
        if test_and_clear_cpu_idle(cpu):
            return cpu
        # Race: another waker took it; its bit is clear now, so the loop ends.


def select_cpu_dfl(p: Task, prev_cpu: int) -> tuple[int, bool]:
    """Choose a CPU for a waking task: its last one if idle, else any idle one it may use.

    Returns: the CPU, and whether it was claimed as idle.
    Locks:   pi_lock of `p`.
    Kernel:  scx_select_cpu_dfl() in kernel/sched/ext_idle.c.
    """
    allowed = p.cpus_mask
    if allowed >> prev_cpu & 1 and test_and_clear_cpu_idle(prev_cpu):
        return prev_cpu, True
    cpu = pick_idle_cpu(allowed)
    return (cpu, True) if cpu >= 0 else (prev_cpu, False)


def wait(deadline_ns: int) -> None:
    """The idle loop: sleep until an interrupt or the deadline, unless there is something to do.

    Locks:  none may be held.
    Kernel: do_idle() in kernel/sched/idle.c.
    """
    if not classes.need_resched(this_cpu.rq):
        hw.trace(events.IDLE)
        irq.cpu_wait(deadline_ns, True)
