"""Free runs: real concurrency, real interrupt lines, and an end that reaches everybody."""

import os
import signal

import pytest

from emu.machine import _machine as hw
from emu.machine import irq
from tests.machine.conftest import Cell, nothing


def until(condition):
    """Let the others run until that is so."""
    while not condition():
        os.sched_yield()


def all_done(cell):
    """A body for the last: come back when the others are done."""
    until(lambda: all(hw.row(who)["status"] == hw.DONE for who in range(hw.me())))


@pytest.fixture
def lines(monkeypatch):
    """Interrupt lines for three, which nothing but an interrupt wakes."""
    monkeypatch.setattr(irq, "POLL_NS_MAX", 3600 * irq.NS_PER_S)
    irq.set_mode(True, 1)
    made = irq.Lines(3)
    made.use()
    yield made
    irq.set_mode(False, 1)
    made.close()


def idle(cell):
    cell.words[0] = irq.cpu_wait(hw.NEVER, True)
    cell.words[1] = irq.take()


def test_an_interrupt_wakes_one_who_sleeps_on_its_line(machine, lines):
    def send(cell):
        until(lambda: hw.row(0)["line"])
        irq.send(0, irq.IRQ_TIMER)

    m = machine(idle, send, all_done)
    m.run(mode=hw.FREE)
    assert list(m.cell.words)[:2] == [1, irq.IRQ_TIMER]


def test_an_interrupt_just_before_the_wait_is_not_slept_through(machine, lines):
    def send_to_itself(cell):
        irq.send(0, irq.IRQ_WORK)
        idle(cell)

    m = machine(send_to_itself, all_done)
    m.run(mode=hw.FREE)
    assert list(m.cell.words)[:2] == [1, irq.IRQ_WORK]


def test_a_line_is_raised_only_for_one_who_sleeps(machine, lines):
    def send(cell):
        cell.words[2] = hw.irq_send(1, irq.IRQ_WORK)  # Itself, awake.
        until(lambda: hw.row(0)["line"])
        cell.words[3] = hw.irq_send(0, irq.IRQ_WORK)
        irq.send(0, irq.IRQ_CALL)  # Raises the line.

    m = machine(idle, send, all_done)
    m.run(mode=hw.FREE)
    assert list(m.cell.words) == [1, irq.IRQ_WORK | irq.IRQ_CALL, 0, 1]


def test_a_wait_for_a_time_that_is_past_is_over_at_once(machine, lines):
    def wait(cell):
        cell.words[0] = irq.cpu_wait(0, True)
        cell.words[1] = 1

    m = machine(wait, all_done)
    m.run(mode=hw.FREE)
    assert list(m.cell.words)[:2] == [0, 1]


def test_a_waiter_sees_the_word_that_another_writes(machine):
    def wait(cell):
        cell.words[0] = cell.atomic.wait_while(0)

    def store(cell):
        cell.atomic.store(8)

    m = machine(wait, store, all_done)
    m.run(mode=hw.FREE)
    assert m.cell.words[0] == 8


def test_atomic_additions_are_never_lost(machine):
    def add(cell):
        for _ in range(500):
            cell.atomic.fetch_add(1)

    m = machine(add, add, all_done)
    m.run(mode=hw.FREE)
    assert Cell.atomic.peek(m.cell) == 1000


def test_trylock_has_one_winner(machine):
    def attempt(cell):
        for _ in range(200):
            if cell.lock.trylock():
                cell.plain = cell.plain + 1
                cell.counters[hw.me()].fetch_add(1)
                cell.lock.unlock()

    m = machine(attempt, attempt, all_done)
    m.run(mode=hw.FREE)
    assert m.cell.plain == sum(Cell.counters.peek(m.cell)) > 0


def test_the_end_reaches_those_who_spin_wait_or_sleep(machine, lines):
    """Method: setup comes back only when all have left the run."""

    def spin(cell):
        while True:
            cell.once  # noqa: B018

    def want(cell):
        until(lambda: cell.lock.owner() == 3)
        cell.lock.lock()

    def end(cell):
        cell.lock.lock()
        until(lambda: hw.row(0)["line"] and hw.row(1)["beats"] and hw.row(2)["beats"])
        hw.end(hw.FINDING)
        irq.raise_all()

    m = machine(idle, want, spin, end)
    state = m.run(mode=hw.FREE)
    hw.begin(hw.SETUP, hw.ALL, False)
    assert (state["verdict"], state["verdict_by"]) == (hw.FINDING, 3)


def test_setup_waits_for_one_who_has_not_noticed_the_end(machine):
    """Method: a straggler without points is let go by somebody who noticed."""
    gate, opener = os.pipe()

    def straggle(cell):
        cell.words[0] = 1
        os.read(gate, 1)
        try:
            cell.once  # noqa: B018
        except hw.RunOver:
            cell.text = b"left"
            raise
        cell.text = b"went on"

    def notice(cell):
        try:
            cell.atomic.wait_while(0)
        except hw.RunOver:
            os.write(opener, b".")
            raise

    def end(cell):
        until(lambda: cell.words[0] and hw.row(1)["beats"])
        hw.end(hw.ENDED)

    m = machine(straggle, notice, end)
    m.run(mode=hw.FREE)
    hw.begin(hw.SETUP, hw.ALL, False)
    assert m.cell.text == b"left"
    os.close(gate)
    os.close(opener)


def test_free_runs_follow_each_other(machine):
    def add(cell):
        with cell.lock:
            cell.plain = cell.plain + 1

    m = machine(add, add, all_done)
    totals = []
    for _ in range(20):
        m.run(mode=hw.FREE)
        totals.append(m.cell.plain)
    assert totals == [2] * 20


def test_an_onlooker_can_end_a_controlled_run(machine):
    """Method: a participant spins; a process that is none aborts the run once it does."""

    def spin(cell):
        cell.plain = 1
        while True:
            cell.once  # noqa: B018

    m = machine(spin, nothing)
    hw.configure()
    pid = os.fork()
    if pid == 0:
        hw.attach(m.arena.buf, -1)
        until(lambda: Cell.plain.peek(m.cell))
        hw.abort(hw.ABORTED)
        os._exit(0)
    state = m.run()
    os.waitpid(pid, 0)
    hw.collect(0)  # Comes back when the spinner has left the run.
    assert (state["verdict"], state["verdict_by"]) == (hw.ABORTED, 2)


@pytest.mark.parametrize("wait", ["lock", "wait_while"])
def test_one_who_spins_hears_signals(machine, wait):
    """Rule: what may block comes back to Python for a signal."""

    def heard(number, frame):
        raise InterruptedError

    def spin(cell):
        signal.signal(signal.SIGUSR1, heard)
        until(lambda: cell.lock.owner() == 1)
        try:
            cell.plain = 1
            cell.lock.lock() if wait == "lock" else cell.atomic.wait_while(0)
        except InterruptedError:
            cell.words[0] = 1

    def hold(cell):
        cell.lock.lock()
        until(lambda: cell.plain)
        os.kill(m.pids[0], signal.SIGUSR1)
        until(lambda: cell.words[0])
        cell.lock.unlock()

    m = machine(spin, hold)
    m.run(mode=hw.FREE)
    assert m.cell.words[0] == 1
