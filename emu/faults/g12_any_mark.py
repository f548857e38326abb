"""G12: a mover that takes the mark of another mover for its own."""

from emu.core import this_cpu, transfer
from emu.faults.fault import Fault
from emu.layout.rq import Rq
from emu.layout.task import Task


def claim_holds(p: Task, src: Rq) -> bool:
    """Any mark will do."""
    return p.holding_cpu >= 0 and src == this_cpu.task_rq(p)


ANY_MARK = Fault(
    name="any-mark",
    guard="G12",
    about="a mover looks whether there is a mark, not whose it is",
    story=(
        "CPU 0 takes T off the shared DSQ, marks it, and waits for the rq of CPU 1.",
        "Somebody dequeues T, which resets the mark, changes its mask, and puts it back.",
        "CPU 2 takes T off the DSQ and marks it.",
        "CPU 0 finds a mark, and moves T where it may not run.",
    ),
    module=transfer,
    function="claim_holds",
    replacement=claim_holds,
    scheduler="scheduler_plugins.simple:Simple",
    scenario="narrow",
    strategy="sticky",
    within=500,
)
