"""Which kfunc may be called from where."""

from typing import NoReturn

from emu.core import report, scx_exit, this_cpu


def forbid(kfunc: str, mask: int) -> NoReturn:
    """Abort the scheduler for calling `kfunc` from the wrong callback.

    Args:   mask: the groups of kfuncs (KF_* of emu/abi/ops.py) that `kfunc` belongs to.
    Errors: scx_error, always.
    Kernel: scx_kf_allowed().
    """
    scx_exit.scx_error(
        f"kfunc {kfunc}() with mask {mask:#x} called from ops.{report.current_op}(),"
        f" which allows {this_cpu.kf_mask:#x}",
        kfunc,
    )
