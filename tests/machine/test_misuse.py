"""What is against the rules of the machine ends in a message, never in a crash."""

import pytest

from emu.machine import _machine as hw
from emu.machine.struct import Struct
from tests.machine.conftest import TASK, Cell, first_plan, nothing

NOWHERE = Cell._place(1 << 20, 0)


@pytest.mark.parametrize("name", [field.name for field in Cell.fields if field.name != "ref"])
def test_nothing_can_be_read_without_an_arena(name):
    field = getattr(Cell, name)
    with pytest.raises(hw.MachineBug, match="no arena is attached"):
        (field.peek if hasattr(field, "peek") else field.__get__)(NOWHERE)


def test_views_without_an_arena_are_of_no_use():
    uses = [
        NOWHERE.atomic.load,
        NOWHERE.lock.lock,
        NOWHERE.lock.owner,
        NOWHERE.bits.load,
        lambda: NOWHERE.words[0],
        lambda: NOWHERE.counters[0].fetch_add(1),
        hw.scratch,
        hw.enter,
        hw.state,
    ]
    for use in uses:
        with pytest.raises(hw.MachineBug, match="no arena is attached"):
            use()


def test_a_view_kept_after_detach_is_refused(cell):
    word, lock = cell.atomic, cell.lock
    hw.detach()
    with pytest.raises(hw.MachineBug, match="no arena"):
        word.store(1)
    with pytest.raises(hw.MachineBug, match="no arena"):
        lock.unlock()


def test_a_cell_outside_the_arena_is_refused(cell):
    far = Cell._place(1 << 40, 3)
    with pytest.raises(hw.MachineBug, match=r"Cell\[3\] is outside the arena"):
        far.plain = 1


def test_an_onlooker_reads_but_takes_part_in_nothing(machine):
    m = machine(nothing, nothing)
    m.cell.plain = 3
    hw.attach(m.arena.buf, -1)
    lock = m.cell.lock
    for use in (lock.lock, lock.trylock, lock.unlock, lock.assert_held, hw.enter, hw.irq_take):
        with pytest.raises(hw.MachineBug, match="only looks on"):
            use()
    assert (m.cell.plain, lock.owner(), hw.me()) == (3, None, -1)


@pytest.mark.parametrize("index", [2, 1 << 40])
def test_a_reference_outside_its_table_is_told(cell, index):
    class Odd(Struct):
        ref = hw.Plain(TASK)
        raw = hw.Plain(hw.U64)

    odd = Odd._place(cell.offset, 0)
    Odd.raw.offset = Odd.ref.offset
    odd.raw = index + 1
    with pytest.raises(hw.MachineBug, match=f"reference {index + 1} is outside the table of task"):
        odd.ref  # noqa: B018


def test_fields_are_not_deleted(cell):
    for name in ("plain", "mask", "once"):
        with pytest.raises(AttributeError, match="deleted"):
            delattr(cell, name)
    with pytest.raises(TypeError, match="deleted"):
        del cell.words[0]


@pytest.mark.parametrize("who", [-1, 2, 1 << 20])
def test_there_are_only_so_many_participants(cell, who):
    for ask in (hw.row, hw.clock_of, hw.next_time, hw.signature, hw.traces, hw.traced, hw.hand):
        with pytest.raises(IndexError, match=f"no participant {who}"):
            ask(who)


def test_an_image_lies_above_the_machine(cell):
    for reach in (hw.save, hw.clear):
        with pytest.raises(hw.MachineBug, match="Invalid argument"):
            reach(0, cell.offset)
    with pytest.raises(hw.MachineBug, match="No such file"):
        hw.restore()


def test_nobody_waits_where_nobody_can_wake_them(cell):
    """Rule: in setup there is one process; waiting would be for ever."""
    with pytest.raises(hw.MachineBug, match="busy"):
        cell.atomic.wait_while(0)
    with pytest.raises(hw.MachineBug, match="busy"):
        hw.cpu_wait(5, False)


def test_a_participant_that_may_not_run_is_not_chosen(machine):
    m = machine(nothing, nothing, nothing, plan=lambda *_: (7, 1))
    hw.begin(hw.CONTROLLED, hw.ALL, False)
    with pytest.raises(hw.MachineBug, match="chose participant 7 for 1 points, enabled are .0, 1"):
        m.cell.once = 1


def test_a_body_that_fails_says_so(machine):
    """The test of the harness: an error in another process is one of the test."""

    def fail(cell):
        raise ValueError("of the body")

    with pytest.raises(AssertionError, match="ValueError: of the body"):
        machine(fail, nothing, plan=first_plan).run()


def test_an_operation_after_the_end_is_refused_and_writes_nothing(machine):
    def end(cell):
        hw.end(hw.FINDING)
        for use in (
            lambda: setattr(cell, "plain", 9),
            lambda: setattr(cell, "mask", 9),
            lambda: cell.atomic.store(9),
            lambda: cell.words.__setitem__(0, 9),
            lambda: cell.bits.test_and_set(9),
            lambda: cell.lock.lock(),
            lambda: hw.irq_send(0, 9),
            lambda: hw.cpu_wait(9, True),
        ):
            with pytest.raises(hw.RunOver):
                use()
        cell.text = b"all"

    m = machine(end, nothing)
    m.run()
    hw.collect(0)
    kept = (m.cell.plain, m.cell.mask, m.cell.words[0], Cell.atomic.peek(m.cell))
    assert kept == (0, 0, 0, 0) and m.cell.text == b"all" and hw.row(0)["irq"] == 0


def test_a_lock_taken_twice_in_a_run_is_told_at_once(machine):
    """Rule: it names the mistake, rather than ending as stuck."""

    def twice(cell):
        with cell.lock, cell.lock:
            pass

    with pytest.raises(AssertionError, match=r"cannot take Cell\[0\].lock: participant 0 holds it"):
        machine(twice, nothing).run()
