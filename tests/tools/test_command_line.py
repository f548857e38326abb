"""The command line: what people type, what comes back, and with which exit status."""

import json
import os
import subprocess
import sys

import pytest

from tests.running import ROOT, scxemu

GOOD = """
from emu.abi.dsq import SCX_DSQ_GLOBAL
from emu.bpf import SchedExtOps, scx_bpf_dsq_insert

class Good(SchedExtOps):
    name = "good"

    def enqueue(self, p, enq_flags):
        scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, 20_000_000, enq_flags)
"""


@pytest.fixture
def plugin(tmp_path):
    """Writes a scheduler file; returns its path."""

    def write(text, name="sched.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def refused(*args, **more):
    """The one line that a command with bad input prints."""
    done = scxemu(*args, **more)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr and done.stdout == ""
    return done.stderr


@pytest.mark.slow
def test_run_shows_what_each_task_got_and_the_trace_hash(tmp_path):
    first = scxemu("run", "smallest", "-s", "simple", "--cpus", 2, "--out", tmp_path)
    again = scxemu("run", "smallest", "-s", "simple", "--cpus", 2, "--out", tmp_path)
    assert first.returncode == 0 and "worker-1" in first.stdout and "trace " in first.stdout
    assert again.stdout == first.stdout


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["controlled", "free"])
def test_run_in_either_mode_reports_the_work_of_every_task(mode, tmp_path):
    args = ("smallest", "-s", "simple", "--mode", mode, "--noise", 20, "--out", tmp_path, "--json")
    result = json.loads(scxemu("run", *args).stdout)
    assert result["verdict"] == "clean"
    assert [task["run_ns"] for task in result["tasks"]] == [300_000, 300_000]


@pytest.mark.slow
def test_fuzz_exits_1_with_a_file_that_replay_shows_again(tmp_path):
    found = scxemu("fuzz", "rush", "-s", "leaky", "--cpus", 2, "--out", tmp_path)
    assert found.returncode == 1
    line = next(line for line in found.stdout.splitlines() if "again" in line)
    again = scxemu(*line.split()[2:])
    assert again.returncode == 1
    assert "replayed 1 of 1 times exactly" in again.stdout and "lost wakeup" in again.stdout


@pytest.mark.slow
def test_fuzz_of_a_correct_scheduler_exits_0(tmp_path):
    done = scxemu("fuzz", "rush", "-s", "simple", "--cpus", 2, "--runs", 50, "--out", tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert done.stdout.startswith("clean: 50 schedules")


@pytest.mark.slow
def test_fuzz_prints_json_for_machines(tmp_path):
    done = scxemu("fuzz", "rush", "-s", "leaky", "--cpus", 2, "--out", tmp_path, "--json")
    result = json.loads(done.stdout)
    assert result["finding"]["kind"] == "lost wakeup" and result["again"].startswith(
        "scxemu replay"
    )


@pytest.mark.slow
def test_replay_until_a_step_stops_there(tmp_path):
    scxemu("fuzz", "rush", "-s", "leaky", "--cpus", 2, "--out", tmp_path)
    (file,) = tmp_path.glob("*.repro")
    done = scxemu("replay", file, "--until", 100)
    assert done.returncode == 0 and "stopped at step 100" in done.stdout
    assert "reads waiting[0]: 0" in done.stdout  # In the timeline up to there.


@pytest.mark.slow
def test_a_scheduler_in_a_file_runs_and_its_reproducer_asks_for_trust(plugin, tmp_path):
    """Rule: loading a reproducer runs no code from it, nor from a path it names."""
    lazy = GOOD.replace("scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, 20_000_000, enq_flags)", "pass")
    spec = f"{plugin(lazy)}:Good"
    found = scxemu("fuzz", "rush", "-s", spec, "--cpus", 2, "--out", tmp_path / "out")
    assert found.returncode == 1
    (file,) = (tmp_path / "out").glob("*.repro")
    assert "name it with -s" in refused("replay", file)
    assert scxemu("replay", file, "-s", spec).returncode == 1


@pytest.mark.slow
def test_what_a_scheduler_prints_does_not_get_into_the_result(plugin, tmp_path):
    loud = GOOD.replace("        scx_bpf", '        print("hello")\n        scx_bpf')
    done = scxemu("run", "rush", "-s", f"{plugin(loud)}:Good", "--cpus", 2, "--json")
    assert json.loads(done.stdout)["verdict"] == "clean" and "hello" in done.stderr


def test_list_names_schedulers_workloads_strategies_and_faults():
    everything = json.loads(scxemu("list", "--json").stdout)
    assert set(everything) == {"schedulers", "workloads", "strategies", "faults"}
    assert "simple" in everything["schedulers"] and "pct" in everything["strategies"]


@pytest.mark.parametrize("command", [(), ("run",), ("fuzz",), ("replay",), ("list",), ("bench",)])
def test_every_command_has_help(command):
    done = scxemu(*command, "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: ")


def test_it_refuses_to_run_without_assertions():
    done = subprocess.run(
        [sys.executable, "-O", "-m", "tools.main", "list"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2 and "leave out python -O" in done.stderr


def test_shell_completion_offers_schedulers():
    variables = {
        "_SCXEMU_COMPLETE": "bash_complete",
        "COMP_WORDS": "scxemu run -s lea",
        "COMP_CWORD": "3",
    }
    done = scxemu(env={**os.environ, **variables})
    assert "plain,leaky" in done.stdout


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("run", "nothing.json", "-s", "simple"), "nothing.json"),
        (("run", "smallest", "-s", "nobody"), "no scheduler of that name"),
        (("run", "smallest", "-s", "nowhere.py:X"), "there is no such file"),
        (("run", "smallest", "-s", "simple", "--cpus", 0), "--cpus"),
        (("run", "smallest", "-s", "simple", "--cpus", 9999), "--cpus"),
        (("run", "smallest", "-s", "simple", "--strategy", "luck"), "there is no strategy 'luck'"),
        (("run", "smallest", "-s", "simple", "--strategy", "pct:deep=3"), "depth=0, length=0"),
        (("run", "smallest", "-s", "simple", "--seed", "x"), "is not a whole number"),
        (("run", "smallest", "-s", "simple", "--duration", "nan"), "write seconds"),
        (("run", "smallest", "-s", "simple", "--strategy", "pct:depth=999999999"), "up to 100000"),
        (("fuzz", "--fault", "late-mark", "--cpus", 7), "leave --cpus out"),
        (("run", "smallest", "-s", "simple", "--frobnicate"), "No such option"),
        (("run", "smallest"), "Missing option"),
        (("fuzz", "smallest"), "name a scheduler"),
        (("fuzz", "--fault", "nothing"), "there is no fault 'nothing'"),
        (("replay", "nothing.repro"), "cannot be read"),
        (("nonsense",), "No such command"),
    ],
)
def test_bad_input_is_one_message_and_exit_status_2(args, part):
    assert part in refused(*args)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "has no Good"),
        ("this is no python", "sched.py:1"),
        ("1 / 0", "ZeroDivisionError"),
        ("class Good: pass", "no class derived from"),
        (GOOD.replace('name = "good"', ""), "has no name"),
        (GOOD.replace("def enqueue", "def enqeue"), "did you mean enqueue?"),
        (GOOD + "    def cpu_acquire(self, cpu, args): pass\n", "cpu_acquire"),
        ("import sys\nsys.exit(5)", "SystemExit: 5"),
        (GOOD.replace('"good"', "5"), "name is 5; it must be a text"),
        (GOOD.replace("    def", "    flags = 'x'\n\n    def"), "it must be a whole number"),
        (GOOD.replace("    def", "    async def"), "without async or yield"),
        (GOOD.replace("scx_bpf_dsq_insert\n", "scx_bpf_kick_cpu\n", 1), "scx_bpf_kick_cpu"),
    ],
)
def test_a_scheduler_that_cannot_be_used_is_refused_with_the_reason(text, part, plugin):
    assert part in refused("run", "smallest", "-s", f"{plugin(text)}:Good")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"tasks": {"a": {"run": -1}}}'])
def test_a_workload_that_cannot_be_read_is_refused_with_its_name(text, tmp_path):
    path = tmp_path / "work.json"
    path.write_text(text)
    assert f"scxemu: {path}" in refused("run", path, "-s", "simple")


def test_more_tasks_than_there_can_be_are_refused(tmp_path):
    path = tmp_path / "work.json"
    path.write_text('{"tasks": {"a": {"instance": 70000, "run": 1}}}')
    message = refused("run", path, "-s", "simple")
    assert "70000" in message and "65536" in message


@pytest.mark.slow
def test_a_workload_that_breaks_its_own_rules_is_bad_input(tmp_path):
    """Method: it unlocks what it has not locked; that is not the scheduler's fault."""
    path = tmp_path / "work.json"
    path.write_text('{"tasks": {"a": {"loop": 1, "run": 10, "unlock": "m"}}}')
    assert "unlocks a mutex that it does not hold" in refused("run", path, "-s", "simple")


@pytest.mark.slow
def test_bench_measures_and_prints_ratios():
    data = json.loads(scxemu("bench", "--quick", "--json").stdout)
    assert set(data["handoff"]) == {"2", "4", "8"} and len(data["trace"]) == 16


def test_the_readme_names_only_commands_that_exist():
    commands = {
        line.split("scxemu ")[1].split()[0]
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("$") and "scxemu " in line and "clone" not in line
    }
    usage = scxemu("--help").stdout
    assert commands and all(f"\n  {command} " in usage for command in commands), commands
