"""The fork server: a process without threads that forks agents, and reports their deaths.

It is forked from the main process before trio runs, so that an agent can be made at any time
without copying an event loop. Agents are its children and die with it; it dies with the main
process. So nothing outlives a run, whoever is killed.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable

from cpuagents import wire

PR_SET_PDEATHSIG = 1

Entry = Callable[[int, int], None]  # (engine, participant): what an agent process does.


def die_with(parent_pid: int) -> None:
    """Ask the operating system to kill this process when its parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        os._exit(0)  # It died before we could ask.


class ForkServer:
    """Runs in its own process; see `start()`."""

    def __init__(self, sock: socket.socket, nr_participants: int, entry: Entry) -> None:
        """Serve requests from `sock`."""
        self._sock = sock
        self._nr = nr_participants
        self._entry = entry
        self._children: dict[int, tuple[int, int]] = {}

    def serve(self) -> None:
        """Handle requests and deaths until the coordinator closes its end."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            watched: list[socket.socket | int] = [self._sock, wake_read]
            ready, _, _ = select.select(watched, [], [])
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if self._sock in ready:
                request = wire.receive(self._sock)
                if request is None:
                    break
                self._handle(request)
        self._kill(None)

    def _handle(self, request: wire.Message) -> None:
        if request["do"] == "spawn":
            self._spawn(request["engine"])
        elif request["do"] == "kill":
            self._kill(request["engine"])

    def _spawn(self, engine: int) -> None:
        pids = []
        for participant in range(self._nr):
            try:
                pid = self._fork(engine, participant)
            except OSError as error:
                self._kill(engine)
                wire.send(self._sock, {"event": "refused", "engine": engine, "why": str(error)})
                return
            pids.append(pid)
            self._children[pid] = (engine, participant)
        wire.send(self._sock, {"event": "spawned", "engine": engine, "pids": pids})

    def _fork(self, engine: int, participant: int) -> int:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 3
        try:
            die_with(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._sock.close()
            self._entry(engine, participant)
            status = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)

    def _kill(self, engine: int | None) -> None:
        for pid, (of, _) in list(self._children.items()):
            if engine is None or of == engine:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                del self._children[pid]
        if engine is not None:
            wire.send(self._sock, {"event": "killed", "engine": engine})

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in self._children:
                engine, participant = self._children.pop(pid)
                code = os.waitstatus_to_exitcode(status)
                event = {"event": "died", "engine": engine, "who": participant, "code": code}
                wire.send(self._sock, event)


def start(
    nr_participants: int, entry: Entry, close: list[socket.socket]
) -> tuple[socket.socket, int]:
    """Fork the server.

    Args:    close: ends of socket pairs that belong to the main process alone.
    Returns: the coordinator's end of its socket, and its pid.
    """
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return ours, pid
    status = 3
    try:
        die_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ours.close()
        for sock in close:
            sock.close()
        ForkServer(theirs, nr_participants, entry).serve()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)
