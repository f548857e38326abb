"""The scheduler is thrown out. KERNEL-GAP(exit): the run ends here; unloading is not built yet."""

from typing import NoReturn

from emu.core import report


def scx_error(message: str, site: str) -> NoReturn:
    """Abort the scheduler for a mistake of its own.

    Kernel: scx_error(), exit kind ERROR.
    """
    report.finding("scheduler aborted", ["ERROR", site], f"ERROR: {message}", site)
