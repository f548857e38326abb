"""The tests: each of them asserts something."""

import ast
from collections.abc import Iterator, Sequence

from tools.tidy.source import Function, Source, Violation

_ASSERTING = ("raises", "warns", "fail")  # Of pytest.


def _called(function: Function) -> frozenset[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return frozenset(ast.unparse(call).rpartition(".")[2] for call in calls)


def _asserts(function: Function) -> bool:
    if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return True
    called = _called(function)
    return any(name in called for name in _ASSERTING)


def assertions(files: Sequence[Source]) -> Iterator[Violation]:
    """A test asserts itself, or calls a helper of the tests that does."""
    tests = [file for file in files if file.under("tests") and file.is_python]
    functions = [(file, function) for file in tests for function in file.functions]
    asserting = {function.name for _, function in functions if _asserts(function)}
    nr_before = -1
    while nr_before != len(asserting):
        nr_before = len(asserting)
        asserting |= {f.name for _, f in functions if not asserting.isdisjoint(_called(f))}
    for file, function in functions:
        if function.name.startswith("test") and function.name not in asserting:
            text = f"{function.name}() asserts nothing; assert an observable outcome"
            yield file.at(function.lineno, text)


RULES = (assertions,)
