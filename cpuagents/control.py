"""The control agent: it starts runs, does what kernel threads and system calls would, and judges.

Between runs it puts the template image back, says what the next run is like, and begins it; it
loops over schedules by itself. It answers requests of the coordinator:

    schedules  first, stop: controlled runs with these numbers, until one has a finding
    one        number: one run in the mode of the setting
    replay     number, schedule: a controlled run that follows a saved schedule
"""

import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgpack

from cpuagents import (
    agent,
    blocking,
    program,
    schedule,
    strategies,
    turnstile,
    verdict,
    wire,
    workload_of,
)
from cpuagents import finding as findings
from cpuagents import scenario as scenarios
from cpuagents.campaign_numbers import CHUNK, STREAM_CALM, STREAM_SCHEDULE
from cpuagents.finding import Finding
from cpuagents.scenario import Scenario
from cpuagents.schedule import Schedule, Switch
from cpuagents.setting import FREE
from cpuagents.strategies import Strategy
from cpuagents.strategies.pct import Pct
from cpuagents.strategies.replay import Replay
from cpuagents.turnstile import Mailbox
from cpuagents.verdict import Judgement
from emu.abi.states import STATE_NAMES
from emu.bpf import maps
from emu.core import affinity, change, load, this_cpu, wakeup
from emu.machine import _machine as hw
from emu.machine import irq

if TYPE_CHECKING:
    from cpuagents.session import Session

NR_TIMELINE = 600
POLL_S = 0.002


class BadWorkload(Exception):
    """The workload cannot be run; the message says why."""


class Control:
    """One engine's control agent."""

    def __init__(self, session: "Session", engine: Any, mailbox: Mailbox) -> None:
        """Serve `engine`; runs in its own process."""
        self._session = session
        self._setting = session.setting
        self._world = session.world
        self._sock = engine.theirs
        self._mailbox = mailbox
        self._arena = engine.arena
        self._nr = session.nr_participants
        self._kind, params = strategies.parse(self._setting.strategy)
        self._params = list(params.values())
        self._learned: dict[int, int] = {}
        self._number = 0  # Of the present schedule.
        self._workload = -1  # The workload the template image is of.
        self._trace: TracebackType | None = None

    def serve(self) -> None:
        """Answer requests until the coordinator is gone."""
        handlers = {"schedules": self._schedules, "one": self._one, "replay": self._replay}
        while (request := wire.receive(self._sock)) is not None:
            try:
                answer = handlers[request["do"]](request)
            except BadWorkload as bad:
                answer = {"event": "bad_input", "message": str(bad), "number": self._number}
            except hw.RunOver:
                answer = self._ended_in_setup()
            except Exception:
                trace = traceback.format_exc()
                answer = {"event": "bug", "message": trace, "number": self._number}
            wire.send(self._sock, {**answer, "end": True})

    # ------------------------------------------------------------ requests

    def _schedules(self, request: wire.Message) -> wire.Message:
        first, stop = request["first"], request["stop"]
        answer: dict[str, Any] = {"event": "batch", "first": first, "hashes": [], "reason": ""}
        answer["notes"] = []
        steps = switches = 0
        for number in range(first, stop):
            self._prepare(number)
            length = self._length()
            judgement = self._controlled(number, self._kind, self._params, length)
            state = hw.state()
            answer["hashes"].append(state["hash"])
            steps += state["step"]
            switches += state["nr_switches"]
            self._refuse_bad(judgement)
            if judgement.finding:
                answer.update(self._found(number, judgement, length))
                break
            answer["reason"] = answer["reason"] or judgement.reason
            answer["notes"] = answer["notes"] or judgement.notes
        answer["steps"], answer["switches"] = steps, switches
        return answer

    def _one(self, request: wire.Message) -> wire.Message:
        number = request["number"]
        self._prepare(number)
        if self._setting.mode == FREE:
            length = 0
            judgement = self._free(number)
        else:
            length = self._length()
            judgement = self._controlled(number, self._kind, self._params, length)
        return self._single(number, judgement, length)

    def _replay(self, request: wire.Message) -> wire.Message:
        number = request["number"]
        saved = schedule.from_data(request["schedule"])
        self._prepare(number)
        if saved.complete:
            self._mailbox.post(request["schedule"])
            judgement = self._controlled(number, Replay, [], 0, replaying=True)
        else:  # The log was full; the seed decides the same.
            length = self._setting.length
            judgement = self._controlled(number, self._kind, self._params, length)
        answer = self._single(number, judgement, self._setting.length)
        if judgement.verdict == verdict.INCONCLUSIVE:  # It was stopped at a step.
            seen = Finding("stopped", "stopped", judgement.reason, step=answer["steps"])
            answer["view"] = self._shown(findings.to_data(seen))
        return answer

    def _single(self, number: int, judgement: Judgement, length: int) -> wire.Message:
        self._refuse_bad(judgement)
        state = hw.state()
        answer: dict[str, Any] = {
            "event": "one",
            "hash": state["hash"],
            "steps": state["step"],
            "switches": state["nr_switches"],
            "time_ns": max(hw.clock_of(who) for who in range(self._nr)),
            "verdict": judgement.verdict,
            "reason": judgement.reason,
            "notes": judgement.notes,
            "tasks": self._tasks(),
            "agent_kib": _private_kib(),
        }
        if judgement.finding:
            answer.update(self._found(number, judgement, length))
        return answer

    def _refuse_bad(self, judgement: Judgement) -> None:
        if judgement.bad_workload:
            name = workload_of.this_run().name
            raise BadWorkload(f"{name}: {judgement.bad_workload}")

    # ------------------------------------------------------------ before a run

    def _prepare(self, number: int) -> None:
        """Make the template image of the workload that schedule `number` has."""
        self._number = number
        workload = 0 if self._setting.scenario else number // CHUNK
        if workload == self._workload:
            return
        hw.begin(hw.SETUP, hw.ALL, False)
        self._world.boot()
        maps.boot(self._session.ops_class)
        self._world.sched.workload = workload
        program.scenario = scenario = workload_of.this_run()
        self._world.sched.duration_ns = self._setting.duration_ns or scenario.duration_ns
        for s, thing in zip(self._world.syncs, scenario.objects, strict=False):
            s.count = thing.value
        load.enable()
        self._make_tasks(scenario)
        self._arena.save(self._world.end)
        self._workload = workload

    def _make_tasks(self, scenario: Scenario) -> None:
        for index, template in enumerate(scenario.threads):
            program.prepare(self._world.tasks[index], template, None)
        self._world.sched.nr_tasks.store(len(scenario.threads))

    def _length(self) -> int:
        """Counted points of a calm run of this workload, for strategies that must know."""
        if not self._kind.LEARNS_LENGTH:
            return 0
        if self._setting.length:
            return self._setting.length
        workload = self._workload
        if workload not in self._learned:
            seed = hw.draw(self._setting.seed, STREAM_CALM, workload)
            # A number that the workload decides: the first schedule this engine meets is chance.
            self._run_controlled(seed, Pct, [1, 0], workload * CHUNK, 0)
            self._learned[workload] = max(8, hw.state()["counted"] * 11 // 10)
        return self._learned[workload]

    # ------------------------------------------------------------ runs

    def _controlled(
        self,
        number: int,
        kind: type[Strategy],
        params: list[int],
        length: int,
        replaying: bool = False,
    ) -> Judgement:
        seed = hw.draw(self._setting.seed, STREAM_SCHEDULE, number)
        if kind.LEARNS_LENGTH and not params[1]:
            params = [params[0], length]
        self._run_controlled(seed, kind, params, number, length)
        return self._judge(replaying)

    def _run_controlled(
        self, seed: int, kind: type[Strategy], params: list[int], number: int, length: int
    ) -> None:
        setting = self._setting
        hw.begin(hw.SETUP, hw.ALL, False)
        hw.restore()
        self._world.sched.number = number
        self._world.sched.length = length
        self._world.sched.seed = hw.draw(setting.seed, STREAM_SCHEDULE, number)
        strategy = turnstile.publish_controlled(kind, seed, params, self._nr)
        turnstile.take_part(self._nr, self._mailbox)
        hw.configure(steps_max=setting.steps_max, stall_steps=setting.stall_steps)
        count = hw.ALL if setting.fine else strategy.count
        hw.begin(hw.CONTROLLED, count, setting.fine)
        self._take_part()

    def _take_part(self) -> None:
        """Do the control program; come back when the run is over."""
        self._trace = None
        this_cpu.begin_run()
        try:
            try:
                self._program()
            except blocking.WorkloadError as error:
                verdict.end_for_workload(str(error))
            if self._setting.mode != FREE:
                hw.done()
        except hw.RunOver as over:
            self._trace = over.__traceback__

    def _free(self, number: int) -> Judgement:
        setting = self._setting
        hw.begin(hw.SETUP, hw.ALL, False)
        hw.restore()
        seed = hw.draw(setting.seed, STREAM_SCHEDULE, number)
        self._world.sched.number = number
        self._world.sched.seed = seed
        turnstile.publish_free(setting.time_scale)
        turnstile.take_part(self._nr, self._mailbox)
        hw.configure(
            noise_seed=seed, noise_one_in=setting.noise_one_in, time_scale=setting.time_scale
        )
        hw.begin(hw.FREE, hw.ALL, False)
        self._take_part()
        if not hw.state()["over"]:
            self._watch_free_run()
        irq.raise_all()
        judgement = self._judge(False)
        return judgement

    def _watch_free_run(self) -> None:
        """Wait until a free run is over: its time is up, or every CPU stays idle."""
        end_ns = self._world.sched.duration_ns or hw.NEVER
        quiet_since = None
        while not hw.state()["over"]:
            time.sleep(POLL_S)
            beats = verdict.all_idle(self._nr - 1)
            if hw.now() >= end_ns:
                hw.end(hw.ENDED)
            elif beats is None or beats != quiet_since:
                quiet_since = beats
            else:
                hw.end(hw.STUCK)

    def _program(self) -> None:
        for index in range(len(program.scenario.threads)):
            wakeup.wake_up_new_task(self._world.tasks[index])
        for name, *args in program.scenario.control:
            self._step(name, args)

    def _step(self, name: str, args: list[int]) -> None:
        if name == "sleep":
            until = hw.now() + args[0]
            while hw.now() < until:
                if irq.cpu_wait(until, False):
                    irq.take()
        elif name == "wake":
            program.wake_thread(args[0])
        elif name == "affinity_of":
            p = self._world.tasks[args[0]]
            affinity.set_cpus_allowed_ptr(p, args[1] or p.birth_mask)
        elif name == "renice_of":
            change.set_user_nice(self._world.tasks[args[0]], args[1])
        elif name == "fork":
            program.spawn(args[0], None)

    # ------------------------------------------------------------ after a run

    def _judge(self, replaying: bool) -> Judgement:
        hw.quiet(True)
        return verdict.judge(self._world, self._nr, replaying)

    def _found(self, number: int, judgement: Judgement, length: int) -> wire.Message:
        """All that a finding needs: stacks, timeline, schedule, workload."""
        assert judgement.finding is not None, "called for a finding"
        state = hw.state()
        data = self._shown(findings.to_data(judgement.finding))
        data["step"] = data["step"] or state["step"]
        switches = tuple(Switch(*s) for s in hw.switches(0, state["nr_switches"]))
        saved = Schedule(switches, state["nr_switches"], state["hash"], state["step"])
        if self._setting.mode != FREE:
            data["stacks"] = self._stacks()
        return {
            "number": number,
            "length": length,
            "finding": findings.to_data(findings.from_data(data)),
            "schedule": schedule.to_data(saved),
            "scenario": scenarios.to_data(workload_of.this_run()),
        }

    def _shown(self, data: dict[str, Any]) -> dict[str, Any]:
        """Add the timeline and the names that it needs."""
        rows = [[who, *record] for who in range(self._nr) for record in hw.traces(who)]
        rows.sort(key=lambda row: (row[1], row[2], row[0]))
        data["timeline"] = rows[-NR_TIMELINE:]
        data["maps"] = [m.name for m in maps.maps_of(self._session.ops_class)]
        data["tasks"] = [blocking.name(p) for p in self._world.tasks]
        return data

    def _stacks(self) -> dict[int, list[str]]:
        """Where everybody was when the run ended."""
        stacks = {}
        for who in range(self._nr - 1):
            hw.collect(who)
            text = self._session.notes[who].stack.decode(errors="replace")
            if text:
                stacks[who] = text.split("\n")
        own = agent.stack_of(self._trace).decode()
        if own:
            stacks[self._nr - 1] = own.split("\n")
        return stacks

    def _tasks(self) -> list[dict[str, Any]]:
        nr = min(self._world.sched.nr_tasks.load(), self._world.limits.nr_tasks)
        return [
            {
                "name": p.comm.decode(errors="replace"),
                "run_ns": p.worked_ns,
                "nr_switches": p.nr_switches,
                "state": STATE_NAMES.get(type(p).state.peek(p), "?"),
                "ended_ns": p.ended_ns,
                "cpu": type(p).cpu.peek(p),
            }
            for p in self._world.tasks[:nr]
        ]

    def _ended_in_setup(self) -> wire.Message:
        """The scheduler was thrown out while it was loaded: bad input, with its own words."""
        raw = self._world.sched.report
        value = msgpack.unpackb(raw) if raw else {}
        message = value.get("message", "the scheduler ended its own loading")
        return {"event": "bad_input", "message": f"{self._setting.scheduler}: {message}"}


def _private_kib() -> int:
    """Memory of this process that it shares with nobody, in KiB."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    lines = [line.split() for line in rollup.splitlines() if line.startswith("Private_")]
    return sum(int(line[1]) for line in lines if line[0] != "Private_Hugetlb:")
