"""The world: every structure has its place, and a booted machine is consistent."""

import pytest

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_INVALID
from emu.abi.states import CLASS_IDLE, CLASS_STOP, TASK_DEAD
from emu.layout.dsq import Dsq
from emu.layout.rq import Rq
from emu.layout.sched import Sched
from emu.layout.task import Task
from emu.layout.world import Limits, World
from emu.machine import _machine as hw
from emu.machine.arena import Arena


@pytest.fixture
def world():
    """A booted machine of three CPUs with room for four tasks and maps."""
    made = World(Limits(nr_cpus=3, nr_tasks=4, nr_dsqs=2, maps_bytes=100))
    arena = Arena.create(made.size, 4)
    made.attach(arena.base)
    arena.attach(3)
    hw.begin(hw.SETUP, hw.ALL, False)
    made.boot()
    yield made
    arena.close()


def cells(world):
    return [world.sched, *world.rqs, *world.tasks, *world.dsqs, *world.buckets, *world.syncs]


def test_structures_do_not_overlap_and_maps_come_after_them(world):
    ends = world.base
    for cell in cells(world):
        assert cell.offset == ends
        ends += type(cell).size
    assert (world.maps_offset, world.end) == (ends, ends + 128)


def test_fields_of_a_structure_do_not_overlap():
    for kind in (Rq, Task, Dsq, Sched):
        ends = 0
        for field in kind.fields:
            assert field.offset == ends, field.name
            ends += field.size
        assert ends <= kind.size and kind.size % 64 == 0


def test_every_word_has_a_name(world):
    rq, p = world.rqs[1], world.tasks[2]
    names = [
        world.describe(rq.offset + Rq.lock.offset),
        world.describe(p.offset + Task.holding_cpu.offset),
        world.describe(p.offset + Task.regs.offset + 8),
        world.describe(world.maps_offset + 16),
        world.describe(world.base - 8),
    ]
    assert names[:4] == ["rq[1].lock", "task[2].holding_cpu", "task[2].regs[1]", "map+0x10"]
    assert names[4].startswith("word ")


def test_every_cpu_has_an_idle_and_a_stop_task_of_its_own(world):
    own = [(rq.idle, rq.stop) for rq in world.rqs]
    assert [p for pair in own for p in pair] == world.tasks[4:]
    assert all(i.sched_class == CLASS_IDLE and s.sched_class == CLASS_STOP for i, s in own)
    assert [i.comm for i, _ in own] == [b"swapper/0", b"swapper/1", b"swapper/2"]


def test_a_booted_machine_is_idle(world):
    assert [rq.curr for rq in world.rqs] == [rq.idle for rq in world.rqs]
    assert Sched.idle_cpus.peek(world.sched) == 7
    assert {p.state for p in world.tasks[:4]} == {TASK_DEAD}


def test_local_dsqs_come_first_then_the_global_one(world):
    assert [d.owner for d in world.dsqs] == [0, 1, 2, -1, -1, -1]
    assert (world.global_dsq.id, world.dsqs[4].id) == (SCX_DSQ_GLOBAL, SCX_DSQ_INVALID)
    assert [rq.local_dsq for rq in world.rqs] == world.dsqs[:3]


def test_a_reference_reads_back_as_the_cell_it_names(world):
    p, d = world.tasks[3], world.dsqs[4]
    p.dsq = d
    d.head = p
    assert (p.dsq, d.head, p.dsq_next) == (d, p, None)


def test_boot_forgets_what_was_there(world):
    world.tasks[0].holding_cpu = 2
    world.dsqs[3].nr = 9
    world.boot()
    assert (world.tasks[0].holding_cpu, world.dsqs[3].nr) == (-1, 0)
