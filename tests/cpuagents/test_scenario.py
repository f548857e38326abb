"""Scenarios travel as data, and only sound ones arrive."""

from dataclasses import replace

import msgpack
import pytest

from cpuagents import scenario as scenarios
from cpuagents.instructions import CONTROL_INSTRUCTIONS, INSTRUCTIONS
from cpuagents.scenario import Object, ObjectKind, Scenario, Template

EXIT = ("exit",)
OBJECTS = tuple(Object(kind, kind.name.lower()) for kind in ObjectKind)
WIDE = 1 << 199 | 1


def of(*steps, **changes):
    """A scenario of one task with this program, which ends by itself."""
    base = Scenario("s", 200, (Template("t", (*steps, EXIT)),), (0,), OBJECTS)
    return replace(base, **changes)


def moved(data):
    return scenarios.from_data(msgpack.unpackb(msgpack.packb(data), strict_map_key=False))


@pytest.mark.parametrize(
    "made",
    [
        of(("run", 5), ("affinity", WIDE), ("affinity_of", 0, WIDE), ("nice", -3)),
        of(templates=(Template("é", (EXIT,), WIDE, -20, 7, True),), notes=("a", "b")),
        of(control=(("sleep", 5), ("affinity_of", 0, WIDE), ("exit",)), duration_ns=9),
    ],
)
def test_a_scenario_comes_back_as_it_was(made):
    assert moved(scenarios.to_data(made)) == made


@pytest.mark.parametrize(
    "step",
    [
        *(("run",), ("run", 1, 2), ("fly", 1), ("run", -1), ("run", 1 << 63), ("run", True)),
        *(("run", 1.0), (None,), ("nice", 20), ("nice", -21), ("set", 8, 1), ("set", 0, 0)),
        *(("loop", 0, 2), ("loop", 0, -1), ("jump", 5), ("fork", 1), ("wake", 1), ("wake", -1)),
        *(("affinity", 1 << 200), ("affinity", -1), ("lock", 1), ("unlock", 9), ("signal", 0)),
        *(("wait", 0, 1), ("barrier", 3), ("sem_post", 2), ("sem_wait", 4), ("timer", 0, 1, 0)),
        *(("timer", 4, 1, 2), ("own_timer", 8, 1, 0), ("own_timer", 0, -1, 0)),
    ],
)
def test_an_instruction_that_makes_no_sense_is_refused(step):
    with pytest.raises(ValueError, match=r"^s: t\[0\]: "):
        scenarios.check(of(step))


def test_an_object_of_another_kind_is_named():
    with pytest.raises(ValueError, match="takes cond for a mutex"):
        scenarios.check(of(("lock", int(ObjectKind.COND))))


def test_a_program_may_not_run_off_its_end():
    with pytest.raises(ValueError, match="s: t: its program does not end in exit or jump"):
        scenarios.check(of(templates=(Template("t", (("run", 1),)),)))


@pytest.mark.parametrize("step", [("run", 1), ("jump", 0), ("lock", 0)])
def test_the_control_agent_does_only_what_it_can(step):
    with pytest.raises(ValueError, match="is not for the control agent"):
        scenarios.check(of(control=(step,)))


@pytest.mark.parametrize(
    "changes",
    [
        *({"templates": ()}, {"threads": (1,)}, {"threads": (-1,)}, {"nr_cpus": 0}),
        *({"nr_cpus": 257}, {"duration_ns": -1}, {"objects": (Object(ObjectKind.SEM, "s", -1),)}),
        {"templates": (Template("t", (EXIT,), cpus=1 << 200),)},
        {"templates": (Template("t", (EXIT,), nice=30),)},
        {"templates": (Template("t", (EXIT,), delay_ns=-1),)},
    ],
)
def test_a_scenario_out_of_its_limits_is_refused(changes):
    with pytest.raises(ValueError, match="^s: "):
        scenarios.check(of(**changes))


@pytest.mark.parametrize("junk", [None, -1, {}, [[]], {"a": 1}, True, 1.5, b"x"])
@pytest.mark.parametrize("key", list(scenarios.to_data(of())))
def test_junk_in_any_part_of_the_data_is_a_value_error(key, junk):
    with pytest.raises(ValueError):
        scenarios.from_data({**scenarios.to_data(of()), key: junk})


@pytest.mark.parametrize("data", [None, 5, [], "x", {}])
def test_junk_instead_of_the_data_is_a_value_error(data):
    with pytest.raises(ValueError, match="scenario"):
        scenarios.from_data(data)


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("junk", [-30, {}, [[]], [None], [[5]], 1.5])
def test_junk_in_a_template_is_a_value_error(place, junk):
    data = scenarios.to_data(of())
    data["templates"][0][place] = junk
    with pytest.raises(ValueError):
        scenarios.from_data(data)


def test_what_the_control_agent_does_tasks_can_do_as_well():
    assert [name for name in CONTROL_INSTRUCTIONS if name not in INSTRUCTIONS] == []


def test_every_instruction_says_what_it_does():
    assert [name for name, spec in INSTRUCTIONS.items() if not spec.about.endswith(".")] == []
