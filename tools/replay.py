"""`scxemu replay`: do a saved schedule again, exactly, or say where it diverges."""

from dataclasses import replace as changed
from pathlib import Path

import click

from cpuagents import campaign, reproducer
from cpuagents.bad_input import BadInput
from cpuagents.campaign import Result
from cpuagents.reproducer import Reproducer
from cpuagents.setting import FREE
from cpuagents.verdict import DIVERGED, FOUND
from emu.bpf import plugin
from emu.bpf.ops import SchedExtOps
from tools import options, show, timeline


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--until", default=0, type=click.IntRange(0, 1 << 62), help="Stop at this step; 0: at the end."
)
@click.option(
    "--rows", default=24, show_default=True, type=click.IntRange(1), help="Lines of the timeline."
)
@click.option("--times", default=1, show_default=True, type=click.IntRange(1))
@click.option(
    "-s",
    "--sched",
    default=None,
    help="The scheduler; needed if the file names one that is not installed: "
    "a reproducer is data, and loading it runs no code from elsewhere.",
)
@options.json_option
def replay(file: Path, until: int, rows: int, times: int, sched: str | None, as_json: bool) -> None:
    """Show a finding again from its reproducer FILE.

    \b
    Examples:
      scxemu replay findings/lost-wakeup-1f2e3d4c.repro
      scxemu replay bug.repro -s my_sched.py:MySched --until 118
    """
    saved = reproducer.load(file)
    if saved.setting.mode == FREE:
        raise BadInput(
            f"{file}: found in a free run, whose order no replay can follow; "
            f"try it again with {show.rerun(saved.setting)}"
        )
    ops_class = _scheduler(file, saved, sched)
    results = campaign.replay(saved, ops_class, until=until, times=times, out=file.parent)
    result = results[-1]
    stopped = bool(until) and result.view is not None
    if not stopped:
        for each in results:
            _compare(saved, each)
    if as_json:
        show.as_json(result, saved.setting)
        raise click.exceptions.Exit(0) if stopped else show.leaving(_worst(results))
    if result.finding:
        show.finding(result.finding, file, saved.setting, rows)
    exact = sum(each.verdict == FOUND for each in results)
    if stopped:
        if result.view:
            show.console().print(timeline.table(result.view, saved.setting.nr_cpus, rows))
        click.echo(f"stopped at step {result.nr_steps}, as asked")
        raise click.exceptions.Exit(0)
    worst = _worst(results)
    if worst.verdict == DIVERGED:
        click.echo(f"diverged: {worst.reason}")
    click.echo(f"replayed {exact} of {times} times exactly, trace {result.hash}")
    show.leave(worst)


def _scheduler(file: Path, saved: Reproducer, sched: str | None) -> type[SchedExtOps]:
    name = sched or saved.setting.scheduler
    if sched is None and name not in plugin.installed():
        raise BadInput(
            f"{file}: made with scheduler {name!r}, which is not installed; name it with -s {name} "
            "if you trust it: that runs its code"
        )
    return options.load_scheduler(name)


def _compare(saved: Reproducer, result: Result) -> None:
    """Turn a replay that ended otherwise than recorded into a divergence."""
    if result.verdict == DIVERGED:
        return
    got = result.finding.signature if result.finding else "no finding"
    if got != saved.finding.signature:
        result.reason = f"the run ended with {got}, recorded was {saved.finding.signature}"
    elif int(result.hash, 16) != saved.schedule.hash and saved.setting.mode == "controlled":
        result.reason = f"trace {result.hash}, recorded was {saved.schedule.hash:016x}"
    else:
        return
    result.verdict = DIVERGED


def _worst(results: list[Result]) -> Result:
    diverged = [each for each in results if each.verdict == DIVERGED]
    return changed(diverged[0]) if diverged else results[-1]
