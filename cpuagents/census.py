"""Census: how many tasks a scenario can have at most, so that there is room for all of them."""

from collections import Counter

from cpuagents.instructions import FORKS_MAX
from cpuagents.scenario import Instruction, Scenario

Forks = dict[int, int]  # How often one run of a program forks each template, at most.


def nr_tasks_max(scenario: Scenario) -> int:
    """Tasks from the start, and all that they and theirs can fork before a run is ended for it."""
    programs = [_forks_of(t.code) for t in scenario.templates]
    started = Counter(scenario.threads)
    made = [0] * len(programs)
    by_control = _forks_of(scenario.control)
    while True:
        nr_runs = [nr + started[i] for i, nr in enumerate(made)]
        wanted = [by_control.get(i, 0) for i in range(len(made))]
        for forks, nr in zip(programs, nr_runs, strict=True):
            for template, times in forks.items():
                wanted[template] += nr * times
        after = [min(nr, FORKS_MAX) for nr in wanted]
        if after == made:
            return len(scenario.threads) + sum(made)
        made = after


def _forks_of(code: tuple[Instruction, ...]) -> Forks:
    forks: Forks = {}
    for at, (name, *args) in enumerate(code):
        if name == "fork":
            forks[args[0]] = min(forks.get(args[0], 0) + _times(code, at), FORKS_MAX)
    return forks


def _times(code: tuple[Instruction, ...], at: int) -> int:
    """How often the instruction at a place is done, at most; FORKS_MAX if there is no end to it."""
    times = 1
    for end, (name, *args) in enumerate(code):
        if name in ("loop", "jump") and args[-1] <= at <= end:
            counts = [step[2] for step in code if step[0] == "set" and step[1] == args[0]]
            endless = name == "jump" or not counts
            times = FORKS_MAX if endless else min(times * max(counts), FORKS_MAX)
    return times
