"""G07: a dequeue that does not wait for the dispatch it has met."""

from emu.abi.states import SCX_OPSS_NONE
from emu.core import ops_state
from emu.faults.fault import Fault
from emu.layout.task import Task


def wait_dispatching(p: Task) -> int:
    """Do not wait; whoever dispatches it will notice."""
    return SCX_OPSS_NONE


HASTY_DEQUEUE = Fault(
    name="hasty-dequeue",
    guard="G07",
    about="a dequeue does not wait while the task is being dispatched",
    story=(
        "CPU 0 claims T and is about to put it on a DSQ.",
        "CPU 1 dequeues T. It is on no DSQ yet, so there is nothing to take it off.",
        "CPU 0 puts T on the DSQ, while CPU 1 changes it and enqueues it again.",
    ),
    module=ops_state,
    function="wait_dispatching",
    replacement=wait_dispatching,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="sticky",
    within=100,
)
