"""What people ask for: one run, a fuzz campaign, a replay. Blocking calls over the coordinator.

A campaign numbers its schedules. Schedule i has a seed of its own, so what it does depends
neither on the engine that runs it nor on how many there are. The result is that of the smallest
number with a finding, and the campaign hash is made of the hashes up to it, in order.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cpuagents import finding as findings
from cpuagents import reproducer, schedule, wire, workload_of
from cpuagents import scenario as scenarios
from cpuagents.bad_input import BadInput
from cpuagents.campaign_numbers import CHUNK
from cpuagents.coordinator import Coordinator
from cpuagents.finding import Finding
from cpuagents.reproducer import Reproducer
from cpuagents.schedule import Schedule, Switch
from cpuagents.session import Session
from cpuagents.setting import Setting
from cpuagents.verdict import CLEAN, FOUND, INCONCLUSIVE
from emu.bpf.ops import SchedExtOps

Progress = Callable[[int, float], None]  # (schedules done, of them per second)


@dataclass
class Result:
    """How a run, a replay or a campaign ended."""

    verdict: str = CLEAN
    reason: str = ""  # Why it is inconclusive, or where it diverged.
    notes: list[str] = field(default_factory=list)
    finding: Finding | None = None
    path: Path | None = None  # Where the finding's reproducer lies.
    number: int = 0  # Of the schedule with the finding.
    nr_schedules: int = 0
    nr_steps: int = 0
    nr_switches: int = 0
    hash: str = ""
    time_ns: int = 0
    tasks: list[dict[str, Any]] = field(default_factory=list)
    elapsed_s: float = 0.0
    interrupted: bool = False
    view: Finding | None = None  # What a replay that was stopped had done.
    agent_kib: int = 0  # Memory that an agent shares with nobody.


@dataclass(frozen=True)
class Batch:
    """What one request for schedules brought."""

    hashes: list[int]
    nr_steps: int
    nr_switches: int
    reason: str
    notes: list[str]


class _Collector:
    """Takes the answers of all engines and makes one result of them."""

    def __init__(self, setting: Setting, out: Path, progress: Progress | None) -> None:
        self.setting = setting
        self.out = out
        self.progress = progress
        self.batches: dict[int, Batch] = {}
        self.found: tuple[int, Finding, Path] | None = None
        self.failed: tuple[int, Exception] | None = None
        self.replies: list[wire.Message] = []
        self.started = time.monotonic()
        self.nr_done = 0
        self.stops_at_finding = True
        self.saves = True  # A replay does not write over the file it follows.

    def take(self, message: wire.Message) -> bool:
        """One answer; says whether to go on handing out requests."""
        event = message["event"]
        if event == "batch":
            self._batch(message)
        elif event == "agent_died":
            self._death(message)
        elif event in ("bad_input", "bug"):
            self._fail(message)
        else:
            self.replies.append(message)
        if message.get("finding"):
            self._keep(message)
        return self.failed is None and (self.found is None or not self.stops_at_finding)

    def _fail(self, message: wire.Message) -> None:
        """Bad input or a bug of our own: it counts unless an earlier schedule has a finding."""
        number = message.get("number", 0)
        kind = BadInput if message["event"] == "bad_input" else RuntimeError
        if self.failed is None or number < self.failed[0]:
            self.failed = (number, kind(message["message"]))

    def _batch(self, message: wire.Message) -> None:
        self.batches[message["first"]] = Batch(
            message["hashes"],
            message["steps"],
            message["switches"],
            message["reason"],
            message["notes"],
        )
        self.nr_done += len(message["hashes"])
        if self.progress:
            elapsed = time.monotonic() - self.started
            self.progress(self.nr_done, self.nr_done / max(elapsed, 1e-9))

    def _keep(self, message: wire.Message) -> None:
        """Put a finding on disk before anybody hears of it."""
        number = message["number"]
        if self.found is not None and self.found[0] <= number:
            return
        finding = findings.from_data(message["finding"])
        saved = schedule.from_data(message["schedule"])
        scenario = scenarios.from_data(message["scenario"])
        setting = self.setting.at(number, scenario, message["length"])
        self._save(number, Reproducer(setting, saved, finding))

    def _save(self, number: int, found: Reproducer) -> None:
        path = reproducer.save(self.out, found) if self.saves else self.out
        self.found = (number, found.finding, path)

    def _death(self, message: wire.Message) -> None:
        """An agent died: a finding, with the schedule up to its death."""
        who, held = message["who"], message["held"]
        name = f"CPU {who}" if who < self.setting.nr_cpus else "the control agent"
        what = f"{name} {message['how']}"
        if message["silent"]:
            what += " after it did not answer: it loops for ever outside every scheduling point"
        notes = [f"it held {', '.join(held)}"] if held else ["it held no lock"]
        if message["doing"]:
            notes.append(f"the last operation it announced was on {message['doing']}")
        finding = Finding(
            kind="agent died",
            signature=f"agent-died/{'silent' if message['silent'] else message['how']}",
            message=what,
            step=message["step"],
            time_ns=message["time_ns"],
            cpu=who if who < self.setting.nr_cpus else -1,
            notes=notes,
        )
        switches = tuple(Switch(*row) for row in message["switches"])
        saved = Schedule(switches, message["nr_switches"], message["hash"], message["step"])
        number = message["number"]
        if self.found is not None and self.found[0] <= number:
            return
        scenario = self.setting.scenario or workload_of.generated(self.setting, number // CHUNK)
        setting = self.setting.at(number, scenario, message["length"])
        self._save(number, Reproducer(setting, saved, finding))

    def result(self, coordinator: Coordinator) -> Result:
        """The result of the campaign.

        Errors: what a control agent answered instead of a result, see _fail().
        """
        if self.failed and not (self.found and self.found[0] < self.failed[0]):
            raise self.failed[1]
        result = Result(elapsed_s=time.monotonic() - self.started)
        result.interrupted = coordinator.interrupted
        hasher = hashlib.sha256()
        for first in sorted(self.batches):
            batch = self.batches[first]
            if self.found and first > self.found[0]:
                continue
            for value in batch.hashes:
                hasher.update(value.to_bytes(8, "little"))
            result.nr_schedules += len(batch.hashes)
            result.nr_steps += batch.nr_steps
            result.nr_switches += batch.nr_switches
            result.reason = result.reason or batch.reason
            result.notes = result.notes or batch.notes
        result.hash = hasher.hexdigest()[:16]
        if self.found:
            result.number, result.finding, result.path = self.found
            result.verdict, result.reason = FOUND, ""
        elif coordinator.lost:
            result.verdict, result.reason = INCONCLUSIVE, "the fork server was killed"
        elif result.reason:
            result.verdict = INCONCLUSIVE
        return result


def _chunks(first: int, runs: int) -> Iterator[wire.Message]:
    for start in range(first, first + runs, CHUNK):
        stop = min(start + CHUNK, first + runs)
        yield {"do": "schedules", "first": start, "stop": stop}


def _supervise(session: Session, requests: Iterator[wire.Message], collector: _Collector) -> Result:
    coordinator = Coordinator(session)
    try:
        coordinator.run(requests, collector.take)
    except BaseExceptionGroup as group:
        raise _innermost(group) from None
    if coordinator.refused:
        raise BadInput(
            f"the operating system gave no process: {coordinator.refused}; "
            "use fewer CPUs or engines"
        )
    return collector.result(coordinator)


def _innermost(group: BaseException) -> BaseException:
    """The one error that matters in what trio's nurseries gathered."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


def fuzz(
    setting: Setting,
    ops_class: type[SchedExtOps],
    runs: int,
    *,
    engines: int = 1,
    out: Path = Path("findings"),
    progress: Progress | None = None,
) -> Result:
    """Run `runs` schedules under control and stop at the first finding.

    Errors: BadInput; RuntimeError with a traceback for our own bug.
    """
    with Session(setting, ops_class, engines) as session:
        collector = _Collector(setting, out, progress)
        return _supervise(session, _chunks(setting.first, runs), collector)


def run(setting: Setting, ops_class: type[SchedExtOps], *, out: Path = Path("findings")) -> Result:
    """Do one run in either mode, and say what each task got."""
    request = {"do": "one", "number": setting.first}
    with Session(setting, ops_class, 1) as session:
        return _one(session, request, setting, out)


def _one(session: Session, request: wire.Message, setting: Setting, out: Path) -> Result:
    collector = _Collector(setting, out, None)
    result = _supervise(session, iter([request]), collector)
    for reply in collector.replies:
        return _single(collector, reply, result)
    return result


def _single(collector: _Collector, reply: wire.Message, base: Result) -> Result:
    """The result of one run out of what its control agent answered."""
    finding = findings.from_data(reply["finding"]) if reply.get("finding") else None
    return replace(
        base,
        verdict=FOUND if finding else reply["verdict"],
        reason=reply["reason"],
        finding=finding,
        path=collector.found[2] if finding and collector.found else None,
        nr_schedules=1,
        hash=f"{reply['hash']:016x}",
        nr_steps=reply["steps"],
        nr_switches=reply["switches"],
        time_ns=reply["time_ns"],
        tasks=reply["tasks"],
        notes=reply["notes"],
        agent_kib=reply["agent_kib"],
        view=findings.from_data(reply["view"]) if reply.get("view") else None,
    )


def replay(
    saved: Reproducer,
    ops_class: type[SchedExtOps],
    *,
    until: int = 0,
    times: int = 1,
    engines: int = 1,
    out: Path = Path("findings"),
) -> list[Result]:
    """Do a saved schedule again, `times` times; each is exact or says where it diverged.

    Args: until: stop at this step (0: run to the end).
    """
    setting = saved.setting
    if until:
        setting = replace(setting, steps_max=until)
    request = {
        "do": "replay",
        "number": setting.first,
        "schedule": schedule.to_data(saved.schedule),
    }
    with Session(setting, ops_class, engines) as session:
        collector = _Collector(setting, out, None)
        collector.stops_at_finding = False
        collector.saves = False
        base = _supervise(session, iter([request] * times), collector)
    results = [_single(collector, reply, base) for reply in collector.replies]
    # An agent that dies, or a user who interrupts, leaves fewer answers than were asked for.
    return results if len(results) == times else [*results, base]
