"""The random walk: at every point anybody may be next.

Good where bugs are everywhere, needs no estimates; long one-sided orders are out of its reach,
and it switches at nearly every point.
"""

from cpuagents.strategies.base import STREAM_CHOOSE, Strategy
from emu.machine import _machine as hw


class RandomWalk(Strategy):
    """Uniform over the enabled participants, at every counted point."""

    name = "random"
    about = "uniform random walk: anybody may be next at every point"

    def plan(
        self,
        enabled: list[int],
        me: int,
        decisions: int,
        counted: int,
        step: int,
        exhausted: bool,
    ) -> tuple[int, int]:
        """One point for a participant drawn from all that are enabled."""
        return enabled[hw.draw_below(self.seed, STREAM_CHOOSE, decisions, len(enabled))], 1
