"""What a fault is, and the moment that some of them need."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from emu.layout.task import Task


@dataclass(frozen=True)
class Fault:
    """One guard left out: a function of a core module that is replaced, and how to see it."""

    name: str
    guard: str  # Its number, as it stands at the line of emu.core that implements it.
    about: str  # One line: what is left out.
    story: tuple[str, ...]  # The interleaving that shows it, step by step.
    module: ModuleType
    function: str
    replacement: Callable[..., object]
    scheduler: str  # A correct one that meets the fault.
    scenario: str  # See cpuagents/fault_scenarios.py.
    strategy: str
    within: int  # Schedules from seed 1 in which that strategy finds it.


def moment(p: Task) -> None:
    """Let others come in between two plain stores, which are no scheduling points by default."""
    p.ops_state.load()
