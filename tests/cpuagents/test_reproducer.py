"""A reproducer is data: whatever is wrong with one is said, and nothing in it is run."""

import msgpack
import pytest

from cpuagents import reproducer
from cpuagents.bad_input import BadInput
from cpuagents.finding import Finding
from cpuagents.reproducer import Reproducer
from cpuagents.schedule import Schedule, Switch
from tests import running

SWITCH = Switch(3, 0, 1, 1 << 63, 5, 7)


@pytest.fixture
def saved():
    finding = Finding("lost wakeup", "lost-wakeup/shared-dsq", "a could run", stacks={0: ["f()"]})
    return Reproducer(running.setting(), Schedule((SWITCH,), 1, 9, 4), finding)


@pytest.fixture
def file(saved, tmp_path):
    return reproducer.save(tmp_path, saved)


def test_what_is_saved_is_what_is_loaded(saved, file):
    assert reproducer.load(file) == saved


def test_the_same_bug_writes_the_same_file(saved, file, tmp_path):
    assert reproducer.save(tmp_path, saved) == file and len(list(tmp_path.iterdir())) == 1


def test_every_flipped_byte_is_noticed(file):
    data = file.read_bytes()
    for at in range(0, len(data), 7):
        file.write_bytes(data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])
        with pytest.raises(BadInput, match=r"\.repro: "):
            reproducer.load(file)


def test_every_truncation_is_noticed(file):
    data = file.read_bytes()
    for length in range(0, len(data), 11):
        file.write_bytes(data[:length])
        with pytest.raises(BadInput, match=r"\.repro: "):
            reproducer.load(file)


def test_another_version_is_named_with_the_way_out(file):
    data = file.read_bytes()
    file.write_bytes(data.replace(b"reproducer 1\n", b"reproducer 9\n", 1))
    with pytest.raises(BadInput, match=r"version 9.*reads version 1"):
        reproducer.load(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        reproducer.load(tmp_path / "nothing.repro")


@pytest.mark.parametrize("part", ["setting", "schedule", "finding"])
def test_a_file_with_a_sound_checksum_and_an_unsound_part_is_refused(part, saved, tmp_path):
    """Method: somebody wrote the file by hand."""
    import hashlib

    path = reproducer.save(tmp_path, saved)
    payload = path.read_bytes().split(b"\n", 1)[1][32:]
    value = msgpack.unpackb(payload, strict_map_key=False)
    value[part] = [1, 2]
    changed = msgpack.packb(value)
    head = b"scxemu reproducer 1\n" + hashlib.sha256(changed).digest()
    path.write_bytes(head + changed)
    with pytest.raises(BadInput, match="not a sound reproducer"):
        reproducer.load(path)


def test_a_directory_that_cannot_be_written_is_bad_input(saved, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(BadInput, match="choose another place with --out"):
        reproducer.save(blocked, saved)
