"""The instructions of task programs: arguments, and exactly what each does.

A program is a flat tuple of instructions, each a name and integers. It starts at place 0 with all
registers 0 and must end in `exit` or `jump`. Whatever does not block goes on with the next place.

A waiter of an object is queued; the queue of each object is first come, first served.
"""

from enum import Enum


class Arg(Enum):
    """What an argument is. The value tells people."""

    NS = "ns"  # 0 or more.
    ABSOLUTE = "absolute"  # 0 or 1.
    COUNT = "count"  # 1 or more.
    NICE = "nice"  # -20 .. 19.
    REG = "reg"  # Below NR_REGS.
    PLACE = "place"  # Index of an instruction of the same program.
    MUTEX = "mutex"  # Index of an object of this kind; the same for the four below.
    COND = "cond"
    BARRIER = "barrier"
    SEM = "sem"
    TIMER = "timer"
    TEMPLATE = "template"  # Index of a template.
    THREAD = "thread"  # Index of a task that exists from the start.
    MASK = "mask"  # CPUs, bit by bit; 0: those the task was made with.


class Spec:
    """Arguments of an instruction, and its meaning."""

    def __init__(self, args: tuple[Arg, ...], about: str) -> None:
        """Declare one instruction."""
        self.args = args
        self.about = about


_TIMER = (
    "Steps: if the timer was never used, its next time is the `delay_ns` of the calling task's "
    "template; add the period; if that is in the future sleep until then, otherwise (late or "
    "exactly on time) do not block and, unless absolute, make the next time now."
)
INSTRUCTIONS: dict[str, Spec] = {
    "run": Spec((Arg.NS,), "Use so much CPU time. 0: nothing."),
    "spin": Spec(
        (Arg.NS,),
        "Use the CPU until the clock is so far beyond its value when this began; time in which "
        "the task was preempted counts. 0: nothing.",
    ),
    "sleep": Spec((Arg.NS,), "Sleep for so long. 0: do not block."),
    "sleep_until": Spec((Arg.NS,), "Sleep until the clock says so. Not after now: do not block."),
    "timer": Spec((Arg.TIMER, Arg.NS, Arg.ABSOLUTE), f"Wait for a timer that all share. {_TIMER}"),
    "own_timer": Spec(
        (Arg.REG, Arg.NS, Arg.ABSOLUTE),
        f"Wait for a timer of this task; the register is 0 if never used, else its next time + 1. "
        f"{_TIMER}",
    ),
    "lock": Spec(
        (Arg.MUTEX,),
        "Take a mutex; while it is taken, queue and sleep, and try again when woken. "
        "By its owner: the workload's fault.",
    ),
    "unlock": Spec(
        (Arg.MUTEX,),
        "Release a mutex and wake its first waiter, which competes for it again. "
        "Not by its owner: the workload's fault.",
    ),
    "wait": Spec(
        (Arg.COND, Arg.MUTEX),
        "Queue on the condition, then release the mutex as `unlock` does; when woken, take the "
        "mutex again as `lock` does. Without holding it: the workload's fault.",
    ),
    "signal": Spec((Arg.COND,), "Wake the first waiter; nobody waiting: lost."),
    "broadcast": Spec((Arg.COND,), "Wake all waiters in their order; nobody waiting: lost."),
    "barrier": Spec(
        (Arg.BARRIER,),
        "Count 0: wake all waiters and go on. Else count down, queue and sleep; when woken count "
        "up and go on. So who returns before all have woken may find 0 and pass.",
    ),
    "sem_post": Spec((Arg.SEM,), "Hand one to the first waiter and wake it, else count up."),
    "sem_wait": Spec(
        (Arg.SEM,), "Count above 0: count down. Else queue and sleep until handed one."
    ),
    "yield": Spec((), "sched_yield(): give the rest of the slice away."),
    "pause": Spec((), "Sleep until a `wake`. One that came before counts, once, and is used up."),
    "wake": Spec((Arg.THREAD,), "End the `pause` of a task, or its next one. It may be ended."),
    "fork": Spec(
        (Arg.TEMPLATE,),
        "Make a task and wake it. Mask and nice value are those of the template, or else of the "
        "calling task as they are now (control agent: all CPUs, 0).",
    ),
    "affinity": Spec((Arg.MASK,), "Run on these CPUs only. The mask in force: nothing changes."),
    "affinity_of": Spec((Arg.THREAD, Arg.MASK), "The same for another task, which may be ended."),
    "nice": Spec((Arg.NICE,), "Set the own nice value."),
    "renice_of": Spec((Arg.THREAD, Arg.NICE), "Set that of another task, which may be ended."),
    "set": Spec((Arg.REG, Arg.COUNT), "Set a register."),
    "loop": Spec(
        (Arg.REG, Arg.PLACE), "Count a register, 1 or more, down; above 0 then, go to the place."
    ),
    "jump": Spec((Arg.PLACE,), "Go to a place."),
    "exit": Spec((), "End. Mutexes still held stay taken."),
}
# The program of the control agent: no jumps; `sleep` is the only thing that takes time. Its end
# ends nothing else.
CONTROL_INSTRUCTIONS = ("sleep", "affinity_of", "renice_of", "wake", "fork", "exit")
EVENTS_STILL_MAX = 100_000  # Instructions of one task without virtual time passing: its fault.
FORKS_MAX = 1024  # Of one template in a run; one more is the workload's fault.
