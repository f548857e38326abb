"""Soak: correct schedulers under generated workloads, a little each time, as long as you like.

`pytest -m soak --soak-runs 100000` goes on for hours; `--soak-seed` starts elsewhere.
"""

import pytest

from tests import running


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("sched", ["simple", "qfifo"])
@pytest.mark.parametrize("strategy", ["random", "sticky", "pct"])
@pytest.mark.parametrize("cpus", [2, 4])
def test_a_correct_scheduler_is_clean(sched, strategy, cpus, request, tmp_path):
    """Rule: no correct scheduler is ever blamed, whatever the interleaving."""
    runs = request.config.getoption("--soak-runs")
    given = running.setting(
        scenario=None,
        nr_tasks=64,
        nr_cpus=cpus,
        sched=sched,
        strategy=strategy,
        seed=request.config.getoption("--soak-seed"),
    )
    result = running.fuzz(given, runs, tmp_path, engines=2)
    assert (result.verdict, result.nr_schedules) == ("clean", runs), result.finding
