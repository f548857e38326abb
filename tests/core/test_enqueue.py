"""Enqueue: where a runnable task goes, and who owns it then."""

import pytest

from emu.abi.dsq import SCX_DSQ_GLOBAL, SCX_DSQ_INVALID, SCX_DSQ_LOCAL
from emu.abi.flags import PF_EXITING, SCX_ENQ_HEAD, SCX_OPS_ENQ_EXITING, SCX_TASK_QUEUED
from emu.abi.limits import SCX_SLICE_DFL
from emu.abi.states import SCX_OPSS_NONE, SCX_OPSS_QUEUED, SCX_OPSS_STATE_MASK
from emu.bpf import SchedExtOps, scx_bpf_dsq_insert
from emu.core import change, ops_state
from emu.layout.task import Task
from tests.core.acting import POOL, Fifo, Keeper, changed, on_dsq, pool
from tests.one_process import Machine, finding_of


def inserting(dsq_id, slice_ns=SCX_SLICE_DFL, flags=0):
    return changed(Fifo, enqueue=lambda p, f: scx_bpf_dsq_insert(p, dsq_id, slice_ns, flags))


@pytest.mark.parametrize("dsq_id", [SCX_DSQ_LOCAL, SCX_DSQ_GLOBAL, POOL])
def test_a_direct_verdict_is_carried_out_after_the_callback(dsq_id):
    with Machine(inserting(dsq_id, 3_000_000)) as machine:
        p = machine.task("p", mask=1)
        world = machine.world
        where = {SCX_DSQ_LOCAL: world.dsqs[0], SCX_DSQ_GLOBAL: world.global_dsq, POOL: pool()}
        assert (p.dsq, on_dsq(where[dsq_id])) == (where[dsq_id], ["p"])
        assert (Task.ops_state.peek(p), p.ddsp_dsq_id) == (SCX_OPSS_NONE, SCX_DSQ_INVALID)
        assert (p.slice, p.dsq.nr) == (3_000_000, 1)


def test_a_slice_of_zero_keeps_what_is_left():
    with Machine(inserting(POOL, 0)) as machine:
        assert machine.task("p").slice == SCX_SLICE_DFL


def test_the_head_flag_puts_a_task_first():
    with Machine(inserting(POOL, flags=SCX_ENQ_HEAD)) as machine:
        for name in ("a", "b", "c"):
            machine.task(name)
        assert on_dsq(pool()) == ["c", "b", "a"]


def test_without_ops_enqueue_tasks_go_to_the_global_dsq_with_a_fresh_slice():
    bare = type("Bare", (SchedExtOps,), {"name": "bare"})
    with Machine(bare, nr_cpus=1) as machine:
        machine.world.sched.idle_cpus.store(0)
        p = machine.task("p")
        assert (on_dsq(machine.world.global_dsq), p.slice) == (["p"], SCX_SLICE_DFL)


def test_a_task_without_a_verdict_belongs_to_the_scheduler():
    with Machine(Keeper) as machine:
        p = machine.task("p")
        assert Task.ops_state.peek(p) & SCX_OPSS_STATE_MASK == SCX_OPSS_QUEUED
        assert (p.dsq, p.linked, p.holding_cpu, p.sticky_cpu) == (None, None, -1, -1)
        assert p.scx_flags & SCX_TASK_QUEUED and machine.world.rqs[0].scx_nr_running == 1


def test_each_hand_over_of_an_rq_has_the_next_brand():
    """S21."""
    with Machine(Keeper) as machine:
        p = machine.task("p")
        first = Task.ops_state.peek(p)
        change.set_user_nice(p, 5)
        assert Task.ops_state.peek(p) == first + ops_state.brand(1)


def test_brands_of_two_rqs_never_meet():
    """3.3: the kernel's may; here a stale verdict must not pass for a fresh one."""
    with Machine(Keeper) as machine:
        brands = [Task.ops_state.peek(machine.task(mask=1 << cpu)) for cpu in (0, 1)]
        assert brands[0] != brands[1] and 2 not in brands


@pytest.mark.parametrize(("flags", "place"), [(0, "local"), (SCX_OPS_ENQ_EXITING, "pool")])
def test_a_dying_task_goes_to_its_own_cpu_unless_the_scheduler_wants_it(flags, place):
    """4.3.2, row 6."""
    with Machine(type("Mine", (Fifo,), {"flags": flags})) as machine:
        p = machine.task("p", mask=1)
        p.flags = PF_EXITING
        change.set_user_nice(p, 1)
        assert p.dsq == (machine.world.dsqs[0] if place == "local" else pool())


def test_a_fallback_forgets_a_verdict_that_was_not_followed():
    """G34."""
    chosen = changed(Fifo, select_cpu=lambda p, *a: scx_bpf_dsq_insert(p, POOL, 1, 0) and 0)
    with Machine(chosen) as machine:
        machine.world.rqs[0].online = False
        p = machine.task("p")
        assert (p.dsq, p.ddsp_dsq_id) == (machine.world.dsqs[0], SCX_DSQ_INVALID)


def test_one_callback_gives_one_verdict():
    """G49."""
    twice = changed(Fifo, enqueue=lambda p, f: [scx_bpf_dsq_insert(p, POOL, 1, 0) for _ in "12"])
    with Machine(twice) as machine:
        found = finding_of(machine, machine.task)
        assert found["message"] == "ERROR: task1 is direct-dispatched already"
