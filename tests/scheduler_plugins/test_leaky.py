"""leaky: one interleaving of two additions strands a task; others do not."""

from emu.abi.states import TASK_DEAD
from emu.bpf import scx_bpf_dsq_nr_queued
from emu.core import pick
from scheduler_plugins.leaky import SHARED_DSQ, Leaky
from tests.one_process import Machine


def finish(machine, cpu):
    """What a CPU runs ends; returns whether it is idle then."""
    machine.on(cpu)
    machine.curr(cpu).state = TASK_DEAD
    pick.schedule()
    return machine.curr(cpu) == machine.world.rqs[cpu].idle


def strands(machine, lose):
    for _ in range(4):
        machine.task()
    machine.schedule(0), machine.schedule(1)
    if lose:
        Leaky.waiting.fetch_add(0, -1)
    while not all([finish(machine, 0), finish(machine, 1)]):
        pass
    return scx_bpf_dsq_nr_queued(SHARED_DSQ)


def test_every_task_runs_when_no_addition_is_lost():
    with Machine(Leaky) as machine:
        assert strands(machine, lose=False) == 0


def test_a_lost_addition_leaves_a_task_behind_while_all_cpus_are_idle():
    """Method: the loss itself is a matter of interleaving; here it is made by hand."""
    with Machine(Leaky) as machine:
        assert strands(machine, lose=True) == 1
