"""The planted bug of `leaky` is found from any seed; the correct scheduler is clean on the same.

The numbers of schedules it takes are printed with `pytest -s`.
"""

import pytest

from tests import running

SEEDS = range(20)
SCHEDULES = 2000


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random", "sticky", "pct"])
def test_each_strategy_finds_the_planted_bug_from_20_of_20_seeds(strategy, tmp_path):
    needed = []
    for seed in SEEDS:
        given = running.setting(sched="leaky", strategy=strategy, seed=seed)
        result = running.fuzz(given, SCHEDULES, tmp_path, engines=2)
        needed.append(result.number + 1 if result.finding else None)
    print(f"{strategy}: schedules needed {needed}")
    assert None not in needed


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random", "sticky", "pct"])
def test_the_correct_scheduler_is_clean_on_the_same_seeds(strategy, tmp_path):
    for seed in SEEDS:
        given = running.setting(sched="simple", strategy=strategy, seed=seed)
        result = running.fuzz(given, SCHEDULES // 20, tmp_path, engines=2)
        assert (result.verdict, result.nr_schedules) == ("clean", SCHEDULES // 20), result.finding
