"""Mutexes, conditions, suspends, barriers, semaphores of rt-app, as the ideal run shows them."""

import pytest

from tests.models.ideal import WorkloadFault
from tests.reading import ideal, ms, scenario

CONDITION = {"ref": "c", "mutex": "m"}


def test_a_resume_before_the_suspend_is_lost():
    """RT-12."""
    tasks = {
        "a": {"loop": 1, "sleep": 1000, "suspend": ""},
        "b": {"loop": 1, "resume": "a"},
    }
    assert ideal(tasks).is_stuck


def test_a_semaphore_remembers_a_post_before_the_wait():
    """RT-12."""
    tasks = {
        "a": {"loop": 1, "sleep": 1000, "sem_wait": "s"},
        "b": {"loop": 1, "sem_post": "s"},
    }
    assert ms([ideal(tasks).thread("a-0").ended_ns]) == [1]


def test_a_signal_wakes_a_thread_that_is_suspended_under_its_name():
    """RT-13."""
    tasks = {
        "a": {"loop": 1, "suspend": ""},
        "b": {"loop": 1, "sleep": 2000, "signal": "a"},
    }
    assert ms([ideal(tasks).thread("a-0").ended_ns]) == [2]


def test_a_resume_wakes_all_instances():
    """RT-14."""
    tasks = {
        "a": {"instance": 3, "loop": 1, "suspend": ""},
        "b": {"loop": 1, "sleep": 2000, "resume": "a"},
    }
    assert ms([t.ended_ns for t in ideal(tasks).threads]) == [2, 2, 2, 2]


def test_a_waiter_that_is_woken_under_the_mutex_goes_on_after_the_unlock():
    """RT-15."""
    tasks = {
        "a": {"loop": 1, "lock": "m", "wait": CONDITION, "unlock": "m"},
        "b": {
            **{"loop": 1, "sleep": 1000, "lock": "m"},
            **{"signal": "c", "run": 10_000, "unlock": "m"},
        },
    }
    assert ms([ideal(tasks).thread("a-0").ended_ns]) == [11]


def test_a_barrier_named_twice_by_one_task_lets_nobody_past():
    """RT-16."""
    tasks = {
        "a": {"loop": 1, "barrier": "B", "barrier2": "B"},
        "b": {"loop": 1, "barrier": "B"},
    }
    assert ideal(tasks).is_stuck
    notes = scenario(tasks).notes
    assert len(notes) == 1 and '"B" counts twice here' in notes[0]


def test_a_barrier_holds_until_all_instances_have_come():
    tasks = {
        "a": {"instance": 2, "loop": 1, "barrier": "B"},
        "b": {"loop": 1, "sleep": 5000, "barrier": "B"},
    }
    assert ms([t.ended_ns for t in ideal(tasks).threads]) == [5, 5, 5]


def test_sync_signals_and_waits_without_taking_the_mutex():
    tasks = {
        "a": {"loop": 1, "lock": "m", "sync": CONDITION, "unlock": "m"},
        "b": {"loop": 1, "sleep": 1000, "lock": "m", "signal": "c", "unlock": "m"},
    }
    assert ms([ideal(tasks).thread("a-0").ended_ns]) == [1]
    with pytest.raises(WorkloadFault, match="does not hold"):
        ideal({"a": {"loop": 1, "sync": CONDITION}})


def test_a_loop_in_which_no_time_passes_is_the_fault_of_the_workload():
    """RT-20."""
    with pytest.raises(WorkloadFault, match="no virtual time passes"):
        ideal({"a": {"resume": "nobody"}})


def test_more_than_1024_forks_of_one_name_are_the_fault_of_the_workload():
    tasks = {"a": {"loop": 1025, "fork": "b"}, "b": {"instance": 0, "loop": 1, "run": 1}}
    with pytest.raises(WorkloadFault, match="1024"):
        ideal(tasks)
