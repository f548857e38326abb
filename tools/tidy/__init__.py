"""The style checker: the rules of this code base that ruff and mypy do not know.

`python -m tools.tidy` reads the tree and prints one line for each violation. A rule is a function
from all files to violations, so that a test can give it a tree of two lines.
"""

from collections.abc import Callable, Iterator, Sequence

from tools.tidy import barriers, comments, determinism, imports, shape, suite
from tools.tidy.source import Source, Violation

RULES: tuple[Callable[[Sequence[Source]], Iterator[Violation]], ...] = (
    *imports.RULES,
    *shape.RULES,
    *determinism.RULES,
    *barriers.RULES,
    *comments.RULES,
    *suite.RULES,
)


def violations(files: Sequence[Source]) -> list[Violation]:
    """Everything that is wrong in `files`, warnings included, in the order of paths and lines."""
    return sorted(found for rule in RULES for found in rule(files))
