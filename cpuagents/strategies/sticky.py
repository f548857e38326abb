"""The sticky random walk: stay where you are, and leave with chance q at each point.

Reaches one-sided orders that the plain walk does not, with far fewer switches. Unless it is
given, q is drawn for each schedule, since no single value suits every bug.
"""

from cpuagents.strategies.base import (
    STREAM_CHOOSE,
    STREAM_PARAMETER,
    STREAM_STAY,
    Strategy,
)
from emu.machine import _machine as hw

ONE_IN = (3, 10, 30, 100)  # What q may be, as 1/n.


class Sticky(Strategy):
    """Leave with chance 1/`one_in` at each counted point; 0 draws it for each schedule."""

    name = "sticky"
    about = "sticky random walk: leaves a CPU with chance 1/one_in at each point (0: drawn)"
    PARAMS = {"one_in": 0}

    def begin(self, seed: int, nr: int, params: list[int]) -> None:
        """Settle the chance of leaving for this schedule."""
        super().begin(seed, nr, params)
        self._one_in = params[0] or ONE_IN[hw.draw_below(seed, STREAM_PARAMETER, 0, len(ONE_IN))]

    def plan(
        self,
        enabled: list[int],
        me: int,
        decisions: int,
        counted: int,
        step: int,
        exhausted: bool,
    ) -> tuple[int, int]:
        """Go on with the holder unless its burst is used up; bursts are geometric."""
        burst = hw.draw_geometric(self.seed, STREAM_STAY, decisions, 1, self._one_in)
        if me in enabled:
            if not exhausted:
                return me, burst
            enabled = [who for who in enabled if who != me]
        who = enabled[hw.draw_below(self.seed, STREAM_CHOOSE, decisions, len(enabled))]
        return who, burst
