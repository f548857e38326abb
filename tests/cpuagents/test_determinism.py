"""Same seed, same trace hash: on any run, and with any number of engines."""

from dataclasses import replace

import pytest

from cpuagents import campaign, reproducer
from emu.bpf import Array, bpf_get_prandom_u32
from emu.bpf.plugin import load_plugin
from scheduler_plugins.simple import Simple
from tests import running

LEAKY = "leaky"
RUNS = 64


def fuzz(tmp_path, engines=1, **changes):
    return running.fuzz(running.setting(**changes), RUNS, tmp_path, engines=engines)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random", "sticky", "pct", "timed"])
def test_the_trace_hash_depends_on_the_seed_alone(strategy, tmp_path):
    """Method: the same campaign twice, and on three engines; then with another seed.

    `timed` has no use for chance, so there the seed changes nothing.
    """
    first = fuzz(tmp_path, strategy=strategy)
    again = fuzz(tmp_path, strategy=strategy)
    many = fuzz(tmp_path, strategy=strategy, engines=3)
    other = fuzz(tmp_path, strategy=strategy, seed=2)
    assert first.nr_schedules == RUNS
    assert (again.hash, many.hash) == (first.hash, first.hash)
    assert (other.hash == first.hash) == (strategy == "timed")


@pytest.mark.slow
def test_generated_workloads_depend_on_the_seed_alone(tmp_path):
    given = running.setting(scenario=None, nr_tasks=64, nr_cpus=3)
    one = running.fuzz(given, RUNS, tmp_path, engines=1)
    two = running.fuzz(given, RUNS, tmp_path, engines=2)
    assert one.verdict == "clean" and one.hash == two.hash


@pytest.mark.slow
def test_fine_points_are_as_repeatable(tmp_path):
    one, two = (fuzz(tmp_path, fine=True, engines=n) for n in (1, 2))
    coarse = fuzz(tmp_path)
    assert one.hash == two.hash and one.nr_steps > 2 * coarse.nr_steps


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random", "sticky", "pct"])
def test_a_finding_has_the_same_number_and_hash_with_any_number_of_engines(strategy, tmp_path):
    found = [
        running.fuzz(
            running.setting(sched=LEAKY, strategy=strategy), 2000, tmp_path / str(n), engines=n
        )
        for n in (1, 2)
    ]
    assert found[0].finding is not None
    assert found[0].number == found[1].number and found[0].hash == found[1].hash
    saved = [reproducer.load(result.path) for result in found]
    assert saved[0] == saved[1]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random", "sticky", "pct"])
def test_a_finding_replays_exactly_100_of_100_times(strategy, tmp_path):
    found = running.fuzz(running.setting(sched=LEAKY, strategy=strategy), 2000, tmp_path)
    saved = reproducer.load(found.path)
    replays = campaign.replay(saved, load_plugin(LEAKY), times=100, out=tmp_path)
    ends = {(r.verdict, r.finding.signature, int(r.hash, 16)) for r in replays}
    assert len(replays) == 100
    assert ends == {("found", saved.finding.signature, saved.schedule.hash)}


@pytest.mark.slow
def test_a_replay_under_another_scheduler_stops_at_the_first_difference(tmp_path):
    found = running.fuzz(running.setting(sched=LEAKY), 2000, tmp_path)
    saved = reproducer.load(found.path)
    (result,) = campaign.replay(saved, load_plugin("simple"), out=tmp_path)
    assert result.verdict == "diverged" and "step" in result.reason


@pytest.mark.slow
def test_a_run_with_a_full_switch_log_is_repeated_from_its_seed(tmp_path, monkeypatch):
    """Method: an arena with a log of 16 entries only."""
    from emu.machine.arena import Arena

    create = Arena.create
    small = staticmethod(lambda *args, **more: create(*args, nr_switches=16))
    monkeypatch.setattr(Arena, "create", small)
    found = running.fuzz(running.setting(sched=LEAKY), 2000, tmp_path)
    saved = reproducer.load(found.path)
    (result,) = campaign.replay(saved, load_plugin(LEAKY), out=tmp_path)
    assert not saved.schedule.complete
    assert (result.verdict, int(result.hash, 16)) == ("found", saved.schedule.hash)


@pytest.mark.slow
def test_a_schedule_depends_on_none_before_it(tmp_path):
    """Method: a control program, so that the control agent is within a burst when a run ends."""
    steps = tuple(("renice_of", task, nice) for nice in (1, 2, 3) for task in range(4))
    given = running.setting(running.scenario(control=steps))
    alone = [running.fuzz(replace(given, first=n), 1, tmp_path).nr_steps for n in range(12)]
    together = running.fuzz(given, len(alone), tmp_path)
    assert together.nr_steps == sum(alone)


@pytest.mark.slow
def test_a_finding_on_a_generated_workload_replays_exactly(tmp_path):
    """Rule: nothing lies elsewhere in a replay than in the campaign, the scheduler's maps least."""
    given = running.setting(scenario=None, nr_tasks=64, nr_cpus=3, sched=LEAKY)
    found = running.fuzz(given, 5000, tmp_path, engines=2)
    saved = reproducer.load(found.path)
    (result,) = campaign.replay(saved, load_plugin(LEAKY), out=tmp_path)
    assert (result.verdict, int(result.hash, 16)) == ("found", saved.schedule.hash), result.reason


class Drawing(Simple):
    """Looks at a map as often as chance says."""

    name = "drawing"
    word = Array(1)

    def enqueue(self, p, enq_flags):
        for _ in range(bpf_get_prandom_u32() % 40):
            self.word[0]
        super().enqueue(p, enq_flags)


@pytest.mark.slow
def test_what_pct_learns_does_not_depend_on_the_engine(tmp_path):
    """Method: a scheduler whose number of points depends on the seed of the schedule."""
    given = running.setting(sched="drawing", strategy="pct")
    hashes = {running.fuzz(given, 150, tmp_path, ops=Drawing, engines=n).hash for n in (1, 2, 3)}
    assert len(hashes) == 1
