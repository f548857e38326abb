"""`scxemu list`: the schedulers, workloads and strategies there are."""

import inspect
import json

import click
from rich.table import Table

from cpuagents import workload
from cpuagents.strategies import CHOOSABLE
from emu import faults
from emu.bpf import plugin
from tools import options, show


def _about(text: str | None) -> str:
    return (text or "").strip().splitlines()[0] if text and text.strip() else ""


def _everything() -> dict[str, dict[str, str]]:
    schedulers = {}
    for name in plugin.installed():
        module = inspect.getmodule(options.load_scheduler(name))
        schedulers[name] = _about(module.__doc__ if module else "")
    return {
        "schedulers": schedulers,
        "workloads": workload.bundled(),
        "strategies": {s.name: s.about for s in CHOOSABLE},
        "faults": {fault.name: f"{fault.guard}: {fault.about}" for fault in faults.all_faults()},
    }


@click.command("list")
@options.json_option
def listing(as_json: bool) -> None:
    """List schedulers, bundled workloads, strategies and faults."""
    everything = _everything()
    if as_json:
        click.echo(json.dumps(everything))
        return
    for title, entries in everything.items():
        table = Table(
            box=None, pad_edge=False, show_header=False, title=title, title_justify="left"
        )
        table.add_column(no_wrap=True)
        table.add_column()
        for name, about in entries.items():
            table.add_row(f"  {name}", about)
        show.console().print(table)
