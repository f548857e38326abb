"""What BPF offers every program: time, chance, the CPU it runs on, and a way to speak."""

from emu.abi.events import PRINT
from emu.core import report, scx_exit, this_cpu
from emu.machine import _machine as hw

PRANDOM_STREAM = 0x6270_6600  # "bpf", and the CPU in the low bits.
RECORD_BYTES = 32  # Text that one trace record holds.
PRINTK_BYTES = 4 * RECORD_BYTES  # What is longer is cut.


def bpf_ktime_get_ns() -> int:
    """The clock of this CPU, in nanoseconds."""
    return hw.now()


def bpf_get_smp_processor_id() -> int:
    """The CPU that executes this; 0 for what runs on none, such as ops.init."""
    return max(this_cpu.cpu, 0)


def bpf_get_prandom_u32() -> int:
    """32 random bits: the same in every run with the same seed and schedule."""
    index = this_cpu.nr_draws
    this_cpu.nr_draws = index + 1
    return hw.draw(this_cpu.world.sched.seed, PRANDOM_STREAM + this_cpu.cpu, index) >> 32


def bpf_printk(message: str) -> None:
    """Write a message into the trace."""
    text = message.encode()[:PRINTK_BYTES]
    for at in range(0, len(text), RECORD_BYTES):
        piece = text[at : at + RECORD_BYTES].ljust(RECORD_BYTES, b"\0")
        hw.trace(PRINT, *(int.from_bytes(piece[i : i + 8], "little") for i in range(0, 32, 8)))


def printk_text(*args: int) -> str:
    """The piece of a message that the four arguments of a PRINT record hold."""
    text = b"".join(word.to_bytes(8, "little") for word in args)
    return text.rstrip(b"\0").decode(errors="replace")


def scx_bpf_error(message: str) -> None:
    """Give up: the scheduler is thrown out.

    Errors: scx_error, always.
    """
    scx_exit.scx_error(message, f"scx_bpf_error in ops.{report.current_op}")
