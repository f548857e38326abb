"""G06: a dequeue that does not look whether a dispatcher was faster."""

from emu.abi.states import SCX_OPSS_NONE
from emu.core import dequeue
from emu.faults.fault import Fault
from emu.layout.task import Task


def take_queued(p: Task, word: int) -> bool:
    """Store instead of compare and exchange: what was read before is taken for granted."""
    p.ops_state.store(SCX_OPSS_NONE)
    return True


PLAIN_TAKE = Fault(
    name="plain-take",
    guard="G06",
    about="a dequeue takes a task back with a plain store",
    story=(
        "CPU 1 dequeues T and reads that the scheduler owns it.",
        "CPU 0 claims T.",
        "CPU 1 stores NONE and goes on as if T were its own.",
        "CPU 0 puts T on a DSQ, while it is not runnable or is being enqueued again.",
    ),
    module=dequeue,
    function="take_queued",
    replacement=take_queued,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="random",
    within=500,
)
