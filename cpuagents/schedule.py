"""A schedule: the list of switches that made a controlled run what it was.

A switch says at which step the baton went from one participant to another, what both had
announced (their signatures), and the trace hash so far. Replaying it is exact, or stops at the
first difference.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Switch(NamedTuple):
    """One hand-over of the baton, as the machine logs it."""

    step: int
    source: int
    target: int
    signature_source: int
    signature_target: int
    hash: int


class Schedule(NamedTuple):
    """All switches of a run, with the trace hash and the step at which it ended."""

    switches: tuple[Switch, ...]
    nr_switches: int  # More than len(switches) if the log was full.
    hash: int
    step: int

    @property
    def complete(self) -> bool:
        """Whether every switch was logged, so that the schedule can be replayed."""
        return len(self.switches) == self.nr_switches


def to_data(schedule: Schedule) -> list[object]:
    """Plain lists and integers, for msgpack."""
    rows = [list(switch) for switch in schedule.switches]
    return [rows, schedule.nr_switches, schedule.hash, schedule.step]


def from_data(data: object) -> Schedule:
    """The schedule that `to_data()` wrote.

    Errors: ValueError naming the first thing that is not as it should be.
    """
    if not isinstance(data, Sequence) or len(data) != 4 or not isinstance(data[0], list):
        raise ValueError("the schedule is not a list of switches, a count, a hash and a step")
    switches: list[Switch] = []
    for i, row in enumerate(data[0]):
        if not isinstance(row, list) or len(row) != 6 or not all(type(v) is int for v in row):
            raise ValueError(f"switch {i} of the schedule is not six integers")
        if any(value < 0 for value in row) or (switches and row[0] <= switches[-1].step):
            raise ValueError(f"switch {i} of the schedule does not follow the one before")
        switches.append(Switch(*row))
    if not all(type(v) is int for v in data[1:]):
        raise ValueError("the count, hash or step of the schedule is not an integer")
    return Schedule(tuple(switches), data[1], data[2], data[3])
