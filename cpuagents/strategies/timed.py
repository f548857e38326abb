"""Realistic time: the CPU whose clock is furthest behind goes on.

Not a search: it shows what a workload does when every CPU is equally fast. At the same time the
one goes first that has waited longest, counted in steps, as timers that were armed earlier fire
earlier; chance has no part in it.
"""

from cpuagents.strategies.base import BURST_MAX, Strategy
from emu.machine import _machine as hw


class Timed(Strategy):
    """Smallest virtual time first; first come, first served."""

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
        return min(hw.next_times(enabled))[2], BURST_MAX
