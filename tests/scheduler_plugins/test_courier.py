"""courier: a CPU takes what it may run and sends the rest where they may."""

import pytest

from emu.abi.states import SCX_OPSS_QUEUED, SCX_OPSS_STATE_MASK
from emu.core import affinity, dispatch
from scheduler_plugins.courier import Courier
from tests.one_process import Machine


@pytest.fixture
def busy():
    """A machine of two CPUs that run a task each."""
    with Machine(Courier) as machine:
        machine.task(), machine.task()
        machine.schedule(0), machine.schedule(1)
        yield machine


def test_a_cpu_takes_the_first_task_that_may_run_on_it_and_no_more(busy):
    waiting = [busy.task(), busy.task()]
    busy.expire(0)
    assert busy.schedule(0) == waiting[0]
    assert waiting[1].ops_state.load() & SCX_OPSS_STATE_MASK == SCX_OPSS_QUEUED


def test_a_task_of_another_cpu_is_sent_there_on_the_way(busy):
    elsewhere, here = busy.task(mask=0b10), busy.task()
    busy.expire(0)
    assert busy.schedule(0) == here
    assert elsewhere.dsq == busy.world.dsqs[1]


def test_a_verdict_is_cancelled_if_the_mask_has_changed_just_before_it(busy, monkeypatch):
    """Method: another CPU changes the mask between the look at it and the verdict."""
    p = busy.task(mask=0b10)
    affinity.set_cpus_allowed_ptr(p, 0b11)
    insert = dispatch.dsq_insert_commit

    def late(*verdict):
        monkeypatch.undo()
        affinity.set_cpus_allowed_ptr(p, 0b10)
        insert(*verdict)

    monkeypatch.setattr(dispatch, "dsq_insert_commit", late)
    busy.expire(0)
    assert busy.schedule(0) != p
    assert (p.cpu, p.dsq) == (1, busy.world.dsqs[1])
