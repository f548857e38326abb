"""Memory barriers come in pairs: each end names the function of the other."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.tidy.source import Source, Violation

_WEAK = re.compile(r"\.(?:load_acquire|store_release)\(|\bmemory_order_(?:acquire|release|acq_rel)")
_C_NAME = re.compile(r"^[a-z_].*?\b(\w+)\(")
_COMMENT_STARTS = ("#", "//", "/*", "*")


@dataclass(frozen=True)
class Extent:
    """The lines of one function, the comment right above it included."""

    name: str
    first: int
    last: int


def _c_extents(lines: Sequence[str]) -> Iterator[Extent]:
    name, first = "", 0
    for number, text in enumerate(lines, 1):
        if found := _C_NAME.match(text):
            name, first = found[1], number
        elif text == "}" and name:
            yield Extent(name, first, number)
            name = ""
        elif text.endswith(";") and not text.startswith(("\t", " ")):
            name = ""


def _extents(file: Source) -> list[Extent]:
    lines = file.text.splitlines()
    if file.is_c:
        bare = list(_c_extents(lines))
    else:
        bare = [Extent(f.name, f.lineno, f.end_lineno or f.lineno) for f in file.functions]
    extents = []
    for extent in bare:
        first = extent.first
        while first > 1 and lines[first - 2].lstrip().startswith(_COMMENT_STARTS):
            first -= 1
        extents.append(Extent(extent.name, first, extent.last))
    return extents


def _owner(extents: Sequence[Extent], line: int) -> str | None:
    around = [extent for extent in extents if extent.first <= line <= extent.last]
    return max(around, key=lambda extent: extent.first).name if around else None


@dataclass(frozen=True)
class End:
    """One comment about a barrier; outside a function (at a field, say) it has no owner."""

    file: Source
    line: int
    owner: str | None
    is_paired: bool  # It names a partner, or tries to.
    partners: tuple[str, ...]


def _ends(file: Source, extents: Sequence[Extent]) -> Iterator[End]:
    for comment in file.comments:
        pairings = re.findall(r"\bpairs with\b([^.;]*)", comment.text, re.IGNORECASE)
        if pairings or re.search(r"\b(Acquire|Release):", comment.text):
            partners = tuple(re.findall(r"(\w+)\(\)", " ".join(pairings)))
            owner = _owner(extents, comment.line)
            yield End(file, comment.line, owner, bool(pairings), partners)


def _wrong(end: End, named_by: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not end.is_paired:
        yield "Acquire: or Release: without a partner; add `pairs with f()`"
    elif not end.partners:
        yield "`pairs with` names no function; write `f()`"
    for name in end.partners:
        if name not in named_by:
            yield f"pairs with {name}(), which does not exist; name the other end"
        elif end.owner is None and not named_by[name]:
            yield f"pairs with {name}(), which names no partner; add `pairs with` there"
        elif end.owner is not None and end.owner not in named_by[name]:
            text = f"pairs with {name}(), which does not name {end.owner}()"
            yield f"{text}; add `pairs with {end.owner}()` there"


def pairs(files: Sequence[Source]) -> Iterator[Violation]:
    """`Acquire:` and `Release:` name the function at the other end, and are named by it."""
    named_by: dict[str, list[str]] = {}
    every: list[End] = []
    for file in files:
        extents = _extents(file)
        for extent in extents:
            named_by.setdefault(extent.name, [])
        every += _ends(file, extents)
    for end in every:
        if end.owner is not None:
            named_by[end.owner] += end.partners
    for end in every:
        for text in _wrong(end, named_by):
            yield end.file.at(end.line, text)


def weak_accesses(files: Sequence[Source]) -> Iterator[Violation]:
    """A function with an access weaker than seq-cst says what it pairs with."""
    for file in files:
        if not file.under("emu", "cpuagents") or file.path.endswith(".pyi"):
            continue
        extents = _extents(file)
        paired = [end.owner for end in _ends(file, extents) if end.is_paired]
        lines: dict[str | None, list[int]] = defaultdict(list)
        for line, text in enumerate(file.text.splitlines(), 1):
            if _WEAK.search(text):
                lines[_owner(extents, line)].append(line)
        for owner, (line, *_) in lines.items():
            if owner not in paired:
                yield file.at(line, "acquire or release without a comment; add `pairs with f()`")


RULES = (pairs, weak_accesses)
