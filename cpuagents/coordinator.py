"""The coordinator: a trio program that starts, watches and ends the processes of a session.

It hands requests to the control agents, one at a time to each engine, and passes on what they
answer. It is not on the path of a run: in a controlled run the holder of the baton decides.
A dead or a silent agent becomes a finding that names what it was doing.

Ctrl-C ends the session and keeps what was found; a second one ends it at once.
"""

import math
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import trio

from cpuagents import wire
from cpuagents.session import Engine, Session
from cpuagents.verdict import FreeStall
from emu.machine import _machine as hw

LOOK_S = 0.5  # Between two looks at the heartbeats.
SILENT_S = 4.0  # Without a heartbeat: the agent is asked by a signal where it is.
DEAF_S = 4.0  # After the signal: it is killed.
LOOPING_CPU_S = 1.5  # An agent that loops uses the CPU; one that is merely not let run does not.
BLOCKED_S = 60.0  # Silent without using the CPU, for so long: something is lost.

Requests = Iterator[wire.Message]
OnMessage = Callable[[wire.Message], bool]  # False: hand out no further requests.


@dataclass
class Watch:
    """What the coordinator knows of one engine."""

    engine: Engine
    stall: FreeStall
    pids: list[int] = field(default_factory=list)
    busy: bool = False
    alive: bool = False
    beats: tuple[int, ...] = ()
    silent_since: float = math.inf
    cpu_s: float = 0.0  # CPU time of all its agents when they fell silent.
    cpu_each: list[float] = field(default_factory=list)  # The same for each of them.
    asked: bool = False
    asked_at: float = math.inf
    spawned: trio.Event = field(default_factory=trio.Event)
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)


class Coordinator:
    """One session's supervision; use `run()`."""

    def __init__(self, session: Session) -> None:
        """Supervise the processes of `session`."""
        self._session = session
        self._watches = [
            Watch(engine, FreeStall(session.world, session.nr_participants))
            for engine in session.engines
        ]
        self._stop = False
        self.interrupted = False
        self.lost = False  # The fork server died.
        self.refused = ""  # Why the operating system gave no process.

    def run(self, requests: Requests, on_message: OnMessage) -> None:
        """Answer all `requests`, on as many engines as there are; blocks until done.

        `on_message` sees every answer, and a message `agent_died` for a lost agent.
        """
        trio.run(self._main, requests, on_message)

    async def _main(self, requests: Requests, on_message: OnMessage) -> None:
        server = wire.Channel(self._session.server_socket())
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._signals, nursery.cancel_scope)
                nursery.start_soon(self._server_events, server, on_message)
                nursery.start_soon(self._look_after)
                async with trio.open_nursery() as crew:
                    for watch in self._watches:
                        crew.start_soon(self._work, server, watch, requests, on_message)
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await server.aclose()

    async def _signals(
        self, scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]
    ) -> None:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for _ in signals:
                if self.interrupted:
                    self._session.kill()
                    os._exit(130)
                self.interrupted = True
                self._stop = True
                scope.cancel()

    async def _work(
        self, server: wire.Channel, watch: Watch, requests: Requests, on_message: OnMessage
    ) -> None:
        """Keep one engine busy until the requests or its agents are gone."""
        channel = wire.Channel(self._session.control_socket(watch.engine.number))
        await server.send({"do": "spawn", "engine": watch.engine.number})
        await watch.spawned.wait()
        with watch.scope:
            async with aclosing(channel.messages()) as answers:
                while watch.alive and not self._stop:
                    request = next(requests, None)
                    if request is None:
                        break
                    watch.busy = True
                    await channel.send(request)
                    await self._answers(watch, answers, on_message)
                    watch.busy = False
        watch.busy = False

    async def _answers(
        self, watch: Watch, answers: AsyncIterator[wire.Message], on_message: OnMessage
    ) -> None:
        async for answer in answers:
            if not on_message({**answer, "engine": watch.engine.number}):
                self._stop = True
            if answer.get("end"):
                return

    async def _server_events(self, server: wire.Channel, on_message: OnMessage) -> None:
        async with aclosing(server.messages()) as events:
            async for event in events:
                await self._server_event(server, event, on_message)
        self.lost = True  # Somebody killed the fork server, and the agents with it.
        self._stop = True
        for watch in self._watches:
            watch.spawned.set()
            watch.scope.cancel()

    async def _server_event(
        self, server: wire.Channel, event: wire.Message, on_message: OnMessage
    ) -> None:
        watch = self._watches[event["engine"]]
        if event["event"] == "spawned":
            watch.pids = event["pids"]
            watch.alive = True
            watch.spawned.set()
        elif event["event"] == "refused":
            self.refused = event["why"]
            self._stop = True
            watch.spawned.set()
        elif event["event"] == "died" and watch.alive:
            watch.alive = False
            self._stop = True
            on_message(self._death(watch, event["who"], event["code"]))
            await server.send({"do": "kill", "engine": watch.engine.number})
            watch.scope.cancel()

    def _death(self, watch: Watch, who: int, code: int) -> wire.Message:
        watch.engine.arena.attach(-1)
        state = hw.state()
        row = hw.row(who)
        world = self._session.world
        return {
            "event": "agent_died",
            "engine": watch.engine.number,
            "who": who,
            "how": _how(code),
            "silent": watch.asked,
            "step": state["step"],
            "time_ns": row["clock"],
            "held": [world.describe(offset) for offset in row["held"]],
            "doing": world.describe(row["off"]) if row["off"] else "",
            "switches": [list(s) for s in hw.switches(0, state["nr_switches"])],
            "nr_switches": state["nr_switches"],
            "hash": state["hash"],
            "number": type(world.sched).number.peek(world.sched),
            "length": type(world.sched).length.peek(world.sched),
        }

    async def _look_after(self) -> None:
        while True:
            await trio.sleep(LOOK_S)
            for watch in self._watches:
                if watch.alive:
                    self._look_at(watch)

    def _look_at(self, watch: Watch) -> None:
        """Compare the heartbeats; ask a silent agent where it is, then kill it."""
        watch.engine.arena.attach(-1)
        state = hw.state()
        rows = [hw.row(who) for who in range(len(watch.pids))]
        beats = (state["run"], state["step"], state["over"], *(row["beats"] for row in rows))
        now = trio.current_time()
        if state["mode"] == hw.FREE and watch.busy and not state["over"]:
            if watch.stall.seen(state["run"], now):
                hw.abort(hw.NO_PROGRESS)
                return
        if not watch.busy or beats != watch.beats:
            watch.beats = beats
            watch.silent_since = now
            watch.cpu_s = _cpu_s(watch.pids)
            watch.cpu_each = [_cpu_s([pid]) for pid in watch.pids]
            watch.asked = False
            return
        silent_s = now - watch.silent_since
        if silent_s <= SILENT_S:
            return
        if silent_s < BLOCKED_S and _cpu_s(watch.pids) - watch.cpu_s < LOOPING_CPU_S:
            return
        suspects = _suspects(watch, state)
        if not watch.asked:
            watch.asked = True
            watch.asked_at = now
            _signal(watch, suspects, signal.SIGUSR1)
        elif now - watch.asked_at > DEAF_S:
            _signal(watch, suspects, signal.SIGKILL)


def _suspects(watch: Watch, state: dict[str, int]) -> list[int]:
    """Who may be the silent one: all of a free run to be asked, the busiest to be killed."""
    if state["mode"] == hw.CONTROLLED:
        return [state["holder"]]
    if state["mode"] == hw.SETUP:
        return [len(watch.pids) - 1]  # The control agent is alone then.
    if not watch.asked:
        return list(range(len(watch.pids)))
    used = [_cpu_s([pid]) - was for pid, was in zip(watch.pids, watch.cpu_each, strict=True)]
    return [used.index(max(used))]


def _cpu_s(pids: list[int]) -> float:
    """CPU time that these processes have used, in seconds."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # It died meanwhile; the fork server tells.
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _signal(watch: Watch, suspects: list[int], number: signal.Signals) -> None:
    for who in suspects:
        try:
            os.kill(watch.pids[who], number)
        except ProcessLookupError:
            continue  # It died meanwhile; the fork server tells.


def _how(code: int) -> str:
    if code >= 0:
        return f"left with status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
