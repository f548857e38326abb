"""Which scenario a run has: the one of the setting, or one made from seeds.

A generated workload is named by a number in shared memory; every agent makes the same one of it.
"""

from cpuagents import generator
from cpuagents.scenario import Scenario
from cpuagents.setting import Setting
from cpuagents.workload import NR_TASKS_GENERATED
from emu.core import this_cpu
from emu.machine import _machine as hw

STREAM_WORKLOAD = 32
setting: Setting
_number = -1
_made: Scenario | None = None


def this_run() -> Scenario:
    """The scenario of the present run."""
    return setting.scenario or made(this_cpu.world.sched.workload)


def made(number: int) -> Scenario:
    """Generated workload `number` of this setting."""
    global _number, _made
    if _made is None or number != _number:
        seed = hw.draw(setting.seed, STREAM_WORKLOAD, number)
        _made = generator.generate(seed, setting.nr_cpus, NR_TASKS_GENERATED)
        _number = number
    return _made
