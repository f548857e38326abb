"""Fields: what each kind holds, refuses and tells."""

import pytest

from emu.machine import _machine as hw
from tests.machine.conftest import TASK, Cell


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("plain", 1 << 63, 1 << 63),
        ("plain", -1, (1 << 64) - 1),
        ("signed", -5, -5),
        ("small", (1 << 32) + 7, 7),
        ("truth", 9, True),
        ("once", 3, 3),
        ("mask", 1 << 255 | 5, 1 << 255 | 5),
        ("text", b"longer than ten", b"longer tha"),
    ],
)
def test_a_field_keeps_what_fits_it(cell, name, value, kept):
    setattr(cell, name, value)
    assert getattr(cell, name) == kept


def test_a_reference_is_a_cell_of_its_table_or_none(cell):
    before, cell.ref = cell.ref, TASK.table[1]
    assert (before, cell.ref is TASK.table[1]) == (None, True)


@pytest.mark.parametrize(
    ("name", "value"), [("plain", "1"), ("ref", 3), ("text", "x"), ("mask", b"")]
)
def test_a_value_of_another_type_is_refused(cell, name, value):
    with pytest.raises(TypeError):
        setattr(cell, name, value)


def test_a_cell_has_no_attributes_but_its_fields(cell):
    with pytest.raises(AttributeError):
        cell.unknown = 1


def test_atomics_return_what_they_saw(cell):
    word = cell.atomic
    seen = [word.fetch_add(5), word.xchg(3), word.cmpxchg(4, 9), word.cmpxchg(3, 9)]
    seen += [word.fetch_or(6), word.fetch_and(5), word.load()]
    assert seen == [0, 5, 3, 3, 9, 15, 5]


def test_a_word_wraps_at_64_bits(cell):
    cell.atomic.store((1 << 64) - 1)
    cell.atomic.fetch_add(2)
    assert cell.atomic.load() == 1


def test_masks_go_to_256_cpus_bit_by_bit(cell):
    bits = cell.bits
    seen = [bits.test_and_set(255), bits.test_and_set(255), bits.test_and_clear(255)]
    bits.store(1 << 64 | 1)
    assert (seen, bits.load(), bits.test(64), bits.test(63)) == (
        [False, True, True],
        1 << 64 | 1,
        True,
        False,
    )
    with pytest.raises(IndexError, match="CPU 256"):
        bits.test(256)


def test_arrays_have_their_length_and_no_index_below_zero(cell):
    cell.words[3] = 7
    cell.counters[2].fetch_add(2)
    assert (len(cell.words), cell.words[3], cell.counters[2].load()) == (4, 7, 2)
    assert (Cell.words.peek(cell), Cell.counters.peek(cell)) == ([0, 0, 0, 7], [0, 0, 2])
    with pytest.raises(IndexError, match="outside 0..3"):
        cell.words[4]


def test_a_probe_sees_old_and_new_after_the_store(cell):
    seen = []
    Cell.plain.probe = lambda *args: seen.append(args)
    Cell.atomic.probe = lambda *args: seen.append(args)
    cell.plain = 4
    cell.atomic.fetch_add(2)
    cell.atomic.cmpxchg(1, 8)  # Does not store.
    assert seen == [(cell, 0, 4), (cell, 0, 2)]


def test_a_lock_probe_runs_before_the_release(cell):
    owners = []
    Cell.lock.probe = lambda c: owners.append(Cell.lock.peek(c))
    with cell.lock:
        pass
    assert owners == [1] and cell.lock.owner() is None


def test_a_lock_names_itself_and_its_owner_when_misused(cell):
    with pytest.raises(hw.MachineBug, match=r"Cell\[0\]\.lock: nobody holds it"):
        cell.lock.unlock()
    with pytest.raises(hw.MachineBug, match="this code needs .* nobody holds it"):
        cell.lock.assert_held()
    cell.lock.lock()
    with pytest.raises(hw.MachineBug, match="cannot take .* participant 1 holds it"):
        cell.lock.lock()
    assert cell.lock.trylock() is False and hw.row(1)["held"] == (cell.lock.offset,)


def test_an_error_under_a_lock_releases_it(cell):
    with pytest.raises(ZeroDivisionError), cell.lock:
        1 / 0  # noqa: B018
    assert cell.lock.owner() is None


def test_fields_lie_in_order_and_structures_fill_cache_lines():
    offsets = [field.offset for field in Cell.fields]
    assert offsets == sorted(set(offsets)) and Cell.size % 64 == 0
    assert Cell.field_at(Cell.words.offset + 16) == "words[2]"


def test_a_template_image_is_put_back(cell):
    hw.save(cell.offset, cell.offset + Cell.size)
    cell.plain = 5
    hw.restore()
    assert cell.plain == 0


def test_the_trace_ring_keeps_the_newest_records(cell):
    for i in range(6):
        hw.trace(7, i, -1)
    rows = hw.traces(1)
    assert [row[3] for row in rows] == [2, 3, 4, 5] and hw.traced(1) == 6
    assert rows[0][4] == (1 << 64) - 1


def test_draws_are_pure_and_keep_their_bounds():
    draws = [hw.draw_below(9, 1, i, 6) for i in range(600)]
    assert draws == [hw.draw_below(9, 1, i, 6) for i in range(600)]
    assert set(draws) == set(range(6)) and hw.draw(1, 2, 3) != hw.draw(1, 3, 2)
    assert min(hw.draw_geometric(1, 1, i, 1, 3) for i in range(100)) == 1


def test_bits_of_a_draw_are_known():
    """Rule: same seed, same numbers, on every machine and in every version."""
    assert hw.draw(1, 2, 3) == KNOWN


KNOWN = 0x3B71C11939A415EB


def test_each_cpu_has_its_bit(cell):
    for cpu in range(256):
        assert not cell.bits.test_and_set(cpu) and cell.bits.load() == 1 << cpu
        assert cell.bits.test_and_clear(cpu) and cell.bits.load() == 0


def test_locks_are_given_back_in_any_order(cell):
    cell.lock.lock()
    cell.other.lock()
    cell.lock.unlock()
    assert hw.row(1)["held"] == (cell.other.offset,)


def test_an_error_after_an_early_release_is_not_hidden_by_another(cell):
    with pytest.raises(ZeroDivisionError), cell.lock:
        cell.lock.unlock()
        1 / 0  # noqa: B018
    with pytest.raises(hw.MachineBug, match="cannot release"), cell.lock:
        cell.lock.unlock()


def test_cells_at_one_place_are_the_same(cell):
    again, other = Cell._place(cell.offset, 7), Cell._place(cell.offset + 64, 0)
    assert cell == again and hash(cell) == hash(again) and cell != other
    assert (repr(again), cell.index, again.index) == ("Cell[7]", 0, 7)


def test_tries_until_a_success_follow_their_chance():
    third = [hw.draw_geometric(1, 1, i, 1, 3) for i in range(300)]
    assert 800 < sum(third) < 1000  # Three each, on average.
    assert {hw.draw_geometric(1, 1, i, 3, 3) for i in range(50)} == {1}
