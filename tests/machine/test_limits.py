"""Limits of a run: they are met at their very step, whatever bursts and counted classes are."""

import pytest

from emu.machine import _machine as hw
from tests.machine.conftest import first_plan, nothing, random_plan, scripted


def spin(cell):
    while True:
        cell.once = 1


def advance_then_spin(cell):
    for _ in range(10):
        cell.once = 1
        hw.progress()
    spin(cell)


def spin_with_progress(cell):
    while True:
        cell.once = 1
        hw.progress()


@pytest.mark.parametrize("limit", [1, 2, 17, 4096, 4097, 9000])
@pytest.mark.parametrize("plan", [first_plan, random_plan])
def test_the_step_limit_is_exact(machine, plan, limit):
    m = machine(spin, spin, nothing, plan=plan)
    hw.configure(steps_max=limit)
    end = m.run()
    assert (end["verdict"], end["step"]) == (hw.STEPS, limit)


def test_the_step_limit_is_exact_where_no_point_is_counted(machine):
    m = machine(spin, spin, nothing)
    hw.configure(steps_max=5000)
    end = m.run(count=hw.POLICY)
    assert (end["verdict"], end["step"]) == (hw.STEPS, 5000)


@pytest.mark.parametrize("plan", [first_plan, scripted((0, 3), (0, 7), (0, 11), (0, 500))])
def test_a_stall_is_seen_at_its_very_step(machine, plan):
    """Rule: a replay, whose bursts are others, ends at the same step."""
    m = machine(advance_then_spin, nothing, plan=plan)
    hw.configure(steps_max=100_000, stall_steps=300)
    end = m.run()
    # The control agent is done at step 1; then come ten steps with progress.
    assert (end["verdict"], end["step"]) == (hw.NO_PROGRESS, 311)


def test_progress_puts_the_end_off(machine):
    m = machine(spin_with_progress, nothing)
    hw.configure(steps_max=1000, stall_steps=10)
    assert m.run()["verdict"] == hw.STEPS


def test_limits_are_per_run(machine):
    m = machine(spin, nothing)
    hw.configure(steps_max=50)
    assert [m.run()["step"] for _ in range(3)] == [50, 50, 50]


def test_limits_hold_for_the_one_who_begins_the_run(machine):
    m = machine(nothing, spin)
    hw.configure(steps_max=50)
    assert [m.run(count=hw.POLICY)["step"] for _ in range(3)] == [50, 50, 50]
