"""The task interpreter: one instruction of the running task at a time.

A task's program counter, loop counters and what is left of its present instruction lie in the
arena, since it may go on on any CPU. An instruction that blocks gives the CPU away inside
`pick.schedule()` and comes back to the agent loop at once; when the task runs again, perhaps
elsewhere, the instruction goes on at the `phase` it had reached.
"""

from collections.abc import Callable

from cpuagents import blocking, timers
from cpuagents.blocking import WorkloadError
from cpuagents.instructions import EVENTS_STILL_MAX, FORKS_MAX
from cpuagents.scenario import Scenario
from emu.abi.states import TASK_INTERRUPTIBLE, TASK_RUNNING
from emu.core import affinity, change, pick, this_cpu, tick, wakeup
from emu.layout.sync import Sync
from emu.layout.task import Task
from emu.machine import _machine as hw
from emu.machine import irq

scenario: Scenario  # Of the present run; set by the agent loop.

Args = tuple[int, ...]


def step(p: Task) -> None:
    """Do the next instruction of `p`, the current task of this CPU, or a part of it.

    Locks:  none may be held on entry, none are held on return.
    Errors: WorkloadError for what no program may do.
    """
    hw.advance_to(p.seen_ns)
    p.seen_ns = hw.now()  # Written before the instruction: after it `p` may run elsewhere.
    name, *args = scenario.templates[p.template].code[p.pc]
    _count_still(p)
    INSTRUCTIONS[name](p, tuple(args))


def _count_still(p: Task) -> None:
    now = hw.now()
    if now != p.still_since:
        p.still_since = now
        p.nr_still = 0
    p.nr_still = p.nr_still + 1
    if p.nr_still > EVENTS_STILL_MAX:
        raise WorkloadError(
            f"{blocking.name(p)} did {EVENTS_STILL_MAX} events and no virtual time passes"
        )


def _next(p: Task) -> None:
    p.phase = 0
    p.pc = p.pc + 1
    hw.progress()


# ---------------------------------------------------------------- time


def _use_cpu(p: Task, until_ns: int) -> int:
    """Use the CPU until `until_ns`, an interrupt, a timer or a tick; returns how long it was."""
    rq = this_cpu.rq
    start = hw.now()
    end_ns = this_cpu.world.sched.duration_ns or hw.NEVER
    deadline = min(until_ns, tick.next_deadline_ns(rq), timers.next_ns(), end_ns)
    if deadline > start:
        irq.cpu_wait(deadline, False)
    now = hw.now()
    p.seen_ns = now
    return now - start


def _run(p: Task, args: Args) -> None:
    if p.phase == 0:
        p.work_left = args[0]
        p.phase = 1
    if p.work_left:
        used = min(_use_cpu(p, hw.now() + p.work_left), p.work_left)
        p.work_left = p.work_left - used
        p.worked_ns = p.worked_ns + used
    if not p.work_left:
        _next(p)
        _exit_if_last(p)


def _exit_if_last(p: Task) -> None:
    """If nothing is left to do, exit: who is done as its slice ends needs no other turn for it."""
    if scenario.templates[p.template].code[p.pc][0] == "exit":
        _exit(p, ())


def _spin(p: Task, args: Args) -> None:
    if p.phase == 0:
        p.until = hw.now() + args[0]
        p.phase = 1
    if hw.now() < p.until:
        p.worked_ns = p.worked_ns + _use_cpu(p, p.until)
    if hw.now() >= p.until:
        _next(p)


def _sleep_until(p: Task, until_ns: int) -> None:
    """Sleep until a time; `phase` 1 says that `until` is set."""
    if p.phase == 0:
        p.until = until_ns
        p.phase = 1
    if hw.now() >= p.until:
        _next(p)
        return
    wakeup.set_current_state(TASK_INTERRUPTIBLE)
    timers.arm(p, p.until)
    pick.schedule()


def _sleep(p: Task, args: Args) -> None:
    _sleep_until(p, hw.now() + args[0])


def _sleep_to(p: Task, args: Args) -> None:
    _sleep_until(p, args[0])


def _timer(p: Task, args: Args) -> None:
    index, period_ns, absolute = args
    if p.phase == 0:
        s = _sync(index)
        with s.lock:
            last = s.next_ns if s.used else _origin(p)
            s.used = True
            s.next_ns = _next_time(last + period_ns, absolute)
        _sleep_until(p, last + period_ns)
    else:
        _sleep_until(p, p.until)


def _own_timer(p: Task, args: Args) -> None:
    reg, period_ns, absolute = args
    if p.phase == 0:
        last = p.regs[reg] - 1 if p.regs[reg] else _origin(p)
        p.regs[reg] = _next_time(last + period_ns, absolute) + 1
        _sleep_until(p, last + period_ns)
    else:
        _sleep_until(p, p.until)


def _origin(p: Task) -> int:
    """Where the timers of `p` count from."""
    return scenario.templates[p.template].delay_ns


def _next_time(wake_ns: int, absolute: int) -> int:
    """What a timer that wakes at `wake_ns` remembers: one that is late starts again from now."""
    return wake_ns if absolute else max(wake_ns, hw.now())


# ---------------------------------------------------------------- the program itself


def _set(p: Task, args: Args) -> None:
    p.regs[args[0]] = args[1]
    _next(p)


def _loop(p: Task, args: Args) -> None:
    reg, target = args
    p.regs[reg] = p.regs[reg] - 1
    _next(p)
    if p.regs[reg] > 0:
        p.pc = target


def _jump(p: Task, args: Args) -> None:
    p.pc = args[0]
    p.phase = 0


def _yield(p: Task, args: Args) -> None:
    _next(p)
    change.do_sched_yield()
    pick.schedule()


def _exit(p: Task, args: Args) -> None:
    hw.progress()
    wakeup.do_exit(p)
    pick.schedule()


def _fork(p: Task, args: Args) -> None:
    _next(p)
    spawn(args[0], p)


def spawn(template: int, parent: Task | None) -> Task:
    """Make a task from a template and wake it for the first time.

    Errors: WorkloadError if there is no room for it, or its template was forked too often.
    Kernel: kernel_clone(), sched_fork(), wake_up_new_task().
    """
    world = this_cpu.world
    nr_forks = world.sched.forks[template].fetch_add(1)
    if nr_forks >= FORKS_MAX:
        raise WorkloadError(
            f"{scenario.templates[template].name} is forked more than {FORKS_MAX} times"
        )
    index = world.sched.nr_tasks.fetch_add(1)
    if index >= world.limits.nr_tasks:
        raise WorkloadError(f"there is room for {world.limits.nr_tasks} tasks; fork fewer")
    p = world.tasks[index]
    prepare(p, template, parent, f"-{nr_forks:04d}")
    p.seen_ns = hw.now()
    wakeup.wake_up_new_task(p)
    return p


def prepare(p: Task, template: int, parent: Task | None, suffix: str = "") -> None:
    """Fill a fresh task from its template: name, mask, nice value, program."""
    t = scenario.templates[template]
    name = f"{t.name}-{p.index}{suffix}" if t.numbered else t.name
    mask = t.cpus or (parent.cpus_mask if parent else 0) or this_cpu.world.all_cpus
    nice = t.nice if t.nice is not None else parent.nice if parent else 0
    wakeup.sched_fork(p, name.encode(), mask, nice)
    p.template = template
    p.birth_mask = mask


# ---------------------------------------------------------------- each other


def _sync(index: int) -> Sync:
    return this_cpu.world.syncs[index]


def _lock(p: Task, args: Args) -> None:
    if p.wait_on:
        blocking.sleep_while_queued(p)
    elif blocking.lock(_sync(args[0]), p):
        _next(p)


def _unlock(p: Task, args: Args) -> None:
    _next(p)
    blocking.unlock(_sync(args[0]), p)


def _wait(p: Task, args: Args) -> None:
    cond, mutex = args
    if p.phase == 0:
        p.phase = 1
        blocking.wait_begin(_sync(cond), _sync(mutex), p)
    if p.wait_on:
        blocking.sleep_while_queued(p)
    elif blocking.lock(_sync(mutex), p):
        _next(p)


def _signal(p: Task, args: Args) -> None:
    _next(p)
    blocking.signal(_sync(args[0]))


def _broadcast(p: Task, args: Args) -> None:
    _next(p)
    blocking.broadcast(_sync(args[0]))


def _barrier(p: Task, args: Args) -> None:
    s = _sync(args[0])
    if p.phase == 0:
        p.phase = 1
        if blocking.barrier_enter(s, p):
            _next(p)
            return
    if p.wait_on:
        blocking.sleep_while_queued(p)
    else:
        blocking.barrier_leave(s)
        _next(p)


def _sem_post(p: Task, args: Args) -> None:
    _next(p)
    blocking.sem_post(_sync(args[0]))


def _sem_wait(p: Task, args: Args) -> None:
    if p.phase == 0:
        p.phase = 1
        if blocking.sem_wait(_sync(args[0]), p):
            _next(p)
            return
    if p.wait_on:
        blocking.sleep_while_queued(p)
    else:
        _next(p)


def _pause(p: Task, args: Args) -> None:
    wakeup.set_current_state(TASK_INTERRUPTIBLE)
    if p.wake_token:
        p.wake_token = False
        wakeup.set_current_state(TASK_RUNNING)
        _next(p)
    else:
        pick.schedule()


def wake_thread(index: int) -> None:
    """Let thread `index` out of its `pause`, or the next one if it is not in one."""
    p = this_cpu.world.tasks[index]
    p.wake_token = True
    blocking.wake(p)


def _wake(p: Task, args: Args) -> None:
    _next(p)
    wake_thread(args[0])


def _affinity(p: Task, args: Args) -> None:
    _next(p)
    change_affinity(p, args[0])


def _affinity_of(p: Task, args: Args) -> None:
    _next(p)
    change_affinity(this_cpu.world.tasks[args[0]], args[1])


def change_affinity(p: Task, mask: int) -> None:
    """Give `p` another mask of CPUs; 0 means the one it was made with."""
    affinity.set_cpus_allowed_ptr(p, mask or p.birth_mask)


def _nice(p: Task, args: Args) -> None:
    _next(p)
    change.set_user_nice(p, args[0])


def _renice_of(p: Task, args: Args) -> None:
    _next(p)
    change.set_user_nice(this_cpu.world.tasks[args[0]], args[1])


INSTRUCTIONS: dict[str, Callable[[Task, Args], None]] = {
    "run": _run,
    "spin": _spin,
    "sleep": _sleep,
    "sleep_until": _sleep_to,
    "timer": _timer,
    "own_timer": _own_timer,
    "set": _set,
    "loop": _loop,
    "jump": _jump,
    "yield": _yield,
    "exit": _exit,
    "fork": _fork,
    "lock": _lock,
    "unlock": _unlock,
    "wait": _wait,
    "signal": _signal,
    "broadcast": _broadcast,
    "barrier": _barrier,
    "sem_post": _sem_post,
    "sem_wait": _sem_wait,
    "pause": _pause,
    "wake": _wake,
    "affinity": _affinity,
    "affinity_of": _affinity_of,
    "nice": _nice,
    "renice_of": _renice_of,
}
