"""Finding a scheduler from what a user typed.

Three spellings: the name of an entry point of the group `scxemu.schedulers`, `module:Class`, and
`file.py:Class`. Whatever is wrong with it becomes one `PluginError` that names place and mend.
"""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeGuard, TypeVar

from emu.bpf.ops import PluginError, SchedExtOps, validate

T = TypeVar("T")

GROUP = "scxemu.schedulers"
EMU_DIR = str(Path(__file__).resolve().parents[1])


def load_plugin(spec: str) -> type[SchedExtOps]:
    """Find the class of a scheduler and check its ops table.

    Errors: PluginError if it cannot be found, imported or accepted.
    """
    place, colon, class_name = spec.rpartition(":")
    if not colon:
        found: object = _entry_point(spec)
    else:
        module = _run(spec, lambda: _file(place) if place.endswith(".py") else _module(place))
        found = getattr(module, class_name, None)
        if found is None:
            raise PluginError(f"{spec}: {place} has no {class_name}; it has {_offers(module)}")
    if not _is_scheduler(found):
        raise PluginError(f"{spec}: {found!r} is no class derived from emu.bpf.SchedExtOps")
    try:
        validate(found)
    except PluginError as error:
        raise PluginError(f"{spec}: {error}") from None
    return found


def installed() -> list[str]:
    """The names of all schedulers that are installed, in order."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def _entry_point(name: str) -> object:
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        known = ", ".join(installed()) or "none"
        raise PluginError(
            f"{name}: no scheduler of that name is installed (there are: {known});"
            " give one of them, module:Class or file.py:Class"
        )
    return _run(name, points[name].load)


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _file(path: str) -> ModuleType:
    if not Path(path).is_file():
        raise PluginError(f"{path}: there is no such file")
    name = f"scxemu_plugin_{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _run(spec: str, load: Callable[[], T]) -> T:
    """Import foreign code; whatever it raises is told with the line of the plugin."""
    try:
        return load()
    except PluginError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = f"{type(error).__name__}: {error}"
        raise PluginError(f"{spec}: does not import: {_where(error)}{what}") from error


def _where(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: "
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(("<frozen", EMU_DIR, importlib.__file__))]
    return f"{own[-1].filename}:{own[-1].lineno}: " if own else ""


def _is_scheduler(found: object) -> TypeGuard[type[SchedExtOps]]:
    return isinstance(found, type) and issubclass(found, SchedExtOps) and found is not SchedExtOps


def _offers(module: ModuleType) -> str:
    return ", ".join(n for n, v in vars(module).items() if _is_scheduler(v)) or "no scheduler"
