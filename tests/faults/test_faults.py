"""Every fault is found from a seed, and the same schedules are clean without it.

The test of our tests: a fault that is not found any more means that a scheduling point, a strategy
or an oracle got lost.
"""

import inspect

import pytest

from cpuagents import campaign, reproducer
from cpuagents.fault_scenarios import scenario_of
from emu import faults
from emu.bpf.plugin import load_plugin
from tests import running

SEED = 1
ENGINES = 2  # Does not change any result.
EVERY = pytest.mark.parametrize("fault", faults.all_faults(), ids=lambda fault: fault.name)


def fuzz(fault, out, /, **changes):
    """The fault's own campaign, over as many schedules as it is to be found in."""
    given = running.setting(
        scenario_of(fault.name), fault.scheduler, strategy=fault.strategy, seed=SEED, **changes
    )
    return running.fuzz(given, fault.within, out, engines=ENGINES)


@pytest.mark.slow
@EVERY
def test_a_fault_is_found_within_its_number_of_schedules(fault, tmp_path):
    result = fuzz(fault, tmp_path, fault=fault.name)
    assert result.verdict == "found" and result.nr_schedules <= fault.within


@pytest.mark.slow
@EVERY
def test_the_same_schedules_are_clean_without_the_fault(fault, tmp_path):
    result = fuzz(fault, tmp_path)
    assert (result.finding, result.verdict) == (None, "clean")
    assert result.nr_schedules == fault.within


@pytest.mark.slow
def test_a_finding_under_a_fault_replays(tmp_path):
    fault = faults.get("late-mark")
    found = fuzz(fault, tmp_path, fault=fault.name)
    saved, ops = reproducer.load(found.path), load_plugin(fault.scheduler)
    (again,) = campaign.replay(saved, ops, out=tmp_path)
    assert (again.verdict, again.finding) == ("found", found.finding)


@EVERY
def test_a_fault_replaces_the_function_that_holds_its_guard(fault):
    source = inspect.getsource(getattr(fault.module, fault.function))
    assert f"# {fault.guard}:" in source


@EVERY
def test_a_replacement_is_called_as_the_function_it_replaces(fault):
    original = inspect.signature(getattr(fault.module, fault.function))
    assert inspect.signature(fault.replacement) == original


def test_faults_are_in_the_order_of_their_guards_each_once():
    guards = [fault.guard for fault in faults.all_faults()]
    assert guards == sorted(set(guards))


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(faults.UnknownFault, match="no fault 'plain'.*plain-claim, any-brand"):
        faults.install("plain")
