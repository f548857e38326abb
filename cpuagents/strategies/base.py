"""What a strategy is: a small class that says who goes on, and for how long.

Every participant has its own copy, and the holder of the baton asks its own. So a strategy keeps
nothing in attributes that changes during a run: it draws chance from (seed, stream, number) and
keeps what it must remember in the scratch words of the machine.
"""

from typing import ClassVar

from emu.machine import _machine as hw

# Streams of chance, so that a new draw in one does not shift another.
STREAM_CHOOSE = 1
STREAM_RANK = 2
STREAM_CHANGE = 3
STREAM_STAY = 4
STREAM_PARAMETER = 5

BURST_MAX = 1 << 60
PARAM_MAX = 100_000
NR_PARAMS = 8  # Parameters of a strategy that travel in scratch words.
STATE_AT = 32  # First scratch word a strategy may use; those before belong to the turnstile.


class StrategyError(Exception):
    """A strategy or its parameter does not exist. The message says what does."""


class Strategy:
    """Base of all strategies. A run calls `begin()` once, then `plan()` at every decision."""

    name: ClassVar[str] = ""
    about: ClassVar[str] = ""
    PARAMS: ClassVar[dict[str, int]] = {}  # Name to default, in the order they travel.
    LEARNS_LENGTH: ClassVar[bool] = False  # Wants `length`: counted points of a calm run.
    count: int = hw.PROTOCOL | hw.POLICY  # Classes of points that are decisions.

    @classmethod
    def parse(cls, text: str) -> dict[str, int]:
        """Read `key=value,...`; missing keys get their defaults."""
        params = dict(cls.PARAMS)
        for part in text.split(",") if text else []:
            key, _, value = part.partition("=")
            if key in params and not (value.isdecimal() and int(value) <= PARAM_MAX):
                raise StrategyError(
                    f"strategy {cls.name}: {key} needs a whole number up to {PARAM_MAX}, "
                    f"not {value!r}"
                )
            if key not in params:
                known = ", ".join(f"{k}={v}" for k, v in cls.PARAMS.items()) or "none"
                raise StrategyError(
                    f"strategy {cls.name} has no parameter {part!r}; its parameters: {known}"
                )
            params[key] = int(value)
        return params

    def begin(self, seed: int, nr: int, params: list[int]) -> None:
        """A run with `nr` participants begins: called in each of them with the same values."""
        self.seed = seed

    def prepare(self, nr: int) -> None:
        """Fill the scratch words before the run: called in the control agent only."""

    def plan(
        self,
        enabled: list[int],
        me: int,
        decisions: int,
        counted: int,
        step: int,
        exhausted: bool,
    ) -> tuple[int, int]:
        """Who goes on, and for how many counted points; see `set_plan()` of the machine."""
        return enabled[hw.draw_below(self.seed, STREAM_CHOOSE, decisions, len(enabled))], BURST_MAX
