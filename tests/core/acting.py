"""How a test lets another CPU act in the middle of what one CPU does, in one process.

A guard is a function of its own, so "just before the guard" is a place that can be named. Locks
belong to the one process there is: what acts in between must not need a lock that is held.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    SchedExtOps,
    scx_bpf_create_dsq,
    scx_bpf_dsq_insert,
    scx_bpf_dsq_move_to_local,
)
from emu.core import dsq, this_cpu

POOL = 5
calls: list[str] = []  # The callbacks of a Talker since it was loaded.


class Fifo(SchedExtOps):
    """Everything on one user DSQ; no choice of CPUs."""

    name = "fifo"

    def init(self):
        calls.clear()
        return scx_bpf_create_dsq(POOL, -1)

    def select_cpu(self, p, prev_cpu, wake_flags):
        return prev_cpu

    def enqueue(self, p, enq_flags):
        scx_bpf_dsq_insert(p, POOL, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu, prev):
        scx_bpf_dsq_move_to_local(POOL)


class Keeper(Fifo):
    """Keeps every task to itself; the test gives the verdicts."""

    name = "keeper"

    def enqueue(self, p, enq_flags):
        pass

    def dispatch(self, cpu, prev):
        pass


class Talker(Fifo):
    """Notes its callbacks on a task."""

    name = "talker"

    def enable(self, p):
        calls.append("enable")

    def disable(self, p):
        calls.append("disable")

    def set_weight(self, p, weight):
        calls.append(f"set_weight {weight}")

    def set_cpumask(self, p, cpumask):
        calls.append(f"set_cpumask {cpumask:#x}")

    def enqueue(self, p, enq_flags):
        calls.append("enqueue")
        super().enqueue(p, enq_flags)

    def runnable(self, p, enq_flags):
        calls.append("runnable")

    def running(self, p):
        calls.append("running")

    def stopping(self, p, runnable):
        calls.append(f"stopping {runnable}")

    def quiescent(self, p, deq_flags):
        calls.append("quiescent")


def changed(base: type[SchedExtOps], **ops: Callable[..., object]) -> type[SchedExtOps]:
    """`base` with some ops replaced; each is given without `self`."""
    return type("Changed", (base,), {k: lambda self, *a, f=f: f(*a) for k, f in ops.items()})


def pool():
    """The DSQ of a Fifo."""
    found = dsq.find_user_dsq(POOL)
    assert found is not None
    return found


def on_dsq(d) -> list[str]:
    """The names of the tasks of a DSQ, first to last."""
    names, p = [], d.head
    while p is not None:
        names.append(p.comm.decode())
        p = p.dsq_next
    return names


@contextmanager
def acting(cpu: int) -> Iterator[None]:
    """Let this process be another CPU for a moment; what the first was doing stays as it is."""
    names = ("cpu", "rq", "kf_mask", "direct_dispatch_task", "locked_rq", "buffer")
    before = {name: getattr(this_cpu, name) for name in names}
    this_cpu.cpu, this_cpu.rq = cpu, this_cpu.world.rqs[max(cpu, 0)]
    this_cpu.buffer = []
    yield
    for name, value in before.items():
        setattr(this_cpu, name, value)


def just_before(monkeypatch, module, name: str, cpu: int, act: Callable[[], object]) -> None:
    """Let `cpu` do `act`, once, when a CPU comes to the function `name` of `module`."""
    guard = getattr(module, name)

    def wrapped(*args):
        monkeypatch.setattr(module, name, guard)
        with acting(cpu):
            act()
        return guard(*args)

    monkeypatch.setattr(module, name, wrapped)
