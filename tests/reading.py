"""Builders for tests that read workloads: text to a scenario, and to its ideal run."""

import json

from cpuagents import rtapp
from tests.models.ideal import Ideal

MS = 1_000_000  # ns


def text_of(tasks, **settings):
    """A workload file: `tasks` as text or as a dict, and members of `global`."""
    body = tasks if isinstance(tasks, str) else json.dumps(tasks)
    return f'{{"tasks": {body}, "global": {json.dumps(settings)}}}'


def scenario(tasks, nr_cpus=4, options=None, **settings):
    """The scenario of such a file."""
    return rtapp.scenario_of(text_of(tasks, **settings), "t.json", "t", nr_cpus, options)


def ideal(tasks, until_ms=0, **more):
    """Its ideal run."""
    return Ideal(scenario(tasks, **more), until_ms * MS)


def code(tasks, index=0, **more):
    """The program of one of its tasks."""
    return scenario(tasks, **more).templates[index].code


def ms(times_ns):
    """Times in milliseconds, all of which must be whole ones."""
    assert all(time % MS == 0 for time in times_ns), times_ns
    return [time // MS for time in times_ns]
