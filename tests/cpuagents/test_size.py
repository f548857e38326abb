"""The machine is designed for 2 to 256 CPUs."""

import pytest

from tests import running

US = running.US
ONCE = (("run", 100 * US), ("sleep", 100 * US), ("run", 50 * US), ("exit",))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["controlled", "free"])
def test_64_cpus_and_2000_tasks_run_to_their_end(mode, tmp_path):
    work = running.scenario(ONCE, cpus=64)
    work = running.replace(work, threads=(0,) * 2000)
    strategy = {"controlled": "timed", "free": "sticky"}[mode]
    result = running.run(running.setting(work, mode=mode, strategy=strategy), tmp_path)
    assert (result.verdict, result.finding) == ("clean", None)
    ends = {(task["state"], task["run_ns"]) for task in result.tasks}
    assert len(result.tasks) == 2000 and ends == {("exited", 150 * US)}


@pytest.mark.slow
def test_256_cpus_run(tmp_path):
    work = running.replace(running.scenario(ONCE, cpus=256), threads=(0,) * 300)
    result = running.run(running.setting(work, mode="free"), tmp_path)
    assert result.verdict == "clean" and {task["state"] for task in result.tasks} == {"exited"}
