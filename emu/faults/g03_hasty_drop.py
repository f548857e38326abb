"""G03: a verdict on a task that is still on its way in is dropped."""

from emu.abi.states import SCX_OPSS_NONE
from emu.core import ops_state
from emu.faults.fault import Fault
from emu.layout.task import Task


def wait_queueing(p: Task, word: int) -> int:
    """Do not wait: a task that the scheduler does not own yet is none of ours."""
    return SCX_OPSS_NONE


HASTY_DROP = Fault(
    name="hasty-drop",
    guard="G03",
    about="a verdict that comes before ops.enqueue has returned is dropped",
    story=(
        "CPU 1, in ops.enqueue(), pushes T into the scheduler's queue.",
        "CPU 0 pops T, gives its verdict, finds T still on its way in, and drops the verdict.",
        "ops.enqueue() returns. The scheduler owns T, and T is in no queue of its any more.",
    ),
    module=ops_state,
    function="wait_queueing",
    replacement=wait_queueing,
    scheduler="scheduler_plugins.qfifo:Qfifo",
    scenario="busy",
    strategy="sticky",
    within=200,
)
