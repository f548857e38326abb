"""The emulated kernel. Modules are named after the kernel's concepts, functions after its own.

`MODULES` lists them bottom to top; a module imports only those before it, and calls through the
module (`dsq.dispatch_enqueue(...)`), so that a fault can replace one function and nothing else.

The line that implements a guard of the ownership protocol carries its number, as in `# G17:`.
Guards of what a CPU does around it (idle masks, wakeups, rq locks) are numbered apart: `# CG17:`.
"""

MODULES = (
    "this_cpu",
    "report",
    "scx_exit",
    "callback",
    "ops_state",
    "classes",
    "idle",
    "dsq",
    "tick",
    "enqueue",
    "dequeue",
    "transfer",
    "dispatch",
    "pick",
    "change",
    "affinity",
    "wakeup",
    "load",
)
