"""Safety invariants of the protocol, each checked where it must hold.

    always   at the store that could break it: S1, S2, S8
    rq       when an rq.lock is released: S6, S7, S9, S10, S12, S13 of its tasks and local DSQ
    dsq      when the lock of a shared DSQ is released: S5, S6

What a check reads is guarded by the lock that is about to be released, so it sees no half-way
state. Reads are no scheduling points.
"""

from typing import NoReturn

from emu.abi.flags import SCX_TASK_QUEUED
from emu.abi.states import (
    CLASS_EXT,
    OPSS_NAMES,
    SCX_OPSS_DISPATCHING,
    SCX_OPSS_NONE,
    SCX_OPSS_QUEUED,
    SCX_OPSS_QUEUEING,
    SCX_OPSS_STATE_MASK,
)
from emu.core import report, this_cpu
from emu.layout.dsq import Dsq
from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.layout.world import World

NR_TASKS_SCANNED = 64  # Above it the counts of S10 and S7 would cost more than the run.

_world: World
_moving: Task | None = None  # The task this CPU has marked as being moved.

RULES = {
    "S1": "a task is current on at most one CPU",
    "S2": "ops_state moves along the arrows of the protocol only",
    "S5": "a task is on at most one list, and lists are well formed",
    "S6": "nr is the number of tasks on the list",
    "S7": "a task that is not runnable is on no DSQ, in nobody's hands, and in state NONE",
    "S8": "holding_cpu is stored by that CPU only, which moves one task at a time",
    "S9": "a task runs, or waits on a local DSQ, only where its mask lets it",
    "S10": "scx_nr_running is the number of runnable tasks of the rq",
    "S12": "the current task is on no DSQ, in nobody's hands, and in state NONE",
    "S13": "tasks on a local DSQ belong to its rq",
}


def install(world: World) -> None:
    """Hang the checks on the fields, in this process."""
    global _world, _moving
    _world = world
    _moving = None
    Rq.curr.probe = _curr_stored
    Rq.lock.probe = _rq_unlock
    Dsq.lock.probe = _dsq_unlock
    Task.ops_state.probe = _ops_state_stored
    Task.holding_cpu.probe = _holding_cpu_stored


def uninstall() -> None:
    """Take the checks off again."""
    for field in (Rq.curr, Rq.lock, Dsq.lock, Task.ops_state, Task.holding_cpu):
        field.probe = None


def broken(rule: str, site: str, what: str) -> NoReturn:
    """End the run: a rule does not hold. `site`: which part of the rule, for the signature."""
    report.finding("invariant broken", [rule, site], f"{rule} ({RULES[rule]}): {what}", site=site)


def _curr_stored(rq: Rq, old: Task | None, new: Task | None) -> None:
    if new is None or new.sched_class != CLASS_EXT:
        return
    for other in _world.rqs:
        if other != rq and Rq.curr.peek(other) == new:
            what = f"{report.name(new)} is current on CPU {other.index} and CPU {rq.index}"
            broken("S1", "curr", what)


_LEGAL = {
    (SCX_OPSS_NONE, SCX_OPSS_QUEUEING),
    (SCX_OPSS_QUEUEING, SCX_OPSS_QUEUED),
    (SCX_OPSS_QUEUEING, SCX_OPSS_NONE),
    (SCX_OPSS_QUEUED, SCX_OPSS_DISPATCHING),
    (SCX_OPSS_QUEUED, SCX_OPSS_NONE),
    (SCX_OPSS_DISPATCHING, SCX_OPSS_NONE),
    (SCX_OPSS_NONE, SCX_OPSS_NONE),
}


def _ops_state_stored(p: Task, old: int, new: int) -> None:
    a, b = old & SCX_OPSS_STATE_MASK, new & SCX_OPSS_STATE_MASK
    branded = b in (SCX_OPSS_QUEUEING, SCX_OPSS_QUEUED)
    same_brand = b != SCX_OPSS_QUEUED or old | SCX_OPSS_STATE_MASK == new | SCX_OPSS_STATE_MASK
    if (a, b) in _LEGAL and same_brand and (branded or new == b):
        return
    move = f"{OPSS_NAMES[a]}->{OPSS_NAMES[b]}"
    broken("S2", move, f"{report.name(p)} went from {old:#x} to {new:#x}")


def _holding_cpu_stored(p: Task, old: int, new: int) -> None:
    global _moving
    if new < 0:
        return
    if new != this_cpu.cpu:
        broken("S8", "foreign", f"CPU {this_cpu.cpu} stored {new} for {report.name(p)}")
    if _moving is not None and _moving != p and _moving.holding_cpu == new:
        what = f"CPU {new} moves {report.name(_moving)} and {report.name(p)} at once"
        broken("S8", "two", what)
    _moving = p


def _dsq_unlock(dsq: Dsq) -> None:
    _check_list(dsq)


def _check_list(dsq: Dsq) -> list[Task]:
    """S5 and S6; returns what is on the list."""
    tasks: list[Task] = []
    nr = Dsq.nr.peek(dsq)
    before: Task | None = None
    p = dsq.head
    while p is not None:
        if p.linked != dsq or p.dsq_prev != before or len(tasks) > nr:
            broken("S5", "list", f"the list of {_dsq_name(dsq)} is torn at {report.name(p)}")
        tasks.append(p)
        before, p = p, p.dsq_next
    if dsq.tail != before:
        broken("S5", "tail", f"the tail of {_dsq_name(dsq)} is not its last task")
    if nr != len(tasks):
        broken("S6", "nr", f"{_dsq_name(dsq)} holds {len(tasks)} tasks, nr is {nr}")
    return tasks


def _dsq_name(dsq: Dsq) -> str:
    if dsq.owner >= 0:
        return f"the local DSQ of CPU {dsq.owner}"
    return "the global DSQ" if dsq == _world.global_dsq else f"DSQ {dsq.id:#x}"


def _rq_unlock(rq: Rq) -> None:
    local = rq.local_dsq
    assert local is not None, "every rq has a local DSQ"
    if local.head is not None or Dsq.nr.peek(local):
        for p in _check_list(local):
            _check_local(rq, local, p)
    curr = Rq.curr.peek(rq)
    if curr is not None and curr.sched_class == CLASS_EXT and curr.scx_flags & SCX_TASK_QUEUED:
        _check_current(rq, curr)
    if _world.limits.nr_tasks <= NR_TASKS_SCANNED:
        _check_count(rq)


def _check_local(rq: Rq, local: Dsq, p: Task) -> None:
    if Task.cpu.peek(p) != rq.index or p.dsq != local:
        what = f"{report.name(p)} is there but belongs to CPU {Task.cpu.peek(p)}"
        broken("S13", "owner", f"local DSQ of CPU {rq.index}: {what}")
    _check_mask(rq, p, "waits on the local DSQ of")


def _check_mask(rq: Rq, p: Task, how: str) -> None:
    if p.cpus_mask >> rq.index & 1 or Task.migration_pending.peek(p):
        return
    what = f"{report.name(p)} {how} CPU {rq.index}, its mask is {p.cpus_mask:#x}"
    broken("S9", how.split()[0], what)


def _check_current(rq: Rq, p: Task) -> None:
    _check_mask(rq, p, "runs on")
    trouble = _not_free(p)
    if trouble:
        broken("S12", trouble.split()[0], f"{report.name(p)} runs on CPU {rq.index}, but {trouble}")


def _not_free(p: Task) -> str:
    """What keeps `p` from being in nobody's hands but its CPU's; empty if nothing does."""
    if p.linked is not None:
        return f"linked on {_dsq_name(p.linked)}"
    if p.dsq is not None:
        return f"dsq is {_dsq_name(p.dsq)}"
    if p.holding_cpu >= 0:
        return f"holding_cpu is {p.holding_cpu}"
    state = Task.ops_state.peek(p)
    if state != SCX_OPSS_NONE:
        return f"ops_state is {state:#x}"
    return ""


def _check_count(rq: Rq) -> None:
    """S10, and S7 for the tasks of this rq."""
    nr = 0
    nr_made = type(_world.sched).nr_tasks.peek(_world.sched)
    for p in _world.tasks[: min(nr_made, _world.limits.nr_tasks)]:
        if Task.cpu.peek(p) != rq.index:
            continue
        if p.scx_flags & SCX_TASK_QUEUED:
            nr += 1
        elif trouble := _not_free(p):
            broken("S7", trouble.split()[0], f"{report.name(p)} is not runnable, but {trouble}")
    if nr != rq.scx_nr_running:
        what = f"CPU {rq.index} has {nr} runnable tasks, scx_nr_running is {rq.scx_nr_running}"
        broken("S10", "count", what)
