"""The small scenarios that show what a left-out guard does."""

from cpuagents.scenario import Instruction, Scenario, Template
from emu import faults

US = 1000
RUN_NS = 10 * US

SLEEPER = (("set", 0, 3), ("run", RUN_NS), ("sleep", RUN_NS), ("loop", 0, 1), ("exit",))
YIELDER = (("set", 0, 3), ("run", RUN_NS), ("yield",), ("loop", 0, 1), ("exit",))
NAMES = "TUVW"
ALL = 0


def _to_each(instruction: str, *values: int) -> tuple[Instruction, ...]:
    """The control agent does the same to every task, with one value after another."""
    tasks = range(len(NAMES))
    return tuple((instruction, task, value) for value in values for task in tasks)


def _scenario(
    name: str, nr_cpus: int, code: tuple[Instruction, ...], control: tuple[Instruction, ...] = ()
) -> Scenario:
    templates = tuple(Template(name, code) for name in NAMES)
    return Scenario(name, nr_cpus, templates, tuple(range(len(NAMES))), control=control)


SCENARIOS = (
    # More tasks than CPUs.
    _scenario("busy", 2, SLEEPER),
    # They are taken off and put back, under a new brand, while they wait and while they run.
    _scenario("renice", 2, SLEEPER, _to_each("renice_of", 1, 2, 3)),
    # The same, and a task that was dispatched by mistake is on a CPU that it may not use.
    _scenario("pin", 2, SLEEPER, _to_each("affinity_of", 0b01, ALL, 0b10, ALL)),
    # With a third CPU, so that a task which had to leave one may still go to either of two.
    _scenario("narrow", 3, YIELDER, _to_each("affinity_of", *(0b110, 0b101, 0b011) * 2)),
)


def scenario_of(fault_name: str) -> Scenario:
    """The scenario that shows a fault.

    Errors: faults.UnknownFault.
    """
    fault = faults.get(fault_name)
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    return by_name[fault.scenario]
