"""SchedExtOps: what a scheduler derives from, and what is refused before it is loaded.

The methods of a scheduler are ops of the kernel's table (emu/abi/ops.py), its attributes are
options of that table, maps, or constants. Anything else is refused with the mend: in BPF it would
not have got past the verifier, and here it would differ between CPUs, each of which runs its own
copy of the class.
"""

import difflib
import inspect
import re
from typing import NoReturn

from emu.abi.flags import SCX_OPS_ENQ_LAST, SCX_OPS_SUPPORTED
from emu.abi.limits import SCX_OPS_NAME_LEN, SCX_WATCHDOG_MAX_TIMEOUT_MS
from emu.abi.ops import OPS, OPS_LATER
from emu.bpf.maps import Global, Map

OPTIONS = ("name", "flags", "dispatch_max_batch", "timeout_ms")
NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
BATCH_MAX = (1 << 31) - 1
CONSTANTS = (int, str, bytes, tuple, type(None))


class PluginError(Exception):
    """A scheduler that cannot be used. The message names place and mend."""


class SchedExtOps:
    """Base class of all schedulers. Options of the table are class attributes."""

    name: str = ""  # Letters, digits, _ and dots; must be given.
    flags: int = 0  # SCX_OPS_* of emu.abi.flags.
    dispatch_max_batch: int = 0  # Slots of the dispatch buffer; 0 means 32.
    timeout_ms: int = 0  # Of the watchdog; 0 means the maximum, 30 s.

    def __init__(self) -> None:
        validate(type(self))

    def __setattr__(self, attr: str, value: object) -> None:
        if not isinstance(getattr(type(self), attr, None), Global):
            _refuse_write(type(self), attr)
        super().__setattr__(attr, value)


def _refuse_write(ops_class: type, attr: str) -> NoReturn:
    raise AttributeError(
        f"{ops_class.__name__}.{attr} is written outside a map, so each CPU would have its own;"
        f" use a map: {attr} = Global() in the class"
    )


def defined_ops(ops_class: type[SchedExtOps]) -> list[str]:
    """The names of the ops that a scheduler implements, in the order of the table."""
    return [name for name in OPS if hasattr(ops_class, name)]


def validate(ops_class: type[SchedExtOps]) -> None:
    """Check the table of a scheduler as the kernel does when it loads one.

    Errors: PluginError for the first thing that is wrong.
    Kernel: bpf_scx_init_member(), bpf_scx_check_member() and the BPF verifier.
    """
    for base in ops_class.__mro__:
        if base not in (SchedExtOps, object):
            for name, value in vars(base).items():
                if not name.startswith("_") and name not in OPTIONS:
                    _check_attribute(name, value)
    _check_options(ops_class)


def _check_attribute(name: str, value: object) -> None:
    if name in OPS:
        _check_op(name, value)
    elif name in OPS_LATER:
        raise PluginError(f"ops.{name} is an op of the kernel that this version does not have yet")
    elif callable(value) or isinstance(value, (staticmethod, classmethod, property)):
        raise PluginError(f"{name}() is no op{_nearest(name)}; the name of a helper starts with _")
    elif not isinstance(value, (Map, *CONSTANTS)):
        raise PluginError(f"{name} is a {type(value).__name__} outside the arena; use a map")


def _check_op(name: str, value: object) -> None:
    expected = ("self", *OPS[name].args)
    if not inspect.isfunction(value):
        raise PluginError(f"ops.{name} must be a method")
    if value.__code__.co_flags & NOT_PLAIN:
        raise PluginError(f"ops.{name} must be a plain method, without async or yield")
    try:
        inspect.signature(value).bind(*expected)
    except TypeError:
        raise PluginError(f"ops.{name} is called as {name}({', '.join(expected)})") from None


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, list(OPS), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _check_options(ops_class: type[SchedExtOps]) -> None:
    name = ops_class.name
    if type(name) is not str:
        raise PluginError(f"name is {name!r}; it must be a text")
    for option in ("flags", "dispatch_max_batch", "timeout_ms"):
        value = getattr(ops_class, option)
        if type(value) is not int:
            raise PluginError(f"{option} is {value!r}; it must be a whole number")
    if not name:
        raise PluginError(f'{ops_class.__name__} has no name; write name = "..." in the class')
    if len(name) >= SCX_OPS_NAME_LEN or not re.fullmatch(r"[A-Za-z0-9_.]+", name):
        raise PluginError(
            f"name {name!r} must be letters, digits, _ and dots, shorter than {SCX_OPS_NAME_LEN}"
        )
    unknown = ops_class.flags & ~SCX_OPS_SUPPORTED
    if unknown:
        raise PluginError(f"flags has bits that this version does not have yet: {unknown:#x}")
    if ops_class.flags & SCX_OPS_ENQ_LAST and not hasattr(ops_class, "enqueue"):
        raise PluginError("SCX_OPS_ENQ_LAST needs ops.enqueue")
    _check_limit("dispatch_max_batch", ops_class.dispatch_max_batch, BATCH_MAX)
    _check_limit("timeout_ms", ops_class.timeout_ms, SCX_WATCHDOG_MAX_TIMEOUT_MS)


def _check_limit(option: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise PluginError(f"{option} is {value}; it must be 0 to {most}")
