"""Workloads on the emulated machine: the ends and totals that rt-app's rules ask for.

Method: the strategy `timed`, where every CPU is equally fast; `ended_ns` says when a task was done.
"""

from collections import Counter

import pytest

from cpuagents import census, workload
from cpuagents.bad_input import BadInput
from emu.bpf import SchedExtOps, scx_bpf_create_dsq, scx_bpf_dsq_insert, scx_bpf_dsq_move_to_local
from tests import running
from tests.models.ideal import Ideal
from tests.reading import MS, ms, scenario

UNIQUE_20 = {"ref": "unique", "period": 20_000}
CONDITION = {"ref": "c", "mutex": "m"}


class RoundRobin(SchedExtOps):
    """Turns of 5 ms, first come, first served."""

    name = "round_robin"

    def init(self):
        return scx_bpf_create_dsq(0, -1)

    def enqueue(self, p, enq_flags):
        scx_bpf_dsq_insert(p, 0, 5 * MS, enq_flags)

    def dispatch(self, cpu, prev):
        scx_bpf_dsq_move_to_local(0)


@pytest.fixture
def on_machine(tmp_path):
    """A function that runs a scenario and returns the result."""

    def run(work, ops=None, **changes):
        room = census.nr_tasks_max(work)
        given = running.setting(work, nr_tasks=room, **{"strategy": "timed", **changes})
        result = running.run(given, tmp_path, ops)
        assert result.finding is None, result.finding
        return result

    return run


def ends(result):
    """When each task ended, in milliseconds."""
    return ms(task["ended_ns"] for task in result.tasks)


def prefixes(*runs_ms, timer):
    """Tasks that do the first, the first two ... of these passes, each with a timer of its own."""
    passes = [{"runtime": run * 1000, "timer": timer} for run in runs_ms]
    numbers = range(1, len(passes) + 1)
    return {f"t{n}": {"loop": 1, "phases": _phases(passes[:n])} for n in numbers}


def _phases(passes):
    return {f"p{i}": body for i, body in enumerate(passes)}


@pytest.mark.parametrize("name", list(workload.bundled()))
@pytest.mark.parametrize("strategy", ["timed", "random"])
def test_a_bundled_workload_does_all_its_work_whatever_the_schedule(name, strategy, on_machine):
    """Rules: a thread that ends has its total under every schedule; forks differ in order only."""
    work = workload.load(name, 2, 1)
    result = on_machine(work, strategy=strategy)
    wanted = Counter((t.template.name, t.run_ns) for t in Ideal(work).threads)
    got = Counter((t["name"].split("-")[0], t["run_ns"]) for t in result.tasks)
    assert got == wanted
    assert [t["name"] for t in result.tasks if t["state"] != "exited"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fork_storm", "ping_pong", "relay", "timers"])
def test_a_free_run_does_the_same_work(name, on_machine):
    work = workload.load(name, 2, 1)
    result = on_machine(work, mode="free", time_scale=4)
    total = sum(t.run_ns for t in Ideal(work).threads)
    assert sum(t["run_ns"] for t in result.tasks if t["state"] == "exited") == total


@pytest.mark.parametrize(
    "runs_ms, mode, wanted",
    [
        ((10, 25, 10, 25), "relative", [20, 45, 65, 90]),
        ((5, 5, 5, 35) * 2, "absolute", [20, 40, 60, 95, 100, 120, 140, 175]),
    ],
)
def test_passes_start_where_the_mode_of_their_timer_says(runs_ms, mode, wanted, on_machine):
    """RT-07, RT-08."""
    tasks = prefixes(*runs_ms, timer={**UNIQUE_20, "mode": mode})
    assert ends(on_machine(scenario(tasks, nr_cpus=8))) == wanted


def test_two_threads_on_one_timer_see_twice_its_period(on_machine):
    """RT-09."""
    tasks = {
        "a": {"instance": 2, "loop": 3, "run": 1000, "timer": {"ref": "beat", "period": 20_000}}
    }
    assert sorted(ends(on_machine(scenario(tasks, nr_cpus=2)))) == [100, 120]


@pytest.mark.parametrize("mode, last", [("relative", 170), ("absolute", 150)])
def test_a_timer_first_used_late_has_missed_its_first_period(mode, last, on_machine):
    """RT-10."""
    timer = {"ref": "unique", "period": 50_000, "mode": mode}
    phases = {"p": {"sleep": 70_000}, "q": {"loop": 3, "timer": timer}}
    assert ends(on_machine(scenario({"a": {"loop": 1, "phases": phases}}))) == [last]


def test_the_delay_of_a_thread_forked_later_is_over(on_machine):
    """RT-11."""
    tasks = {
        "a": {"loop": 1, "sleep": 300_000, "fork": "b"},
        "b": {"instance": 0, "delay": 100_000, "loop": 4, "timer": UNIQUE_20},
    }
    result = on_machine(scenario(tasks))
    assert ends(result) == [300, 360]
    assert [t["name"] for t in result.tasks] == ["a-0", "b-1-0000"]


def test_a_delay_is_slept_before_the_first_event(on_machine):
    tasks = {"a": {"delay": 30_000, "loop": 2, "run": 1000, "timer": UNIQUE_20}}
    assert ends(on_machine(scenario(tasks))) == [70]


def test_a_resume_before_the_suspend_is_lost_and_a_post_is_not(on_machine):
    """RT-12."""
    tasks = {
        "a": {"loop": 1, "sleep": 1000, "suspend": ""},
        "b": {"loop": 1, "resume": "a", "sem_post": "s"},
        "c": {"loop": 1, "sleep": 2000, "sem_wait": "s"},
    }
    result = on_machine(scenario(tasks))
    assert [t["state"] for t in result.tasks] == ["asleep", "exited", "exited"]
    assert len(result.notes) == 1 and "workload stuck" in result.notes[0]


def test_a_signal_wakes_a_suspended_thread_and_a_resume_all_of_them(on_machine):
    """RT-13, RT-14."""
    tasks = {
        "a": {"loop": 1, "suspend": ""},
        "b": {"instance": 3, "loop": 1, "suspend": ""},
        "c": {"loop": 1, "sleep": 2000, "signal": "a", "sleep2": 1000, "resume": "b"},
    }
    assert ends(on_machine(scenario(tasks))) == [2, 3, 3, 3, 3]


def test_a_waiter_that_is_woken_under_the_mutex_goes_on_after_the_unlock(on_machine):
    """RT-15."""
    under_it = {"lock": "m", "signal": "c", "run": 10_000, "unlock": "m"}
    tasks = {
        "a": {"loop": 1, "lock": "m", "wait": CONDITION, "unlock": "m"},
        "b": {"loop": 1, "sleep": 1000, **under_it},
    }
    assert ends(on_machine(scenario(tasks))) == [11, 11]


def test_a_barrier_named_twice_by_one_task_lets_nobody_past(on_machine):
    """RT-16."""
    tasks = {"a": {"loop": 1, "barrier": "B", "barrier2": "B"}, "b": {"loop": 1, "barrier": "B"}}
    result = on_machine(scenario(tasks))
    assert [t["state"] for t in result.tasks] == ["asleep", "asleep"]
    assert len(result.notes) == 1 and "workload stuck" in result.notes[0]


@pytest.mark.parametrize(
    "event, wanted",
    [("runtime", [(10, 5), (15, 10)]), ("run", [(15, 10), (20, 10)])],
)
def test_time_without_the_cpu_counts_for_runtime_only(event, wanted, on_machine):
    """RT-17, RT-18."""
    work = scenario({"a": {"instance": 2, "loop": 1, event: 10_000}}, nr_cpus=1)
    result = on_machine(work, ops=RoundRobin)
    assert sorted((t["ended_ns"] // MS, t["run_ns"] // MS) for t in result.tasks) == wanted
    assert all(t["run_ns"] % MS == 0 for t in result.tasks)


@pytest.mark.parametrize("cpu", [0, 1, 2])
def test_a_child_without_cpus_runs_where_its_forker_may(cpu, on_machine):
    """RT-19."""
    tasks = {
        "a": {"cpus": [cpu], "loop": 1, "fork": "b", "run": 10},
        "b": {"instance": 0, "loop": 3, "run": 10, "sleep": 10},
    }
    assert [t["cpu"] for t in on_machine(scenario(tasks)).tasks] == [cpu, cpu]


FORKS_1025 = {"a": {"loop": 1025, "fork": "b"}, "b": {"instance": 0, "loop": 1, "run": 1}}


@pytest.mark.parametrize(
    "tasks, message",
    [
        ({"a": {"resume": "nobody"}}, "a-0 did 100000 events and no virtual time passes"),
        ({"a": {"loop": 1, "sync": CONDITION}}, "a-0 waits on a condition without holding"),
        ({"a": {"loop": 1, "unlock": "m"}}, "a-0 unlocks a mutex that it does not hold"),
        ({"a": {"loop": 1, "lock": "m", "lock2": "m"}}, "a-0 locks a mutex that it holds"),
        (FORKS_1025, "b is forked more than 1024 times"),
    ],
)
@pytest.mark.slow
def test_what_no_workload_may_do_is_bad_input(tasks, message, on_machine):
    """RT-20 and the rest of what is found while running; never a finding."""
    with pytest.raises(BadInput, match=message):
        on_machine(scenario(tasks, nr_cpus=2))


def test_the_duration_ends_a_run_without_end(on_machine):
    result = on_machine(scenario({"a": {"run": 100_000, "sleep": 100_000}}, duration=1))
    assert [t["run_ns"] // MS for t in result.tasks] == [500]
