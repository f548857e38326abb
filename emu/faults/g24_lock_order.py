"""G24: a second rq lock is taken while the first is held, whatever their order."""

from emu.core import transfer
from emu.faults.fault import Fault
from emu.layout.rq import Rq


def double_lock_balance(this: Rq, other: Rq) -> None:
    """Keep the first lock."""
    if this != other:
        other.lock.lock()


LOCK_ORDER = Fault(
    name="lock-order",
    guard="G24",
    about="two rq locks are taken in any order",
    story=(
        "CPU 0 holds its rq.lock and pulls T from CPU 1, whose rq.lock it waits for.",
        "CPU 1 holds its rq.lock and pulls U from CPU 0, whose rq.lock it waits for.",
    ),
    module=transfer,
    function="double_lock_balance",
    replacement=double_lock_balance,
    scheduler="scheduler_plugins.simple:Simple",
    scenario="busy",
    strategy="sticky",
    within=20,
)
