"""Maps: where they lie, what they hold, and what is refused."""

from errno import E2BIG

import pytest

from emu.bpf import Array, Global, PerCpuArray, Queue, SchedExtOps, TaskStorage, maps
from emu.bpf.task import views
from emu.layout.world import Limits
from emu.machine import _machine as hw
from emu.machine.arena import Arena
from tests.one_process import Machine


class Keeper(SchedExtOps):
    name = "keeper"
    words = Array(3, init=7)
    per_cpu = PerCpuArray(2)
    queue = Queue(2)
    mark = TaskStorage(init=5)
    clock = Global(init=1)


@pytest.fixture
def machine():
    with Machine(Keeper) as machine:
        yield machine


@pytest.fixture
def ops(machine):
    return Keeper()


def test_words_start_with_their_initial_values(ops):
    p = views[0]
    assert (list(ops.words), ops.per_cpu[0], ops.mark[p], ops.clock) == ([7, 7, 7], 0, 5, 1)


def test_words_are_u64_and_wrap(ops):
    ops.words[0] = -1
    ops.clock -= 2
    assert ops.words[0] == ops.clock == 2**64 - 1


def test_atomics_return_what_was_there(ops):
    seen = ops.words.fetch_add(1, 3), Keeper.clock.fetch_add(1), ops.words.cmpxchg(1, 10, 0)
    assert (seen, ops.words[1], ops.clock) == ((7, 1, 10), 0, 2)


def test_cmpxchg_leaves_a_word_alone_that_is_not_the_old_one(ops):
    assert (ops.words.cmpxchg(0, 1, 9), ops.words[0]) == (7, 7)


def test_a_cpu_sees_only_its_own_words_of_a_per_cpu_array(machine, ops):
    for cpu, value in ((-1, 1), (0, 10), (1, 100)):
        machine.on(cpu)
        ops.per_cpu[1] += value
    assert (ops.per_cpu[1], ops.per_cpu[0], ops.per_cpu.total(1)) == (100, 0, 111)


def test_task_storage_keeps_tasks_apart(ops):
    ops.mark[views[1]] = 9
    assert [ops.mark[p] for p in views[:3]] == [5, 9, 5]


def test_a_queue_gives_its_words_back_in_order_across_the_end_of_its_ring(ops):
    ops.queue.push(1)
    out = []
    for value in (2, 3, 4):
        ops.queue.push(value)
        out.append(ops.queue.pop())
    assert (out, ops.queue.peek(), ops.queue.pop(), ops.queue.pop()) == ([1, 2, 3], 4, 4, None)


def test_a_full_queue_refuses_a_word_and_keeps_the_others(ops):
    assert [ops.queue.push(value) for value in (1, 2, 3)] == [0, 0, -E2BIG]
    assert (ops.queue.pop(), ops.queue.pop(), ops.queue.peek()) == (1, 2, None)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_word_that_does_not_exist_is_refused_with_the_limits(ops, index):
    with pytest.raises(IndexError, match=f"map words has the words 0 to 2, not {index}"):
        ops.words[index]


def test_a_map_of_a_scheduler_that_is_not_loaded_says_so():
    with pytest.raises(IndexError, match="used before the scheduler is loaded"):
        Array(1)[0]


def test_an_attribute_outside_a_map_cannot_be_written(ops):
    with pytest.raises(AttributeError, match=r"Keeper.count .* use a map: count = Global\(\)"):
        ops.count = 1


def test_a_map_cannot_be_replaced_by_a_value(ops):
    with pytest.raises(AttributeError, match="Keeper.words"):
        ops.words = 1


def test_maps_fill_the_bytes_they_asked_for_and_do_not_overlap(machine, ops):
    """Method: fill each map with its own value and read all of them back."""
    ops.words[0] = ops.words[1] = ops.words[2] = 1
    ops.per_cpu[0] = ops.per_cpu[1] = 2
    ops.queue.push(3), ops.queue.push(3)
    for p in views[:8]:
        ops.mark[p] = 4
    ops.clock = 5
    assert list(ops.words) == [1] * 3
    assert [ops.per_cpu[i] for i in (0, 1)] == [2, 2]
    assert [ops.queue.pop(), ops.queue.pop()] == [3, 3]
    assert maps.maps_bytes(Keeper, machine.world.limits) == machine.world.limits.maps_bytes
    assert machine.world.maps_offset + machine.world.limits.maps_bytes <= machine.world.end


class Counter(SchedExtOps):
    name = "counter"
    words = Array(1)
    queue = Queue(1)


@pytest.mark.parametrize(
    ("act", "nr_points"),
    [
        (lambda ops: ops.words.__setitem__(0, ops.words[0] + 1), 2),
        (lambda ops: ops.words.fetch_add(0, 1), 1),
        (lambda ops: ops.queue.push(1), 2),
    ],
)
def test_others_can_come_in_between_at_each_access_to_a_map(act, nr_points):
    """Method: a controlled run with one participant, which counts its steps."""
    arena = Arena.create(4096, 1)
    maps.place(arena.base, Counter, Limits(1, 1))
    arena.attach(0)
    hw.configure(steps_max=100, stall_steps=100)
    hw.set_plan(lambda enabled, step, decisions, me: (0, 100))
    hw.begin(hw.CONTROLLED, hw.POLICY, False)
    before = hw.state()["step"]
    act(Counter())
    after = hw.state()["step"]
    hw.end(hw.ENDED)
    hw.set_plan(None)
    arena.close()
    assert after - before == nr_points
