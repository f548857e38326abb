"""Tasks: what the generic scheduler, SCX and the task interpreter keep of each."""

from emu.abi.limits import COMM_BYTES, NR_REGS
from emu.layout.refs import DSQ, TASK
from emu.machine import _machine as hw
from emu.machine.struct import Struct

PROGRAM = hw.OTHER


class Task(Struct):
    """A task. Kernel: struct task_struct and struct sched_ext_entity."""

    pi_lock = hw.Lock()  # Order: outside every rq.lock.

    # Constant once the task was made.
    comm = hw.Bytes(COMM_BYTES)
    pid = hw.Plain(hw.U64)
    sched_class = hw.Plain(hw.U64)

    # The sleep handshake: the sleeper stores `state`, then looks at its condition; the waker stores
    # the condition, then takes pi_lock and looks at `state`, `on_rq`, `on_cpu`, in this order.
    state = hw.Once(hw.U64)
    on_rq = hw.Once(hw.U64)  # Guard: rq.lock of its CPU to write.
    # Release: the last thing a CPU does with a task it ran; pairs with wait_on_cpu().
    on_cpu = hw.Once(hw.BOOL)
    cpu = hw.Once(hw.S64)  # Guard: pi_lock if it wakes, rq.lock if it is runnable.

    # Guard: pi_lock and rq.lock to write, either to read.
    cpus_mask = hw.Cpumask()
    nice = hw.Plain(hw.S64)
    weight = hw.Plain(hw.U64)
    flags = hw.Plain(hw.U64)  # PF_*

    # Affinity requests that wait for the stopper. Guard: pi_lock to set; the stopper clears it.
    migration_pending = hw.Once(hw.BOOL)
    stop_next = hw.Plain(TASK)  # Guard: rq.lock of the stopper's CPU.
    stop_queued = hw.Plain(hw.BOOL)

    # p->scx
    ops_state = hw.Atomic()  # See emu/core/ops_state.py.
    # Guard: the DISPATCHING owner, or rq.lock of its CPU; and the DSQ's lock if there is one.
    dsq = hw.Plain(DSQ)
    holding_cpu = hw.Plain(hw.S64)  # CPU that moves it, or -1.
    # Guard: the lock of the list it is on.
    linked = hw.Plain(DSQ)  # The DSQ whose list its node is on.
    dsq_next = hw.Plain(TASK)
    dsq_prev = hw.Plain(TASK)
    dsq_seq = hw.Plain(hw.U32)
    # Guard: rq.lock of its CPU.
    scx_flags = hw.Plain(hw.U64)
    sticky_cpu = hw.Plain(hw.S64)  # Where a move of the kernel's own takes it, or -1.
    slice = hw.Plain(hw.U64)  # ns left
    dsq_vtime = hw.Plain(hw.U64)
    exec_start = hw.Plain(hw.S64)
    sum_exec = hw.Plain(hw.U64)  # ns of CPU it had
    nr_switches = hw.Plain(hw.U64)
    # A verdict on its way to the insertion. Guard: pi_lock in select_cpu, then rq.lock.
    ddsp_dsq_id = hw.Plain(hw.U64)
    ddsp_enq_flags = hw.Plain(hw.U64)
    ddsp_slice = hw.Plain(hw.U64)

    # The program. Guard: the CPU that runs it; what others touch says so.
    template = hw.Plain(hw.U64, points=PROGRAM)
    pc = hw.Plain(hw.U64, points=PROGRAM)
    phase = hw.Plain(hw.U64, points=PROGRAM)
    regs = hw.Array(hw.U64, NR_REGS, points=PROGRAM)
    work_left = hw.Plain(hw.S64, points=PROGRAM)  # ns
    worked_ns = hw.Plain(hw.U64, points=PROGRAM)
    until = hw.Plain(hw.S64, points=PROGRAM)  # ns
    still_since = hw.Plain(hw.S64, points=PROGRAM)  # ns
    nr_still = hw.Plain(hw.U64, points=PROGRAM)
    birth_mask = hw.Cpumask(points=PROGRAM)
    ended_ns = hw.Plain(hw.S64, points=PROGRAM)
    # Written by wakers too; a time that is a little old only lets clocks meet a little later.
    seen_ns = hw.Plain(hw.S64, points=PROGRAM)
    timer_gen = hw.Plain(hw.U64, points=PROGRAM)
    # Guard: the lock of the object it waits on.
    wait_on = hw.Once(hw.U64, points=PROGRAM)  # Number of the object + 1, or 0.
    wait_next = hw.Plain(TASK, points=PROGRAM)
    wake_token = hw.Once(hw.BOOL, points=PROGRAM)
