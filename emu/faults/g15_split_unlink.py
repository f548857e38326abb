"""G15: a mover that unlocks the DSQ before it has marked the task."""

from emu.core import dsq, this_cpu, transfer
from emu.faults.fault import Fault, moment
from emu.layout.dsq import Dsq
from emu.layout.task import Task


def unlink_and_mark(p: Task, d: Dsq) -> None:
    """Two critical sections instead of one."""
    dsq.task_unlink_from_dsq(p, d)
    d.lock.unlock()
    moment(p)
    p.holding_cpu = this_cpu.cpu


SPLIT_UNLINK = Fault(
    name="split-unlink",
    guard="G15",
    about="a task is marked after the lock of the DSQ it came from was dropped",
    story=(
        "CPU 0 takes T off the shared DSQ and unlocks it.",
        "Somebody dequeues T: it belongs to the DSQ and bears no mark, so it must be on the list.",
        "It is taken off a second time.",
    ),
    module=transfer,
    function="unlink_and_mark",
    replacement=unlink_and_mark,
    scheduler="scheduler_plugins.simple:Simple",
    scenario="renice",
    strategy="sticky",
    within=200,
)
