"""The setting of a run: everything that decides it, apart from the schedule.

Two runs with the same setting and the same schedule are the same run, on any machine.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from cpuagents import scenario as scenarios
from cpuagents import strategies
from cpuagents.scenario import Scenario
from emu.abi.limits import NR_CPUS_MAX, NR_TASKS_MAX

CONTROLLED = "controlled"
FREE = "free"

STEPS_MAX_DEFAULT = 50_000_000
STALL_STEPS_DEFAULT = 2_000_000


@dataclass(frozen=True)
class Setting:
    """What runs, and how; see the command line for what people choose of it."""

    scheduler: str  # As the user named it.
    nr_cpus: int
    scenario: Scenario | None  # None: made from seeds by the generator.
    nr_tasks: int  # Size of the task table.
    strategy: str  # As the user wrote it, for example "pct:depth=3".
    seed: int  # Master seed; schedule i has its own, derived from it.
    mode: str = CONTROLLED
    fine: bool = False  # Stop at plain words too.
    fault: str = ""  # Name of the guard's fault that is put in, or nothing.
    oracles: bool = True
    first: int = 0  # Number of the schedule the finding was seen in.
    time_scale: int = 1  # Free mode: virtual ns in one real ns.
    noise_one_in: int = 0  # Free mode: about one point in so many is delayed.
    duration_ns: int = 0  # 0: until nothing is left to do.
    steps_max: int = STEPS_MAX_DEFAULT
    stall_steps: int = STALL_STEPS_DEFAULT
    length: int = 0  # Counted points of a calm run, where the strategy learned it.

    def at(self, number: int, scenario: Scenario, length: int) -> "Setting":
        """The same setting narrowed to one schedule, for a reproducer."""
        return replace(self, first=number, scenario=scenario, length=length)


_CHECKS: dict[str, type] = {
    "scheduler": str,
    "nr_cpus": int,
    "nr_tasks": int,
    "strategy": str,
    "seed": int,
    "mode": str,
    "fine": bool,
    "fault": str,
    "oracles": bool,
    "first": int,
    "time_scale": int,
    "noise_one_in": int,
    "duration_ns": int,
    "steps_max": int,
    "stall_steps": int,
    "length": int,
}


def to_data(setting: Setting) -> dict[str, Any]:
    """Plain values, for msgpack."""
    data = asdict(replace(setting, scenario=None))
    if setting.scenario is not None:
        data["scenario"] = scenarios.to_data(setting.scenario)
    return data


def from_data(data: object) -> Setting:
    """The setting that `to_data()` wrote.

    Errors: ValueError naming the first part that is missing or of another type.
    """
    if not isinstance(data, Mapping):
        raise ValueError("the setting is not a table")
    for name, kind in _CHECKS.items():
        if type(data.get(name)) is not kind:
            raise ValueError(f"the setting has no proper {name!r}")
    if data["mode"] not in (CONTROLLED, FREE):
        raise ValueError(f"the setting has the unknown mode {data['mode']!r}")
    if any(data[name] < 0 for name, kind in _CHECKS.items() if kind is int):
        raise ValueError("the setting has a negative number")
    if not 1 <= data["nr_cpus"] <= NR_CPUS_MAX or data["nr_tasks"] > NR_TASKS_MAX:
        raise ValueError("the setting has more CPUs or tasks than there can be")
    try:
        strategies.parse(data["strategy"])
    except strategies.StrategyError as error:
        raise ValueError(str(error)) from error
    raw = data.get("scenario")
    scenario = None if raw is None else scenarios.from_data(raw)
    values = {f.name: data[f.name] for f in fields(Setting) if f.name != "scenario"}
    return Setting(scenario=scenario, **values)
