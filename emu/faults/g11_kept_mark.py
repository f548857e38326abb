"""G11: a dequeue that does not reset the mark of a mover."""

from emu.core import dsq, this_cpu
from emu.faults.fault import Fault
from emu.layout.task import Task


def cancel_window(p: Task) -> None:
    """Leave the mark of another CPU alone; a mover takes off its own as it moves the task."""
    if p.holding_cpu == this_cpu.cpu:
        p.holding_cpu = -1


KEPT_MARK = Fault(
    name="kept-mark",
    guard="G11",
    about="a dequeue looks at holding_cpu only if the task belongs to a DSQ",
    story=(
        "CPU 0 claims T for a local DSQ, marks it, and gives DISPATCHING up.",
        "Somebody dequeues T. It belongs to no DSQ; the mark stays. T gets another mask.",
        "CPU 0 locks the rq, finds its mark, and moves T where it may not run.",
    ),
    module=dsq,
    function="cancel_window",
    replacement=cancel_window,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="sticky",
    within=20,
)
