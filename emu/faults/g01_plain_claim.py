"""G01: a claim that does not look whether somebody else was faster."""

from emu.abi.states import SCX_OPSS_DISPATCHING
from emu.core import dispatch
from emu.faults.fault import Fault
from emu.layout.task import Task


def claim(p: Task, word: int) -> bool:
    """Store instead of compare and exchange: what was read before is taken for granted."""
    p.ops_state.store(SCX_OPSS_DISPATCHING)
    return True


PLAIN_CLAIM = Fault(
    name="plain-claim",
    guard="G01",
    about="the claim is a plain store",
    story=(
        "T is noted twice in the scheduler's queue: it was enqueued, changed, and enqueued again.",
        "CPU 0 and CPU 1 each pop it and give a verdict; both read that the scheduler owns T.",
        "CPU 0 stores DISPATCHING and carries its verdict out.",
        "CPU 1 stores DISPATCHING too, and carries out its own: T is in two hands.",
    ),
    module=dispatch,
    function="claim",
    replacement=claim,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="sticky",
    within=100,
)
