"""Faults: named ways to break one guard of the protocol. One fault, one guard, one file.

    all_faults()   every one, by number of its guard
    get(name)      the one of that name
    install(name)  break the guard, in this process, for good

A fault replaces one function of one core module. Modules of the core call each other through the
module, and their own functions through its globals, so everybody meets the replacement.
"""

from emu.faults.fault import Fault
from emu.faults.g01_plain_claim import PLAIN_CLAIM
from emu.faults.g02_any_brand import ANY_BRAND
from emu.faults.g03_hasty_drop import HASTY_DROP
from emu.faults.g06_plain_take import PLAIN_TAKE
from emu.faults.g07_hasty_dequeue import HASTY_DEQUEUE
from emu.faults.g09_late_release import LATE_RELEASE
from emu.faults.g10_late_mark import LATE_MARK
from emu.faults.g11_kept_mark import KEPT_MARK
from emu.faults.g12_any_mark import ANY_MARK
from emu.faults.g14_early_test import EARLY_TEST
from emu.faults.g15_split_unlink import SPLIT_UNLINK
from emu.faults.g18_no_retry import NO_RETRY
from emu.faults.g24_lock_order import LOCK_ORDER

_FAULTS = (
    *(PLAIN_CLAIM, ANY_BRAND, HASTY_DROP, PLAIN_TAKE, HASTY_DEQUEUE, LATE_RELEASE, LATE_MARK),
    *(KEPT_MARK, ANY_MARK, EARLY_TEST, SPLIT_UNLINK, NO_RETRY, LOCK_ORDER),
)


class UnknownFault(Exception):
    """There is no such fault. The message names those that exist."""


def all_faults() -> tuple[Fault, ...]:
    """Every fault, by number of its guard."""
    return _FAULTS


def get(name: str) -> Fault:
    """The fault of that name.

    Errors: UnknownFault.
    """
    for fault in _FAULTS:
        if fault.name == name:
            return fault
    known = ", ".join(fault.name for fault in _FAULTS)
    raise UnknownFault(f"there is no fault {name!r}; choose one of {known}")


def install(name: str) -> None:
    """Break the guard in this process; it stays broken.

    Errors: UnknownFault.
    """
    fault = get(name)
    setattr(fault.module, fault.function, fault.replacement)


__all__ = ["Fault", "UnknownFault", "all_faults", "get", "install"]
