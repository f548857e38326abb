"""G09: a mover that still owns the task while it waits for the lock of its rq."""

from emu.core import ops_state, this_cpu, transfer
from emu.faults.fault import Fault
from emu.layout.rq import Rq
from emu.layout.task import Task


def begin_transfer(rq: Rq, src: Rq, dst: Rq, p: Task) -> bool:
    """Give DISPATCHING up only when the locks are held."""
    p.holding_cpu = this_cpu.cpu
    mine = transfer.lock_then_test(rq, src, dst, p)
    ops_state.set_none(p)
    return mine


LATE_RELEASE = Fault(
    name="late-release",
    guard="G09",
    about="DISPATCHING is given up only after the rq of the task is locked",
    story=(
        "CPU 0 claims T, which hangs on CPU 1, for another local DSQ.",
        "Somebody locks the rq of CPU 1 to dequeue T, and waits until CPU 0 has let go of it.",
        "CPU 0 waits for that rq.lock.",
    ),
    module=transfer,
    function="begin_transfer",
    replacement=begin_transfer,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="sticky",
    within=20,
)
