"""Builders for tests that run whole machines: a scenario, a setting, a campaign, a process.

Each has defaults, so that a test spells out only what it is about.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from cpuagents import campaign
from cpuagents.scenario import Scenario, Template
from cpuagents.setting import Setting
from emu.bpf.plugin import load_plugin

ROOT = Path(__file__).resolve().parents[1]
US = 1000
BUSY = (("set", 0, 3), ("run", 100 * US), ("sleep", 100 * US), ("loop", 0, 1), ("exit",))
ENDLESS = (("run", 100 * US), ("sleep", 100 * US), ("jump", 0))


def scenario(*programs, cpus=2, **more):
    """One task for each program, on `cpus` CPUs; without programs four busy tasks."""
    programs = programs or (BUSY,) * 4
    templates = tuple(Template(f"t{i}", tuple(code)) for i, code in enumerate(programs))
    return Scenario("test", cpus, templates, tuple(range(len(programs))), **more)


def setting(work=None, sched="simple", **changes):
    """A controlled setting for `work`, with room for a few forks."""
    work = work or scenario()
    base = Setting(
        scheduler=sched,
        nr_cpus=work.nr_cpus,
        scenario=work,
        nr_tasks=len(work.threads) + 8,
        strategy="sticky",
        seed=1,
        duration_ns=work.duration_ns,
    )
    return replace(base, **changes)


def fuzz(given, runs, out, ops=None, **more):
    """A campaign; `ops` is a scheduler class that is not found by its name."""
    return campaign.fuzz(given, ops or load_plugin(given.scheduler), runs, out=out, **more)


def run(given, out, ops=None):
    """One run."""
    return campaign.run(given, ops or load_plugin(given.scheduler), out=out)


def scxemu(*args, **more):
    """The command line in a process of its own; returns what it did."""
    command = [sys.executable, "-m", "tools.main", *map(str, args)]
    defaults = {"capture_output": True, "text": True, "cwd": ROOT, "timeout": 120}
    return subprocess.run(command, **{**defaults, **more})


def shared_names():
    """Names of segments and semaphores that exist now, ours or not."""
    return set(os.listdir("/dev/shm"))


def processes_of(session_id):
    """Pids of the processes that belong to this operating-system session."""
    pids = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session_id and fields[0] != "Z":
                pids.append(int(entry.name))
    return pids
