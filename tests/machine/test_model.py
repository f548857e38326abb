"""The C module and a plain model agree on every sequence of calls."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.machine import _machine as hw
from tests.models import machine as model

NUMBER = st.integers(-(1 << 63), (1 << 64) - 1) | st.integers(-2, 3)
MASK = st.integers(0, (1 << 256) - 1) | st.integers(0, 3)
CPU = st.integers(0, 255) | st.integers(62, 65)
OF_MODEL = {"test": "has", "test_and_set": "put", "test_and_clear": "drop"}  # Its other names.
PLAIN = sorted(set(model.KEEPS) - {"mask"})


def on_word(place):
    name = st.sampled_from(["store", "xchg", "fetch_add", "fetch_or", "fetch_and"])
    return st.one_of(
        st.tuples(place, st.just("load")),
        st.tuples(place, name, NUMBER),
        st.tuples(place, st.just("cmpxchg"), NUMBER, NUMBER),
    )


LOCKS = st.sampled_from(["lock", "other"])
CALLS = st.one_of(
    on_word(st.just("atomic")),
    on_word(st.integers(0, model.NR_COUNTERS - 1)),
    st.tuples(LOCKS, st.sampled_from(["lock", "trylock", "unlock", "assert_held", "owner"])),
    st.tuples(st.just("bits"), st.sampled_from(sorted(OF_MODEL)), CPU),
    st.tuples(st.just("bits"), st.just("store"), MASK),
    st.tuples(st.just("put"), st.sampled_from(PLAIN), NUMBER),
    st.tuples(st.just("put"), st.just("mask"), MASK),
    st.tuples(st.just("put_text"), st.binary(max_size=14)),
    st.tuples(st.just("put_word"), st.integers(0, model.NR_WORDS - 1), NUMBER),
)


def call(cell, place, name, *args):
    """The call on one of the two; "refused" where it says no."""
    at = cell.counters[place] if isinstance(place, int) else getattr(cell, place)
    try:
        return getattr(at, name)(*args)
    except (hw.MachineBug, model.Refused):
        return "refused"


def both(cell, plain, place, *args):
    """What machine and model return."""
    if place == "put":
        setattr(cell, *args)
        plain.put(*args)
    elif place == "put_text":
        cell.text = args[0]
        plain.put_text(*args)
    elif place == "put_word":
        cell.words[args[0]] = args[1]
        plain.put_word(*args)
    else:
        name, *rest = args
        return call(cell, place, name, *rest), call(plain, place, OF_MODEL.get(name, name), *rest)
    return None, None


def state(cell):
    """Everything that the cell of the machine holds."""
    return (
        {name: getattr(cell, name) for name in model.KEEPS},
        [word.load() for word in (cell.atomic, *cell.counters)],
        (cell.bits.load(), cell.text, list(cell.words)),
        (cell.lock.owner(), cell.other.owner()),
    )


def state_of_model(plain):
    """The same of the model."""
    return (
        plain.kept,
        [word.load() for word in (plain.atomic, *plain.counters)],
        (plain.bits.load(), plain.text, plain.words),
        (plain.lock.owner(), plain.other.owner()),
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(CALLS, max_size=40))
def test_the_machine_agrees_with_its_model(cell, calls):
    hw.clear(cell.offset, cell.offset + type(cell).size)
    plain = model.Cell(hw.me())
    for each in calls:
        of_machine, of_model = both(cell, plain, *each)
        assert of_machine == of_model, each
    assert state(cell) == state_of_model(plain)
