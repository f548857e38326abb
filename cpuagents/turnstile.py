"""Turns: what the next run is to be like, written by the control agent, read by every agent.

The control agent publishes strategy, seed and parameters in the scratch words of the machine; an
agent that enters a run reads them and installs its own copy of the strategy. A schedule to be
replayed does not fit there: it goes through the mailbox, a stretch of the arena.
"""

import msgpack

from cpuagents import schedule
from cpuagents.strategies import STRATEGIES, Strategy
from cpuagents.strategies.base import NR_PARAMS
from cpuagents.strategies.replay import Replay
from emu.machine import _machine as hw
from emu.machine import irq

# Scratch words of the turnstile; strategies use those from STATE_AT on.
AT_STRATEGY = 0
AT_SEED = 1
AT_MAIL = 2  # Number of the letter in the mailbox.
AT_FREE = 3
AT_SCALE = 4
AT_PARAMS = 8
MAILBOX_BYTES = 6 << 20

_instances: list[Strategy] = [kind() for kind in STRATEGIES]
_mail_read = 0


class Mailbox:
    """A stretch of the arena that carries one schedule from the control agent to the others."""

    def __init__(self, buf: memoryview) -> None:
        """Use `buf`, which every process of the engine shares."""
        self._buf = buf

    def post(self, letter: object) -> None:
        """Write a letter. Errors: ValueError if it is too long."""
        data = msgpack.packb(letter)
        if len(data) + 8 > len(self._buf):
            raise ValueError(f"a schedule of {len(data)} bytes does not fit into the mailbox")
        self._buf[:8] = len(data).to_bytes(8, "little")
        self._buf[8 : 8 + len(data)] = data
        hw.scratch()[AT_MAIL] = (hw.scratch()[AT_MAIL] + 1) & 0xFFFFFFFF

    def read(self) -> object:
        """The letter that lies in it."""
        size = int.from_bytes(self._buf[:8], "little")
        return msgpack.unpackb(bytes(self._buf[8 : 8 + size]))


def replayer() -> Replay:
    """This process's copy of the replay strategy."""
    strategy = next(s for s in _instances if isinstance(s, Replay))
    return strategy


def publish_controlled(kind: type[Strategy], seed: int, params: list[int], nr: int) -> Strategy:
    """Say how the next controlled run is scheduled; by the control agent, before it begins."""
    words = hw.scratch()
    number = STRATEGIES.index(kind)
    words[AT_STRATEGY] = number
    words[AT_SEED] = seed
    words[AT_FREE] = 0
    for i in range(NR_PARAMS):
        words[AT_PARAMS + i] = params[i] if i < len(params) else 0
    strategy = _instances[number]
    strategy.begin(seed, nr, [*params, *[0] * (NR_PARAMS - len(params))])
    strategy.prepare(nr)
    return strategy


def publish_free(time_scale: int) -> None:
    """Say that the next run is free; by the control agent, before it begins."""
    words = hw.scratch()
    words[AT_FREE] = 1
    words[AT_SCALE] = time_scale


def take_part(nr: int, mailbox: Mailbox) -> None:
    """A run has begun: install the strategy that was published; in every participant."""
    global _mail_read
    words = hw.scratch()
    if words[AT_FREE]:
        irq.set_mode(True, words[AT_SCALE])
        return
    irq.set_mode(False, 1)
    strategy = _instances[words[AT_STRATEGY]]
    if isinstance(strategy, Replay) and words[AT_MAIL] != _mail_read:
        _mail_read = words[AT_MAIL]
        strategy.switches = schedule.from_data(mailbox.read()).switches
    strategy.begin(words[AT_SEED], nr, [words[AT_PARAMS + i] for i in range(NR_PARAMS)])
    hw.set_plan(strategy.plan)
