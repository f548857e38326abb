"""Realistic time: the CPU whose clock is furthest behind goes on.

Not a search: it shows what a workload does when every CPU is equally fast. Ties are broken by
the seed.
"""

from cpuagents.strategies.base import BURST_MAX, STREAM_CHOOSE, Strategy
from emu.machine import _machine as hw


class Timed(Strategy):
    """Smallest virtual time first."""

    name = "timed"
    about = "realistic timing: the CPU with the smallest clock goes on"

    def plan(
        self,
        enabled: list[int],
        me: int,
        decisions: int,
        counted: int,
        step: int,
        exhausted: bool,
    ) -> tuple[int, int]:
        """The participant that would go on first; it keeps the baton until it waits."""
        times = [hw.next_time(who) for who in enabled]
        first = min(times)
        tied = [who for who, time in zip(enabled, times, strict=True) if time == first]
        if me in tied:
            return me, BURST_MAX
        pick = hw.draw_below(self.seed, STREAM_CHOOSE, decisions, len(tied))
        return tied[pick], BURST_MAX
