"""The contract as data: what its tables promise about each other."""

from emu.abi import dsq, events, flags, states
from emu.abi.ops import KF_REST, OP_NAMES, OPS, OPS_LATER


def constants(module, prefix):
    return {name: value for name, value in vars(module).items() if name.startswith(prefix)}


def test_every_op_of_the_kernel_is_either_there_or_refused_by_name():
    assert not set(OPS) & set(OPS_LATER)
    assert len(OPS) + len(OPS_LATER) == len({*OPS, *OPS_LATER}) == 38


def test_every_op_says_when_it_runs_and_under_which_locks():
    assert all(op.about and op.locks for op in OPS.values())
    assert [name for name, op in OPS.items() if op.locks == "none"] == ["init"]


def test_kfunc_groups_are_single_bits():
    assert all(op.kf.bit_count() == 1 and op.kf <= KF_REST for op in OPS.values())


def test_built_in_dsqs_have_the_top_bit_and_nobody_shares_an_id():
    ids = [dsq.SCX_DSQ_INVALID, dsq.SCX_DSQ_GLOBAL, dsq.SCX_DSQ_LOCAL, dsq.SCX_DSQ_LOCAL_ON]
    assert all(i & dsq.SCX_DSQ_FLAG_BUILTIN for i in ids) and len(set(ids)) == 4


def test_internal_enqueue_flags_are_those_a_scheduler_may_not_pass():
    internal = ["CLEAR_OPSS", "DSQ_PRIQ", "GDSQ_FALLBACK", "APPLY_SLICE"]
    for name, value in constants(flags, "SCX_ENQ_").items():
        if not name.endswith("MASK"):
            is_internal = name.removeprefix("SCX_ENQ_") in internal
            assert bool(value & flags.SCX_ENQ_INTERNAL_MASK) == is_internal, name


def test_a_brand_and_a_state_share_a_word():
    assert states.SCX_OPSS_QSEQ_MASK & states.SCX_OPSS_STATE_MASK == 0
    assert states.SCX_OPSS_QSEQ_MASK | states.SCX_OPSS_STATE_MASK == (1 << 64) - 1
    assert [states.OPSS_NAMES.index(name) for name in ("NONE", "QUEUED", "DISPATCHING")] == [
        states.SCX_OPSS_NONE,
        states.SCX_OPSS_QUEUED,
        states.SCX_OPSS_DISPATCHING,
    ]


def test_every_trace_event_has_a_name_and_reads_as_a_phrase():
    own = {k: v for k, v in vars(events).items() if k.isupper() and not k.startswith("SCX_")}
    numbers = [v for v in own.values() if isinstance(v, int)]
    assert sorted(events.EVENTS) == sorted(numbers)
    assert all(events.describe(number, (1, 2, 1, 0)) for number in numbers)
    assert len({event.name for event in events.EVENTS.values()}) == len(numbers)


def test_op_numbers_of_the_trace_are_places_in_the_table():
    assert tuple(OPS) == OP_NAMES
