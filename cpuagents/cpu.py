"""The loop of a CPU: take interrupts, let timers fire, schedule, run the current task.

Interrupts are taken between instructions and while CPU time passes, never under an rq lock, as
they are off there.
"""

from cpuagents import program, timers, workload_of
from cpuagents.blocking import WorkloadError
from emu.abi.states import CLASS_EXT, CLASS_STOP
from emu.core import affinity, classes, idle, pick, report, this_cpu, tick
from emu.layout.rq import Rq
from emu.machine import _machine as hw
from emu.machine import irq


def main() -> None:
    """One run of this CPU: until it is over, or the time of the scenario is."""
    this_cpu.begin_run()
    timers.reset()
    tick.reset()
    program.scenario = workload_of.this_run()
    rq = this_cpu.rq
    end_ns = this_cpu.world.sched.duration_ns or hw.NEVER
    try:
        while hw.now() < end_ns:
            _one_round(rq)
    except WorkloadError as error:
        report.workload(str(error))


def _one_round(rq: Rq) -> None:
    if hw.irq_pending():
        irq.take()
    timers.run_expired()
    tick.run_if_due(rq)
    if classes.need_resched(rq):
        pick.schedule()
    curr = Rq.curr.peek(rq)
    assert curr is not None, "a CPU always runs something"
    if curr.sched_class == CLASS_EXT:
        program.step(curr)
    elif curr.sched_class == CLASS_STOP:
        affinity.cpu_stopper()
        pick.schedule()
    else:
        idle.wait(timers.next_ns())
