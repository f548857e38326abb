"""The log of switches is the whole schedule: followed again it gives the same run, or says no."""

import pytest

from cpuagents.schedule import Switch
from cpuagents.strategies.replay import Replay
from emu.machine import _machine as hw
from tests.machine.conftest import nothing, scripted


def work(cell):
    for _ in range(10):
        with cell.lock:
            cell.policy = cell.policy + 1
        cell.atomic.fetch_add(1)
        hw.trace(1, cell.policy)


def work_otherwise(cell):
    cell.policy = 1
    work(cell)


def recorded(machine, bodies, **more):
    """The end of a random run, and its switches."""
    end = machine(*bodies).run(seed=3, **more)
    return end, tuple(Switch(*row) for row in hw.switches(0, 1 << 16))


def replayed(machine, bodies, switches):
    strategy = Replay()
    strategy.switches = switches
    return machine(*bodies, plan=strategy.plan).run()


SAME = ("hash", "step", "verdict", "verdict_by", "nr_switches")


@pytest.mark.parametrize("count", [hw.ALL, hw.POLICY, hw.PROTOCOL])
def test_a_replay_gives_the_same_hash_and_log(machine, count):
    bodies = (work, work, work, nothing)
    end, switches = recorded(machine, bodies, count=count)
    again = replayed(machine, bodies, switches)
    assert len(switches) > 5 and [again[key] for key in SAME] == [end[key] for key in SAME]
    assert [tuple(s) for s in switches] == hw.switches(0, 1 << 16)


@pytest.mark.parametrize("limits", [{"steps_max": 77}, {"steps_max": 10**6, "stall_steps": 55}])
def test_a_replay_meets_a_limit_at_the_same_step(machine, limits):
    """Rule: limits do not depend on bursts; a replay has other bursts than its original."""
    bodies = (work, work, nothing)
    m = machine(*bodies)
    hw.configure(**limits)
    end = m.run(seed=3, count=hw.POLICY)
    strategy = Replay()
    strategy.switches = tuple(Switch(*row) for row in hw.switches(0, 1 << 16))
    m = machine(*bodies, plan=strategy.plan)
    hw.configure(**limits)
    again = m.run()
    assert end["verdict"] in (hw.STEPS, hw.NO_PROGRESS)
    assert [again[key] for key in SAME] == [end[key] for key in SAME]


def test_a_replay_of_other_bodies_stops_at_the_first_difference(machine):
    _, switches = recorded(machine, (work, work, work, nothing))
    again = replayed(machine, (work_otherwise, work, work, nothing), switches)
    assert (again["verdict"], again["nr_switches"] < len(switches)) == (hw.DIVERGED, True)


def test_the_hash_knows_what_was_traced(machine):
    def trace(value):
        return lambda cell: hw.trace(1, 0, 0, 0, value)

    hashes = [machine(trace(value), nothing).run()["hash"] for value in (1, 2, 1)]
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_signature_knows_what_a_participant_is_about_to_do(machine):
    """Method: one participant stands before its first operation, the other ends the run."""

    def stop(cell):
        hw.end(hw.FINDING)

    def signature(body):
        machine(body, stop, nothing, plan=scripted((0, 1), (1, 1))).run()
        return hw.signature(0)

    assert signature(work) == signature(work) != signature(work_otherwise)


def test_traces_carry_step_and_time_of_their_participant(machine):
    def trace(cell):
        cell.once = 1
        hw.advance_to(70)
        hw.trace(9, 1, 2, 3, 4)

    machine(trace, nothing).run()
    assert hw.traces(0) == [(2, 70, 9, 1, 2, 3, 4)]
