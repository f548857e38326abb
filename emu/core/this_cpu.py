"""Which CPU this process is, and what only it knows. Set in one place, as a kernel boots a CPU.

A process is a CPU, so these are plain globals: nobody else can see them, and interrupts are off
wherever they matter. The control agent is nobody's CPU: `cpu` is -1 and `rq` that of CPU 0, which
it must not use as its own.
"""

from collections.abc import Callable

from emu.layout.rq import Rq
from emu.layout.task import Task
from emu.layout.world import World
from emu.machine import _machine as hw

Op = Callable[..., object]

world: World
rq: Rq
cpu = -1
ops: dict[str, Op] = {}  # The callbacks the scheduler has.
ops_flags = 0  # SCX_OPS_*
max_batch = 0

# Around callbacks.
kf_mask = 0  # Groups of kfuncs that are open now.
direct_dispatch_task: Task | None = None  # The task that may be dispatched directly now.
direct_dispatch_done = False  # It was, in this callback.
locked_rq: Rq | None = None  # Whose rq.lock the callback runs under.

# The dispatch buffer: (task, brand, DSQ id, slice, flags).
Entry = tuple[Task, int, int, int, int]
buffer: list[Entry] = []
nr_tasks = 0  # Flushed since the current round of dispatch began, plus moves to local.
dispatch_rq: Rq | None = None  # Dispatched for.
self_kick = False  # This CPU is to schedule again as soon as it has taken its interrupts.
nr_draws = 0  # Random numbers drawn by callbacks in this run.
run = 0  # Number of the run that this process takes part in.


def attach(new_world: World, new_cpu: int, table: dict[str, Op], flags: int, batch: int) -> None:
    """Make this process CPU `new_cpu`, or the control agent (-1).

    Args: table: callbacks by name. flags: SCX_OPS_*. batch: size of the dispatch buffer.
    """
    global world, rq, cpu, ops, ops_flags, max_batch
    world = new_world
    cpu = new_cpu
    rq = new_world.rqs[max(new_cpu, 0)]
    ops = table
    ops_flags = flags
    max_batch = batch
    begin_run()


def begin_run() -> None:
    """Forget what an earlier run left behind, however it ended."""
    global kf_mask, direct_dispatch_task, direct_dispatch_done, locked_rq, nr_tasks, dispatch_rq
    global self_kick, nr_draws, run
    run = hw.state()["run"]
    kf_mask = 0
    direct_dispatch_task = None
    direct_dispatch_done = False
    locked_rq = None
    dispatch_rq = None
    nr_tasks = 0
    self_kick = False
    nr_draws = 0
    buffer.clear()


def task_rq(p: Task) -> Rq:
    """The rq of the CPU that `p` is assigned to.

    No scheduling point: callers hold what makes the answer stable (its rq.lock, pi_lock of a
    sleeper, DISPATCHING, or the lock of the DSQ it is on), or look again under the lock.

    Kernel: task_rq().
    """
    return world.rqs[_cpu_of(p)]


_cpu_of = Task.cpu.peek
