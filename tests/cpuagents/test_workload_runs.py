"""Whole runs do what the ideal run says: the same work, and on idle machines at the same times."""

import pytest

from cpuagents import census, workload
from cpuagents.bad_input import BadInput
from cpuagents.setting import FREE
from emu.abi.dsq import SCX_DSQ_GLOBAL
from emu.bpf import SchedExtOps, Task, scx_bpf_dsq_insert
from tests import running
from tests.models.ideal import Ideal
from tests.reading import MS, ms, scenario

NR_CPUS = 8  # More than tasks of any test below, but for those that say otherwise.
CHILD = {"instance": 0, "loop": 1, "run": 1}
UNIQUE_20 = {"ref": "unique", "period": 20_000}
GENERATED = [f"generated {seed}" for seed in range(6)]


class RoundRobin(SchedExtOps):
    """One queue; every task may run for 5 ms at a time."""

    name = "round_robin"

    def enqueue(self, p: Task, enq_flags: int) -> None:
        scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, 5 * MS, enq_flags)


def run(work, out, ops=None, strategy="timed", **more):
    room = census.nr_tasks_max(work)
    return running.run(running.setting(work, strategy=strategy, nr_tasks=room, **more), out, ops)


def loaded(name, nr_cpus):
    name, _, seed = name.partition(" ")
    return workload.load(name, nr_cpus, int(seed or 0))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["timed", "random"])
@pytest.mark.parametrize("name", [*workload.bundled(), *GENERATED])
def test_tasks_work_as_long_as_they_ideally_do_under_any_schedule(name, strategy, tmp_path):
    work = loaded(name, 3)
    found = run(work, tmp_path, strategy=strategy)
    done = sorted((t["name"].split("-")[0], t["run_ns"]) for t in found.tasks)
    assert (found.verdict, found.notes) == ("clean", [])
    assert done == sorted((t.template.name, t.run_ns) for t in Ideal(work).threads)


SHIFTED = {
    "p": {"runtime": 10_000, "timer": UNIQUE_20},
    "q": {"runtime": 25_000, "timer": UNIQUE_20},
}
CAUGHT_UP = {
    "p": {"loop": 3, "run": 5000, "timer": {**UNIQUE_20, "mode": "absolute"}},
    "q": {"run": 35_000, "timer": UNIQUE_20},
}
FIRST_USED_LATE = {
    "p": {"sleep": 70_000},
    "q": {"loop": 3, "timer": {"ref": "unique", "period": 50_000}},
}
FORKED_LATE = {
    "a": {"loop": 1, "sleep": 300_000, "fork": "b"},
    "b": {"instance": 0, "delay": 100_000, "loop": 4, "timer": UNIQUE_20},
}
POSTED_BEFORE = {
    "a": {"loop": 1, "sleep": 1000, "sem_wait": "s"},
    "b": {"loop": 1, "sem_post": "s"},
}
SUSPENDED = {
    "a": {"instance": 3, "loop": 1, "suspend": ""},
    "b": {"loop": 1, "sleep": 2000, "resume": "a"},
}
SIGNALLED = {"a": {"loop": 1, "suspend": ""}, "b": {"loop": 1, "sleep": 2000, "signal": "a"}}
WOKEN_UNDER_THE_MUTEX = {
    "a": {"loop": 1, "lock": "m", "wait": {"ref": "c", "mutex": "m"}, "unlock": "m"},
    "b": {
        **{"loop": 1, "sleep": 1000, "lock": "m"},
        **{"signal": "c", "run": 10_000, "unlock": "m"},
    },
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param({"a": {"loop": 2, "phases": SHIFTED}}, id="RT-07"),
        pytest.param({"a": {"loop": 2, "phases": CAUGHT_UP}}, id="RT-08"),
        pytest.param({"a": {"loop": 1, "phases": FIRST_USED_LATE}}, id="RT-10"),
        pytest.param(FORKED_LATE, id="RT-11"),
        pytest.param(POSTED_BEFORE, id="RT-12"),
        pytest.param(SIGNALLED, id="RT-13"),
        pytest.param(SUSPENDED, id="RT-14"),
        pytest.param(WOKEN_UNDER_THE_MUTEX, id="RT-15"),
    ],
)
def test_tasks_end_when_they_ideally_do_if_each_has_a_cpu(tasks, tmp_path):
    work = scenario(tasks, NR_CPUS)
    found = [(t["name"], t["run_ns"], t["ended_ns"]) for t in run(work, tmp_path).tasks]
    assert found == [(t.name, t.run_ns, t.ended_ns) for t in Ideal(work).threads]


@pytest.mark.slow
def test_threads_on_one_timer_take_turns(tmp_path):
    """RT-09. Who is first at the same time is open."""
    tasks = {"a": {"instance": 2, "loop": 3, "run": 1, "timer": {"ref": "t", "period": 20_000}}}
    ends = sorted(t["ended_ns"] for t in run(scenario(tasks, 2), tmp_path).tasks)
    assert ms(ends) == [100, 120]


@pytest.mark.slow
def test_preemption_shortens_the_work_of_runtime(tmp_path):
    """RT-17."""
    work = scenario({"a": {"instance": 2, "loop": 1, "runtime": 10_000}}, 1)
    tasks = run(work, tmp_path, ops=RoundRobin).tasks
    assert ms(t["ended_ns"] for t in tasks) == [10, 15]
    assert ms(t["run_ns"] for t in tasks) == [5, 10]


@pytest.mark.slow
@pytest.mark.parametrize(
    "runs_ms, ends",
    [
        pytest.param((10, 10), [15, 20], id="RT-18"),
        pytest.param((9, 10), [14, 19], id="within a slice"),
    ],
)
def test_preemption_delays_the_end_of_run_but_leaves_its_work(runs_ms, ends, tmp_path):
    """RT-18. A task whose work ends together with its slice exits without another turn."""
    tasks = {f"t{i}": {"loop": 1, "run": run * 1000} for i, run in enumerate(runs_ms)}
    tasks = run(scenario(tasks, 1), tmp_path, ops=RoundRobin).tasks
    assert ms(t["ended_ns"] for t in tasks) == ends
    assert ms(t["run_ns"] for t in tasks) == list(runs_ms)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fork_storm", "ping_pong", "relay", "timers"])
def test_a_free_run_does_the_same_work(name, tmp_path):
    work = workload.load(name, 2, 0)
    found = run(work, tmp_path, mode=FREE, time_scale=4)
    assert [t["name"] for t in found.tasks if t["state"] != "exited"] == []
    assert sum(t["run_ns"] for t in found.tasks) == sum(t.run_ns for t in Ideal(work).threads)


@pytest.mark.slow
def test_the_duration_ends_a_run_without_end(tmp_path):
    found = run(scenario({"a": {"run": 100_000, "sleep": 100_000}}, duration=1), tmp_path)
    assert ms(t["run_ns"] for t in found.tasks) == [500]


@pytest.mark.slow
@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param(
            {"a": {"loop": 1, "barrier": "B", "barrier2": "B"}, "b": {"loop": 1, "barrier": "B"}},
            id="RT-16",
        ),
        pytest.param(
            {"a": {"loop": 1, "sleep": 9, "suspend": ""}, "b": {"loop": 1, "resume": "a"}},
            id="RT-12",
        ),
    ],
)
def test_tasks_that_wait_for_ever_are_noted_and_no_finding(tasks, tmp_path):
    found = run(scenario(tasks), tmp_path)
    assert (found.verdict, found.finding) == ("clean", None)
    assert len(found.notes) == 1 and found.notes[0].startswith("workload stuck")


@pytest.mark.slow
@pytest.mark.parametrize(
    "tasks, message",
    [
        pytest.param({"a": {"resume": "nobody"}}, "no virtual time passes", id="RT-20"),
        ({"a": {"loop": 1, "lock": "m", "lock2": "m"}}, "locks a mutex that it holds"),
        ({"a": {"loop": 1, "unlock": "m"}}, "unlocks a mutex that it does not hold"),
        ({"a": {"loop": 1, "wait": {"ref": "c", "mutex": "m"}}}, "without holding its mutex"),
        ({"a": {"loop": 1025, "fork": "b"}, "b": CHILD}, "b is forked more than 1024 times"),
    ],
)
def test_what_no_program_may_do_is_bad_input(tasks, message, tmp_path):
    with pytest.raises(BadInput, match=message):
        run(scenario(tasks), tmp_path)


@pytest.mark.slow
def test_a_child_of_a_pinned_task_stays_on_its_cpu(tmp_path):
    """RT-19."""
    tasks = {
        "a": {"cpus": [1], "loop": 3, "run": 10, "fork": "b"},
        "b": {"instance": 0, "loop": 5, "run": 50, "sleep": 10},
    }
    found = run(scenario(tasks, 3), tmp_path, strategy="random").tasks
    assert [t["cpu"] for t in found if t["name"].startswith("b")] == [1, 1, 1]
