"""How results look: findings, tables, JSON. Nothing here decides anything."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cpuagents.campaign import Result
from cpuagents.finding import Finding
from cpuagents.setting import FREE, Setting
from cpuagents.verdict import CLEAN, DIVERGED, FOUND, INCONCLUSIVE
from emu.bpf import plugin
from tools import timeline

STATUS = {CLEAN: 0, FOUND: 1, INCONCLUSIVE: 4, DIVERGED: 5}
EXIT_INTERRUPTED = 130
NS_PER_MS = 1_000_000


def console() -> Console:
    """Where people read; plain text when it is not a terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def leaving(result: Result) -> click.exceptions.Exit:
    """What ends the command with the exit status of `result`."""
    status = STATUS[result.verdict]
    if result.interrupted and status == 0:
        status = EXIT_INTERRUPTED
    return click.exceptions.Exit(status)


def leave(result: Result) -> None:
    """Leave with the exit status of `result`."""
    raise leaving(result)


def as_json(result: Result, setting: Setting) -> None:
    """One JSON object on standard output."""
    data: dict[str, Any] = asdict(result)
    data["path"] = str(result.path) if result.path else None
    data["again"] = again(result.path, setting) if result.path else None
    data["seed"] = setting.seed
    data["strategy"] = setting.strategy
    data["scheduler"] = setting.scheduler
    data["cpus"] = setting.nr_cpus
    click.echo(json.dumps(data))


def again(path: Path, setting: Setting) -> str:
    """The command that shows a finding again; for a free run one that may."""
    spec = "" if setting.scheduler in plugin.installed() else f" -s {setting.scheduler}"
    if setting.mode == FREE:
        return rerun(setting)
    return f"scxemu replay {path}{spec}"


def rerun(setting: Setting) -> str:
    """The command that does a free run once more; its order is the machine's."""
    name = setting.scenario.name if setting.scenario else "WORKLOAD"
    return (
        f"scxemu run {name} -s {setting.scheduler} --cpus {setting.nr_cpus} --mode free "
        f"--seed {setting.seed:#x} --noise {setting.noise_one_in} "
        f"--time-scale {setting.time_scale}"
    )


def finding(found: Finding, path: Path, setting: Setting, nr_rows: int = 24) -> None:
    """A finding as people read it: what, where, why, the last steps, and how to see it again."""
    nr_cpus = setting.nr_cpus
    out = console()
    where = f"step {found.step}, {found.time_ns:_} ns, "
    where += f"CPU {found.cpu}" if found.cpu >= 0 else "the control agent"
    for part in (f"ops.{found.callback}()" if found.callback else "", found.site):
        where += f", {part}" if part else ""
    out.print(f"[bold red]finding[/]: {escape(found.kind)}: {escape(found.message)}")
    out.print(f"  where      {where}", markup=False)
    for name, value in found.values.items():
        out.print(f"  {name:<10} {value}", markup=False)
    for note in found.notes:
        out.print(f"  {note}", markup=False)
    for who, lines in sorted(found.stacks.items()):
        if any(line.startswith("wait() emu/core/idle.py") for line in lines):
            continue  # It was idle, which the timeline says as well.
        name = f"CPU {who}" if who < nr_cpus else "control"
        out.print(f"  {name} was in {' < '.join(reversed(lines))}", markup=False)
    if found.timeline:
        out.print(timeline.table(found, nr_cpus, nr_rows))
        if len(found.timeline) > nr_rows and setting.mode != FREE:
            out.print("  (scxemu replay --rows shows more of it)", markup=False)
    out.print(f"  signature  {found.signature}", markup=False)
    out.print(f"  again      {again(path, setting)}", markup=False)


def tasks(result: Result) -> None:
    """What each task got, most of it first."""
    table = Table(box=None, pad_edge=False)
    for column in ("task", "run ms", "switches", "state", "last CPU"):
        table.add_column(column, justify="left" if column in ("task", "state") else "right")
    shown = result.tasks[:40]
    for task in shown:
        run_ms = f"{task['run_ns'] / NS_PER_MS:.3f}"
        switches, cpu = str(task["nr_switches"]), str(task["cpu"])
        table.add_row(escape(task["name"]), run_ms, switches, task["state"], cpu)
    out = console()
    out.print(table)
    if len(result.tasks) > len(shown):
        out.print(f"... and {len(result.tasks) - len(shown)} more tasks (--json shows all)")


def notes(result: Result) -> None:
    """What the user should know besides the verdict."""
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
