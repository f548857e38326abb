"""`scxemu fuzz`: run many schedules from a seed, and stop at the first finding."""

import os
from pathlib import Path

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from cpuagents import campaign
from cpuagents.campaign import Result
from cpuagents.fault_scenarios import scenario_of
from cpuagents.setting import Setting
from emu import faults
from emu.bpf.ops import SchedExtOps
from tools import options, show


def _fault_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    names = [fault.name for fault in faults.all_faults()]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


STRATEGY = "sticky"


@click.command()
@click.argument("workload_name", metavar="[WORKLOAD]", required=False)
@options.scheduler_option(required=False)
@click.option(
    "--fault",
    default=None,
    shell_complete=_fault_names,
    help="Take a guard of the kernel out (see `scxemu list`), on the fault's own workload and "
    "scheduler unless others are named.",
)
@options.cpus_option
@options.seed_option
@options.strategy_option(None)
@options.points_option
@click.option(
    "--runs", default=2000, show_default=True, type=click.IntRange(1), help="Schedules to try."
)
@click.option(
    "--engines",
    default=0,
    type=click.IntRange(0, 64),
    help="Runs at a time, each pinned to a core (0: one a core). Does not change any result.",
)
@click.option(
    "--oracles/--no-oracles", default=True, show_default=True, help="Check invariants on the way."
)
@options.reading_options
@options.out_option
@options.json_option
def fuzz(
    workload_name: str | None,
    sched: str | None,
    fault: str | None,
    cpus: int,
    seed: int,
    strategy: str | None,
    points: str,
    runs: int,
    engines: int,
    oracles: bool,
    duration: float | None,
    duplicates: str,
    suspend: str,
    out: Path,
    as_json: bool,
) -> None:
    """Try many schedules of WORKLOAD, or of workloads made from the seed.

    A finding is written to a reproducer file before it is shown.

    \b
    Examples:
      scxemu fuzz -s leaky --seed 1 --runs 2000
      scxemu fuzz smallest -s my_sched.py:MySched --cpus 2 --strategy pct:depth=3
      scxemu fuzz --fault plain-claim --seed 1
    """
    scenario = (
        options.load_scenario(workload_name, cpus, seed, duration, duplicates, suspend)
        if workload_name
        else None
    )
    if fault:
        sched = sched or faults.get(fault).scheduler
        scenario = scenario or scenario_of(fault)
        given = click.get_current_context().get_parameter_source("cpus")
        if given is ParameterSource.COMMANDLINE and cpus != scenario.nr_cpus:
            raise click.UsageError(
                f"the workload of this fault is for {scenario.nr_cpus} CPUs; "
                "leave --cpus out, or name a workload"
            )
        strategy = strategy or faults.get(fault).strategy
    if not sched:
        raise click.UsageError("name a scheduler with -s, or a fault with --fault")
    ops_class = options.load_scheduler(sched)
    setting = options.make_setting(
        sched=sched,
        cpus=scenario.nr_cpus if scenario else cpus,
        scenario=scenario,
        strategy=strategy or STRATEGY,
        seed=seed,
        points=points,
        fault=fault or "",
        oracles=oracles,
    )
    result = with_progress(setting, ops_class, runs, engines, out, show_bar=not as_json)
    if as_json:
        show.as_json(result, setting)
        show.leave(result)
    report(result, setting)
    show.leave(result)


def with_progress(
    setting: Setting,
    ops_class: type[SchedExtOps],
    runs: int,
    engines: int,
    out: Path,
    *,
    show_bar: bool,
) -> Result:
    """A campaign with a progress bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("schedules"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (show_bar and console.is_terminal),
    )
    with bar:
        task = bar.add_task("schedules", total=runs, rate="")

        def tell(done: int, per_second: float) -> None:
            bar.update(task, completed=done, rate=f"{per_second:.0f}/s")

        return campaign.fuzz(
            setting,
            ops_class,
            runs,
            engines=engines or len(os.sched_getaffinity(0)),
            out=out,
            progress=tell,
        )


def report(result: Result, setting: Setting) -> None:
    """What the campaign brought, for people."""
    show.notes(result)
    if result.finding and result.path:
        show.finding(result.finding, result.path, setting)
    reason = f" ({result.reason})" if result.reason else ""
    verdict = "interrupted" if result.interrupted and not result.finding else result.verdict
    click.echo(
        f"{verdict}{reason}: {result.nr_schedules} schedules, {result.nr_steps} steps, "
        f"{result.nr_switches} switches in {result.elapsed_s:.1f} s; "
        f"seed {setting.seed:#x}, strategy {setting.strategy}, trace {result.hash}"
    )
