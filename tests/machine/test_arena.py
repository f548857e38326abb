"""Arena and lines: they have a name for a moment only, and say what they could not get."""

import errno
import os

import posix_ipc
import pytest

from emu.machine import _machine as hw
from emu.machine import irq
from emu.machine.arena import Arena, ArenaError
from tests.running import shared_names


def test_an_arena_has_no_name():
    names = shared_names()
    arena = Arena.create(4096, 2)
    assert shared_names() == names and len(arena.buf) >= 4096
    arena.close()


def test_an_arena_is_for_its_user_alone(monkeypatch):
    """Method: look at the segment while its name exists."""
    modes = []
    fallocate = os.posix_fallocate
    monkeypatch.setattr(
        os,
        "posix_fallocate",
        lambda fd, *args: (modes.append(os.fstat(fd).st_mode & 0o777), fallocate(fd, *args)),
    )
    Arena.create(4096, 2).close()
    assert modes == [0o600]


def test_a_full_dev_shm_is_told_in_a_message_not_in_a_signal(monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    names = shared_names()
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ArenaError, match="MiB of shared memory in /dev/shm: No space left"):
        Arena.create(1 << 20, 2)
    assert shared_names() == names


def test_a_closed_arena_says_so_and_may_be_closed_again():
    arena = Arena.create(64, 1)
    arena.close()
    arena.close()
    with pytest.raises(ArenaError, match="closed"):
        arena.attach(0)


def test_an_arena_that_is_too_small_or_strange_is_not_attached():
    with pytest.raises(hw.MachineBug):
        hw.attach(memoryview(bytearray(1 << 20)), 0)
    with pytest.raises(hw.MachineBug):
        hw.init(memoryview(bytearray(64)), 2, 4, 4)


def test_lines_have_no_names_and_are_used_up_by_waiting():
    names = shared_names()
    lines = irq.Lines(3)
    assert shared_names() == names
    lines.close()
    lines.close()


def test_a_refused_semaphore_is_told_and_leaves_none(monkeypatch):
    """Method: the third one fails."""
    made = posix_ipc.Semaphore
    count = iter(range(10))

    def refuse(*args, **more):
        if next(count) == 2:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return made(*args, **more)

    names = shared_names()
    monkeypatch.setattr(posix_ipc, "Semaphore", refuse)
    with pytest.raises(irq.LineError, match="cannot make 4 semaphores.*Too many open files"):
        irq.Lines(4)
    assert shared_names() == names
