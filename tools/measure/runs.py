"""Whole runs: schedules per second, context switches of a free run, and memory."""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from cpuagents import campaign, workload
from cpuagents.campaign import Result
from cpuagents.setting import FREE, Setting
from emu.bpf.plugin import load_plugin
from emu.layout.task import Task

SCHEDULER = "simple"
KIB = 1024


def _setting(name: str, cpus: int, strategy: str, mode: str = "controlled") -> Setting:
    scenario = workload.load(name, cpus, 1)
    return Setting(
        scheduler=SCHEDULER,
        nr_cpus=cpus,
        scenario=scenario,
        nr_tasks=len(scenario.threads) + 64,
        strategy=strategy,
        seed=1,
        mode=mode,
        time_scale=1000 if mode == FREE else 1,
    )


def schedules(strategy: str, runs: int, oracles: bool) -> Result:
    """A campaign on the smallest scenario, on one engine: 2 CPUs, 2 tasks."""
    setting = replace(_setting("smallest", 2, strategy), oracles=oracles)
    with tempfile.TemporaryDirectory() as out:
        return campaign.fuzz(setting, load_plugin(SCHEDULER), runs, engines=1, out=Path(out))


def free_switches(cpus: int) -> tuple[int, float]:
    """Context switches of a free run, and the seconds it took."""
    setting = _setting("ping_pong", cpus, "timed", FREE)
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        result = campaign.run(setting, load_plugin(SCHEDULER), out=Path(out))
        elapsed = time.perf_counter() - started
    return sum(task["nr_switches"] for task in result.tasks), elapsed


def agent_kib(cpus: int) -> int:
    """Memory that one agent has for itself after a run: what it shares with nobody."""
    setting = _setting("smallest", cpus, "timed")
    with tempfile.TemporaryDirectory() as out:
        return campaign.run(setting, load_plugin(SCHEDULER), out=Path(out)).agent_kib


def thousand_tasks_kib() -> float:
    """Memory that a thousand tasks take in the arena."""
    return 1000 * Task.size / KIB


def machine() -> str:
    """What this machine is, for the record."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    return f"{len(os.sched_getaffinity(0))} cores, {model}"
