"""Nothing outlives a run: no process, no segment, no semaphore, whatever killed it."""

import os
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, processes_of, scxemu, shared_names

# A campaign over endless work that tells when its agents are up, in a session of its own.
ENDLESS = """
import sys
from pathlib import Path
from cpuagents import campaign
from cpuagents.coordinator import Coordinator
from emu.bpf.plugin import load_plugin
from tests import running
take = Coordinator._server_event
async def told(self, server, event, on_message):
    await take(self, server, event, on_message)
    print(event["event"], *event.get("pids", []), flush=True)
Coordinator._server_event = told
given = running.setting(running.scenario(running.ENDLESS, running.ENDLESS), mode=sys.argv[1])
result = campaign.run(given, load_plugin("scheduler_plugins.simple:Simple"), out=Path(sys.argv[2]))
print(result.verdict, result.finding.message if result.finding else "", flush=True)
sys.exit(130 if result.interrupted else result.verdict == "found")
"""


class Running:
    """An endless campaign in a process of its own, and what existed before it."""

    def __init__(self, mode, out):
        self.names = shared_names()
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, mode, str(out)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.pids = [int(word) for word in self.process.stdout.readline().split()[1:]]

    def end(self):
        """Wait for the end of everything; returns the output and what is left over."""
        output = self.process.stdout.read()  # Ends when the last process has closed it.
        self.process.wait()
        self.process.stdout.close()
        for pid in processes_of(self.process.pid):
            self._wait(pid)
        return output, processes_of(self.process.pid), shared_names() - self.names

    @staticmethod
    def _wait(pid):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        select.select([handle], [], [], 20)
        os.close(handle)


@pytest.fixture(params=["controlled", "free"])
def running(request, tmp_path):
    campaign = Running(request.param, tmp_path)
    yield campaign
    campaign.process.kill()
    campaign.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("who", [0, 1, 2])
def test_a_killed_agent_is_a_finding_and_leaves_nothing(running, who):
    """Method: kill -9 of either CPU, and of the control agent, in the middle of a run."""
    os.kill(running.pids[who], signal.SIGKILL)
    output, processes, names = running.end()
    assert "was killed by SIGKILL" in output
    assert (running.process.returncode, processes, names) == (1, [], set())


@pytest.mark.slow
def test_a_killed_coordinator_takes_everything_with_it(running):
    os.kill(running.process.pid, signal.SIGKILL)
    _, processes, names = running.end()
    assert (processes, names) == ([], set())


@pytest.mark.slow
def test_a_killed_fork_server_is_said_and_leaves_nothing(running):
    """Method: it is the one process of the session that is none of those that are known."""
    known = {running.process.pid, *running.pids}
    others = [pid for pid in processes_of(running.process.pid) if pid not in known]
    tracker = "multiprocessing.resource_tracker"
    (server,) = [p for p in others if tracker not in Path(f"/proc/{p}/cmdline").read_text()]
    os.kill(server, signal.SIGKILL)
    output, processes, names = running.end()
    assert "inconclusive" in output and (processes, names) == ([], set())


@pytest.mark.slow
def test_ctrl_c_ends_the_run_and_leaves_nothing(running):
    os.killpg(running.process.pid, signal.SIGINT)
    _, processes, names = running.end()
    assert (running.process.returncode, processes, names) == (130, [], set())


@pytest.mark.slow
def test_ctrl_c_twice_leaves_nothing(running):
    """Method: the second one comes at once, perhaps in the middle of the clean-up."""
    os.killpg(running.process.pid, signal.SIGINT)
    os.killpg(running.process.pid, signal.SIGINT)
    _, processes, names = running.end()
    assert running.process.returncode in (130, -signal.SIGINT)
    assert (processes, names) == ([], set())


def _limited(which, value):
    def limit():
        resource.setrlimit(which, (value, value))

    return limit


@pytest.mark.slow
def test_no_space_in_shared_memory_is_one_message_and_leaves_nothing(tmp_path):
    """Method: the limit on file sizes, which a segment is subject to as well."""
    names = shared_names()
    limit = _limited(resource.RLIMIT_FSIZE, 1 << 20)
    done = scxemu("run", "smallest", "-s", "simple", "--out", tmp_path, preexec_fn=limit)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "MiB of shared memory" in done.stderr and shared_names() == names


@pytest.mark.slow
def test_too_many_open_files_is_one_message_and_leaves_nothing(tmp_path):
    names = shared_names()
    limit = _limited(resource.RLIMIT_NOFILE, 14)
    done = scxemu("fuzz", "-s", "simple", "--engines", 9, "--out", tmp_path, preexec_fn=limit)
    assert done.returncode == 2 and "open files" in done.stderr, done.stderr
    assert shared_names() == names
