"""Loading a scheduler. KERNEL-GAP(load): it happens before the run, with no task there yet."""

from emu.core import callback, scx_exit, this_cpu


def enable() -> None:
    """Load the scheduler whose callbacks this process has: ops.init runs, and it is enabled.

    Errors: scx_error if ops.init returns anything but 0 or None.
    Locks:  none may be held; nobody else runs.
    Kernel: scx_enable().
    """
    if callback.has("init"):
        answer = callback.call("init", None, 0)
        if answer not in (0, None):
            scx_exit.scx_error(f"ops.init() failed ({answer!r})", "scx_enable")
    this_cpu.world.sched.enabled = True
