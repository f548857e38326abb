"""The example schedulers under many interleavings: broken ones are found, others are clean."""

from dataclasses import replace

import pytest

from cpuagents import campaign
from cpuagents.scenario import Scenario, Template
from cpuagents.setting import Setting
from emu.bpf.plugin import load_plugin

US = 1000
BUSY = (("set", 0, 3), ("run", 100 * US), ("sleep", 100 * US), ("loop", 0, 1), ("exit",))
RESTLESS = (
    *(("set", 0, 3), ("run", 100 * US), ("affinity_of", 1, 1), ("sleep", 50 * US)),
    *(("affinity_of", 1, 2), ("nice", 5), ("run", 30 * US), ("yield",), ("affinity_of", 1, 0)),
    *(("loop", 0, 1), ("exit",)),
)


def scenario(nr_cpus, *threads):
    templates = (Template("busy", BUSY), Template("restless", RESTLESS))
    return Scenario("test", nr_cpus, templates, threads)


def fuzz(scheduler, scenario, runs, tmp_path, **changes):
    setting = Setting(
        scheduler=f"scheduler_plugins.{scheduler}:{scheduler.title()}",
        nr_cpus=scenario.nr_cpus,
        scenario=scenario,
        nr_tasks=8,
        strategy="random",
        seed=1,
    )
    setting = replace(setting, **changes)
    return campaign.fuzz(setting, load_plugin(setting.scheduler), runs, out=tmp_path)


@pytest.mark.slow
def test_the_lost_addition_of_leaky_is_found_within_100_schedules(tmp_path):
    result = fuzz("leaky", scenario(2, 0, 0, 0, 0), 100, tmp_path)
    assert result.finding is not None and result.finding.kind == "lost wakeup"


@pytest.mark.slow
def test_leaky_is_clean_where_nobody_is_interrupted_between_read_and_write(tmp_path):
    """Method: the strategy that lets time decide."""
    result = fuzz("leaky", scenario(2, 0, 0, 0, 0), 20, tmp_path, strategy="timed")
    assert (result.verdict, result.nr_schedules) == ("clean", 20)


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["simple", "qfifo"])
@pytest.mark.parametrize("strategy", ["random", "sticky"])
def test_a_correct_scheduler_loses_no_task_while_masks_change(scheduler, strategy, tmp_path):
    work = scenario(3, 1, 0, 0, 0, 1, 0)
    result = fuzz(scheduler, work, 40, tmp_path, strategy=strategy)
    assert (result.finding, result.verdict, result.nr_schedules) == (None, "clean", 40)
