"""The one scheduler, and what the whole machine shares."""

from emu.abi.limits import NR_TEMPLATES_MAX
from emu.machine import _machine as hw
from emu.machine.struct import Struct

REPORT_BYTES = 4096


class Sched(Struct):
    """State of the loaded scheduler and of the machine. Kernel: struct scx_sched and statics."""

    idle_cpus = hw.AtomicCpumask()  # Claimed by test-and-clear.
    nr_dsqs = hw.Atomic()  # User DSQs made so far; their slots are not used again in a run.
    nr_tasks = hw.Atomic(points=hw.OTHER)  # Tasks made so far.
    forks = hw.AtomicArray(NR_TEMPLATES_MAX, points=hw.OTHER)  # Forks so far, by template.

    # Constant during a run: written by the control agent before it.
    enabled = hw.Plain(hw.BOOL)
    duration_ns = hw.Plain(hw.S64)  # 0: until nothing is left to do.
    seed = hw.Plain(hw.U64)  # Of the schedule: chance inside callbacks comes from it.
    workload = hw.Plain(hw.U64)  # Number of the generated workload.
    number = hw.Plain(hw.U64)  # Of the schedule.
    length = hw.Plain(hw.U64)  # Counted points of a calm run, where the strategy learned them.

    reported = hw.Atomic(points=hw.OTHER)  # 1: somebody has a finding; the first one counts.

    # Written by whoever set `reported`, or ends the run otherwise.
    report = hw.Bytes(REPORT_BYTES)  # msgpack; see emu/core/report.py.
