"""References between structures: stored as numbers, read and written as cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.machine import _machine as hw

if TYPE_CHECKING:
    from emu.layout.dsq import Dsq
    from emu.layout.task import Task

TASK: hw.Ref[Task] = hw.Ref("task")
DSQ: hw.Ref[Dsq] = hw.Ref("dsq")
