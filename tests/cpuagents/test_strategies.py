"""Strategies: pure functions of seed and numbers, with the distribution they promise."""

from collections import Counter

import pytest

from cpuagents.strategies import CHOOSABLE, StrategyError, parse
from cpuagents.strategies.base import STATE_AT
from cpuagents.strategies.pct import Pct
from cpuagents.strategies.random_walk import RandomWalk
from cpuagents.strategies.sticky import Sticky
from emu.machine import _machine as hw
from emu.machine.arena import Arena

NR = 4
ALL = list(range(NR))


@pytest.fixture
def scratch():
    """Scratch words to keep state in, as every run has them."""
    arena = Arena.create(64, NR, nr_switches=4)
    arena.attach(NR - 1)
    yield hw.scratch()
    arena.close()


def begun(kind, seed=1, params=()):
    strategy = kind()
    strategy.begin(seed, NR, [*params, *[0] * (8 - len(params))])
    strategy.prepare(NR)
    return strategy


def test_the_random_walk_gives_everybody_one_point_equally_often(scratch):
    walk = begun(RandomWalk)
    plans = [walk.plan(ALL, 0, i, 0, 0, True) for i in range(4000)]
    counts = Counter(who for who, _ in plans)
    assert {burst for _, burst in plans} == {1}
    assert all(abs(counts[who] - 1000) < 120 for who in ALL), counts


def test_the_sticky_walk_leaves_when_its_burst_is_used_up_and_stays_when_it_was_cut(scratch):
    walk = begun(Sticky, params=[10])
    left = {walk.plan(ALL, 2, i, 0, 0, True)[0] for i in range(200)}
    stayed = {walk.plan(ALL, 2, i, 0, 0, False)[0] for i in range(200)}
    assert (left, stayed) == ({0, 1, 3}, {2})


def test_the_bursts_of_the_sticky_walk_are_geometric(scratch):
    """Method: mean of many bursts at one in ten, within a tenth of what is expected."""
    walk = begun(Sticky, params=[10])
    bursts = [walk.plan(ALL, 0, i, 0, 0, True)[1] for i in range(5000)]
    assert min(bursts) == 1 and abs(sum(bursts) - 50_000) < 5_000


def test_pct_deals_every_order_of_priorities_equally_often(scratch):
    orders = Counter()
    for seed in range(2400):
        begun(Pct, seed, [1, 100])
        orders[tuple(sorted(ALL, key=lambda who: scratch[STATE_AT + who]))] += 1
    assert len(orders) == 24 and all(60 < nr < 145 for nr in orders.values()), orders


def test_pct_drops_the_running_one_below_all_others_at_a_change_point(scratch):
    pct = begun(Pct, params=[2, 1])  # One change point, at the first counted point.
    top = max(ALL, key=lambda who: scratch[STATE_AT + who])
    chosen = [pct.plan(ALL, 0, i, 0, 0, True)[0] for i in range(3)]
    assert top not in chosen and len(set(chosen)) == 1
    assert pct.plan([top], 0, 3, 1, 0, True)[0] == top


def test_pct_of_depth_one_never_changes_its_mind(scratch):
    pct = begun(Pct, params=[1, 100])
    chosen = {pct.plan(ALL, 0, i, i, i, True)[0] for i in range(200)}
    assert len(chosen) == 1


@pytest.mark.parametrize("kind", [RandomWalk, Sticky, Pct])
def test_a_plan_depends_on_nothing_but_seed_and_numbers(kind, scratch):
    def plans():
        strategy = begun(kind, 7)
        return [strategy.plan(ALL, i % NR, i, i, i, i % 2 == 0) for i in range(100)]

    assert plans() == plans()


def test_parameters_are_read_with_their_defaults():
    assert parse("pct:depth=3") == (Pct, {"depth": 3, "length": 0})


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("luck", "choose one of random, sticky, pct, timed"),
        ("pct:deep=3", "its parameters: depth=0, length=0"),
        ("pct:depth=many", "depth needs a whole number"),
        ("random:x=1", "its parameters: none"),
        ("replay", "there is no strategy 'replay'"),
    ],
)
def test_a_strategy_that_does_not_exist_is_refused_with_those_that_do(text, part):
    with pytest.raises(StrategyError, match=part):
        parse(text)


def test_every_strategy_says_what_it_is_for():
    assert all(len(strategy.about) > 20 for strategy in CHOOSABLE)
