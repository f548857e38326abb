"""States of a task: towards the scheduler, towards its rq, and as a sleeper."""

# ops_state: the low two bits are the state, the rest is the brand (qseq).
SCX_OPSS_NONE = 0
SCX_OPSS_QUEUEING = 1
SCX_OPSS_QUEUED = 2
SCX_OPSS_DISPATCHING = 3
SCX_OPSS_QSEQ_SHIFT = 2
SCX_OPSS_STATE_MASK = 3
SCX_OPSS_QSEQ_MASK = (1 << 64) - 1 & ~SCX_OPSS_STATE_MASK
OPSS_NAMES = ("NONE", "QUEUEING", "QUEUED", "DISPATCHING")

# p->state
TASK_RUNNING = 0
TASK_INTERRUPTIBLE = 1
TASK_DEAD = 0x80
TASK_WAKING = 0x200
TASK_NEW = 0x800
STATE_NAMES = {
    TASK_RUNNING: "runnable",
    TASK_INTERRUPTIBLE: "asleep",
    TASK_DEAD: "exited",
    TASK_WAKING: "waking",
    TASK_NEW: "new",
}

# p->on_rq
TASK_ON_RQ_BLOCKED = 0
TASK_ON_RQ_QUEUED = 1
TASK_ON_RQ_MIGRATING = 2

# Scheduling classes, lowest first.
CLASS_IDLE = 0
CLASS_EXT = 1
CLASS_STOP = 2
CLASS_NAMES = ("idle", "ext", "stop")
