"""Oracles: detectors that look on while a run goes on, and end it when a rule is broken.

They hang on the fields they watch, so they cost nothing where they are not installed.
"""

from emu.check import invariants
from emu.layout.world import World


def install(world: World) -> None:
    """Switch every oracle on in this process."""
    invariants.install(world)


def uninstall() -> None:
    """Switch every oracle off in this process."""
    invariants.uninstall()
