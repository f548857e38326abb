"""What can only be said of a workload as a whole: names without a partner, traps of the grammar."""

from cpuagents.rtapp import events, params
from cpuagents.rtapp.events import Event
from cpuagents.rtapp.model import Task, Workload
from cpuagents.rtapp.place import nearest

UNIQUE = "unique"  # A timer whose ref starts with this belongs to one thread.
WAKING = ("signal", "broad", "sync")
RESOURCE_KINDS = {
    "mutex": ("lock", "unlock", "wait", "sync", "suspend", "resume"),
    "wait": ("wait", *WAKING, "suspend", "resume"),
    "timer": ("timer",),
}


def review(workload: Workload) -> None:
    """Note what is likely a mistake.

    Errors: BadInput for what cannot run at all.
    """
    for task in workload.tasks:
        for event in task.events:
            if event.kind == "fork" and workload.task(event.ref) is None:
                names = [t.name for t in workload.tasks]
                event.place.refuse(f'fork "{event.ref}": no such task', nearest(event.ref, names))
    _review_buffers(workload)
    _review_suspends(workload)
    _review_barriers(workload)
    _review_timers(workload)
    _review_policies(workload)
    _review_resources(workload)


def suspended_as(workload: Workload, task: Task, event: Event) -> str:
    """The name that a `suspend` of a task waits for."""
    if workload.place.source.options.suspend_by_string:
        if any(e.kind == "resume" and e.ref == event.ref for t in workload.tasks for e in t.events):
            return event.ref
    return task.name


def is_own_timer(event: Event) -> bool:
    """Is this a timer of one thread?"""
    return event.kind == "timer" and event.ref.startswith(UNIQUE)


def _review_buffers(workload: Workload) -> None:
    shapes: dict[str, dict[str, object]] = {}
    for task in workload.tasks:
        for event in task.events:
            if event.kind == "memrun" and event.ref:
                shape = events.buffer_shape(event)
                if shapes.setdefault(event.ref, shape) != shape:
                    event.place.refuse(
                        f'buffer "{event.ref}" has other parameters elsewhere',
                        "give the same size, stride and pattern, or another ref",
                    )


def _review_suspends(workload: Workload) -> None:
    every = [event for task in workload.running for event in task.events]
    for task in workload.running:
        for event in task.events:
            if event.kind != "suspend":
                continue
            name = suspended_as(workload, task, event)
            if event.ref and event.ref != name:
                event.place.warn("suspend string", f'"{event.ref}" is not used; it means "{name}"')
            if not any(e.kind in ("resume", *WAKING) and e.ref == name for e in every):
                event.place.warn(f"suspend {name}", f'nobody resumes or signals "{name}"')


def _review_barriers(workload: Workload) -> None:
    for task in workload.running:
        named: list[str] = []
        for event in task.events:
            if event.kind != "barrier":
                continue
            if event.ref in named:
                event.place.warn(
                    f"barrier {event.ref}", f'"{event.ref}" counts twice here: nobody gets past it'
                )
            if task.name in workload.forked:
                event.place.warn(
                    f"fork {event.ref}", f'"{event.ref}" does not count forked threads'
                )
            named.append(event.ref)


def _review_timers(workload: Workload) -> None:
    users: dict[str, int] = {}
    for task in workload.running:
        refs: dict[str, Event] = {}
        for event in task.events:
            if event.kind == "timer" and not is_own_timer(event):
                refs.setdefault(event.ref, event)
        for ref, event in refs.items():
            forked = 2 if task.name in workload.forked else 0
            users[ref] = users.get(ref, 0) + task.instances + forked
            if users[ref] > 1:
                event.place.warn(
                    f"timer {ref}",
                    f'timer "{ref}" is shared by several threads, and each use moves it; '
                    'a ref that starts with "unique" is one for each thread',
                )


def _review_policies(workload: Workload) -> None:
    above = (*params.REALTIME, params.DEADLINE)
    for task in workload.running:
        for asked in (task.params, *(p.params for p in task.phases if p.params)):
            if asked.policy in above:
                task.place.warn(
                    asked.policy, f"{asked.policy}: no such class here; it runs as an ordinary task"
                )
                if workload.settings.pi_enabled:
                    task.place.warn("pi_enabled", "pi_enabled is ignored: mutexes lend no priority")
                if workload.settings.lock_pages:
                    task.place.warn("lock_pages", "lock_pages is ignored: memory is not modelled")


def _review_resources(workload: Workload) -> None:
    for name, (kind, place) in workload.resources.items():
        kinds = RESOURCE_KINDS.get(kind, ())
        used = [
            task.name for task in workload.tasks if any(e.kind == "suspend" for e in task.events)
        ]
        for task in workload.tasks:
            used += [n for e in task.events if e.kind in kinds for n in (e.ref, e.mutex)]
        if name not in used:
            place.warn(f"resource {name}", f"{kind} {name} is not used")
