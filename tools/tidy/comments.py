"""Comments that carry weight: guard numbers and their faults, and no notes to ourselves."""

import ast
import re
from collections.abc import Iterator, Sequence

from tools.tidy.source import Source, Violation

_LEFTOVERS = ("TODO", "FIXME", "XXX", "HACK")
_NOT_FAULTS = ("emu/faults/__init__.py", "emu/faults/fault.py")


def _guards(files: Sequence[Source]) -> Iterator[tuple[str, Source, int]]:
    for file in files:
        if file.under("emu/core"):
            for line, text in file.comment_lines:
                for number in re.findall(r"\b(C?G\d+):", text):
                    yield number, file, line


def guards(files: Sequence[Source]) -> Iterator[Violation]:
    """The number of a guard stands at one line of emu.core: the line that implements it."""
    seen: dict[str, str] = {}
    for number, file, line in _guards(files):
        if number in seen:
            text = f"guard {number} is already at {seen[number]}"
            yield file.at(line, f"{text}; keep the line that implements it")
        seen.setdefault(number, f"{file.path}:{line}")


def _fault_guards(file: Source) -> Iterator[tuple[int, str]]:
    for node in file.nodes:
        match node:
            case ast.Call(func=ast.Name(id="Fault"), keywords=keywords):
                for keyword in keywords:
                    match keyword:
                        case ast.keyword(arg="guard", value=ast.Constant(value=str(number))):
                            yield node.lineno, number


def faults(files: Sequence[Source]) -> Iterator[Violation]:
    """A fault breaks one guard, and emu.core has it."""
    existing = frozenset(number for number, _, _ in _guards(files))
    for file in files:
        if not file.is_python or not file.under("emu/faults") or file.path in _NOT_FAULTS:
            continue
        named = list(_fault_guards(file))
        if len(named) != 1:
            text = f"{len(named)} faults with a guard"
            yield file.at(1, f'{text}; one file holds one Fault(..., guard="Gnn")')
        for line, number in named:
            if number not in existing:
                text = f"guard {number} has no line in emu.core"
                yield file.at(line, f"{text}; mark the line that implements it with `# {number}:`")


def leftovers(files: Sequence[Source]) -> Iterator[Violation]:
    """What is still to be done belongs into an issue."""
    for file in files:
        for line, text in file.comment_lines:
            for word in _LEFTOVERS:
                if re.search(rf"\b{word}\b", text):
                    yield file.at(line, f"{word} in a comment; do it, or open an issue")


RULES = (guards, faults, leftovers)
