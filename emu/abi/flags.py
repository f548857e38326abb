"""Flag sets that cross the border between kernel and scheduler, with the kernel's values."""

# Enqueue. The low 32 bits are the kernel's own ENQUEUE_*, the high ones are SCX's.
SCX_ENQ_WAKEUP = 0x1
ENQUEUE_RESTORE = 0x2  # Second half of an attribute change.
ENQUEUE_MOVE = 0x4
ENQUEUE_MIGRATING = 0x10
SCX_ENQ_HEAD = 0x10000
ENQUEUE_MIGRATED = 0x40000
ENQUEUE_INITIAL = 0x80000
SCX_ENQ_CPU_SELECTED = 0x100000
SCX_ENQ_PREEMPT = 1 << 32
SCX_ENQ_LAST = 1 << 41
SCX_ENQ_INTERNAL_MASK = 0xFF << 56
SCX_ENQ_CLEAR_OPSS = 1 << 56  # The insertion ends with ops_state := NONE.
SCX_ENQ_DSQ_PRIQ = 1 << 57
SCX_ENQ_GDSQ_FALLBACK = 1 << 59
SCX_ENQ_APPLY_SLICE = 1 << 61  # Commit the carried slice at insertion.

# Dequeue.
SCX_DEQ_SLEEP = 0x1
DEQUEUE_SAVE = 0x2
DEQUEUE_MOVE = 0x4
SCX_DEQ_CORE_SCHED_EXEC = 1 << 32
SCX_DEQ_SCHED_CHANGE = 1 << 33

# p->scx.flags
SCX_TASK_QUEUED = 1 << 0  # Runnable on SCX, running included. Not the state QUEUED.
SCX_TASK_RESET_RUNNABLE_AT = 1 << 2
SCX_TASK_DEQD_FOR_SLEEP = 1 << 3
SCX_TASK_ENABLED = 4 << 8

# Wakeups, as ops.select_cpu sees them.
SCX_WAKE_FORK = 0x4
SCX_WAKE_TTWU = 0x8
SCX_WAKE_SYNC = 0x10

# Kicks.
SCX_KICK_IDLE = 1 << 0
SCX_KICK_PREEMPT = 1 << 1
SCX_KICK_WAIT = 1 << 2

# Options of a scheduler.
SCX_OPS_KEEP_BUILTIN_IDLE = 1 << 0
SCX_OPS_ENQ_LAST = 1 << 1
SCX_OPS_ENQ_EXITING = 1 << 2
SCX_OPS_SWITCH_PARTIAL = 1 << 3
SCX_OPS_ENQ_MIGRATION_DISABLED = 1 << 4
SCX_OPS_ALLOW_QUEUED_WAKEUP = 1 << 5
SCX_OPS_SUPPORTED = SCX_OPS_KEEP_BUILTIN_IDLE | SCX_OPS_ENQ_LAST | SCX_OPS_ENQ_EXITING

# Task flags of the generic scheduler.
PF_EXITING = 0x4
