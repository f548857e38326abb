"""A scheduler made ready to be called by the kernel."""

from collections.abc import Callable
from typing import NamedTuple

from emu.abi.limits import SCX_DSP_DFL_MAX_BATCH
from emu.abi.ops import OPS
from emu.bpf import maps, task
from emu.bpf.ops import SchedExtOps, defined_ops
from emu.core.this_cpu import Op
from emu.layout.task import Task as TaskCell
from emu.layout.world import World


class Instance(NamedTuple):
    """What `this_cpu.attach()` wants to know of a scheduler, in its order."""

    table: dict[str, Op]  # The callbacks that it has.
    flags: int
    batch: int


def instantiate(world: World, ops_class: type[SchedExtOps]) -> Instance:
    """Place the maps of a scheduler and make its callbacks take tasks of the kernel.

    Needs `world.attach()` before, and nothing of memory: initial values are for `maps.boot()`.

    Errors: PluginError if its table is not valid.
    """
    ops = ops_class()
    maps.place(world.maps_offset, ops_class, world.limits)
    task.place(world.tasks)
    table = {name: _with_view(name, getattr(ops, name)) for name in defined_ops(ops_class)}
    return Instance(table, ops.flags, ops.dispatch_max_batch or SCX_DSP_DFL_MAX_BATCH)


def _with_view(name: str, method: Op) -> Op:
    """`method`, called with a view in the place of a task."""
    views = task.views

    def first(p: TaskCell, *args: object) -> object:
        return method(views[p.index], *args)

    def second(cpu: int, prev: TaskCell | None) -> object:
        return method(cpu, None if prev is None else views[prev.index])

    wrappers: dict[str, Callable[..., object]] = {"p": first, "cpu": second}
    args = OPS[name].args
    return wrappers.get(args[0], method) if args else method
