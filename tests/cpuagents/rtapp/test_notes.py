"""What is ignored or likely a mistake is noted, once for each key and file; the rest is silent."""

import json

import pytest

from cpuagents import rtapp
from tests.reading import scenario

TIMER = {"ref": "beat", "period": 1000}
RESUMED = {"b": {"loop": 1, "resume": "a"}}


def notes(tasks, **settings):
    return [note.split(": ", 1)[1] for note in scenario(tasks, **settings).notes]


@pytest.mark.parametrize(
    "members, note",
    [
        ({"util_min": 5}, "tasks.a.util_min: ignored: there is no utilisation clamping"),
        ({"nodes_membind": [0]}, "tasks.a.nodes_membind: ignored: memory has no nodes"),
        ({"dl-runtime": 5}, "tasks.a.dl-runtime: ignored: slices cannot be asked for"),
        ({"runtime": 5}, "tasks.a.runtime: ignored as a slice: slices cannot be asked for"),
        ({"cpus": [0, 0]}, "tasks.a.cpus: CPU 0 is given twice"),
        ({"exec": 5}, "tasks.a.exec: ignored: unknown key"),
        ({"taskgroup": "/g"}, "tasks.a.taskgroup: ignored: there are no groups"),
        ({"sleep": 1 << 40, "loop": 1}, "tasks.a.sleep: out of 32 bits; taken as 2147483647"),
        ({"suspend": "x"}, 'tasks.a.suspend: "x" is not used; it means "a"'),
        ({"timer": {"period": 5}}, "tasks.a.timer: timer without ref"),
        ({"barrier": "B", "barrier2": "B"}, '"B" counts twice here'),
    ],
)
def test_what_has_no_effect_is_noted(members, note):
    found = notes({"a": {"run": 1, "loop": 1, **members}, **RESUMED})
    assert len(found) == 1 and note in found[0]


def test_a_key_is_noted_once_for_each_file():
    tasks = {f"t{i}": {"run": 1, "loop": 1, "exec": 5, "util_max": 7} for i in range(3)}
    assert len(notes(tasks)) == 2


def test_events_beside_phases_are_noted():
    tasks = {"a": {"loop": 1, "run": 1, "phases": {"p": {"run": 1}}}}
    assert notes(tasks) == ["tasks.a.run: ignored: an event beside phases never happens"]


def test_a_repeated_property_is_noted_and_the_last_one_counts():
    found = scenario('{"a": {"run": 1, "loop": 2, "loop": 1}}')
    assert len(found.templates[0].code) == 2
    assert len(found.notes) == 1 and "given twice; the last one counts" in found.notes[0]


def test_a_suspend_that_nobody_ends_is_noted():
    assert notes({"a": {"loop": 1, "suspend": ""}}) == [
        'tasks.a.suspend: nobody resumes or signals "a"'
    ]


@pytest.mark.parametrize("instance", [1, 2])
def test_a_timer_that_threads_share_is_noted(instance):
    found = notes({"a": {"instance": instance, "loop": 1, "timer": TIMER}})
    assert len(found) == instance - 1
    assert all('timer "beat" is shared by several threads' in note for note in found)


def test_a_barrier_that_forked_threads_reach_is_noted():
    tasks = {"a": {"loop": 1, "fork": "b"}, "b": {"instance": 0, "loop": 1, "barrier": "B"}}
    assert notes(tasks) == ['tasks.b.barrier: "B" does not count forked threads']


@pytest.mark.parametrize(
    "key, value",
    [("io_device", "/dev/sda"), ("nonsense", 1)],
)
def test_settings_without_effect_are_noted(key, value):
    found = notes({"a": {"run": 1, "loop": 1}}, **{key: value})
    assert len(found) == 1 and found[0].startswith(f"global.{key}: ignored")


def test_settings_of_output_are_silent():
    settings = {"logdir": "./", "log_basename": "x", "log_size": 5, "ftrace": "main,task"}
    settings |= {"gnuplot": True, "calibration": "CPU0", "frag": 1, "mem_buffer_size": 4096}
    assert notes({"a": {"run": 1, "loop": 1}}, **settings) == []


@pytest.mark.parametrize("name, nr", [("m", 0), ("other", 1)])
def test_an_unused_resource_is_noted(name, nr):
    tasks = {"a": {"loop": 1, "lock": "m", "unlock": "m"}}
    text = json.dumps({"tasks": tasks, "resources": {name: {"type": "mutex"}}})
    assert len(rtapp.scenario_of(text, "t.json", "t", 2).notes) == nr


@pytest.mark.parametrize("key", ["pi_enabled", "lock_pages"])
@pytest.mark.parametrize("policy, nr", [("SCHED_OTHER", 0), ("SCHED_RR", 1)])
def test_settings_for_realtime_threads_are_noted_if_there_are_any(key, policy, nr):
    found = notes({"a": {"run": 1, "loop": 1, "policy": policy}}, **{key: True})
    assert len([note for note in found if f"{key} is ignored" in note]) == nr
