"""kfuncs: what they do from the right callback, and what is said when they are misused."""

from errno import EBUSY, EEXIST, EINVAL, ENOENT

import pytest

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_ON
from emu.abi.events import PRINT
from emu.abi.limits import SCX_SLICE_DFL
from emu.bpf import (
    SchedExtOps,
    bpf_get_prandom_u32,
    bpf_get_smp_processor_id,
    bpf_printk,
    bpf_task_from_pid,
    scx_bpf_create_dsq,
    scx_bpf_destroy_dsq,
    scx_bpf_dispatch_cancel,
    scx_bpf_dispatch_nr_slots,
    scx_bpf_dsq_insert,
    scx_bpf_dsq_move_to_local,
    scx_bpf_dsq_nr_queued,
    scx_bpf_error,
    scx_bpf_pick_idle_cpu,
    scx_bpf_select_cpu_dfl,
    scx_bpf_task_cpu,
    scx_bpf_task_running,
    scx_bpf_test_and_clear_cpu_idle,
)
from emu.bpf.kf_runtime import printk_text
from emu.bpf.task import views
from emu.machine import _machine as hw
from tests.one_process import Machine, finding_of

POOL = 5


class Fifo(SchedExtOps):
    """Puts everything on one DSQ; the tests derive from it."""

    name = "fifo"

    def init(self):
        return scx_bpf_create_dsq(POOL, -1)

    def select_cpu(self, p, prev_cpu, wake_flags):
        return prev_cpu

    def enqueue(self, p, enq_flags):
        scx_bpf_dsq_insert(p, POOL, SCX_SLICE_DFL, enq_flags)

    def dispatch(self, cpu, prev):
        scx_bpf_dsq_move_to_local(POOL)


def fifo(**ops):
    """A Fifo with some ops replaced; each is given without `self`."""
    return type("Changed", (Fifo,), {k: lambda self, *a, f=f: f(*a) for k, f in ops.items()})


def aborted(ops_class, act=lambda machine: machine.task()):
    with Machine(ops_class) as machine:
        return finding_of(machine, lambda: act(machine))["message"]


def test_a_task_put_on_a_user_dsq_is_counted_and_then_runs():
    with Machine(Fifo) as machine:
        machine.on(0)
        p = machine.task()
        assert scx_bpf_dsq_nr_queued(POOL) == 1
        assert machine.schedule(0) == p
        assert (scx_bpf_dsq_nr_queued(POOL), scx_bpf_task_running(views[0])) == (0, True)


def test_queue_lengths_of_what_does_not_exist_are_errors():
    with Machine(Fifo):
        ids = (SCX_DSQ_LOCAL, SCX_DSQ_LOCAL_ON | 1, SCX_DSQ_LOCAL_ON | 9, SCX_DSQ_GLOBAL, 77)
        assert [scx_bpf_dsq_nr_queued(i) for i in ids] == [0, 0, -ENOENT, -ENOENT, -ENOENT]


def test_create_dsq_refuses_a_bad_id_a_bad_node_and_a_second_time():
    seen = []

    def init():
        scx_bpf_create_dsq(POOL, 0)
        seen.extend(scx_bpf_create_dsq(i, n) for i, n in ((POOL, -1), (SCX_DSQ_GLOBAL, -1), (6, 1)))

    with Machine(fifo(init=init)):
        assert seen == [-EEXIST, -EINVAL, -EINVAL]


def test_a_destroyed_dsq_is_not_found_again():
    with Machine(Fifo):
        scx_bpf_destroy_dsq(POOL)
        assert scx_bpf_dsq_nr_queued(POOL) == -ENOENT


@pytest.mark.parametrize(
    ("ops", "says"),
    [
        ({"enqueue": lambda p, f: scx_bpf_create_dsq(6, -1)}, "kfunc scx_bpf_create_dsq"),
        ({"enqueue": lambda p, f: scx_bpf_dsq_move_to_local(POOL)}, "scx_bpf_dsq_move_to_local"),
        ({"enqueue": lambda p, f: scx_bpf_dispatch_nr_slots()}, "from ops.enqueue()"),
        ({"enqueue": lambda p, f: scx_bpf_dispatch_cancel()}, "scx_bpf_dispatch_cancel"),
        ({"runnable": lambda p, f: scx_bpf_dsq_insert(p, POOL, 0, 0)}, "from ops.runnable()"),
        ({"runnable": lambda p, f: scx_bpf_select_cpu_dfl(p, 0, 0)}, "scx_bpf_select_cpu_dfl"),
    ],
)
def test_a_kfunc_from_the_wrong_callback_aborts_the_scheduler(ops, says):
    """E33."""
    message = aborted(fifo(**ops))
    assert says in message


@pytest.mark.parametrize(
    ("enqueue", "says"),
    [
        (lambda p, f: scx_bpf_dsq_insert(None, POOL, 0, 0), "NULL task"),  # E1
        (lambda p, f: scx_bpf_dsq_insert(p, POOL, 0, 1 << 57), "0x200000000000000"),  # E2
        (lambda p, f: [scx_bpf_dsq_insert(p, POOL, 0, 0) for _ in "12"], "already"),  # E7
        (lambda p, f: scx_bpf_dsq_insert(views[7], POOL, 0, 0), "not at hand"),  # E8
        (lambda p, f: scx_bpf_dsq_insert(p, 77, 0, 0), "0x4d"),  # E10
        (lambda p, f: scx_bpf_error("lost count"), "lost count"),
        (lambda p, f: scx_bpf_test_and_clear_cpu_idle(2), "invalid CPU 2"),
        (lambda p, f: scx_bpf_pick_idle_cpu(3, 8), "invalid flags 0x8"),
        (lambda p, f: scx_bpf_select_cpu_dfl(views[7], 0, 0), "not the task at hand"),
    ],
)
def test_a_wrong_argument_aborts_the_scheduler_and_is_named(enqueue, says):
    assert says in aborted(fifo(enqueue=enqueue))


def test_slots_of_the_dispatch_buffer_are_used_up_and_given_back():
    seen = []

    def dispatch(cpu, prev):
        for act in (lambda: scx_bpf_dsq_insert(views[0], POOL, 0, 0), scx_bpf_dispatch_cancel):
            seen.append(scx_bpf_dispatch_nr_slots())
            act()
        seen.append(scx_bpf_dispatch_nr_slots())

    ops = fifo(dispatch=dispatch)
    ops.dispatch_max_batch = 3
    with Machine(ops) as machine:
        machine.schedule(0)
        assert seen == [3, 2, 3]


@pytest.mark.parametrize(
    ("dispatch", "says"),
    [
        (lambda cpu, prev: scx_bpf_dispatch_cancel(), "buffer underflow"),  # E6
        (
            lambda cpu, prev: [scx_bpf_dsq_insert(views[0], POOL, 0, 0) for _ in range(33)],
            "buffer overflow",
        ),  # E5
        (lambda cpu, prev: scx_bpf_dsq_move_to_local(77), "invalid DSQ ID"),  # E18
    ],
)
def test_misuse_of_the_dispatch_buffer_aborts_the_scheduler(dispatch, says):
    assert says in aborted(fifo(dispatch=dispatch), lambda machine: machine.schedule(0))


def test_an_idle_cpu_is_claimed_only_once():
    with Machine(Fifo):
        claims = [scx_bpf_test_and_clear_cpu_idle(1) for _ in "12"]
        picks = [scx_bpf_pick_idle_cpu(0b11, 0) for _ in "12"]
        assert (claims, picks) == ([True, False], [0, -EBUSY])


def test_the_default_choice_is_the_previous_cpu_while_it_is_idle():
    seen = []

    def select_cpu(p, prev_cpu, wake_flags):
        seen.extend(scx_bpf_select_cpu_dfl(p, 1, wake_flags) for _ in "123")
        return prev_cpu

    with Machine(fifo(select_cpu=select_cpu)) as machine:
        machine.task()
        assert seen == [(1, True), (0, True), (1, False)]


def test_a_task_is_found_by_its_pid_while_it_lives():
    with Machine(Fifo) as machine:
        machine.task()
        assert bpf_task_from_pid(1) == views[0]
        assert [bpf_task_from_pid(pid) for pid in (0, 2, 8, 9)] == [None] * 4


def test_a_task_shows_what_the_kernel_shows_and_keeps_the_rest():
    with Machine(Fifo) as machine:
        machine.on(1)
        machine.task("worker", mask=0b10)
        p = views[0]
        assert (p.comm, p.pid, p.cpus_ptr, p.nr_cpus_allowed) == ("worker", 1, 2, 1)
        assert (p.scx.weight, p.scx.slice, scx_bpf_task_cpu(p)) == (100, SCX_SLICE_DFL, 1)
        p.scx.slice, p.scx.dsq_vtime = 7, 8
        assert (p.scx.slice, p.scx.dsq_vtime) == (7, 8)


@pytest.mark.parametrize("field", ["pid", "scx"])
def test_a_field_of_a_task_that_is_not_the_schedulers_cannot_be_written(field):
    with Machine(Fifo), pytest.raises(AttributeError, match=f"p.{field} cannot be written"):
        setattr(views[0], field, 1)


def test_the_weight_of_a_task_cannot_be_written():
    with Machine(Fifo), pytest.raises(AttributeError, match="p.scx.weight cannot be written"):
        views[0].scx.weight = 1


def test_random_numbers_depend_on_seed_cpu_and_count_only():
    with Machine(Fifo) as machine:

        def draws(seed, cpu):
            machine.world.sched.seed = seed
            machine.on(cpu)
            return [bpf_get_prandom_u32() for _ in range(4)]

        first = draws(1, 0)
        assert draws(1, 0) == first
        assert draws(2, 0) != first != draws(1, 1)
        assert len(set(first)) == 4 and all(0 <= n < 2**32 for n in first)


def test_a_printed_message_can_be_read_from_the_trace():
    message = "queue 3 is full, and this text needs two records"
    with Machine(Fifo):
        bpf_printk(message)
        records = [record[3:] for record in hw.traces(hw.me()) if record[2] == PRINT]
        assert "".join(printk_text(*words) for words in records) == message


def test_the_processor_id_of_init_is_that_of_the_first_cpu():
    with Machine(Fifo) as machine:
        ids = [bpf_get_smp_processor_id()]
        machine.on(1)
        assert [*ids, bpf_get_smp_processor_id()] == [0, 1]
