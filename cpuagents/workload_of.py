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
    """Generated workload `number` of the setting of this process; made once."""
    global _number, _made
    if _made is None or number != _number:
        _made = generated(setting, number)
        _number = number
    return _made


def generated(given: Setting, number: int) -> Scenario:
    """Generated workload `number` of a setting."""
    seed = hw.draw(given.seed, STREAM_WORKLOAD, number)
    return generator.generate(seed, given.nr_cpus, NR_TASKS_GENERATED)
