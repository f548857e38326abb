"""G14: a mover that looks at its mark before it has the lock."""

from emu.core import transfer
from emu.faults.fault import Fault
from emu.layout.rq import Rq
from emu.layout.task import Task


def lock_then_test(rq: Rq, src: Rq, dst: Rq, p: Task) -> bool:
    """Test, then lock."""
    mine = transfer.claim_holds(p, src)
    transfer.lock_both(rq, src, dst)
    return mine


EARLY_TEST = Fault(
    name="early-test",
    guard="G14",
    about="a mover looks at its mark before it locks the rq of the task",
    story=(
        "CPU 0 takes T off the shared DSQ, marks it, finds the mark, and waits for T's rq.lock.",
        "Somebody dequeues T and resets the mark.",
        "CPU 0 gets the lock and moves a T that is not its to move.",
    ),
    module=transfer,
    function="lock_then_test",
    replacement=lock_then_test,
    scheduler="scheduler_plugins.simple:Simple",
    scenario="narrow",
    strategy="sticky",
    within=20,
)
