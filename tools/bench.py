"""`scxemu bench`: how fast this machine runs, as ratios against a baseline of the same run."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from tools import options, show
from tools.measure import ring, runs

ROUNDS = 20_000
POINTS = 1_000_000
SCHEDULES = 4000
QUICK = 50  # `--quick` does so many times less.
REPEATS = 3
PARTICIPANTS = (2, 4, 8)
FREE_CPUS = 4


@click.command()
@click.option("--quick", is_flag=True, help="Much shorter, much noisier.")
@options.json_option
def bench(quick: bool, as_json: bool) -> None:
    """Measure hand-offs, scheduling points, schedules, free runs, and memory."""
    part = QUICK if quick else 1
    data = {"machine": runs.machine(), "commit": _commit(), **_measure(part)}
    if as_json:
        click.echo(json.dumps(data))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("what", "measured", "baseline", "ratio or difference"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for row in _rows(data):
        table.add_row(*row)
    show.console().print(table)
    click.echo(f"machine: {data['machine']}; commit {data['commit']}; trace {data['trace']}")


def _measure(part: int) -> dict[str, Any]:
    data: dict[str, Any] = {"handoff": {}}
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        for nr in PARTICIPANTS:
            python = min(ring.handoff_ns(nr, ROUNDS // part) for _ in range(REPEATS))
            raw = min(ring.raw_ns(nr, ROUNDS // part) for _ in range(REPEATS))
            data["handoff"][nr] = {"python_ns": python, "raw_ns": raw, "ratio": python / raw}
        bare, point = ring.point_ns(POINTS // part)
        data["point"] = {"bare_ns": bare, "point_ns": point, "more_ns": point - bare}
    finally:
        os.sched_setaffinity(0, before)
    data["schedules"] = {}
    for strategy in ("sticky", "pct", "random"):
        for oracles in (True, False):
            result = runs.schedules(strategy, max(64, SCHEDULES // part), oracles)
            name = f"{strategy}{'' if oracles else ', no oracles'}"
            data["schedules"][name] = result.nr_schedules / result.elapsed_s
            if strategy == "sticky" and oracles:
                data["trace"] = result.hash
                data["steps_each"] = result.nr_steps / max(1, result.nr_schedules)
    switches, elapsed = runs.free_switches(FREE_CPUS)
    data["free"] = {"switches_per_s": switches / elapsed}
    data["memory"] = {"agent_kib": runs.agent_kib(2), "tasks_1000_kib": runs.thousand_tasks_kib()}
    return data


def _rows(data: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    for nr, each in data["handoff"].items():
        python, raw = f"{each['python_ns']:.0f} ns", f"{each['raw_ns']:.0f} ns"
        rows.append((f"hand-off, {nr} participants", python, raw, f"{each['ratio']:.2f} x"))
    point = data["point"]
    rows.append(
        (
            "scheduling point, no switch",
            f"{point['point_ns']:.1f} ns",
            f"{point['bare_ns']:.1f} ns",
            f"{point['more_ns']:+.1f} ns",
        )
    )
    for name, rate in data["schedules"].items():
        rows.append((f"schedules of smallest, {name}", f"{rate:.0f}/s", "", ""))
    free = data["free"]["switches_per_s"]
    rows.append((f"context switches, free, {FREE_CPUS} CPUs", f"{free:.0f}/s", "", ""))
    memory = data["memory"]
    rows.append(("memory of an agent", f"{memory['agent_kib']} KiB", "", ""))
    rows.append(("memory of 1,000 tasks", f"{memory['tasks_1000_kib']:.0f} KiB", "", ""))
    return rows


def _commit() -> str:
    """The commit this tree is at, or "unknown" outside a clone."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
