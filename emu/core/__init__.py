"""The emulated kernel. Modules are named after the kernel's concepts, functions after its own.

`MODULES` lists them bottom to top; a module imports only those before it, and calls through the
module (`dsq.dispatch_enqueue(...)`), so that a fault can replace one function and nothing else.
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
    "enqueue",
    "dequeue",
    "transfer",
    "dispatch",
    "tick",
    "pick",
    "change",
    "affinity",
    "wakeup",
    "load",
)
