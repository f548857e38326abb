"""Policies and priorities: what a task or phase asks for, and what is in force in each phase."""

from dataclasses import dataclass, replace

from cpuagents.rtapp.place import Place, nearest

OTHER, BATCH, IDLE = "SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE"
RR, FIFO, DEADLINE = "SCHED_RR", "SCHED_FIFO", "SCHED_DEADLINE"
POLICIES = [OTHER, BATCH, IDLE, RR, FIFO, DEADLINE]
REALTIME = (RR, FIFO)
ORDINARY = (OTHER, BATCH)
PRIORITY_DEFAULT = 10  # Of FIFO and RR.
NICE_OF_IDLE = 19  # The least weight that a nice value gives.
UTIL_MAX = 1024

DEADLINE_KEYS = ("dl-runtime", "dl-deadline", "dl-period")
OLD_DEADLINE_KEYS = ("runtime", "deadline", "period")
UTIL_KEYS = ("util_min", "util_max")
KEYS = ("policy", "priority", *DEADLINE_KEYS, *UTIL_KEYS)


@dataclass(frozen=True)
class Params:
    """Scheduling parameters in force."""

    policy: str = OTHER
    priority: int = 0

    @property
    def nice(self) -> int | None:
        """The nice value this means for an ordinary task; None: it stays what it was."""
        if self.policy in ORDINARY:
            return self.priority
        return NICE_OF_IDLE if self.policy == IDLE else None


def policy_of(place: Place) -> str:
    """Read the name of a policy."""
    name = place.text()
    if name not in POLICIES:
        place.refuse(f'policy "{name}" is unknown', nearest(name, POLICIES))
    return name


def of_task(owner: Place, keys: dict[str, Place], default_policy: str) -> Params:
    """The set of a task: it always has one."""
    policy = policy_of(keys["policy"]) if "policy" in keys else default_policy
    params = Params(policy, PRIORITY_DEFAULT if policy in REALTIME else 0)
    params = _with_priority(params, keys)
    _check_rest(owner, params, keys, old=True)
    return params


def of_phase(owner: Place, keys: dict[str, Place], in_force: Params) -> Params | None:
    """The set of a phase, if it gives one that changes anything.

    Args: in_force: what is in force when the phase is first entered.
    """
    params = in_force
    if "policy" in keys:
        policy = policy_of(keys["policy"])
        params = Params(policy, PRIORITY_DEFAULT if policy in REALTIME else 0)
    params = _with_priority(params, keys)
    _check_rest(owner, params, keys, old=False)
    return params if "policy" in keys or "priority" in keys else None


def _with_priority(params: Params, keys: dict[str, Place]) -> Params:
    if "priority" not in keys:
        return params
    place = keys["priority"]
    value = place.whole()
    if params.policy in REALTIME and not 1 <= value <= 99:
        place.refuse(f"priority {value} with {params.policy}", "it is 1..99")
    if params.policy in ORDINARY and not -20 <= value <= 19:
        place.refuse(f"priority {value} with {params.policy}: nice is -20..19", "give one of these")
    return replace(params, priority=value)


def _check_rest(owner: Place, params: Params, keys: dict[str, Place], old: bool) -> None:
    _check_util(keys)
    for key in DEADLINE_KEYS:
        if key in keys:
            keys[key].whole("microseconds")
            if params.policy != DEADLINE:
                keys[key].warn(key, "ignored: slices cannot be asked for")
    if params.policy == DEADLINE:
        _check_deadline(owner, keys, old)


def _check_util(keys: dict[str, Place]) -> None:
    values = []
    for key in UTIL_KEYS:
        if key in keys:
            value = keys[key].whole()
            if not -1 <= value <= UTIL_MAX:
                keys[key].refuse(f"{value} is outside 0..{UTIL_MAX}", "give one of these")
            keys[key].warn(key, "ignored: there is no utilisation clamping")
            values.append(value)
    if len(values) == len(UTIL_KEYS) and values[0] > values[1] >= 0:
        keys["util_min"].refuse(f"{values[0]} is above util_max {values[1]}", "give less")


def _check_deadline(owner: Place, keys: dict[str, Place], old: bool) -> None:
    def value(key: str, old_key: str, default: int) -> int:
        found = keys[key].whole("microseconds") if key in keys else default
        if found == 0 and old:
            found = keys[old_key].whole("microseconds") if old_key in keys else default
        return found

    runtime = value("dl-runtime", "runtime", 0)
    period = value("dl-period", "period", runtime)
    deadline = value("dl-deadline", "deadline", period)
    if not 0 < runtime <= deadline <= period:
        place = next((keys[key] for key in DEADLINE_KEYS if key in keys), owner)
        text = f"dl-runtime {runtime}, dl-deadline {deadline}, dl-period {period}"
        place.refuse(text, "give 0 < runtime <= deadline <= period")
