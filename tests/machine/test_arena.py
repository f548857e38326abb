"""Arena and lines: they have a name for a moment only, and say what they could not get."""

import errno
import os
import subprocess
import sys

import posix_ipc
import pytest

from emu.machine import _machine as hw
from emu.machine import irq
from emu.machine.arena import Arena, ArenaError
from tests.running import ROOT, shared_names


def in_python(code):
    """Exit code, output and errors of another interpreter, in which warnings are errors."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    return done.returncode, done.stdout, done.stderr


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


def test_a_view_may_outlive_its_arena_quietly():
    """Rule: what is closed while somebody looks at it goes with the last who does."""
    code = """if 1:
        from emu.machine.arena import Arena
        arenas = [Arena.create(4096, 2) for _ in range(2)]
        views = [arena.buf[0:8] for arena in arenas]
        arenas[0].close()
        views[0][0] = 1
    """
    assert in_python(code) == (0, "", "")


def test_a_forgotten_arena_does_not_detach_the_one_in_use():
    old, new = Arena.create(64, 1), Arena.create(64, 2)
    old.attach(0)
    new.attach(1)
    old.close()
    assert hw.me() == 1
    new.close()


@pytest.mark.slow
@pytest.mark.parametrize("thing", ["Arena.create(64, 2)", "irq.Lines(2)"])
def test_running_out_of_descriptors_is_one_message_wherever_it_happens(thing):
    """Method: room for one descriptor more each time, until it works."""
    code = f"""if 1:
        import resource
        from emu.machine import irq
        from emu.machine.arena import Arena, ArenaError
        nr, refused = 0, 0
        while True:
            resource.setrlimit(resource.RLIMIT_NOFILE, (nr, 100))
            nr += 1
            try:
                {thing}.close()
                break
            except (ArenaError, irq.LineError) as error:
                refused += "Too many open files" in str(error)
        print(refused == nr - 1 > 3)
    """
    names = shared_names()
    assert in_python(code) == (0, "True\n", "")
    assert shared_names() <= names


def test_more_than_there_is_is_refused():
    with pytest.raises(ArenaError, match="cannot get 1073741825 MiB"):
        Arena.create(1 << 50, 1, nr_trace=1, nr_switches=1)
