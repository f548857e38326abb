"""Generated workloads: the same for the same seed, sound, small, never stuck by themselves."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpuagents import scenario as scenarios
from cpuagents.generator import KINDS, generate
from cpuagents.instructions import INSTRUCTIONS
from tests.models.ideal import Ideal
from tests.reading import CALM

SEEDS = st.integers(0, (1 << 64) - 1)
# What only files ask for, or only the control agent does.
NOT_GENERATED = ("spin", "sleep_until", "timer", "own_timer", "jump", "renice_of")
NOT_GENERATED += ("wait", "signal", "broadcast")


@CALM
@given(SEEDS, st.integers(1, 256), st.integers(1, 40))
def test_a_generated_scenario_is_sound_and_the_same_again(seed, nr_cpus, nr_tasks):
    found = generate(seed, nr_cpus, nr_tasks)
    scenarios.check(found)
    assert (len(found.threads), found.nr_cpus) == (nr_tasks, nr_cpus)
    assert generate(seed, nr_cpus, nr_tasks) == found


@CALM
@given(SEEDS, st.integers(1, 12))
def test_a_generated_scenario_ends_by_itself(seed, nr_tasks):
    ideal = Ideal(generate(seed, 4, nr_tasks))
    assert [t.name for t in ideal.threads if t.ended_ns is None] == []


@CALM
@given(SEEDS)
def test_a_generated_scenario_fits_into_the_room_that_is_kept_for_it(seed):
    found = generate(seed, 4, 8)
    forks = sum(step[0] == "fork" for t in found.templates for step in t.code)
    assert forks <= 8 and len(found.objects) <= 16


def test_seeds_make_different_scenarios():
    programs = [generate(seed, 4, 8).templates for seed in range(200)]
    assert len(dict.fromkeys(programs)) == 200


def test_every_kind_of_action_comes_up():
    count = Counter()
    for seed in range(200):
        count.update(step[0] for t in generate(seed, 4, 8).templates for step in t.code)
    assert sorted(name for name in INSTRUCTIONS if not count[name]) == sorted(NOT_GENERATED)


@pytest.mark.parametrize("name", [kind for kind in KINDS if kind != "long"])
def test_a_third_of_the_scenarios_leaves_a_kind_out(name):
    without = 0
    for seed in range(300):
        steps = [step[0] for t in generate(seed, 4, 8).templates for step in t.code]
        without += name not in steps
    assert 80 <= without <= 180
