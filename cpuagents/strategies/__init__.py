"""Search strategies: one a file, found by name here."""

from cpuagents.strategies.base import Strategy, StrategyError
from cpuagents.strategies.pct import Pct
from cpuagents.strategies.random_walk import RandomWalk
from cpuagents.strategies.replay import Replay
from cpuagents.strategies.sticky import Sticky
from cpuagents.strategies.timed import Timed

# Order matters: its place in the list is the number of a strategy in shared memory.
STRATEGIES: tuple[type[Strategy], ...] = (Timed, RandomWalk, Sticky, Pct, Replay)

CHOOSABLE: tuple[type[Strategy], ...] = (RandomWalk, Sticky, Pct, Timed)


def parse(text: str) -> tuple[type[Strategy], dict[str, int]]:
    """Read `name` or `name:key=value,...` as a user writes it.

    Errors: StrategyError with the strategies or parameters there are.
    """
    name, _, rest = text.partition(":")
    for strategy in CHOOSABLE:
        if strategy.name == name:
            return strategy, strategy.parse(rest)
    known = ", ".join(strategy.name for strategy in CHOOSABLE)
    raise StrategyError(f"there is no strategy {name!r}; choose one of {known}")


__all__ = ["CHOOSABLE", "STRATEGIES", "Strategy", "StrategyError", "parse"]
