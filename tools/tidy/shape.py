"""Sizes, docstrings of modules, and the list of C sources."""

import ast
from collections.abc import Iterator, Sequence

from tools.tidy.source import Function, Source, Violation

BODY_LINES_MAX = 70
FILE_LINES_MAX = 600
C_FILE_LINES = 300  # The aim; beyond it there is a warning.


def _body_lines(function: Function) -> int:
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _c_bodies(file: Source) -> Iterator[tuple[int, int]]:
    start = 0
    for line, text in enumerate(file.text.splitlines(), 1):
        if text == "{":
            start = line
        elif text == "}" and start:
            yield start, line - start - 1
            start = 0


def function_length(files: Sequence[Source]) -> Iterator[Violation]:
    """Bodies, docstring aside, stay below a page."""
    for file in files:
        bodies = [(function.lineno, _body_lines(function)) for function in file.functions]
        for line, length in bodies or (_c_bodies(file) if file.is_c else ()):
            if length > BODY_LINES_MAX:
                text = f"function body of {length} lines, more than {BODY_LINES_MAX}"
                yield file.at(line, f"{text}; split it at its thoughts")


def file_length(files: Sequence[Source]) -> Iterator[Violation]:
    """One concept per file."""
    for file in files:
        length = file.text.count("\n")
        is_warning = file.is_c and length <= FILE_LINES_MAX
        longest = C_FILE_LINES if is_warning else FILE_LINES_MAX
        if length > longest:
            text = f"{length} lines, more than {longest}; split it by concept"
            yield Violation(file.path, longest + 1, text, is_warning)


def docstrings(files: Sequence[Source]) -> Iterator[Violation]:
    """A module says in its first line what it is for; an empty one has nothing to say."""
    for file in files:
        if file.is_python and file.tree.body and not ast.get_docstring(file.tree):
            yield file.at(1, "module without docstring; say in one sentence what it is for")


def c_sources(files: Sequence[Source]) -> Iterator[Violation]:
    """A C file that pyproject.toml does not name would be missing from the module."""
    for project in files:
        if project.path == "pyproject.toml":
            for file in files:
                if file.under("emu/machine/csrc") and f'"{file.path}"' not in project.text:
                    yield file.at(1, "not in pyproject.toml; add it to sources or depends there")


RULES = (function_length, file_length, docstrings, c_sources)
