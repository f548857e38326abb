"""The C module and a plain model agree on every sequence of calls."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.machine import _machine as hw
from tests.models.machine import Model

WORD = st.integers(0, (1 << 64) - 1) | st.integers(0, 3)
CPU = st.integers(0, 255)
CALL = st.one_of(
    st.tuples(st.sampled_from(["xchg", "fetch_add", "fetch_or", "fetch_and"]), WORD),
    st.tuples(st.just("cmpxchg"), WORD, WORD),
    st.tuples(st.sampled_from(["bit_set", "bit_clear"]), CPU),
    st.tuples(st.sampled_from(["trylock", "unlock"])),
)


def on_machine(cell, name, *args):
    if name == "unlock":
        try:
            cell.lock.unlock()
        except hw.MachineBug:
            return False
        return True
    if name == "bit_set":
        return cell.bits.test_and_set(*args)
    if name == "bit_clear":
        return cell.bits.test_and_clear(*args)
    return getattr(cell.lock if name == "trylock" else cell.atomic, name)(*args)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(CALL, max_size=40))
def test_the_machine_agrees_with_its_model(cell, calls):
    hw.clear(cell.offset, cell.offset + type(cell).size)
    hw.begin(hw.SETUP, hw.ALL, False)
    model = Model()
    for name, *args in calls:
        assert on_machine(cell, name, *args) == getattr(model, name)(*args), (name, args)
    assert (cell.atomic.load(), cell.bits.load()) == (model.word, model.bits)
    if model.locked:
        cell.lock.unlock()
