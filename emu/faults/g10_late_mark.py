"""G10: a mover that marks the task after it has given it up."""

from emu.core import ops_state, this_cpu, transfer
from emu.faults.fault import Fault, moment
from emu.layout.task import Task


def enter_transfer(p: Task) -> None:
    """The two stores the other way round."""
    ops_state.set_none(p)
    moment(p)
    p.holding_cpu = this_cpu.cpu


LATE_MARK = Fault(
    name="late-mark",
    guard="G10",
    about="holding_cpu is stored after DISPATCHING was given up",
    story=(
        "CPU 0 claims T for a local DSQ and gives DISPATCHING up.",
        "Somebody dequeues T, finds no mark to reset, changes its mask, and enqueues it again.",
        "CPU 0 stores its mark, locks the rq, finds the mark, and moves T where it may not run.",
    ),
    module=transfer,
    function="enter_transfer",
    replacement=enter_transfer,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="sticky",
    within=150,
)
