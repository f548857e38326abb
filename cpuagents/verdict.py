"""What the end of a run means: clean, a finding, the workload's own fault, or not enough.

A controlled run ends when nobody can go on. If that is because of a lock or a word somebody waits
for, it is a deadlock, and the wait-for graph is printed. If every CPU sleeps while a task could
run, a wakeup was lost. If all tasks that are left wait for each other, the workload is stuck,
which no scheduler can mend.
"""

from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgpack

from cpuagents import program
from cpuagents.blocking import name
from cpuagents.finding import Finding
from emu.abi.states import (
    OPSS_NAMES,
    SCX_OPSS_STATE_MASK,
    TASK_DEAD,
    TASK_INTERRUPTIBLE,
    TASK_NEW,
)
from emu.core import report
from emu.layout.task import Task
from emu.layout.world import World
from emu.machine import _machine as hw

NR_NAMED = 12
FREE_STALL_S = 10.0  # Of real time. Guards the tool, never the subject: no verdict is that late.
CLEAN = "clean"
FOUND = "found"
INCONCLUSIVE = "inconclusive"
DIVERGED = "diverged"


class OwnBug(Exception):
    """The emulator itself failed; the text is a traceback."""


@dataclass
class Judgement:
    """How one run ended."""

    verdict: str = CLEAN
    reason: str = ""
    finding: Finding | None = None
    bad_workload: str = ""
    notes: list[str] = field(default_factory=list)


def end_for_workload(message: str) -> NoReturn:
    """End the run from the control program, for a fault of the workload."""
    report.workload(message)


def all_idle(nr_cpus: int) -> tuple[int, ...] | None:
    """Free mode: the heartbeats of the CPUs, if each of them sleeps with nothing to wait for."""
    beats = []
    for cpu in range(nr_cpus):
        row = hw.row(cpu)
        if not (row["line"] and row["idle"] and row["deadline"] == hw.NEVER) or row["irq"]:
            return None
        beats.append(row["beats"])
    return tuple(beats)


class FreeStall:
    """Free mode: tells when agents are busy and no task gets on, as in a deadlock of spinners.

    For the coordinator, since the control agent may be the one that spins.
    """

    def __init__(self, world: World, nr_participants: int) -> None:
        """Watch the runs of one engine."""
        self._world = world
        self._nr = nr_participants
        self._progress = (-1, -1)
        self._since_s = 0.0
        self._awake: set[int] = set()
        self._beats = 0

    def seen(self, run: int, now_s: float) -> bool:
        """Whether somebody was awake for FREE_STALL_S while nothing was done. Call it often."""
        rqs, tasks = self._world.rqs, _tasks(self._world)
        done = sum(rq.nr_switches for rq in rqs) + sum(p.worked_ns for p in tasks)
        awake = {cpu for cpu in range(self._nr - 1) if not hw.row(cpu)["line"]}
        beats = hw.row(self._nr - 1)["beats"]
        if beats != self._beats:  # The control agent takes no steps while it only watches.
            awake.add(self._nr - 1)
            self._beats = beats
        if (run, done) != self._progress:
            self._progress, self._since_s, self._awake = (run, done), now_s, awake
        self._awake &= awake
        return bool(self._awake) and now_s - self._since_s > FREE_STALL_S


def judge(world: World, nr_participants: int, replaying: bool) -> Judgement:
    """Say how the run that is over ended. Nobody runs; points are off."""
    state = hw.state()
    verdict = state["verdict"]
    if verdict in (hw.FINDING, hw.DIVERGED):
        return _reported(world, state)
    if verdict == hw.STEPS:
        return Judgement(INCONCLUSIVE, f"the limit of {state['step']} steps was reached")
    if verdict == hw.NO_PROGRESS:
        return Judgement(FOUND, finding=_livelock(world, nr_participants, state))
    if verdict == hw.ENDED:
        return Judgement()
    return _stuck(world, nr_participants, state)


def _reported(world: World, state: dict[str, int]) -> Judgement:
    value: dict[str, Any] = msgpack.unpackb(world.sched.report)
    if "bug" in value:
        raise OwnBug(value["bug"])
    if "workload" in value:
        return Judgement(bad_workload=value["workload"])
    if "difference" in value:
        return Judgement(DIVERGED, value["difference"])
    return Judgement(FOUND, finding=Finding(step=state["step"], **value))


def _livelock(world: World, nr: int, state: dict[str, int]) -> Finding:
    rows = [hw.row(who) for who in range(nr)]
    notes = [
        f"{_who(who, rows)} holds {', '.join(world.describe(at) for at in row['held'])}"
        for who, row in enumerate(rows)
        if row["held"]
    ]
    return Finding(
        notes=notes,
        kind="no progress",
        signature="no-progress",
        message="the CPUs take steps and no task gets on",
        step=state["step"],
    )


def _stuck(world: World, nr: int, state: dict[str, int]) -> Judgement:
    rows = [hw.row(who) for who in range(nr)]
    if any(row["status"] == hw.DONE for row in rows[:-1]):
        # The time of the scenario is up. A CPU is done with nothing held, so a lock that somebody
        # waits for now was not left behind by the end; a word may be, such as a stopper's answer.
        locked = [who for who, row in enumerate(rows) if row["status"] == hw.LOCK]
        if locked:
            return Judgement(FOUND, finding=_deadlock(world, rows, locked, state))
        return Judgement()
    waiting = [who for who, row in enumerate(rows) if row["status"] in (hw.LOCK, hw.WORD)]
    if waiting:
        return Judgement(FOUND, finding=_deadlock(world, rows, waiting, state))
    stranded = _stranded(world)
    if stranded:
        return Judgement(FOUND, finding=_lost_wakeup(world, stranded, rows, state))
    sleepers = [p for p in _tasks(world) if Task.state.peek(p) == TASK_INTERRUPTIBLE]
    forgotten = [p for p in sleepers if _forgotten(p)]
    if forgotten:
        return Judgement(FOUND, finding=_lost_wakeup(world, forgotten, rows, state))
    if sleepers:
        return Judgement(notes=[_workload_stuck(sleepers)])
    return Judgement()


def _forgotten(p: Task) -> bool:
    """Whether a task sleeps that was let go: off its queue, or with its token there."""
    step = program.scenario.templates[p.template].code[p.pc][0]
    if step == "pause":
        return Task.wake_token.peek(p)
    return not Task.wait_on.peek(p)


def _workload_stuck(sleepers: list[Task]) -> str:
    """Which tasks wait for ever, and on what: the fault of the workload, not of a scheduler."""
    waits = []
    for p in sleepers[:NR_NAMED]:
        number = Task.wait_on.peek(p)
        objects = program.scenario.objects
        what = f"on {objects[number - 1].name}" if number else "in a pause"
        waits.append(f"{name(p)} {what}")
    more = " ..." if len(sleepers) > NR_NAMED else ""
    return f"workload stuck, everybody waits for ever: {', '.join(waits)}{more}"


def _tasks(world: World) -> list[Task]:
    nr = type(world.sched).nr_tasks.peek(world.sched)
    return world.tasks[: min(nr, world.limits.nr_tasks)]


def _stranded(world: World) -> list[Task]:
    asleep = (TASK_INTERRUPTIBLE, TASK_DEAD, TASK_NEW)
    return [p for p in _tasks(world) if Task.state.peek(p) not in asleep]


def _deadlock(
    world: World, rows: list[dict[str, Any]], waiting: list[int], state: dict[str, int]
) -> Finding:
    notes, words = [], []
    for who in waiting:
        row = rows[who]
        word = world.describe(row["wait_off"])
        kind = word.split("[")[0] + "." + word.rpartition(".")[2]
        words.append(kind)
        notes.append(f"{_who(who, rows)} {_waits(word, row, rows)}{_holds(world, row)}")
    kinds = "+".join(sorted(set(words)))
    return Finding(
        kind="deadlock",
        signature=f"deadlock/{kinds}",
        message=f"{len(waiting)} of {len(rows)} participants wait for each other",
        step=state["step"],
        cpu=waiting[0] if waiting[0] < len(rows) - 1 else -1,
        time_ns=rows[waiting[0]]["clock"],
        notes=notes,
    )


def _who(who: int, rows: list[dict[str, Any]]) -> str:
    return f"CPU {who}" if who < len(rows) - 1 else "the control agent"


def _waits(word: str, row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    if row["status"] == hw.WORD:
        return f"waits until {word} is no longer {row['wait_value']}"
    holders = [_who(i, rows) for i, other in enumerate(rows) if row["wait_off"] in other["held"]]
    return f"waits for {word}, held by {' and '.join(holders) or 'nobody'}"


def _holds(world: World, row: dict[str, Any]) -> str:
    held = [world.describe(offset) for offset in row["held"]]
    return f" and holds {', '.join(held)}" if held else ""


def _lost_wakeup(
    world: World, stranded: list[Task], rows: list[dict[str, Any]], state: dict[str, int]
) -> Finding:
    notes = [f"{name(p)} could run: {_where(p)}" for p in stranded[:5]]
    places = sorted({_where_kind(p) for p in stranded})
    return Finding(
        kind="lost wakeup",
        signature=f"lost-wakeup/{'+'.join(places)}",
        message=f"every CPU is idle, and {len(stranded)} tasks could run"
        if len(stranded) > 1
        else f"every CPU is idle, and {name(stranded[0])} could run",
        step=state["step"],
        time_ns=max(row["clock"] for row in rows),
        cpu=Task.cpu.peek(stranded[0]),
        notes=notes,
        focus=[p.index + 1 for p in stranded],
    )


def _where(p: Task) -> str:
    cpu = Task.cpu.peek(p)
    if p.dsq is not None:
        which = f"the local DSQ of CPU {p.dsq.owner}" if p.dsq.owner >= 0 else "a shared DSQ"
        return f"it waits on {which} (last CPU {cpu})"
    state = OPSS_NAMES[Task.ops_state.peek(p) & SCX_OPSS_STATE_MASK]
    owner = "the scheduler has it" if state == "QUEUED" else "it is on no DSQ"
    return f"{owner}, ops_state {state} (last CPU {cpu})"


def _where_kind(p: Task) -> str:
    if p.dsq is not None:
        return "local-dsq" if p.dsq.owner >= 0 else "shared-dsq"
    return OPSS_NAMES[Task.ops_state.peek(p) & SCX_OPSS_STATE_MASK].lower()
