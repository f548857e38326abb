"""What every agent process does first, and how it takes part in one run after another."""

import gc
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from cpuagents import turnstile, workload_of
from cpuagents.setting import CONTROLLED
from cpuagents.turnstile import Mailbox
from emu import check, faults
from emu.core import report, this_cpu
from emu.machine import _machine as hw

if TYPE_CHECKING:
    from cpuagents.session import Engine, Session

NR_FRAMES = 8
# Files whose frames only say how a finding was made, not where.
HOW_IT_ENDED = ("report.py", "scx_exit.py", "callback.py", "context.py", "invariants.py")
ROOT = Path(__file__).resolve().parents[1]


def prepare(session: "Session", engine: "Engine", participant: int) -> Mailbox:
    """Make this process, which was just forked, participant `participant` of `engine`."""
    os.dup2(2, 1)  # What a scheduler prints must not get into the result.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGUSR1, _asked_where)
    setting = session.setting
    if setting.mode == CONTROLLED:
        # Another session beside this one starts at another core; nothing else depends on it.
        cores = sorted(os.sched_getaffinity(0))
        core = (session.owner_pid + engine.number) % len(cores)
        os.sched_setaffinity(0, {cores[core]})
    engine.arena.attach(participant)
    engine.lines.use()
    cpu = participant if participant < setting.nr_cpus else -1
    this_cpu.attach(session.world, cpu, *session.instance)
    if setting.fault:
        faults.install(setting.fault)
    if setting.oracles:
        check.install(session.world)
    workload_of.setting = setting
    start, end = session.mailbox_at, session.mailbox_at + turnstile.MAILBOX_BYTES
    mailbox = Mailbox(engine.arena.buf[start:end])
    turnstile.replayer().on_difference = report.difference
    os.fork = _refuse_fork  # A child of an agent would outlive the run.
    gc.disable()  # Runs make no cycles; collections in the middle of them only cost time.
    return mailbox


def serve(session: "Session", participant: int, mailbox: Mailbox, body: Callable[[], None]) -> None:
    """Take part in run after run, until the process is killed."""
    trace: TracebackType | None = None
    while True:
        if hw.enter():
            try:
                turnstile.take_part(session.nr_participants, mailbox)
                body()
                hw.done()
                trace = None
            except hw.RunOver as over:
                trace = over.__traceback__
            except Exception:
                report.own_bug(traceback.format_exc())
        else:
            session.notes[participant].stack = stack_of(trace)
            hw.hand(session.nr_participants - 1)


def stack_of(trace: TracebackType | None) -> bytes:
    """Where a process was when its run was over, outermost first."""
    lines = []
    for frame in traceback.extract_tb(trace)[1:]:
        path = Path(frame.filename)
        if path.name in HOW_IT_ENDED and path.is_relative_to(ROOT):
            continue
        place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
        lines.append(f"{frame.name}() {place}:{frame.lineno}")
    return "\n".join(lines[-NR_FRAMES:]).encode()


def _refuse_fork() -> int:
    raise PermissionError("a scheduler runs in the kernel: it cannot fork")


def _asked_where(number: int, frame: FrameType | None) -> None:
    """SIGUSR1: no heartbeat for a while. Inside a callback that is the scheduler's fault."""
    if frame is not None and report.current_op:
        where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        report.finding(
            "endless callback",
            [report.current_op],
            f"ops.{report.current_op}() does not come back: it was at {where}",
        )
