"""How the kernel says that something is wrong: findings end the run at once.

What was found is written into the arena before the run is over, so that the control agent can
read it whatever becomes of this process.
"""

from typing import Any, NoReturn

import msgpack

from emu.core import this_cpu
from emu.machine import _machine as hw

MESSAGE_MAX = 1500

current_op = ""  # The callback that runs now; see callback.py.


def finding(
    kind: str, parts: list[str], message: str, site: str = "", **values: int | str
) -> NoReturn:
    """End the run with a finding.

    Args:
        kind: what sort of thing it is, such as "invariant broken".
        parts: site and names for the signature; no numbers that differ between runs.
        values: what was seen, for the reader.
    """
    _check_run()
    hw.quiet(True)
    _write_first(
        {
            "kind": kind,
            "signature": "/".join([kind.replace(" ", "-"), *parts]),
            "message": message[:MESSAGE_MAX],
            "site": site,
            "callback": current_op,
            "cpu": this_cpu.cpu,
            "time_ns": hw.now(),
            "values": {name: str(value)[:200] for name, value in values.items()},
        }
    )
    hw.quiet(False)
    hw.end(hw.FINDING)
    raise hw.RunOver


def workload(message: str) -> NoReturn:
    """End the run because the workload did what no program may do: not the scheduler's fault."""
    _check_run()
    _write({"workload": message[:MESSAGE_MAX]})
    hw.end(hw.FINDING)
    raise hw.RunOver


def own_bug(trace: str) -> None:
    """End the run because the emulator itself failed; `trace` says where."""
    _write({"bug": trace[-MESSAGE_MAX:]})
    hw.end(hw.FINDING)


def difference(message: str) -> None:
    """Note where a replay differs from what was recorded; the caller ends the run."""
    _write({"difference": message[:MESSAGE_MAX]})


def _check_run() -> None:
    """A process that unwinds out of a run that is over has nothing to say about the next one."""
    state = hw.state()
    if state["over"] or state["run"] != this_cpu.run:
        raise hw.RunOver


def _write_first(value: dict[str, Any]) -> None:
    """Write a report, unless somebody else has: the first one counts, as with scx_claim_exit()."""
    packed = _pack(value)
    if this_cpu.world.sched.reported.xchg(1):
        raise hw.RunOver  # Whoever was first writes the report, and ends the run then.
    this_cpu.world.sched.report = packed


def _write(value: dict[str, Any]) -> None:
    this_cpu.world.sched.report = _pack(value)


def _pack(value: dict[str, Any]) -> bytes:
    """The report as bytes; what UTF-8 cannot hold is spelt out."""
    packed: bytes = msgpack.packb(value, unicode_errors="backslashreplace")
    return packed


def WARN_ON_ONCE(broken: bool, site: str, what: str) -> None:
    """A condition the kernel warns about: here it ends the run."""
    if broken:
        finding("kernel warning", [site], f"{site}(): {what}", site)


def BUG_ON(broken: bool, site: str, what: str) -> None:
    """A condition the kernel cannot live with."""
    if broken:
        finding("kernel bug", [site], f"{site}(): {what}", site)


def name(p: object) -> str:
    """How a task is called in messages: its name, or "nobody"."""
    comm: bytes = getattr(p, "comm", b"nobody")
    return comm.decode(errors="replace")
