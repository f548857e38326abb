"""The timeline of a run: a lane for each CPU, one line for each thing that happened.

The way kernel commit messages draw races: time goes down, only what matters is shown.
"""

from rich.table import Table

from cpuagents.finding import TraceRow
from emu.abi import events

LANES_MAX = 8


def table(rows: list[TraceRow], nr_cpus: int, nr_rows: int, names: list[str]) -> Table:
    """The last `nr_rows` events, the lanes of CPUs that take part in them side by side."""
    shown = rows[-nr_rows:] if nr_rows else rows
    lanes = sorted({row[0] for row in shown})[:LANES_MAX]
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    result.add_column("  step", justify="right", no_wrap=True)
    result.add_column("ns", justify="right", no_wrap=True)
    for lane in lanes:
        result.add_column(f"CPU {lane}" if lane < nr_cpus else "control", overflow="fold")
    for row in shown:
        who, step, time_ns, event, *args = row
        if who not in lanes:
            continue
        cells = ["" for _ in lanes]
        cells[lanes.index(who)] = events.describe(event, args, names)
        result.add_row(f"  {step}", f"{time_ns:_}", *cells)
    return result
