"""Comments that carry weight: barrier pairs, guard numbers, and no notes to ourselves."""

import re
from collections.abc import Iterator, Sequence

from tools.tidy.source import Source, Violation

_C_FUNCTION = re.compile(r"^(?:[a-z_][\w ]*[ *])(\w+)\([^;]*$", re.MULTILINE)
_LEFTOVERS = ("TODO", "FIXME", "XXX", "HACK")


def _defined(files: Sequence[Source]) -> frozenset[str]:
    names = [function.name for file in files for function in file.functions]
    for file in files:
        if file.is_c:
            names += _C_FUNCTION.findall(file.text)
    return frozenset(names)


def pairs(files: Sequence[Source]) -> Iterator[Violation]:
    """`Acquire:` and `Release:` name the function at the other end, and it exists."""
    defined = _defined(files)
    for file in files:
        for comment in file.comments:
            found = re.search(r"\bpairs with\b([^.;]*)", comment.text, re.IGNORECASE)
            if found is None:
                if re.search(r"\b(Acquire|Release):", comment.text):
                    text = "Acquire: or Release: without a partner; add `pairs with f()`"
                    yield file.at(comment.line, text)
                continue
            partners = re.findall(r"(\w+)\(\)", found[1])
            if not partners:
                yield file.at(comment.line, "`pairs with` names no function; write `f()`")
            for name in partners:
                if name not in defined:
                    text = f"pairs with {name}(), which does not exist; name the other end"
                    yield file.at(comment.line, text)


def guards(files: Sequence[Source]) -> Iterator[Violation]:
    """The number of a guard stands at one line of emu.core: the line that implements it."""
    seen: dict[str, str] = {}
    for file in files:
        if not file.under("emu/core"):
            continue
        for line, text in file.comment_lines:
            if found := re.match(r"(G\d+):", text):
                number = found[1]
                if number in seen:
                    where = seen[number]
                    text = f"guard {number} is already at {where}; keep the line that implements it"
                    yield file.at(line, text)
                seen.setdefault(number, f"{file.path}:{line}")


def leftovers(files: Sequence[Source]) -> Iterator[Violation]:
    """What is still to be done belongs into an issue."""
    for file in files:
        for line, text in file.comment_lines:
            for word in _LEFTOVERS:
                if re.search(rf"\b{word}\b", text):
                    yield file.at(line, f"{word} in a comment; do it, or open an issue")


RULES = (pairs, guards, leftovers)
