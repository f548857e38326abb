"""Bursts: how many points they last, and what cuts them short."""

import pytest

from emu.machine import _machine as hw
from tests.machine.conftest import Cell, asked, nothing, scripted


def write_three(cell):
    for value in (1, 2, 3):
        cell.once = value


def test_a_burst_is_as_many_operations_as_the_plan_said(machine):
    """Rule: a point stands before its operation. Coming in counts as the first of the burst."""

    def look(cell):
        cell.words[0] = Cell.once.peek(cell)

    m = machine(write_three, look, nothing, plan=scripted((0, 3), (1, 1)))
    m.run()
    assert m.cell.words[0] == 2
    assert asked(1).exhausted and asked(1).me == 0


def test_points_of_other_classes_do_not_use_a_burst_up(machine):
    """Method: `policy` counts, `once` does not; a burst of two ends before the second `policy`."""

    def mixed(cell):
        for value in (1, 2, 3):
            cell.once = 10 * value
            cell.once = 10 * value + 1
            cell.policy = value

    def look(cell):
        cell.words[0] = Cell.once.peek(cell)
        cell.words[1] = Cell.policy.peek(cell)

    m = machine(mixed, look, nothing, plan=scripted((0, 2), (1, 1)))
    m.run(count=hw.POLICY)
    assert (m.cell.words[0], m.cell.words[1]) == (21, 1)


def test_counted_grows_only_while_somebody_else_could_go_on(machine):
    alone = machine(write_three, nothing).run()
    two = machine(write_three, nothing, nothing, plan=scripted((0, 9))).run()
    assert (alone["counted"], two["counted"]) == (0, 3)


def test_the_release_of_an_awaited_lock_cuts_the_burst(machine):
    def hold(cell):
        with cell.lock:
            cell.once = 1
            cell.once = 2
        cell.once = 3

    def want(cell):
        with cell.lock:
            cell.words[0] = Cell.once.peek(cell)

    m = machine(hold, want, nothing, plan=scripted((0, 2), (1, 9), (1, 9)))
    m.run()
    # Decision 1: 0 holds the lock, 1 goes on and blocks. Decision 2 is due by the release alone.
    assert (asked(2).me, asked(2).enabled, asked(2).exhausted) == (0, [0, 1], False)
    assert m.cell.words[0] == 2


def test_the_release_of_a_lock_nobody_waits_for_cuts_nothing(machine):
    def hold(cell):
        for _ in range(3):
            with cell.lock:
                pass

    m = machine(hold, nothing, nothing, plan=scripted((0, 1 << 40)))
    m.run()
    assert asked(1).enabled == [] and hw.state()["decisions"] == 1


def test_a_store_to_an_awaited_word_cuts_the_burst(machine):
    def store(cell):
        cell.atomic.store(7)
        cell.once = 3

    def wait(cell):
        cell.words[0] = cell.atomic.wait_while(0)
        cell.words[1] = Cell.once.peek(cell)

    m = machine(store, wait, nothing, plan=scripted((1, 9), (1, 9)))
    m.run()
    assert (asked(1).me, asked(1).enabled, asked(1).exhausted) == (0, [0, 1], False)
    assert (m.cell.words[0], m.cell.words[1]) == (7, 0)


def test_a_store_of_the_same_value_lets_the_waiter_sleep(machine):
    def store(cell):
        cell.atomic.store(0)

    def wait(cell):
        cell.atomic.wait_while(0)

    m = machine(store, wait, nothing, plan=scripted((1, 9)))
    assert m.run()["verdict"] == hw.STUCK
    row = hw.row(1)
    assert (row["status"], row["wait_off"], row["wait_value"]) == (
        hw.WORD,
        m.cell.offset + Cell.atomic.offset,
        0,
    )


def test_an_interrupt_to_one_who_gave_its_time_away_cuts_the_burst(machine):
    def send(cell):
        hw.irq_send(1, 1)
        cell.once = 1

    def idle(cell):
        cell.words[0] = hw.cpu_wait(hw.NEVER, True)
        cell.words[1] = Cell.once.peek(cell)

    m = machine(send, idle, nothing, plan=scripted((1, 9), (1, 9)))
    m.run()
    assert not asked(1).exhausted and (m.cell.words[0], m.cell.words[1]) == (1, 0)


def test_quiet_points_are_no_steps(machine):
    def quietly(cell):
        before = hw.quiet(True)
        cell.once = 1
        cell.words[0] = hw.quiet(before)
        cell.once = 2

    m = machine(quietly, nothing)
    # One step for the store that is not quiet, and one for each who is done.
    assert m.run()["step"] == 3 and m.cell.words[0] == 1


def test_a_probe_may_read_racy_words_without_a_step(machine):
    def write(cell):
        Cell.once.probe = lambda c, old, new: c.policy
        cell.once = 1

    m = machine(write, nothing)
    assert m.run()["step"] == 3


WRITES = {
    "store": lambda cell: cell.atomic.store(1),
    "xchg": lambda cell: cell.atomic.xchg(1),
    "cmpxchg": lambda cell: cell.atomic.cmpxchg(0, 1),
    "fetch_add": lambda cell: cell.atomic.fetch_add(1),
    "fetch_or": lambda cell: cell.atomic.fetch_or(1),
    "counter": lambda cell: cell.counters[2].fetch_add(1),
    "once": lambda cell: setattr(cell, "once", 1),
}
WAITS = {
    "counter": lambda cell: cell.counters[2].wait_while(0),
    "once": lambda cell: Cell.once.wait_while(cell, 0),
}


@pytest.mark.parametrize("name", WRITES)
def test_every_kind_of_write_wakes_who_waits_for_the_word(machine, name):
    """Method: the writer's burst goes on to a word that the waiter looks at when it wakes."""

    def write(cell):
        WRITES[name](cell)
        cell.policy = 1

    def wait(cell):
        cell.words[0] = WAITS.get(name, lambda c: c.atomic.wait_while(0))(cell)
        cell.words[1] = Cell.policy.peek(cell)

    m = machine(write, wait, nothing, plan=scripted((1, 9), (1, 9)))
    m.run()
    assert list(m.cell.words)[:2] == [1, 0]


def test_a_probe_is_told_what_the_store_replaced(machine):
    """Method: one stands before its store while the other stores."""

    def late(cell):
        Cell.once.probe = lambda c, old, new: c.words.__setitem__(0, old)
        Cell.atomic.probe = lambda c, old, new: c.words.__setitem__(1, old)
        cell.once = 7
        cell.atomic.store(7)

    def early(cell):
        cell.once = 5
        cell.atomic.store(6)

    m = machine(late, early, nothing, plan=scripted((0, 1), (1, 1), (1, 1), (1, 9)))
    m.run()
    assert list(m.cell.words)[:2] == [5, 6]
