"""Virtual time and interrupts of a controlled run."""

import pytest

from emu.machine import _machine as hw
from tests.machine.conftest import nothing, scripted


def ends(cell):
    hw.end(hw.FINDING)


def test_clocks_are_apart_and_never_go_back(machine):
    def move(cell):
        hw.advance_to(900)
        hw.advance_to(100)
        cell.words[0] = hw.now()

    m = machine(move, nothing, nothing)
    m.run()
    assert (m.cell.words[0], hw.clock_of(0), hw.clock_of(1)) == (900, 900, 0)


@pytest.mark.parametrize(
    ("sent_at", "deadline", "woken_at"),
    [(300, 500, 300), (900, 500, 500), (300, hw.NEVER, 300), (0, 500, 50)],
)
def test_a_wait_ends_at_the_interrupt_or_the_deadline_whatever_is_first(
    machine, sent_at, deadline, woken_at
):
    """Rule: a clock never goes back, so an interrupt from the past wakes at once."""

    def wait(cell):
        hw.advance_to(50)
        cell.words[1] = hw.cpu_wait(deadline, True)
        cell.words[0] = hw.now()

    def send(cell):
        hw.advance_to(sent_at)
        hw.irq_send(0, 1)

    m = machine(wait, send, nothing, plan=scripted((0, 9), (1, 9), (1, 9)))
    m.run()
    assert (m.cell.words[0], m.cell.words[1]) == (woken_at, 1)


def test_a_deadline_without_an_interrupt_is_told_apart(machine):
    def wait(cell):
        cell.words[1] = hw.cpu_wait(70, True)
        cell.words[0] = hw.now()

    m = machine(wait, nothing)
    m.run()
    assert (m.cell.words[0], m.cell.words[1]) == (70, 0)


def test_a_pending_interrupt_is_no_time_at_all(machine):
    def send_to_itself(cell):
        hw.irq_send(0, 2)
        cell.words[0] = hw.irq_pending()
        cell.words[1] = hw.cpu_wait(10_000, False)
        cell.words[2] = hw.now()
        cell.words[3] = hw.irq_take()

    m = machine(send_to_itself, nothing)
    m.run()
    assert list(m.cell.words) == [2, 1, 0, 2]


def test_one_without_deadline_or_interrupt_is_stuck_and_shows_it(machine):
    def idle(cell):
        hw.advance_to(5)
        hw.cpu_wait(hw.NEVER, True)

    assert machine(idle, nothing).run()["verdict"] == hw.STUCK
    row = hw.row(0)
    assert (row["status"], row["idle"], row["deadline"], row["clock"]) == (
        hw.CPU,
        True,
        hw.NEVER,
        5,
    )


def test_the_next_time_is_when_a_participant_would_go_on(machine):
    def wait(cell):
        hw.advance_to(40)
        hw.cpu_wait(60, False)

    machine(wait, ends, nothing, plan=scripted((0, 9), (1, 9))).run()
    assert (hw.next_time(0), hw.next_time(1)) == (60, 0)


def test_of_equal_times_the_earlier_wait_comes_first(machine):
    def wait(cell):
        hw.cpu_wait(60, False)

    machine(wait, wait, ends, nothing, plan=scripted((1, 9), (0, 9), (2, 9))).run()
    assert [who for *_, who in sorted(hw.next_times([0, 1]))] == [1, 0]


def test_only_a_participant_has_interrupts():
    with pytest.raises(hw.MachineBug, match="no arena"):
        hw.irq_take()


def test_nobody_can_send_to_one_who_is_not_there(machine):
    machine(nothing, nothing)
    with pytest.raises(IndexError, match="no participant 9"):
        hw.irq_send(9, 1)


def test_the_first_of_several_interrupts_is_the_one_that_wakes(machine):
    def wait(cell):
        hw.cpu_wait(hw.NEVER, True)
        cell.words[0] = hw.now()

    def send(cell):
        for at in (100, 300):
            hw.advance_to(at)
            hw.irq_send(0, 1)

    m = machine(wait, send, nothing, plan=scripted((0, 9), (1, 9), (1, 9), (1, 9), (1, 9)))
    m.run()
    assert m.cell.words[0] == 100


def test_each_run_starts_at_time_zero_without_interrupts(machine):
    def leave_some(cell):
        cell.words[0] = hw.now()
        cell.words[1] = hw.irq_pending()
        hw.advance_to(90)
        hw.irq_send(0, 1)

    m = machine(leave_some, nothing)
    seen = []
    for _ in range(2):
        m.run()
        seen.append(list(m.cell.words)[:2])
    assert seen == [[0, 0], [0, 0]]
