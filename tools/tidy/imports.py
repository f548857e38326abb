"""Who may import whom: layers, the order inside emu.core, no circles, no forbidden module."""

import ast
import graphlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.tidy.source import TOPS, Source, Violation

_BELOW_CORE = ("emu.layout", "emu.abi", "emu.machine")

# Every layer and what it may import of ours; all but plugins also import themselves. Tests may
# import everything.
LAYERS = {
    "emu": (),
    "emu.machine": (),
    "emu.abi": (),
    "emu.layout": ("emu.machine", "emu.abi"),
    "emu.core": _BELOW_CORE,
    "emu.faults": ("emu.core", *_BELOW_CORE),
    "emu.check": ("emu.core", *_BELOW_CORE),
    "emu.bpf": ("emu.core", *_BELOW_CORE),
    "scheduler_plugins": ("emu.bpf", "emu.abi"),
    "cpuagents": ("emu",),
    "tools": ("emu", "cpuagents", "scheduler_plugins"),
}
_CLOCK = (("emu/core", "emu/bpf", "scheduler_plugins"), (), "ask the machine, hw.now()")
# Module of others -> (where it is forbidden, the exceptions, what to do instead).
FORBIDDEN = {
    "random": (("emu", "cpuagents", "scheduler_plugins"), (), "draw with hw.draw() from the seed"),
    "time": _CLOCK,
    "datetime": _CLOCK,
    "trio": (
        ("emu", "cpuagents", "scheduler_plugins", "tools"),
        ("cpuagents/coordinator.py", "cpuagents/wire.py"),
        "only the coordinator and the wire know trio; ask them",
    ),
}


@dataclass(frozen=True)
class Import:
    """One imported module: where, and how."""

    line: int
    module: str
    in_function: bool
    for_types: bool  # Inside `if TYPE_CHECKING:`, so it does not happen at run time.
    names_only: bool  # `from module import name`, where the name is not a module.


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _targets(node: ast.AST, file: Source, known: frozenset[str]) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, False) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            here = file.module.split(".")
            here = here if file.path.endswith("/__init__.py") else here[:-1]
            here = here[: len(here) - node.level + 1]
            base = ".".join([*here, base] if base else here)
        for alias in node.names:
            full = f"{base}.{alias.name}"
            yield (full, False) if full in known else (base, True)


def _imports(file: Source, known: frozenset[str]) -> Iterator[Import]:
    def walk(node: ast.AST, in_function: bool, for_types: bool) -> Iterator[Import]:
        for module, names_only in _targets(node, file, known):
            line = getattr(node, "lineno", 1)
            yield Import(line, module, in_function, for_types, names_only)
        in_function |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for_types |= isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, in_function, for_types)

    if file.is_python:
        yield from walk(file.tree, False, False)


def _known(files: Sequence[Source]) -> frozenset[str]:
    return frozenset(file.module for file in files if file.is_python)


def _layer(module: str) -> str | None:
    return max((layer for layer in LAYERS if _is_inside(module, layer)), key=len, default=None)


def layering(files: Sequence[Source]) -> Iterator[Violation]:
    """Imports point down only."""
    known = _known(files)
    for file in files:
        layer = _layer(file.module) if file.is_python else None
        if layer is None:
            continue
        own = () if layer == "scheduler_plugins" else (layer,)  # Each plugin stands alone.
        allowed = (*own, *LAYERS[layer])
        for found in _imports(file, known):
            ours = found.module.split(".")[0] in TOPS
            if ours and not any(_is_inside(found.module, package) for package in allowed):
                may = ", ".join(LAYERS[layer]) or "nothing of ours"
                yield file.at(
                    found.line,
                    f"{layer} imports {found.module}; it may import {may}: "
                    "move what is needed down, or leave a request that the upper layer looks for",
                )


def _core_modules(file: Source) -> tuple[str, ...]:
    for node in file.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MODULES":
            return tuple(ast.literal_eval(node.value))
    return ()


def core_order(files: Sequence[Source]) -> Iterator[Violation]:
    """A module of emu.core imports only those before it in MODULES, and as modules."""
    known = _known(files)
    order: tuple[str, ...] = ()
    for file in files:
        if file.path == "emu/core/__init__.py":
            order = _core_modules(file)
    for file in files:
        if not file.under("emu/core") or file.path == "emu/core/__init__.py":
            continue
        name = file.module.removeprefix("emu.core.")
        if name not in order:
            yield file.at(1, "not listed in MODULES; list it in emu/core/__init__.py")
            continue
        below = order[: order.index(name)]
        for found in _imports(file, known):
            if not _is_inside(found.module, "emu.core"):
                continue
            other = found.module.removeprefix("emu.core.")
            if other not in below:
                text = f"imports {other}, which MODULES does not list below {name}"
                yield file.at(found.line, f"{text}; set a request word for the higher module")
            elif found.names_only and not found.for_types:
                text = f"imports names from {other}"
                yield file.at(found.line, f"{text}; import the module, so a fault can replace them")


def hidden(files: Sequence[Source]) -> Iterator[Violation]:
    """What a module of the emulator needs stands at its top, where the layers show."""
    known = _known(files)
    for file in files:
        if file.under("emu"):
            for found in _imports(file, known):
                if found.in_function and found.module.split(".")[0] in TOPS:
                    text = f"hides the import of {found.module} in a function"
                    yield file.at(found.line, f"{text}; import at the top of the file")


def circles(files: Sequence[Source]) -> Iterator[Violation]:
    """No module imports itself by way of others, a function's imports included."""
    known = _known(files)
    by_module = {file.module: file for file in files if file.is_python}
    lines: dict[str, dict[str, int]] = {module: {} for module in by_module}
    for module, file in by_module.items():
        for found in _imports(file, known):
            if found.module in known and not found.for_types:
                lines[module].setdefault(found.module, found.line)
    while True:
        try:
            graphlib.TopologicalSorter(lines).prepare()
            return
        except graphlib.CycleError as error:
            imported, importer = error.args[1][:2]
            line = lines[importer].pop(imported)
            path = " <- ".join(error.args[1])
            text = f"circle of imports: {path}; move what both need into a module below them"
            yield by_module[importer].at(line, text)


def forbidden(files: Sequence[Source]) -> Iterator[Violation]:
    """No chance, no clock and no event loop but ours."""
    for file in files:
        for found in _imports(file, frozenset()):
            where, but, instead = FORBIDDEN.get(found.module.split(".")[0], ((), (), ""))
            if file.under(*where) and file.path not in but:
                yield file.at(found.line, f"imports {found.module}; {instead}")


RULES = (layering, core_order, hidden, circles, forbidden)
