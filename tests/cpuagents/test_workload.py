"""Workloads by name: bundled, generated, from files; and what is said if there is none."""

import io

import pytest

from cpuagents import scenario as scenarios
from cpuagents import workload
from cpuagents.bad_input import BadInput
from tests.models.ideal import Ideal

NAMES = list(workload.bundled())
MINIMAL = '{"tasks": {"a": {"loop": 1, "run": 5}}}'


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nr_cpus", [2, 4, 200])
def test_a_bundled_workload_is_sound_and_ends_by_itself(name, nr_cpus):
    found = workload.load(name, nr_cpus, 1)
    scenarios.check(found)
    assert [t.name for t in Ideal(found).threads if t.ended_ns is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_workload_says_what_it_is_for(name):
    about = workload.bundled()[name]
    assert about.endswith(".") and len(about) < 100 and "{" not in about


def test_the_smallest_workload_is_two_tasks():
    assert len(workload.load("smallest", 2, 1).threads) == 2


def test_a_workload_for_more_cpus_than_there_are_says_how_many_it_needs():
    with pytest.raises(BadInput, match="the machine has CPU 0 only; use --cpus 2"):
        workload.load("affinity_dance", 1, 1)


def test_a_generated_workload_depends_on_its_seed():
    first, second = (workload.load("generated", 4, seed) for seed in (1, 2))
    assert first == workload.load("generated", 4, 1) != second


def test_a_file_is_read_and_named_after_itself(tmp_path):
    path = tmp_path / "app.json"
    path.write_text(MINIMAL)
    assert workload.load(str(path), 4, 1).name == "app"


def test_a_message_names_the_file_as_the_user_did(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.json").write_text('{"tasks": {"a": {"run": -1}}}')
    with pytest.raises(BadInput, match="^app.json:1:25: tasks.a.run: -1 is negative"):
        workload.load("app.json", 4, 1)


def test_a_dash_is_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(MINIMAL))
    assert len(workload.load("-", 4, 1).threads) == 1


@pytest.mark.parametrize(
    "name, mend",
    [("ping_pnog", 'write "ping_pong"'), ("zzzzzz", "there are affinity_dance, ")],
)
def test_an_unknown_name_is_answered_with_a_known_one(name, mend):
    with pytest.raises(BadInput, match=f"{name}: no such workload; {mend}"):
        workload.load(name, 4, 1)


@pytest.mark.parametrize("name", ["missing.json", "no/such/file"])
def test_a_missing_file_is_bad_input(name, tmp_path):
    with pytest.raises(BadInput, match="cannot be read: No such file or directory"):
        workload.load(str(tmp_path / name), 4, 1)


def test_a_directory_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        workload.load(str(tmp_path), 4, 1)


def test_bytes_that_are_no_text_are_bad_input(tmp_path):
    path = tmp_path / "app.json"
    path.write_bytes(b'{"tasks": "\xff"}')
    with pytest.raises(BadInput, match="byte 11 is not UTF-8"):
        workload.load(str(path), 4, 1)


def test_an_empty_file_is_bad_input(tmp_path):
    path = tmp_path / "app.json"
    path.touch()
    with pytest.raises(BadInput, match="expected a value, found the end of the file"):
        workload.load(str(path), 4, 1)
