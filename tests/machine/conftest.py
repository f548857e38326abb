"""Machines for tests: one in the test's own process, and one with real participants."""

import os
import signal
import traceback
from typing import NamedTuple

import pytest

from emu.machine import _machine as hw
from emu.machine.arena import Arena
from emu.machine.struct import Struct

TASK = hw.Ref("task")


class Cell(Struct):
    """One field of each kind."""

    lock = hw.Lock()
    other = hw.Lock()
    plain = hw.Plain(hw.U64)
    signed = hw.Plain(hw.S64)
    small = hw.Plain(hw.U32)
    truth = hw.Plain(hw.BOOL)
    ref = hw.Plain(TASK)
    once = hw.Once(hw.U64)
    policy = hw.Once(hw.U64, points=hw.POLICY)
    atomic = hw.Atomic()
    mask = hw.Cpumask()
    bits = hw.AtomicCpumask()
    words = hw.Array(hw.U64, 4)
    counters = hw.AtomicArray(3)
    text = hw.Bytes(10)


@pytest.fixture
def cell():
    """A cell in an arena of two participants; this process is the second, points are off."""
    arena = Arena.create(2 * Cell.size, 2, nr_trace=4, nr_switches=64)
    arena.attach(1)
    first = Cell._place(arena.base, 0)
    TASK.table = [first, Cell._place(arena.base + Cell.size, 1)]
    hw.configure()
    hw.begin(hw.SETUP, hw.ALL, False)
    yield first
    for field in Cell.fields:
        field.probe = None
    arena.close()


def first_plan(enabled, me, decisions, counted, step, exhausted):
    """The lowest participant goes on."""
    return enabled[0], 1 << 40


def random_plan(enabled, me, decisions, counted, step, exhausted):
    """Anybody may be next at every point; the seed is the first scratch word."""
    return enabled[hw.draw_below(hw.scratch()[0], 1, decisions, len(enabled))], 1


ASKED_AT = 1024  # First scratch word of what scripted plans were asked.


class Asked(NamedTuple):
    """One question to a scripted plan."""

    enabled: list[int]
    me: int
    counted: int
    step: int
    exhausted: bool


def scripted(*turns):
    """Decision n is `turns[n]`; afterwards the lowest participant goes on. See asked()."""

    def plan(enabled, me, decisions, counted, step, exhausted):
        mask = sum(1 << who for who in enabled)
        for i, value in enumerate((mask, me, counted, step, exhausted)):
            hw.scratch()[ASKED_AT + 5 * decisions + i] = value
        return turns[decisions] if decisions < len(turns) else (enabled[0], 1 << 40)

    return plan


def asked(decision):
    """What a scripted plan was asked at that decision."""
    mask, me, counted, step, exhausted = (
        hw.scratch()[ASKED_AT + 5 * decision + i] for i in range(5)
    )
    return Asked([i for i in range(64) if mask >> i & 1], me, counted, step, bool(exhausted))


def nothing(cell):
    """The body of one who only takes part."""


class Machine:
    """Participants that are forked once and run `bodies` under a plan; the last is this process."""

    def __init__(self, bodies, plan=random_plan, **sizes):
        self.nr = len(bodies)
        self.arena = Arena.create(2 * Cell.size, self.nr, **sizes)
        self.cell = Cell._place(self.arena.base, 0)
        self.bodies = bodies
        self.plan = plan
        self._errors, self._report = os.pipe()
        os.set_blocking(self._errors, False)
        self.pids = [self._fork(me) for me in range(self.nr - 1)]
        self.arena.attach(self.nr - 1)
        hw.set_plan(plan)
        hw.configure(steps_max=100_000)

    def _fork(self, me):
        pid = os.fork()
        if pid:
            return pid
        try:
            signal.alarm(60)
            self.arena.attach(me)
            hw.set_plan(self.plan)
            while True:
                if not hw.enter():
                    hw.hand(self.nr - 1)
                    continue
                try:
                    self.bodies[me](self.cell)
                    hw.done()
                except hw.RunOver:
                    continue
                except Exception:
                    os.write(self._report, traceback.format_exc().encode())
                    hw.end(hw.FINDING)
        finally:
            os._exit(1)

    def run(self, seed=1, count=None, fine=False, mode=None):
        """One run; returns the state it ended in."""
        hw.begin(hw.SETUP, hw.ALL, False)
        hw.clear(self.arena.base, self.arena.base + Cell.size)
        hw.scratch()[0] = seed
        hw.begin(hw.CONTROLLED if mode is None else mode, count or hw.ALL, fine)
        try:
            self.bodies[-1](self.cell)
            hw.done()
        except hw.RunOver:
            pass
        try:
            raise AssertionError(os.read(self._errors, 1 << 16).decode())
        except BlockingIOError:
            return hw.state()  # No body failed.

    def close(self):
        """Kill the participants and give the memory back."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(self._errors)
        os.close(self._report)
        self.arena.close()


@pytest.fixture
def machine():
    """Makes machines; they are gone after the test."""
    made = []

    def make(*bodies, **more):
        made.append(Machine(bodies, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()
