"""PCT: random priorities, and d-1 points at which the running one drops below all others.

A bug that needs d orderings among k points of n participants is hit with probability at least
1/(n * k**(d-1)) in each schedule. By default only points of the protocol and of the policy count,
which makes k small; `--points all` counts everything.

Scratch words: the priorities of the participants (higher goes first), then the number of change
points passed.
"""

from cpuagents.strategies.base import (
    BURST_MAX,
    STATE_AT,
    STREAM_CHANGE,
    STREAM_PARAMETER,
    STREAM_RANK,
    Strategy,
)
from emu.machine import _machine as hw

DEPTHS = (2, 3, 5, 10, 3, 20, 5, 10)  # Drawn: most bugs are shallow, but windows are narrow.
LENGTH_DEFAULT = 64


class Pct(Strategy):
    """Probabilistic concurrency testing of depth `depth` (0 draws it) over `length` points."""

    name = "pct"
    about = "PCT: priorities with depth-1 change points (depth=0: drawn; length=0: learned)"
    PARAMS = {"depth": 0, "length": 0}
    LEARNS_LENGTH = True

    def begin(self, seed: int, nr: int, params: list[int]) -> None:
        """Settle depth and change points of this schedule."""
        super().begin(seed, nr, params)
        depth = params[0] or DEPTHS[hw.draw_below(seed, STREAM_PARAMETER, 0, len(DEPTHS))]
        length = params[1] or LENGTH_DEFAULT
        self._changes = sorted(
            hw.draw_below(seed, STREAM_CHANGE, i, length) for i in range(depth - 1)
        )
        self._passed_at = STATE_AT + nr
        self._scratch = hw.scratch()

    def prepare(self, nr: int) -> None:
        """Deal the start priorities: a random permutation above all that change points give."""
        ranks = sorted(range(nr), key=lambda who: (hw.draw(self.seed, STREAM_RANK, who), who))
        for rank, who in enumerate(ranks):
            self._scratch[STATE_AT + who] = len(self._changes) + 1 + rank
        self._scratch[self._passed_at] = 0

    def plan(
        self,
        enabled: list[int],
        me: int,
        decisions: int,
        counted: int,
        step: int,
        exhausted: bool,
    ) -> tuple[int, int]:
        """The enabled participant of highest priority, until the next change point."""
        scratch = self._scratch
        passed = scratch[self._passed_at]
        changes = self._changes
        while passed < len(changes) and changes[passed] <= counted:
            top = max(enabled, key=lambda who: scratch[STATE_AT + who])
            scratch[STATE_AT + top] = len(changes) - passed
            passed += 1
        scratch[self._passed_at] = passed
        who = max(enabled, key=lambda who: scratch[STATE_AT + who])
        if passed == len(changes):
            return who, BURST_MAX
        return who, max(1, changes[passed] - counted)
