"""The smallest scenarios that show what a left-out guard does."""

from collections.abc import Callable

from cpuagents.scenario import Instruction, Scenario, Template
from emu import faults

US = 1000
RUN = 10 * US


def scenario_of(fault_name: str) -> Scenario:
    """The scenario that shows a fault.

    Errors: faults.UnknownFault.
    """
    fault = faults.get(fault_name)
    return _SCENARIOS[fault.scenario]()


def _busy_task(name: str, cpus: int = 0) -> Template:
    code = (("set", 0, 3), ("run", RUN), ("sleep", RUN), ("loop", 0, 1), ("exit",))
    return Template(name, code, cpus)


def _busy() -> Scenario:
    """Two CPUs with one task too many."""
    return Scenario("busy", 2, (_busy_task("busy"),), (0, 0, 0))


def _renice() -> Scenario:
    """Tasks are taken off and put back under a new brand, while they wait to be dispatched."""
    control: list[Instruction] = []
    for nice in (1, 2, 3):
        control += [("renice_of", task, nice) for task in (0, 1, 2)]
    return Scenario("renice", 2, (_busy_task("busy"),), (0, 0, 0), control=tuple(control))


def _affinity() -> Scenario:
    """The same with other masks, so that a task that is moved by mistake is in the wrong place."""
    control: list[Instruction] = []
    for mask in (1, 2, 1, 4):
        control += [("affinity_of", task, mask) for task in (0, 1, 2)]
    return Scenario("affinity", 3, (_busy_task("busy"),), (0, 0, 0, 0), control=tuple(control))


def _pinned() -> Scenario:
    """A task that may use CPU 0 only waits behind others, which are taken off and put back."""
    templates = (_busy_task("busy"), _busy_task("pinned", 1))
    control = tuple(("renice_of", task, nice) for nice in (1, 2, 3) for task in (0, 1, 2))
    return Scenario("pinned", 2, templates, (0, 0, 0, 1), control=control)


_SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "busy": _busy,
    "renice": _renice,
    "affinity": _affinity,
    "pinned": _pinned,
}
