"""`scxemu run`: do one run of a workload, and say what each task got."""

from pathlib import Path

import click
from rich.console import Console

from cpuagents import campaign
from tools import options, show

TIMED = "timed"


@click.command()
@options.workload_argument
@options.scheduler_option(required=True)
@options.cpus_option
@click.option(
    "--mode",
    type=click.Choice(["controlled", "free"]),
    default="controlled",
    show_default=True,
    help="One CPU at a time under a strategy, or all at once on real cores.",
)
@options.seed_option
@options.strategy_option(TIMED)
@options.points_option
@click.option(
    "--time-scale",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Free mode: virtual time runs so many times faster.",
)
@click.option(
    "--noise",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Free mode: delay about one scheduling point in so many (0: none).",
)
@options.reading_options
@options.out_option
@options.json_option
def run(
    workload_name: str,
    sched: str,
    cpus: int,
    mode: str,
    seed: int,
    strategy: str,
    points: str,
    time_scale: int,
    noise: int,
    duration: float | None,
    duplicates: str,
    suspend: str,
    out: Path,
    as_json: bool,
) -> None:
    """Run WORKLOAD (a bundled name, `generated`, or an rt-app file) once.

    \b
    Examples:
      scxemu run ping_pong -s simple --cpus 2
      scxemu run app.json -s simple --mode free --time-scale 20 --noise 50
    """
    ops_class = options.load_scheduler(sched)
    scenario = options.load_scenario(workload_name, cpus, seed, duration, duplicates, suspend)
    setting = options.make_setting(
        sched=sched,
        cpus=cpus,
        scenario=scenario,
        strategy=strategy,
        seed=seed,
        points=points,
        mode=mode,
        time_scale=time_scale,
        noise_one_in=noise,
    )
    for note in scenario.notes:
        click.echo(f"note: {note}", err=True)
    with Console(stderr=True).status(f"{cpus} CPUs run {scenario.name}"):
        result = campaign.run(setting, ops_class, out=out)
    if as_json:
        show.as_json(result, setting)
        show.leave(result)
    show.notes(result)
    if result.tasks:
        show.tasks(result)
    if result.finding and result.path:
        show.finding(result.finding, result.path, setting)
    _last_line(result, mode)
    show.leave(result)


def _last_line(result: campaign.Result, mode: str) -> None:
    if result.interrupted:
        click.echo("interrupted: the run was not finished")
        return
    reason = f" ({result.reason})" if result.reason else ""
    ending = f"{result.verdict}{reason}: {result.time_ns / show.NS_PER_MS:.3f} ms virtual"
    if mode == "controlled":
        ending += f", {result.nr_steps} steps, {result.nr_switches} switches, trace {result.hash}"
    else:
        ending += "; a free run has no trace hash, its order is the machine's"
    click.echo(ending)
