"""Replay: do exactly what a saved schedule says, or stop at the first difference."""

from collections.abc import Callable

from cpuagents.schedule import Switch
from cpuagents.strategies.base import BURST_MAX, Strategy
from emu.machine import _machine as hw


class Replay(Strategy):
    """Follows the switches it is given. `on_difference` writes the message where people find it."""

    name = "replay"
    about = "follows a saved schedule and checks every switch"
    count = hw.ALL

    def __init__(self) -> None:
        """Start without switches: the turnstile provides them."""
        self.switches: tuple[Switch, ...] = ()
        self.on_difference: Callable[[str], None] = lambda message: None

    def plan(
        self,
        enabled: list[int],
        me: int,
        decisions: int,
        counted: int,
        step: int,
        exhausted: bool,
    ) -> tuple[int, int]:
        """Go on until the step of the next switch, then make it."""
        n = hw.state()["nr_switches"]
        if n:
            message = self._difference_before(n)
            if message:
                return self._diverge(message, me)
        if n >= len(self.switches):
            if me in enabled:
                return me, BURST_MAX
            return self._diverge(f"step {step}: the schedule ends here, the run does not", me)
        switch = self.switches[n]
        if step < switch.step and me in enabled:
            return me, switch.step - step
        message = _difference_at(switch, enabled, me, step)
        if message:
            return self._diverge(message, me)
        if n + 1 < len(self.switches):
            return switch.target, max(1, self.switches[n + 1].step - step)
        return switch.target, BURST_MAX

    def _difference_before(self, n: int) -> str:
        """What is wrong with the last switch that was made, forced ones included."""
        logged = hw.switches(n - 1, 1)
        if not logged or n > len(self.switches):
            return "" if not logged else f"step {logged[0][0]}: a switch more than was recorded"
        got, want = Switch(*logged[0]), self.switches[n - 1]
        if got == want:
            return ""
        if got[:3] != want[:3]:
            return (
                f"step {got.step}: went from participant {got.source} to {got.target}, recorded "
                f"was step {want.step} from {want.source} to {want.target}"
            )
        return f"step {got.step}: the participants did something else before this switch"

    def _diverge(self, message: str, me: int) -> tuple[int, int]:
        self.on_difference(message)
        hw.end(hw.DIVERGED)
        return me, 1


def _difference_at(switch: Switch, enabled: list[int], me: int, step: int) -> str:
    at = f"switch at step {switch.step}"
    if switch.step != step:
        return f"{at}: participant {me} could not go on at step {step} already"
    if switch.source != me:
        return f"{at}: participant {switch.source} was to be running, {me} is"
    if switch.target not in enabled:
        return f"{at}: participant {switch.target} was to go on, but cannot"
    for who, want in ((me, switch.signature_source), (switch.target, switch.signature_target)):
        if hw.signature(who) != want:
            return f"{at}: participant {who} was about to do something else"
    return ""
