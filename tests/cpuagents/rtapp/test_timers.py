"""Timers of rt-app: where they count from, what lateness does, who shares them."""

import pytest

from tests.reading import ideal, ms

UNIQUE_20 = {"ref": "unique", "period": 20_000}


def passes(*runs_ms, timer):
    """A phased task, whose passes spin so long and then wait for the timer."""
    return {f"p{i}": {"runtime": run * 1000, "timer": timer} for i, run in enumerate(runs_ms)}


def starts(tasks, nr, **more):
    """When the first `nr` passes of the first thread start."""
    thread = ideal(tasks, **more).threads[0]
    return ms([0, *thread.ends_of("own_timer")])[:nr]


def test_a_late_pass_shifts_those_after_it():
    """RT-07."""
    tasks = {"a": {"phases": passes(10, 25, timer=UNIQUE_20)}}
    assert starts(tasks, 5, until_ms=100) == [0, 20, 45, 65, 90]


def test_an_absolute_timer_catches_up_with_its_grid():
    """RT-08."""
    timer = {**UNIQUE_20, "mode": "absolute"}
    tasks = {"a": {"phases": passes(5, 5, 5, 35, timer=timer)}}
    assert starts(tasks, 9, until_ms=200) == [0, 20, 40, 60, 95, 100, 120, 140, 175]


def test_two_threads_on_one_timer_see_twice_its_period():
    """RT-09."""
    tasks = {"a": {"instance": 2, "run": 1000, "timer": {"ref": "beat", "period": 20_000}}}
    first, second = ideal(tasks, until_ms=150).threads
    assert ms(first.ends_of("timer")) == [20, 60, 100, 140]
    assert ms(second.ends_of("timer")) == [40, 80, 120]


@pytest.mark.parametrize("mode, ends", [("relative", [70, 120, 170]), ("absolute", [70, 100, 150])])
def test_a_timer_first_used_late_has_missed_its_first_period(mode, ends):
    """RT-10."""
    timer = {"ref": "unique", "period": 50_000, "mode": mode}
    phases = {"p": {"sleep": 70_000}, "q": {"loop": 3, "timer": timer}}
    thread = ideal({"a": {"loop": 1, "phases": phases}}).threads[0]
    assert ms(thread.ends_of("own_timer")) == ends


def test_the_delay_of_a_thread_forked_later_is_over():
    """RT-11."""
    tasks = {
        "a": {"loop": 1, "sleep": 300_000, "fork": "b"},
        "b": {"instance": 0, "delay": 100_000, "loop": 4, "timer": UNIQUE_20},
    }
    assert ms(ideal(tasks).thread("b-1-0000").ends_of("own_timer")) == [300, 320, 340, 360]


def test_a_timer_counts_from_the_end_of_the_delay():
    tasks = {"a": {"delay": 30_000, "loop": 2, "timer": UNIQUE_20}}
    assert ms(ideal(tasks).threads[0].ends_of("own_timer")) == [50, 70]


def test_a_timer_that_is_exactly_on_time_does_not_block():
    tasks = {"a": {"loop": 2, "run": 20_000, "timer": UNIQUE_20}}
    assert ms(ideal(tasks).threads[0].ends_of("own_timer")) == [20, 40]


def test_refs_of_own_timers_are_timers_of_their_own():
    other = {"ref": "uniqueB", "period": 30_000}
    tasks = {"a": {"instance": 2, "loop": 2, "timer": UNIQUE_20, "timer2": other}}
    for thread in ideal(tasks).threads:
        assert ms(thread.ends_of("own_timer")) == [20, 30, 40, 60]


def test_one_absolute_use_makes_a_timer_absolute_for_all():
    absolute = {**UNIQUE_20, "mode": "absolute"}
    phases = {"p": {"sleep": 50_000}, "q": {"timer": UNIQUE_20}, "r": {"timer": absolute}}
    thread = ideal({"a": {"loop": 1, "phases": phases}}).threads[0]
    assert ms(thread.ends_of("own_timer")) == [50, 50]
