"""qfifo: the queue is the scheduler's, and verdicts go through the dispatch buffer."""

from emu.abi.states import SCX_OPSS_NONE, SCX_OPSS_QUEUED, SCX_OPSS_STATE_MASK
from emu.core import affinity, change
from scheduler_plugins.qfifo import BATCH, Qfifo
from tests.one_process import Machine


def states(tasks):
    return [p.ops_state.load() & SCX_OPSS_STATE_MASK for p in tasks]


def test_a_task_that_finds_no_idle_cpu_is_in_the_custody_of_the_scheduler():
    with Machine(Qfifo) as machine:
        tasks = [machine.task() for _ in range(3)]
        assert states(tasks) == [SCX_OPSS_NONE, SCX_OPSS_NONE, SCX_OPSS_QUEUED]
        assert Qfifo.queue.peek() == tasks[2].pid


def test_one_dispatch_takes_a_batch_the_first_of_it_for_its_own_cpu():
    with Machine(Qfifo) as machine:
        tasks = [machine.task() for _ in range(8)]
        machine.schedule(0), machine.schedule(1)
        machine.expire(0)
        assert machine.schedule(0) == tasks[2]
        assert states(tasks[2:7]) == [SCX_OPSS_NONE] * BATCH + [SCX_OPSS_QUEUED]
        assert machine.world.global_dsq.nr == BATCH - 1


def test_a_pid_left_over_from_an_earlier_stay_does_no_harm():
    with Machine(Qfifo, nr_cpus=1) as machine:
        runner, p = machine.task(), machine.task()
        machine.schedule(0)
        change.set_user_nice(p, 5)  # Off the queue, and on it again: its pid is there twice.
        ran = []
        for _ in range(5):
            machine.expire(0)
            ran.append(machine.schedule(0))
        assert ran == [p, runner, p, runner, p]


def test_a_task_with_a_mask_goes_to_its_own_cpu():
    with Machine(Qfifo) as machine:
        for _ in range(2):
            machine.task()
        machine.schedule(0), machine.schedule(1)
        p = machine.task(mask=0b10)
        assert (Qfifo.queue.peek(), p.dsq) == (None, machine.world.dsqs[1])


def test_a_task_in_custody_that_gets_a_mask_is_not_sent_elsewhere():
    with Machine(Qfifo) as machine:
        for _ in range(2):
            machine.task()
        machine.schedule(0), machine.schedule(1)
        p = machine.task()
        affinity.set_cpus_allowed_ptr(p, 0b10)
        machine.expire(0)
        machine.schedule(0)
        assert (p.cpu, p.dsq) == (1, machine.world.dsqs[1])
