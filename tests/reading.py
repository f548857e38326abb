"""Builders for tests that read workloads: text to a scenario, and to its ideal run."""

import json

from hypothesis import HealthCheck, settings

from cpuagents import rtapp
from tests.models.ideal import Ideal

MS = 1_000_000  # ns
# A busy machine is no reason to fail.
CALM = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text_of(tasks, **global_):
    """A workload file: `tasks` as text or as a dict, and members of `global`."""
    body = tasks if isinstance(tasks, str) else json.dumps(tasks)
    return f'{{"tasks": {body}, "global": {json.dumps(global_)}}}'


def scenario(tasks, nr_cpus=4, options=None, **global_):
    """The scenario of such a file."""
    return rtapp.scenario_of(text_of(tasks, **global_), "t.json", "t", nr_cpus, options)


def ideal(tasks, until_ms=0, **more):
    """Its ideal run."""
    return Ideal(scenario(tasks, **more), until_ms * MS)


def code(tasks, index=0, **more):
    """The program of one of its tasks."""
    return scenario(tasks, **more).templates[index].code


def ms(times_ns):
    """Times in milliseconds, all of which must be whole ones."""
    pairs = [divmod(time, MS) for time in times_ns]
    assert all(rest == 0 for _, rest in pairs), pairs
    return [whole for whole, _ in pairs]
