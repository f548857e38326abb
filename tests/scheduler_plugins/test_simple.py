"""simple: one queue, first come first served."""

from emu.bpf import scx_bpf_dsq_nr_queued
from scheduler_plugins.simple import GLOBAL, LOCAL, SHARED_DSQ, Simple
from tests.one_process import Machine


def test_a_task_that_wakes_while_a_cpu_is_idle_goes_there_directly():
    with Machine(Simple) as machine:
        tasks = [machine.task() for _ in range(2)]
        assert scx_bpf_dsq_nr_queued(SHARED_DSQ) == 0
        assert [machine.schedule(cpu) for cpu in (0, 1)] == tasks
        assert (Simple.stats.total(LOCAL), Simple.stats.total(GLOBAL)) == (2, 0)


def test_tasks_take_turns_in_the_order_of_their_arrival():
    with Machine(Simple, nr_cpus=1) as machine:
        tasks = [machine.task() for _ in range(3)]
        ran = []
        for _ in range(6):
            ran.append(machine.schedule(0))
            machine.expire(0)
        assert ran == tasks * 2


def test_a_queued_task_moves_to_the_first_cpu_that_asks():
    with Machine(Simple) as machine:
        first, second, third = (machine.task() for _ in range(3))
        machine.schedule(0), machine.schedule(1)
        machine.expire(1)
        assert (machine.schedule(1), third.cpu) == (third, 1)
        assert (machine.curr(0), second.on_cpu) == (first, False)
