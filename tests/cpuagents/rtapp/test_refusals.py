"""RT-21, the meaning: what is refused, with line, path, what was found and the mend."""

import json

import pytest

from cpuagents import rtapp
from cpuagents.bad_input import BadInput
from tests.reading import scenario


def refusal(tasks, **more):
    """The message that a workload is refused with, without the name of the file."""
    with pytest.raises(BadInput) as caught:
        scenario(tasks, **more)
    file, line, column, message = str(caught.value).split(":", 3)
    assert file == "t.json" and line.isdecimal() and column.isdecimal()
    return message.strip()


def of_events(**members):
    return refusal({"a": members}, nr_cpus=2)


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", "5", '{"tasks": null}', '{"tasks": []}', '{"tasks": "a"}', '{"tasks": {"a": 1}}'],
)
def test_a_workload_needs_tasks_that_are_objects(text):
    with pytest.raises(BadInput, match='a workload needs "tasks": {"name": {'):
        rtapp.scenario_of(text, "t.json", "t", 2)


@pytest.mark.parametrize(
    "found, mend",
    [
        ("5.0", "write 5"),
        ("5e3", "write 5000"),
        ("5.", "write 5"),
        ('"10"', "write 10"),
        ("5.5", "write digits only"),
        ("true", "write digits only"),
        ("NaN", "write digits only"),
        ("1e999999999", "write digits only"),
        ("null", "write digits only"),
    ],
)
def test_a_time_that_is_not_whole_is_refused(found, mend):
    message = refusal(f'{{"a": {{"run": {found}}}}}')
    assert message == f"tasks.a.run: expected whole microseconds, found {found}; {mend}"


@pytest.mark.parametrize("key", ["run", "runtime", "sleep", "mem", "iorun"])
def test_negative_amounts_are_refused(key):
    assert of_events(**{key: -1}) == f"tasks.a.{key}: -1 is negative; give 0 or more"


@pytest.mark.parametrize("key", ["instance", "delay"])
def test_negative_numbers_of_a_task_are_refused(key):
    assert of_events(run=1, **{key: -1}) == f"tasks.a.{key}: -1 is negative; give 0 or more"


@pytest.mark.parametrize(
    "members, message",
    [
        ({"phases": {}}, "tasks.a.phases: no phase"),
        ({"phases": 5}, "tasks.a.phases: expected an object, found 5"),
        ({"phases": {"p": {}}}, "tasks.a.phases.p: no event (run, sleep, timer ...)"),
        ({"phases": {"p": {"loop": 2}}}, "tasks.a.phases.p: no event (run, sleep, timer ...)"),
        ({"loop": 1}, "tasks.a: no event (run, sleep, timer ...)"),
        ({"run": 1, "policy": "sched_fifo"}, 'is unknown; write "SCHED_FIFO"'),
        ({"run": 1, "policy": 5}, "tasks.a.policy: expected a string, found 5"),
        ({"run": 1, "priority": 40}, "priority 40 with SCHED_OTHER: nice is -20..19"),
        ({"run": 1, "policy": "SCHED_RR", "priority": 0}, "priority 0 with SCHED_RR; it is 1..99"),
        ({"run": 1, "cpus": []}, "cpus []: no CPU"),
        ({"run": 1, "cpus": 1}, "expected an array of numbers, found 1"),
        ({"run": 1, "cpus": "-"}, 'expected an array of numbers, found "-"'),
        ({"run": 1, "cpus": ["0"]}, "tasks.a.cpus[0]: expected whole number"),
        ({"run": 1, "cpus": [-1]}, "cpus [-1]: -1 is negative"),
        ({"run": 1, "cpus": [2]}, "cpus [2]: the machine has CPUs 0-1; use --cpus 3"),
        ({"run": 1, "cpus": [0, 9, 3]}, "cpus [0, 9, 3]: the machine has CPUs 0-1; use --cpus 10"),
        ({"run": 1, "cpus": [999]}, "the machine has CPUs 0-1; there can be 256"),
        ({"fork": "zz"}, 'tasks.a.fork: fork "zz": no such task; there are a'),
        ({"wait": {"ref": "c"}}, 'without ref or mutex; write {"ref": "cond", "mutex": "m"}'),
        ({"wait": "c"}, 'expected an object, found "c"; write {"ref": "cond", "mutex": "m"}'),
        ({"sync": {"mutex": "m"}}, "tasks.a.sync: without ref or mutex"),
        ({"timer": 5}, "tasks.a.timer: expected an object, found 5; write {"),
        ({"timer": {"period": "x"}}, "tasks.a.timer.period: expected whole microseconds"),
        ({"timer": {"period": -1}}, "tasks.a.timer.period: -1 is negative"),
        ({"timer": {"ref": 1}}, "tasks.a.timer.ref: expected a string"),
        ({"lock": 5}, "tasks.a.lock: expected a string, found 5"),
        ({"lock_order": []}, "grammar of rt-app before September 2014, not supported"),
        ({"run": 1, "taskgroup": "x"}, 'tasks.a.taskgroup: "x" does not start with "/"'),
        ({"run": 1, "taskgroup": "/x", "policy": "SCHED_RR"}, "taskgroup with SCHED_RR"),
        ({"run": 1, "util_min": 1025}, "tasks.a.util_min: 1025 is outside 0..1024"),
        ({"run": 1, "util_min": 9, "util_max": 8}, "9 is above util_max 8"),
        ({"run": 1, "policy": "SCHED_DEADLINE"}, "dl-runtime 0, dl-deadline 0, dl-period 0"),
        ({"memrun": {"type": "read", "size": 1}}, "tasks.a.memrun: without type, size or count"),
        ({"memrun": {"type": "x", "size": 1, "count": 1}}, 'type "x" is unknown'),
        ({"run": 1, "instance": 70_000}, "70000 is more than 65536 tasks"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_path(members, message):
    assert message in of_events(**members)


@pytest.mark.parametrize(
    "values, is_refused",
    [((1, 2, 3), False), ((0, 2, 3), True), ((3, 2, 3), True), ((1, 3, 2), True)],
)
def test_a_deadline_lies_between_budget_and_period(values, is_refused):
    keys = dict(zip(("dl-runtime", "dl-deadline", "dl-period"), values, strict=True))
    tasks = {"a": {"run": 1, "loop": 1, "policy": "SCHED_DEADLINE", **keys}}
    if is_refused:
        assert "0 < runtime <= deadline <= period" in refusal(tasks)
    else:
        assert "SCHED_DEADLINE: no such class here" in scenario(tasks).notes[0]


def test_more_than_32_groups_are_refused():
    tasks = {f"t{i}": {"run": 1, "taskgroup": f"/g{i}"} for i in range(33)}
    assert refusal(tasks) == "tasks.t32.taskgroup: more than 32 groups; use fewer"


def test_more_threads_than_there_can_be_are_refused():
    tasks = {f"t{i}": {"run": 1, "instance": 60_000} for i in range(2)}
    assert refusal(tasks) == "120000 threads, more than 65536; use fewer"


def test_buffers_of_one_name_must_agree():
    memrun = {"type": "read", "size": 64, "count": 1, "ref": "b"}
    tasks = {"a": {"memrun": memrun, "memrun2": {**memrun, "size": 128}}}
    assert 'buffer "b" has other parameters elsewhere' in refusal(tasks)


def test_more_than_six_own_timers_are_refused():
    timers = {f"timer{i}": {"ref": f"unique{i}", "period": 1} for i in range(7)}
    assert "more than 6 timers of its own" in of_events(**timers)


@pytest.mark.parametrize(
    "key, value",
    [
        *(("duration", 2.5), ("duration", "2"), ("default_policy", "SCHED_EXT")),
        *(("calibration", "GPU0"), ("calibration", True), ("pi_enabled", 1), ("lock_pages", 0)),
        *(("log_size", 2.5), ("ftrace", "run"), ("gnuplot", 1), ("io_device", 1)),
        *(("mem_buffer_size", "1"), ("cumulative_slack", 1), ("logdir", 1)),
    ],
)
def test_a_wrong_value_in_global_is_refused(key, value):
    message = refusal({"a": {"run": 1}}, **{key: value})
    assert message.startswith(f"global.{key}: ")


@pytest.mark.parametrize("resource", [{}, {"type": "barrier"}, {"type": 1}, 5])
def test_a_resource_needs_a_known_type(resource):
    text = json.dumps({"tasks": {"a": {"run": 1}}, "resources": {"r": resource}})
    with pytest.raises(BadInput, match="resources.r"):
        rtapp.scenario_of(text, "t.json", "t", 2)


def test_the_message_names_the_line():
    text = '{"tasks": {\n  "worker": {\n    "run": -5\n}}}'
    with pytest.raises(BadInput, match="^t.json:3:12: tasks.worker.run: -5 is negative"):
        rtapp.scenario_of(text, "t.json", "t", 2)
