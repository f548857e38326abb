"""The one place that calls a scheduler: context mask, trace, and what its exceptions become."""

import traceback
from pathlib import Path
from typing import NoReturn

from emu.abi import events
from emu.abi.ops import OP_NAMES, OPS
from emu.core import report, this_cpu
from emu.layout.rq import Rq
from emu.machine import _machine as hw

_NUMBER = {name: i for i, name in enumerate(OP_NAMES)}
_KF = {name: op.kf for name, op in OPS.items()}


def has(name: str) -> bool:
    """Whether the scheduler implements this callback."""
    return name in this_cpu.ops


def call(name: str, rq: Rq | None, number: int, *args: object) -> object:
    """Call a callback that the scheduler has.

    Args:    rq: whose rq.lock is held, or None. number: CPU or task number for the trace.
    Returns: what the callback returned.
    Errors:  its exceptions become a finding that names the line.
    """
    mask, locked, outer = this_cpu.kf_mask, this_cpu.locked_rq, report.current_op
    this_cpu.kf_mask = _KF[name]
    this_cpu.locked_rq = rq
    report.current_op = name
    hw.trace(events.CALL, _NUMBER[name], number)
    try:
        return this_cpu.ops[name](*args)
    except (hw.RunOver, hw.MachineBug):
        raise  # The machine's rules were broken below a kfunc: ours, not the scheduler's.
    except BaseException as error:  # sys.exit() too: no scheduler ends a CPU.
        _raised(name, error)
    finally:
        this_cpu.kf_mask, this_cpu.locked_rq, report.current_op = mask, locked, outer


def _raised(name: str, error: BaseException) -> NoReturn:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    for candidate in reversed(traceback.extract_tb(error.__traceback__)):
        if "/emu/" not in candidate.filename:
            frame = candidate
            break
    kind = type(error).__name__
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be made)"
    message = f"ops.{name}() raised {kind}: {text}"
    report.finding("scheduler raised", [name, kind, place], message, place)
