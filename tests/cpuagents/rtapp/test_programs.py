"""What phases, loops, masks, policies and repeated keys of rt-app become."""

import pytest

from cpuagents import rtapp
from cpuagents.rtapp import reader
from cpuagents.rtapp.place import Options, Source
from cpuagents.rtapp.text import Lines
from tests.reading import code, ideal, scenario, text_of

JSON_C = Options(keep_duplicates=False)
RUNS_OF_5_AND_7 = '{"a": {"loop": 1, "run": 5, "run": 7}}'


def runs_us(thread):
    """Lengths of the runs a thread did, in microseconds."""
    return [ns // 1000 for _, ns in thread.did("run")]


def test_a_repeated_event_key_is_a_further_event():
    """RT-01."""
    assert runs_us(ideal(RUNS_OF_5_AND_7).threads[0]) == [5, 7]


def test_the_last_of_repeated_keys_wins_as_in_json_c():
    """RT-01."""
    assert runs_us(ideal(RUNS_OF_5_AND_7, options=JSON_C).threads[0]) == [7]


def test_a_repeated_key_keeps_its_first_place_as_in_json_c():
    """RT-02."""
    tasks = '{"a": {"loop": 1, "lock": "m", "run": 5, "signal": "c", "run": 9, "unlock": "m"}}'
    names = [step[0] for step in code(tasks, options=JSON_C)]
    assert names == ["lock", "run", "signal", "unlock", "exit"]
    assert ("run", 9000) in code(tasks, options=JSON_C)


@pytest.mark.parametrize("loop", [0, -1])
def test_a_phase_without_end_never_reaches_the_next_one(loop):
    """RT-03."""
    tasks = {"a": {"loop": 1, "phases": {"p": {"loop": loop, "run": 1}, "q": {"run": 2}}}}
    assert runs_us(ideal(tasks, until_ms=1).threads[0]) == [1] * 1000


def test_a_phased_task_with_loop_0_does_nothing():
    """RT-03."""
    assert code({"a": {"loop": 0, "phases": {"p": {"run": 1}}}}) == (("exit",),)


@pytest.mark.parametrize("loop", [{"loop": 0}, {"loop": -1}, {}])
def test_a_flat_task_without_a_loop_count_has_no_end(loop):
    """RT-03."""
    assert code({"a": {**loop, "run": 1}}) == (("run", 1000), ("jump", 0))


def test_loops_of_phases_lie_inside_the_loop_of_the_task():
    """RT-04."""
    tasks = {"a": {"loop": 2, "phases": {"p": {"loop": 2, "run": 1}, "q": {"run": 2}}}}
    assert runs_us(ideal(tasks).threads[0]) == [1, 1, 2, 1, 1, 2]


@pytest.mark.parametrize("own, second", [({"cpus": [1]}, 0b10), ({}, 0b1111)])
def test_a_phase_without_cpus_goes_back_to_those_of_the_task_or_of_birth(own, second):
    """RT-05."""
    phases = {"p": {"cpus": [0], "run": 1}, "q": {"run": 1}}
    thread = ideal({"a": {**own, "loop": 2, "phases": phases}}).threads[0]
    assert thread.masks == [0b1, second, 0b1, second]


def test_a_mask_that_stays_is_written_once():
    assert code({"a": {"cpus": [1], "loop": 2, "phases": {"p": {"loop": 3, "run": 1}}}}) == (
        *(("set", 0, 2), ("affinity", 0b10), ("set", 1, 3)),
        *(("run", 1000), ("loop", 1, 3), ("loop", 0, 1), ("exit",)),
    )


def test_parameters_of_a_phase_stay_in_force_in_later_ones():
    """RT-06."""
    phases = {"A": {"policy": "SCHED_FIFO", "run": 1}, "B": {"run": 1}}
    text = text_of({"a": {"policy": "SCHED_RR", "priority": 30, "phases": phases}})
    task = reader.read(Source("t.json", Lines(text), 4), text).tasks[0]
    first, second = task.phases
    assert (task.params.policy, task.params.priority) == ("SCHED_RR", 30)
    assert (first.params.policy, first.params.priority) == ("SCHED_FIFO", 10)
    assert second.params is None


def test_a_nice_value_stays_until_another_phase_asks_for_one():
    phases = {"p": {"run": 1}, "q": {"priority": 5, "run": 1}, "r": {"run": 1}}
    steps = code({"a": {"priority": -3, "loop": 1, "phases": phases}})
    assert [s for s in steps if s[0] == "nice"] == [("nice", -3), ("nice", 5)]


def test_an_idle_policy_has_the_least_weight():
    assert code({"a": {"policy": "SCHED_IDLE", "loop": 1, "run": 1}})[0] == ("nice", 19)


def test_a_realtime_policy_is_noted_as_ordinary():
    notes = scenario({"a": {"policy": "SCHED_RR", "loop": 1, "run": 1}}).notes
    assert len(notes) == 1 and "SCHED_RR: no such class here" in notes[0]


def test_a_forked_thread_gets_the_parameters_of_its_own_task():
    """Step 4 of a thread's life: a child's nice value is not its forker's."""
    tasks = {
        "a": {"priority": 9, "loop": 1, "fork": "b"},
        "b": {"instance": 0, "run": 1, "loop": 1},
    }
    assert [t.nice for t in ideal(tasks).threads] == [9, 0]


def test_a_child_without_cpus_has_those_its_forker_had():
    """RT-19."""
    tasks = {
        "a": {"cpus": [1], "loop": 1, "fork": "b"},
        "b": {"instance": 0, "loop": 1, "run": 1},
    }
    assert ideal(tasks).thread("b-1-0000").masks == [0b10]


def test_threads_are_numbered_over_all_tasks_and_forks_by_name():
    tasks = {
        "a": {"instance": 2, "loop": 1, "fork": "b"},
        "b": {"loop": 1, "run": 1},
    }
    names = [t.name for t in ideal(tasks).threads]
    assert names == ["a-0", "a-1", "b-2", "b-3-0000", "b-4-0001"]


@pytest.mark.parametrize(
    "key, kind",
    [
        *(("run2", "run"), ("runner", "run"), ("runtime_x", "spin"), ("memory", "run")),
        *(("sleepy", "sleep"), ("iorun1", "run")),
    ],
)
def test_the_start_of_a_key_says_which_event_it_is(key, kind):
    assert code({"a": {"loop": 1, key: 20_000}})[0][0] == kind


def test_events_of_no_duration_leave_nothing_behind():
    assert code({"a": {"loop": 1, "sleep": 0, "run": 0, "yield": ""}}) == (("yield",), ("exit",))


def test_memory_work_takes_a_fixed_time_a_byte():
    memrun = {"type": "chase", "size": 4096, "count": 10}
    tasks = {"a": {"loop": 1, "mem": 1000, "iorun": 100_000, "memrun": memrun}}
    assert code(tasks)[:3] == (("run", 100), ("run", 10_000), ("run", 800))


def test_suspend_means_its_string_if_a_resume_names_it():
    tasks = {"a": {"loop": 1, "suspend": "x"}, "b": {"loop": 1, "sleep": 1, "resume": "x"}}
    assert not ideal(tasks).is_stuck
    assert ideal(tasks, options=Options(suspend_by_string=False)).is_stuck


def test_a_duration_of_ten_seconds_is_set_for_a_thread_without_end():
    found = scenario({"a": {"run": 1}})
    assert found.duration_ns == 10_000_000_000
    assert len(found.notes) == 1 and "10 s" in found.notes[0]


def test_the_duration_is_in_seconds():
    assert scenario({"a": {"run": 1}}, duration=2).duration_ns == 2_000_000_000


def test_a_workload_without_tasks_is_an_empty_run():
    found = rtapp.scenario_of('{"tasks": {}}', "t.json", "t", 2)
    assert (found.threads, found.templates) == ((), ())
