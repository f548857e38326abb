"""What an agent leaves for the control agent after a run that ended with a finding."""

from emu.machine import _machine as hw
from emu.machine.struct import Struct

STACK_BYTES = 1536


class AgentNote(Struct):
    """One participant's note. Guard: written by it when it is collected, read afterwards."""

    __slots__ = ()
    stack = hw.Bytes(STACK_BYTES)  # Where it was: "function (file:line)", a line each.
