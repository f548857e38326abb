"""Every fixed limit, in one place. Those with SCX_ in their name are the kernel's."""

SCX_SLICE_DFL = 20_000_000  # ns
SCX_SLICE_INF = (1 << 64) - 1  # Never decremented.
SCX_DSP_DFL_MAX_BATCH = 32
SCX_DSP_MAX_LOOPS = 32
SCX_OPS_NAME_LEN = 128
SCX_WATCHDOG_MAX_TIMEOUT_MS = 30_000
SCX_EXIT_MSG_LEN = 1024

TICK_NS = 1_000_000  # HZ = 1000.

NR_CPUS_MAX = 256
NR_TASKS_MAX = 65_536
NR_DSQS_MAX = 128  # User DSQs that one run can create.
NR_DSQ_BUCKETS = 16
NR_REGS = 8  # Loop counters of a task program.
NR_TEMPLATES_MAX = 1024
COMM_BYTES = 40  # Longer than the kernel's 16, so that workload names stay whole.
