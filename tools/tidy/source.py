"""A file as the rules see it, and what they say about it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TOPS = ("emu", "cpuagents", "scheduler_plugins", "tools", "tests")
SUFFIXES = (".py", ".pyi", ".c", ".h")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Violation:
    """One line for a person: what is wrong and what to do."""

    path: str
    line: int
    text: str
    is_warning: bool = False  # Said, but no reason to fail.

    def __str__(self) -> str:
        mark = "warning: " if self.is_warning else ""
        return f"{self.path}:{self.line}: {mark}{self.text}"


@dataclass(frozen=True)
class Comment:
    """A run of comment lines without a gap, its marks removed; `line` is the first one."""

    line: int
    text: str


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root, with slashes."""

    path: str
    text: str

    def under(self, *tops: str) -> bool:
        """Is the file inside one of these directories?"""
        return any(self.path.startswith(f"{top}/") for top in tops)

    def at(self, line: int, text: str) -> Violation:
        """A violation in this file."""
        return Violation(self.path, line, text)

    @property
    def is_python(self) -> bool:
        """Is it Python, a stub included?"""
        return self.path.endswith((".py", ".pyi"))

    @property
    def is_c(self) -> bool:
        """Is it C?"""
        return self.path.endswith((".c", ".h"))

    @property
    def module(self) -> str:
        """The dotted name."""
        return re.sub(r"(/__init__)?\.pyi?$", "", self.path).replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the syntax tree; none for a file that is not Python."""
        return tuple(ast.walk(self.tree)) if self.is_python else ()

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function of a Python file, methods and inner ones included."""
        return tuple(node for node in self.nodes if isinstance(node, Function))

    @cached_property
    def comment_lines(self) -> tuple[tuple[int, str], ...]:
        """Line number and text of each line that carries a comment."""
        return tuple(_comment_lines_of(self))

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments, consecutive lines joined."""
        joined: list[Comment] = []
        end = 0
        for line, text in self.comment_lines:
            if joined and line == end + 1:
                joined[-1] = Comment(joined[-1].line, f"{joined[-1].text} {text}")
            else:
                joined.append(Comment(line, text))
            end = line
        return tuple(joined)


def _comment_lines_of(file: Source) -> Iterator[tuple[int, str]]:
    if file.is_python:
        for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string.lstrip("#").strip()
    elif file.is_c:
        for line, text in enumerate(file.text.splitlines(), 1):
            if found := re.search(r"(?://|/\*|^\s*\*\s)(.*)", text):
                yield line, found[1].strip()


def read_tree(root: Path) -> Sequence[Source]:
    """The files that the rules are about."""
    paths = [root / "pyproject.toml"]
    for top in TOPS:
        paths += (path for path in root.joinpath(top).rglob("*") if path.suffix in SUFFIXES)
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(paths)
        if path.is_file()
    ]
