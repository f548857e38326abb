"""The timeline of a run: a lane for each CPU, one line for each thing that happened.

The way kernel commit messages draw races: time goes down, only what matters is shown. Where a
finding is about certain tasks, the steps around the last thing that happened to them come first.
"""

from rich.markup import escape
from rich.table import Table

from cpuagents.finding import Finding, TraceRow
from emu.abi import events

LANES_MAX = 8
GAP: TraceRow = []  # Stands for rows that are left out.

# Events whose first argument is a task.
_OF_TASKS = frozenset(
    (events.WAKEUP, events.ENQUEUE, events.DEQUEUE, events.INSERT, events.CLAIM, events.DROP)
    + (events.DSQ_ADD, events.DSQ_DEL, events.MOVE, events.LOST)
)


def table(found: Finding, nr_cpus: int, nr_rows: int) -> Table:
    """About `nr_rows` events of a finding, the lanes of the CPUs that take part side by side."""
    shown = choose(found.timeline, found.focus, nr_rows)
    lanes = sorted({row[0] for row in shown if row})[:LANES_MAX]
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    result.add_column("  step", justify="right", no_wrap=True)
    result.add_column("ns", justify="right", no_wrap=True)
    for lane in lanes:
        result.add_column(f"CPU {lane}" if lane < nr_cpus else "control", overflow="fold")
    for row in shown:
        if not row:
            result.add_row("  ...", "", *["" for _ in lanes])
        elif row[0] in lanes:
            who, step, time_ns, event, *args = row
            cells = ["" for _ in lanes]
            text = events.describe(event, args, found.tasks, found.maps)
            cells[lanes.index(who)] = escape(text)
            result.add_row(f"  {step}", f"{time_ns:_}", *cells)
    return result


def choose(rows: list[TraceRow], focus: list[int], nr_rows: int) -> list[TraceRow]:
    """The rows to show: those around the last one about `focus`, and the end."""
    about = [i for i, row in enumerate(rows) if row[3] in _OF_TASKS and row[4] in focus]
    end = max(nr_rows // 3, 1)
    if not about or len(rows) - about[-1] <= nr_rows - end:
        return rows[-nr_rows:]
    first = max(0, about[-1] - (nr_rows - 2 * end))
    return [*rows[first : about[-1] + end], GAP, *rows[-end:]]
