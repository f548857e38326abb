"""Turns: who runs, for how long, and how a run ends. Every participant is a real process."""

import os
import signal
from itertools import pairwise

import pytest

from emu.machine import _machine as hw
from tests.machine.conftest import Cell, first_plan

ROUNDS = 20


def add_locked(cell):
    for _ in range(ROUNDS):
        with cell.lock:
            cell.plain = cell.plain + 1


def add_unlocked(cell):
    for _ in range(ROUNDS):
        cell.plain = cell.plain + 1
        cell.once  # noqa: B018  A point, so that others come in.


def forward(cell):
    with cell.lock:
        cell.once = 1
        with cell.other:
            pass


def backward(cell):
    with cell.other:
        cell.once = 2
        with cell.lock:
            pass


def test_a_lock_excludes_under_any_interleaving(machine):
    m = machine(add_locked, add_locked, add_locked)
    totals = []
    for seed in range(20):
        m.run(seed)
        totals.append(m.cell.plain)
    assert totals == [3 * ROUNDS] * 20


def test_the_same_seed_gives_the_same_hash_and_another_one_another(machine):
    m = machine(add_locked, add_locked, add_locked)
    hashes = [m.run(seed)["hash"] for seed in (1, 2, 1, 2, 1)]
    assert hashes[0] == hashes[2] == hashes[4] != hashes[1] == hashes[3]


def test_a_plain_read_modify_write_loses_updates_only_where_plain_words_are_points(machine):
    m = machine(add_unlocked, add_unlocked)
    coarse, fine = set(), set()
    for seed in range(20):
        m.run(seed)
        coarse.add(Cell.plain.peek(m.cell))
        m.run(seed, fine=True)
        fine.add(Cell.plain.peek(m.cell))
    assert coarse == {2 * ROUNDS} and min(fine) < 2 * ROUNDS


def test_locks_taken_in_two_orders_end_as_stuck_with_who_waits_for_what(machine):
    """Method: seeds until one shows it."""
    m = machine(forward, backward)
    stuck = next(seed for seed in range(40) if m.run(seed) and hw.row(0)["status"] == hw.LOCK)
    assert m.run(stuck)["verdict"] == hw.STUCK
    first, last = hw.row(0), hw.row(1)
    assert (first["status"], last["status"]) == (hw.LOCK, hw.LOCK)
    assert (first["wait_off"], last["wait_off"]) == (m.cell.other.offset, m.cell.lock.offset)
    assert (first["held"], last["held"]) == ((m.cell.lock.offset,), (m.cell.other.offset,))


def test_waiting_for_a_word_ends_when_it_is_written(machine):
    """Method: the plan always takes the waiter first, so it must be asleep until then."""

    def wait(cell):
        cell.plain = cell.atomic.wait_while(0)

    def write(cell):
        cell.once = 1
        cell.atomic.store(7)

    m = machine(wait, write, plan=first_plan)
    end = m.run()
    seen = (m.cell.plain, hw.row(0)["status"], end["verdict"])
    assert seen == (7, hw.DONE, hw.STUCK)


def test_only_points_of_the_counted_classes_use_a_burst_up(machine):
    """Method: bursts of one, and a body with as many points of either class."""

    def both(cell):
        for _ in range(ROUNDS):
            cell.once = 1
            cell.policy = 1

    m = machine(both, both)
    everything = m.run(count=hw.ALL)
    policy = m.run(count=hw.POLICY)
    assert everything["counted"] > 1.8 * policy["counted"] > ROUNDS


def test_the_step_limit_stops_a_run_exactly(machine):
    m = machine(add_locked, add_locked)
    hw.configure(steps_max=17)
    end = m.run()
    assert (end["verdict"], end["step"]) == (hw.STEPS, 17)


def test_steps_without_progress_end_a_run(machine):
    def spin(cell):
        while True:
            cell.once = 1

    m = machine(spin, spin)
    hw.configure(steps_max=100_000, stall_steps=500)
    assert m.run()["verdict"] == hw.NO_PROGRESS


def test_one_who_ends_the_run_ends_it_for_all_and_the_next_run_is_whole(machine):
    def end(cell):
        cell.once = 1
        hw.end(hw.FINDING)
        cell.plain = 99  # Refused: the run is over.

    def loop(cell):
        while cell.policy == 0:
            cell.once = 2

    m = machine(loop, end, add_locked)
    ends = [m.run(seed) for seed in range(5)]
    assert [end["verdict"] for end in ends] == [hw.FINDING] * 5
    assert [end["verdict_by"] for end in ends] == [1] * 5 and m.cell.plain != 99


def test_cpu_time_passes_to_a_deadline_or_to_an_interrupt(machine):
    """Method: one sleeps to 500 ns; the other sends an interrupt at 200 ns to the third."""

    def sleeper(cell):
        irq = hw.cpu_wait(500, False)
        cell.words[0] = hw.now() + irq

    def idler(cell):
        irq = hw.cpu_wait(hw.NEVER, True)
        cell.words[1] = hw.now() + irq

    def sender(cell):
        hw.advance_to(200)
        hw.irq_send(1, 4)

    m = machine(sleeper, idler, sender)
    m.run()
    assert (m.cell.words[0], m.cell.words[1]) == (500, 201)


def test_interrupts_are_taken_once_and_all_together(machine):
    def sender(cell):
        hw.irq_send(1, 1)
        hw.irq_send(1, 4)
        hw.irq_send(1, 4)

    def taker(cell):
        hw.cpu_wait(hw.NEVER, True)
        cell.words[0] = hw.irq_take()
        cell.words[1] = hw.irq_take()

    m = machine(sender, taker, plan=first_plan)
    m.run()
    assert (m.cell.words[0], m.cell.words[1]) == (5, 0)


def test_collected_participants_hand_the_turn_back(machine):
    m = machine(forward, backward)
    stuck = next(seed for seed in range(40) if m.run(seed) and hw.row(0)["status"] == hw.LOCK)
    m.run(stuck)
    hw.collect(0)
    assert m.run(stuck)["verdict"] == hw.STUCK


def test_the_log_holds_every_switch_until_it_is_full(machine):
    m = machine(add_locked, add_locked, nr_switches=8)
    end = m.run()
    log = hw.switches(0, 1000)
    assert len(log) == 8 < end["nr_switches"]
    assert all(a[0] < b[0] and a[2] == b[1] for a, b in pairwise(log))


def test_a_lock_whose_owner_was_killed_names_it(machine):
    def hold(cell):
        cell.lock.lock()
        os.kill(os.getpid(), signal.SIGKILL)

    def watch(cell):
        cell.once = 1

    m = machine(hold, watch, plan=first_plan)
    hw.begin(hw.FREE, hw.ALL, False)
    os.waitpid(m.pids.pop(), 0)
    assert m.cell.lock.owner() == 0 and hw.row(0)["held"] == (m.cell.lock.offset,)


def test_a_free_run_excludes_with_real_concurrency(machine):
    m = machine(add_locked, add_locked, add_locked)
    hw.configure(noise_seed=1, noise_one_in=5)
    hw.begin(hw.FREE, hw.ALL, False)
    add_locked(m.cell)
    while m.cell.plain < 3 * ROUNDS:
        m.cell.once  # noqa: B018
    assert m.cell.plain == 3 * ROUNDS


@pytest.mark.parametrize("plan", [lambda *_: (9, 1), lambda *_: (0, 0), lambda *_: "x"])
def test_a_plan_that_answers_nonsense_is_refused(machine, plan):
    m = machine(add_locked, add_locked, plan=plan)
    hw.begin(hw.CONTROLLED, hw.ALL, False)
    with pytest.raises((hw.MachineBug, TypeError)):
        add_locked(m.cell)
