"""Options that several commands share, and the setting they make together."""

from collections.abc import Callable
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from cpuagents import census, rtapp, workload
from cpuagents import setting as settings
from cpuagents.bad_input import BadInput
from cpuagents.scenario import Scenario
from cpuagents.setting import Setting
from cpuagents.strategies import CHOOSABLE
from cpuagents.strategies import parse as parse_strategy
from emu.abi.limits import NR_CPUS_MAX, NR_TASKS_MAX
from emu.bpf import plugin
from emu.bpf.ops import SchedExtOps

F = TypeVar("F", bound=Callable[..., Any])
Items = list[CompletionItem]

NS_PER_S = 1_000_000_000
NR_TASKS_GENERATED_MAX = 64  # Room for the tasks of generated workloads and their forks.


class SeedType(click.ParamType[int]):
    """A seed: any whole number from 0 to 2**64 - 1, also in hexadecimal."""

    name = "seed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read `7` or `0x1d3c`."""
        try:
            number = value if isinstance(value, int) else int(str(value), 0)
        except ValueError:
            self.fail(f"{value!r} is not a whole number; write 7 or 0x1d3c", param, ctx)
        if not 0 <= number < 1 << 64:
            self.fail(f"{value} is outside 0 .. 2**64-1", param, ctx)
        return number


SEED = SeedType()


def _schedulers(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    names = plugin.installed()
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _workloads(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    found = [CompletionItem(n) for n in workload.bundled() if n.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def _strategies(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    return [CompletionItem(s.name) for s in CHOOSABLE if s.name.startswith(incomplete)]


workload_argument = click.argument("workload_name", metavar="WORKLOAD", shell_complete=_workloads)


def scheduler_option(required: bool) -> Callable[[F], F]:
    """`-s`, which most commands need."""
    return click.option(
        "-s",
        "--sched",
        required=required,
        shell_complete=_schedulers,
        help="Scheduler: a name from `scxemu list`, module:Class, or file.py:Class.",
    )


cpus_option = click.option(
    "--cpus",
    default=4,
    show_default=True,
    type=click.IntRange(1, NR_CPUS_MAX),
    help="Emulated CPUs; each is a process.",
)
seed_option = click.option(
    "--seed", default=1, show_default=True, type=SEED, help="Decides everything by chance."
)
out_option = click.option(
    "--out",
    default=Path("findings"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where reproducers are written.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
points_option = click.option(
    "--points",
    type=click.Choice(["protocol", "all"]),
    default="protocol",
    show_default=True,
    help="Where CPUs can be interleaved: locks, atomics and racy words, or every word.",
)


def strategy_option(default: str | None) -> Callable[[F], F]:
    """`--strategy` with a default of the command's own; None: the command chooses."""
    return click.option(
        "--strategy",
        default=default,
        show_default=True,
        shell_complete=_strategies,
        help="NAME or NAME:key=value,...; see `scxemu list`."
        + ("" if default else "  [default: sticky, or the one that suits the fault]"),
    )


def load_scheduler(spec: str) -> type[SchedExtOps]:
    """The scheduler class of `-s`."""
    return plugin.load_plugin(spec)


def _number(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Refuse what is a float and yet no number."""
    if value is not None and isnan(value):
        raise click.BadParameter("write seconds, such as 0.5", ctx, param)
    return value


def reading_options(command: F) -> F:
    """How an rt-app file is read where its tools differ."""
    for option in (
        click.option(
            "--duration",
            type=click.FloatRange(0, 1e6),
            callback=_number,
            help="Seconds of virtual time.",
        ),
        click.option(
            "--duplicates",
            type=click.Choice(["keep", "json-c"]),
            default="keep",
            show_default=True,
            help="rt-app files: repeated event keys are further events, or the last one wins.",
        ),
        click.option(
            "--suspend",
            type=click.Choice(["auto", "own"]),
            default="auto",
            show_default=True,
            help="rt-app files: `suspend` means the string given, or always the task's name.",
        ),
    ):
        command = option(command)
    return command


def load_scenario(
    name: str,
    cpus: int,
    seed: int,
    duration: float | None = None,
    duplicates: str = "keep",
    suspend: str = "auto",
) -> Scenario:
    """The workload called `name`, fitted to the CPUs; bad input is refused."""
    how = rtapp.Options(keep_duplicates=duplicates == "keep", suspend_by_string=suspend == "auto")
    scenario = workload.load(name, cpus, seed, how)
    if duration is not None:
        scenario = replace(scenario, duration_ns=int(duration * NS_PER_S))
    return scenario


def task_slots(scenario: Scenario | None) -> int:
    """How many tasks there must be room for.

    Errors: BadInput if the workload has more tasks than the emulator can hold.
    """
    if scenario is None:
        return NR_TASKS_GENERATED_MAX
    nr = len(scenario.threads)
    if nr > NR_TASKS_MAX:
        raise BadInput(
            f"{scenario.name}: {nr} tasks are more than the {NR_TASKS_MAX} there can be; "
            "use fewer instances"
        )
    return min(census.nr_tasks_max(scenario), NR_TASKS_MAX)


def make_setting(
    *,
    sched: str,
    cpus: int,
    scenario: Scenario | None,
    strategy: str,
    seed: int,
    points: str = "protocol",
    mode: str = settings.CONTROLLED,
    time_scale: int = 1,
    noise_one_in: int = 0,
    fault: str = "",
    oracles: bool = True,
) -> Setting:
    """The setting that these options mean."""
    parse_strategy(strategy)  # A wrong strategy is said before anything is started.
    return Setting(
        scheduler=sched,
        nr_cpus=cpus,
        scenario=scenario,
        nr_tasks=task_slots(scenario),
        strategy=strategy,
        seed=seed,
        mode=mode,
        fine=points == "all",
        time_scale=time_scale,
        noise_one_in=noise_one_in,
        duration_ns=scenario.duration_ns if scenario else 0,
        fault=fault,
        oracles=oracles,
    )
