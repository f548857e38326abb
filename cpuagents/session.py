"""A session: the memory and the processes of one setting.

Everything is made before the first fork, in the main process: the plugin is imported, the world
is laid out, arenas and interrupt lines exist. So every agent has the same Python objects, and
nothing has a name that could be left behind.
"""

import os
import signal
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from cpuagents import agent, control, cpu, forkserver
from cpuagents.bad_input import BadInput
from cpuagents.note import AgentNote
from cpuagents.setting import FREE, Setting
from cpuagents.turnstile import MAILBOX_BYTES
from emu.abi.limits import NR_DSQS_MAX
from emu.bpf import maps
from emu.bpf.instance import instantiate
from emu.bpf.ops import SchedExtOps
from emu.layout.world import Limits, World
from emu.machine.arena import Arena
from emu.machine.irq import Lines

NR_SYNCS_GENERATED = 16  # Room for the objects of generated workloads.
NR_TRACE_LARGE, NR_TRACE_SMALL = 512, 128
MANY_CPUS = 32


@dataclass
class Engine:
    """What runs one run at a time: an arena, lines, and the sockets of its control agent."""

    number: int
    arena: Arena
    lines: Lines
    ours: socket.socket  # The coordinator's end.
    theirs: socket.socket  # The control agent's end.


class Session:
    """Use as a context manager: leaving it ends every process and gives all memory back."""

    def __init__(self, setting: Setting, ops_class: type[SchedExtOps], nr_engines: int) -> None:
        """Make memory and lines, and start the fork server.

        Errors: ArenaError or LineError if the operating system gives no memory or semaphores,
            BadInput if it gives no process or file descriptor.
        """
        self.setting = setting
        self.ops_class = ops_class
        limits = Limits(
            nr_cpus=setting.nr_cpus,
            nr_tasks=setting.nr_tasks,
            nr_dsqs=NR_DSQS_MAX,
            nr_syncs=_nr_syncs(setting),
        )
        limits = limits.with_maps(maps.maps_bytes(ops_class, limits))
        self.world = World(limits)
        self.nr_participants = setting.nr_cpus + 1
        self.engines: list[Engine] = []
        self._server: socket.socket | None = None
        self._server_pid = 0
        self.owner_pid = os.getpid()
        try:
            for number in range(nr_engines):
                self.engines.append(self._engine(number))
            self._lay_out()
            self._start()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise BadInput(
                    f"the operating system refused: {error.strerror}; use fewer CPUs or engines, "
                    "or raise the limit (ulimit -a shows them)"
                ) from error
            raise

    def _engine(self, number: int) -> Engine:
        nr_bytes = self.world.size + MAILBOX_BYTES + AgentNote.size * self.nr_participants
        nr_trace = NR_TRACE_SMALL if self.setting.nr_cpus > MANY_CPUS else NR_TRACE_LARGE
        arena = Arena.create(nr_bytes, self.nr_participants, nr_trace)
        lines = Lines(self.nr_participants if self.setting.mode == FREE else 0)
        ours, theirs = socket.socketpair()
        return Engine(number, arena, lines, ours, theirs)

    def _lay_out(self) -> None:
        """Place every structure; all engines have the same layout."""
        base = self.engines[0].arena.base
        self.world.attach(base)
        self.mailbox_at = base + self.world.size
        notes_at = self.mailbox_at + MAILBOX_BYTES
        self.notes = [
            AgentNote._place(notes_at + i * AgentNote.size, i) for i in range(self.nr_participants)
        ]
        self.engines[0].arena.attach(self.nr_participants - 1)
        self.instance = instantiate(self.world, self.ops_class)

    def _start(self) -> None:
        ours = [engine.ours for engine in self.engines]
        self._server, self._server_pid = forkserver.start(self.nr_participants, self._enter, ours)
        for engine in self.engines:
            engine.theirs.close()

    def _enter(self, engine: int, participant: int) -> None:
        """The life of an agent: prepare the process, then serve until it is killed."""
        mailbox = agent.prepare(self, self.engines[engine], participant)
        if participant == self.setting.nr_cpus:
            control.Control(self, self.engines[engine], mailbox).serve()
        else:
            agent.serve(self, participant, mailbox, cpu.main)

    def server_socket(self) -> socket.socket:
        """The coordinator's end of the fork server's socket, for it to take over."""
        assert self._server is not None, "the fork server runs"
        sock, self._server = self._server, None
        return sock

    def control_socket(self, number: int) -> socket.socket:
        """The coordinator's end of an engine's control socket, for it to take over."""
        return self.engines[number].ours

    def kill(self) -> None:
        """End every process at once: agents die with the fork server."""
        if self._server_pid:
            os.kill(self._server_pid, signal.SIGKILL)

    def _stop_processes(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._server_pid:
            self.kill()
            os.waitpid(self._server_pid, 0)
            self._server_pid = 0
        for engine in self.engines:
            engine.ours.close()
            engine.theirs.close()

    def close(self) -> None:
        """End every process and give all memory back; may be called twice."""
        self._stop_processes()
        for engine in self.engines:
            engine.lines.close()
            engine.arena.close()
        self.engines.clear()

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the session."""
        self.close()


def _nr_syncs(setting: Setting) -> int:
    """Room for objects; the same in a campaign over generated workloads and in a replay of one.

    What lies behind them must not move, since signatures are made of places.
    """
    nr = len(setting.scenario.objects) if setting.scenario is not None else 0
    return max(NR_SYNCS_GENERATED, nr)
