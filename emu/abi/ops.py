"""The ops table: what each callback is called with, under which locks, and what it may call.

`kf` is the group of kfuncs that is open during a callback, as the run-time masks of the kernel
had it; KF_REST is open to all.
"""

from typing import NamedTuple

KF_UNLOCKED = 1 << 0
KF_DISPATCH = 1 << 1
KF_ENQUEUE = 1 << 2
KF_SELECT_CPU = 1 << 3
KF_REST = 1 << 4


class Op(NamedTuple):
    """One callback. `locks` says what is held while it runs."""

    args: tuple[str, ...]
    locks: str
    kf: int
    about: str


OPS: dict[str, Op] = {
    "init": Op((), "none", KF_UNLOCKED, "the scheduler is loaded"),
    "enable": Op(("p",), "pi_lock, rq.lock of p", KF_REST, "p comes to this scheduler"),
    "disable": Op(("p",), "pi_lock, rq.lock of p", KF_REST, "p leaves this scheduler"),
    "select_cpu": Op(("p", "prev_cpu", "wake_flags"), "pi_lock of p", KF_SELECT_CPU, "p wakes"),
    "enqueue": Op(("p", "enq_flags"), "rq.lock of p", KF_ENQUEUE, "p is handed over"),
    "dispatch": Op(("cpu", "prev"), "rq.lock of cpu", KF_DISPATCH, "cpu needs work"),
    "runnable": Op(("p", "enq_flags"), "rq.lock of p", KF_REST, "p became runnable"),
    "running": Op(("p",), "rq.lock of p", KF_REST, "p starts to run"),
    "stopping": Op(("p", "runnable"), "rq.lock of p", KF_REST, "p stops running"),
    "quiescent": Op(("p", "deq_flags"), "rq.lock of p", KF_REST, "p is no longer runnable"),
    "tick": Op(("p",), "rq.lock of p", KF_REST, "a timer tick while p runs"),
    "set_cpumask": Op(("p", "cpumask"), "pi_lock, rq.lock of p", KF_REST, "new affinity of p"),
    "set_weight": Op(("p", "weight"), "pi_lock, rq.lock of p", KF_REST, "new weight of p"),
}

OP_NAMES: tuple[str, ...] = tuple(OPS)

# Callbacks of the kernel that are not built yet: refused by name.
OPS_LATER: tuple[str, ...] = (
    "exit",
    "dequeue",
    "yield",
    "core_sched_before",
    "update_idle",
    "cpu_acquire",
    "cpu_release",
    "init_task",
    "exit_task",
    "dump",
    "dump_cpu",
    "dump_task",
    "cgroup_init",
    "cgroup_exit",
    "cgroup_prep_move",
    "cgroup_move",
    "cgroup_cancel_move",
    "cgroup_set_weight",
    "cgroup_set_bandwidth",
    "cgroup_set_idle",
    "cpu_online",
    "cpu_offline",
    "sub_attach",
    "sub_detach",
    "sub_ecaps_updated",
)
