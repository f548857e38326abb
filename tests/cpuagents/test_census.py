"""There is room for every task that a workload can fork, and not for many more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpuagents import census, workload
from cpuagents.generator import generate
from cpuagents.instructions import FORKS_MAX
from tests.models.ideal import Ideal
from tests.reading import scenario

CHILD = {"instance": 0, "loop": 1, "run": 1}


@given(st.integers(0, (1 << 64) - 1), st.integers(1, 12))
def test_generated_workloads_have_room_for_what_they_fork(seed, nr_tasks):
    found = generate(seed, 4, nr_tasks)
    assert census.nr_tasks_max(found) >= len(Ideal(found).threads)


@pytest.mark.parametrize("name", list(workload.bundled()))
def test_bundled_workloads_have_exactly_the_room_they_need(name):
    found = workload.load(name, 2, 1)
    assert census.nr_tasks_max(found) == len(Ideal(found).threads)


@pytest.mark.parametrize(
    "tasks, nr",
    [
        ({"a": {"loop": 3, "fork": "b"}, "b": CHILD}, 1 + 3),
        ({"a": {"instance": 2, "loop": 3, "fork": "b", "fork2": "b"}, "b": CHILD}, 2 + 12),
        ({"a": {"loop": 2, "phases": {"p": {"loop": 5, "fork": "b"}}}, "b": CHILD}, 1 + 10),
        ({"a": {"run": 1, "fork": "b"}, "b": CHILD}, 1 + FORKS_MAX),
        ({"a": {"loop": 1, "run": 1, "fork": "a"}}, 1 + FORKS_MAX),
    ],
)
def test_loops_multiply_forks_up_to_the_limit(tasks, nr):
    assert census.nr_tasks_max(scenario(tasks)) == nr
