"""Failure injection: what the operating system refuses is said, and nothing is left behind."""

import errno
import os

import pytest

from cpuagents.bad_input import BadInput
from cpuagents.forkserver import ForkServer
from tests import running


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_refused_fork_is_bad_input_and_leaves_nothing(nth, monkeypatch, tmp_path):
    """Method: the n-th fork of the fork server fails, for every n that there is."""
    fork = ForkServer._fork

    def refuse(self, engine, participant):
        if participant + 1 == nth:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork(self, engine, participant)

    monkeypatch.setattr(ForkServer, "_fork", refuse)
    names = running.shared_names()
    with pytest.raises(BadInput, match="gave no process.*use fewer CPUs or engines"):
        running.fuzz(running.setting(), 10, tmp_path)
    assert running.shared_names() == names


@pytest.mark.slow
def test_a_finding_that_cannot_be_written_is_said_before_it_is_shown(tmp_path):
    blocked = tmp_path / "findings"
    blocked.write_text("in the way")
    with pytest.raises(BadInput, match="choose another place with --out"):
        running.fuzz(running.setting(sched="leaky"), 2000, blocked)


@pytest.mark.slow
def test_the_same_session_finds_the_same_after_a_finding(tmp_path):
    """Rule: a run that was ended leaves nothing to the next; its participants unwind lazily."""
    first = running.fuzz(running.setting(sched="leaky"), 200, tmp_path)
    later = running.setting(sched="leaky", first=first.number + 1)
    fresh = running.fuzz(later, 64, tmp_path)
    again = running.fuzz(later, 64, tmp_path, engines=2)
    assert (fresh.number, fresh.hash) == (again.number, again.hash)
