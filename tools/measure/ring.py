"""Hand-offs and scheduling points, against bare futexes and bare operations.

All processes of a measurement are pinned to one core, as those of an engine are.
"""

import os
import signal
import time
from collections.abc import Callable

from cpuagents.forkserver import die_with
from emu.machine import _machine as hw
from emu.machine.arena import Arena
from emu.machine.struct import Struct

NS = 1_000_000_000


class Shared(Struct):
    """The word that everybody reads."""

    word = hw.Atomic()
    start = hw.Atomic()


def _fork(arena: Arena, me: int, body: Callable[[], None]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with(parent)
        arena.attach(me)
        body()
    finally:
        os._exit(0)


def _end(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _round_robin(
    enabled: list[int], me: int, decisions: int, counted: int, step: int, exhausted: bool
) -> tuple[int, int]:
    return enabled[(me + 1) % len(enabled)], 1


def handoff_ns(nr: int, rounds: int) -> float:
    """Real time of one hand-off between `nr` participants at Python scheduling points."""
    arena = Arena.create(Shared.size, nr, nr_switches=16)
    cell = Shared._place(arena.base, 0)

    def points() -> None:
        load = cell.word.load
        for _ in range(rounds):
            load()

    def agent() -> None:
        hw.set_plan(_round_robin)
        while hw.enter():
            try:
                points()
                hw.done()
            except hw.RunOver:
                continue

    pids = [_fork(arena, me, agent) for me in range(nr - 1)]
    try:
        arena.attach(nr - 1)
        hw.set_plan(_round_robin)
        hw.configure()
        for _ in range(2):  # The first run only warms up.
            hw.begin(hw.CONTROLLED, hw.ALL, False)
            started = time.perf_counter_ns()
            points()
            hw.done()
            elapsed = time.perf_counter_ns() - started
        return elapsed / hw.state()["nr_switches"]
    finally:
        _end(pids)
        arena.close()


def raw_ns(nr: int, rounds: int) -> float:
    """Real time of one hand-off of a baton between `nr` processes with bare futexes in C."""
    arena = Arena.create(Shared.size, nr, nr_switches=16)
    pids = [
        _fork(arena, me, lambda me=me: hw.bench_ring((me + 1) % nr, rounds + 100))  # type: ignore[misc]
        for me in range(nr - 1)
    ]
    try:
        arena.attach(nr - 1)
        hw.bench_start(0)
        hw.bench_ring(0, 100)
        started = time.perf_counter_ns()
        hw.bench_ring(0, rounds)
        return (time.perf_counter_ns() - started) / (rounds * nr)
    finally:
        _end(pids)
        arena.close()


def point_ns(rounds: int) -> tuple[float, float]:
    """Real time of an atomic read bare, and as a scheduling point that does not switch."""
    arena = Arena.create(Shared.size, 1, nr_switches=16)
    try:
        cell = Shared._place(arena.base, 0)
        arena.attach(0)
        hw.configure()
        times = []
        for mode in (hw.SETUP, hw.CONTROLLED):
            hw.begin(mode, hw.ALL, False)
            best = min(_loop_ns(cell, rounds) for _ in range(5))
            times.append(best)
        return times[0], times[1]
    finally:
        arena.close()


def _loop_ns(cell: Shared, rounds: int) -> float:
    load = cell.word.load
    started = time.perf_counter_ns()
    for _ in range(rounds):
        load()
    return (time.perf_counter_ns() - started) / rounds
