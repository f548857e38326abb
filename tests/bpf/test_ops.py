"""SchedExtOps: what is accepted as a scheduler, and how the rest is refused."""

import pytest

from emu.abi.flags import SCX_OPS_ENQ_LAST
from emu.bpf import Array, PluginError, SchedExtOps
from emu.bpf.ops import defined_ops, validate


def scheduler(**attributes):
    return type("Mine", (SchedExtOps,), {"name": "mine", **attributes})


def test_the_ops_of_a_scheduler_are_those_it_defines_or_inherits():
    base = scheduler(init=lambda self: 0, _helper=lambda self: 1)
    derived = type("Derived", (base,), {"enqueue": lambda self, p, enq_flags: None})
    assert defined_ops(derived) == ["init", "enqueue"]


def test_a_scheduler_may_have_maps_and_constants():
    ops = scheduler(waiting=Array(1), BATCH=4, PAIR=(1, 2), timeout_ms=5000)
    validate(ops)
    assert ops().timeout_ms == 5000


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"name": ""}, "Mine has no name"),
        ({"name": "my scheduler"}, "name 'my scheduler' must be letters"),
        ({"name": "x" * 128}, "shorter than 128"),
        ({"enqeue": lambda self, p, f: None}, r"enqeue\(\) is no op \(did you mean enqueue\?\)"),
        ({"work": lambda self: None}, r"work\(\) is no op; the name of a helper starts with _"),
        ({"cpu_release": lambda self, cpu, args: None}, "ops.cpu_release is an op of the kernel"),
        ({"enqueue": lambda self, p: None}, r"called as enqueue\(self, p, enq_flags\)"),
        ({"init": 3}, "ops.init must be a method"),
        ({"waiting": []}, "waiting is a list outside the arena; use a map"),
        ({"flags": 1 << 16}, "0x10000"),
        ({"flags": SCX_OPS_ENQ_LAST}, "SCX_OPS_ENQ_LAST needs ops.enqueue"),
        ({"timeout_ms": 30_001}, "timeout_ms is 30001; it must be 0 to 30000"),
        ({"dispatch_max_batch": -1}, "dispatch_max_batch is -1"),
    ],
)
def test_what_the_kernel_would_not_load_is_refused_with_the_mend(attributes, says):
    with pytest.raises(PluginError, match=says):
        validate(scheduler(**attributes))
