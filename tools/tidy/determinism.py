"""What would make two runs differ: floats in the emulated kernel, iterated sets."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from tools.tidy.source import Function, Source, Violation

_SET_TYPES = ("set", "frozenset", "Set", "AbstractSet", "MutableSet")
_SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)
_SET_METHODS = ("union", "intersection", "difference", "symmetric_difference", "copy")
_ORDER_KEEPING = ("list", "tuple", "iter", "enumerate", "map", "filter", "zip", "next", "join")


def _is_float(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float()) | ast.Name(id="float"):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
    return False


def floats(files: Sequence[Source]) -> Iterator[Violation]:
    """Time, chance and everything else of the emulated kernel are integers."""
    for file in files:
        if not file.under("emu"):
            continue
        lines = [getattr(node, "lineno", 1) for node in file.nodes if _is_float(node)]
        if file.is_c:
            for line, text in enumerate(file.text.splitlines(), 1):
                if re.search(r"\b(float|double)\b", text.partition("//")[0]):
                    lines.append(line)
        for line in lines:
            yield file.at(line, "float; count in integers, and divide with //")


def _is_set_type(annotation: ast.AST | None) -> bool:
    return annotation is not None and re.split(r"[\[.]", ast.unparse(annotation))[0] in _SET_TYPES


class _Sets:
    """The names of one scope that hold a set, as far as the file tells."""

    def __init__(self, scope: ast.AST, outer: "_Sets | None") -> None:
        self.names: list[str] = list(outer.names) if outer else []
        own = list(own_nodes(scope))
        if isinstance(scope, Function):
            arguments = scope.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            local = [argument.arg for argument in every]
            local += [name.id for name in own if _is_stored(name)]
            self.names = [name for name in self.names if name not in local]
            self.names += [a.arg for a in every if _is_set_type(a.annotation)]
        for node in own:
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.AnnAssign(target=target, annotation=kind) if _is_set_type(kind):
                self.names.append(ast.unparse(target))
            case ast.Assign(targets=targets, value=value) if self.is_set(value):
                self.names += [ast.unparse(target) for target in targets]
            case ast.FunctionDef(name=name, returns=kind) if _is_set_type(kind):
                self.names.append(f"{name}()")

    def is_set(self, node: ast.AST) -> bool:
        """Is the value of this expression a set?"""
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Call(func=ast.Attribute(value=source, attr=method)) if self.is_set(source):
                return method in _SET_METHODS
            case ast.Call(func=function):
                return f"{ast.unparse(function)}()" in self.names
            case ast.BinOp(left=left, op=operator, right=right):
                either = self.is_set(left) or self.is_set(right)
                return either and isinstance(operator, _SET_OPERATORS)
            case ast.Name() | ast.Attribute():
                return ast.unparse(node) in self.names
        return False


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions inside it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, Function):
            yield from own_nodes(child)


def _iterated(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.For(iter=source) | ast.AsyncFor(iter=source) | ast.comprehension(iter=source):
            return [source]
        case ast.Starred(value=source, ctx=ast.Load()) | ast.YieldFrom(value=source):
            return [source]
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _ORDER_KEEPING:
            return list(arguments)
        case ast.Call(func=ast.Attribute(attr="join"), args=arguments):
            return list(arguments)
        case ast.Call(func=ast.Attribute(value=source, attr="pop"), args=[]):
            return [source]
    return []


def _iterated_sets(scope: ast.AST, outer: _Sets | None) -> Iterator[int]:
    sets = _Sets(scope, outer)
    for node in own_nodes(scope):
        for source in _iterated(node):
            if sets.is_set(source):
                yield source.lineno
        if isinstance(node, Function):
            yield from _iterated_sets(node, sets)


def iterated_sets(files: Sequence[Source]) -> Iterator[Violation]:
    """The order of a set differs between sessions; order comes from lists and keys."""
    for file in files:
        if file.is_python and file.under("emu", "cpuagents"):
            for line in sorted(_iterated_sets(file.tree, None)):
                yield file.at(line, "iterates over a set; use a list, a dict or sorted()")


RULES = (floats, iterated_sets)
