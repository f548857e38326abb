"""Text to nodes: JSON as tolerant as the reader of rt-app, and every node knows its place.

Beyond JSON: comments, single quotes, one comma too many before a closing bracket, literals in any
case, control characters in strings, repeated keys (all are kept), a byte-order mark, and
`"suspend"` or `"yield"` without a value. Text after the root is left alone.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NoReturn

DEPTH_MAX = 32
BARE_KEYS = ("suspend", "yield")

_BLANKS = re.compile(r"(?:[ \t\r\n\f\v]+|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"-?[A-Za-z]+")
_LITERALS: dict[str, object] = {"true": True, "false": False, "null": None}
_NO_NUMBERS = ("nan", "infinity", "-infinity")
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/"}
_ESCAPES |= {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_DIGITS_MAX = 20  # Any longer number is out of every range.


class SyntaxFault(Exception):
    """The text is not what the reader takes."""

    def __init__(self, at: int, message: str) -> None:
        """Say where and what."""
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class Real:
    """A number that is not whole, as it was written."""

    text: str


@dataclass(frozen=True)
class Node:
    """A value: Table, list of nodes, str, int, Real, bool or None, and its place in the text."""

    value: object
    at: int


@dataclass(frozen=True)
class Table:
    """An object: members in file order; a key may come more than once."""

    members: tuple[tuple[str, int, Node], ...]  # Key, place of the key, value.


class Lines:
    """Turns places in the text into line and column, both from 1."""

    def __init__(self, text: str) -> None:
        """Note where lines begin."""
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]

    def of(self, at: int) -> tuple[int, int]:
        """Line and column of a place."""
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1


def parse(text: str) -> tuple[Node, int]:
    """The root, and where text after it begins; -1 if there is none.

    Errors: SyntaxFault.
    """
    parser = _Parser(text)
    root = parser.value(0)
    rest = len(text) - len(text[parser.at :].lstrip())
    try:
        parser.blanks()
        rest = parser.at
    except SyntaxFault:
        pass  # A comment that does not end is text, too.
    return root, rest if rest < len(text) else -1


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1 if text.startswith("\ufeff") else 0

    def blanks(self) -> str:
        """Skip blanks and comments; returns the character that follows, or nothing at the end."""
        match = _BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at
        if self.text.startswith("/*", self.at):
            raise SyntaxFault(self.at, "the comment does not end; write */ after it")
        return self.text[self.at : self.at + 1]

    def expected(self, what: str) -> NoReturn:
        found = self.text[self.at : self.at + 1]
        raise SyntaxFault(
            self.at,
            f"expected {what}, found {found!r}"
            if found
            else f"expected {what}, found the end of the file",
        )

    def value(self, depth: int) -> Node:
        char = self.blanks()
        at = self.at
        if char and char in "{[":
            if depth == DEPTH_MAX:
                raise SyntaxFault(at, f"nested deeper than {DEPTH_MAX}; flatten it")
            self.at += 1
            return Node(self.table(depth + 1) if char == "{" else self.array(depth + 1), at)
        if char and char in "\"'":
            return Node(self.string(), at)
        return Node(self.scalar(), at)

    def scalar(self) -> object:
        if match := _NUMBER.match(self.text, self.at):
            self.at = match.end()
            if match[1] or match[2]:
                return Real(match[0])
            digits = match[0].lstrip("-")
            value = int(digits) if len(digits) <= _DIGITS_MAX else 10**_DIGITS_MAX
            return -value if match[0].startswith("-") else value
        if match := _WORD.match(self.text, self.at):
            word = match[0].lower()
            if word in _LITERALS or word in _NO_NUMBERS:
                self.at = match.end()
                return _LITERALS[word] if word in _LITERALS else Real(match[0])
        self.expected("a value")

    def array(self, depth: int) -> list[Node]:
        nodes: list[Node] = []
        while self.blanks() != "]":
            nodes.append(self.value(depth))
            if self.blanks() == ",":
                self.at += 1
            elif self.blanks() != "]":
                self.expected("',' or ']'")
        self.at += 1
        return nodes

    def table(self, depth: int) -> Table:
        members: list[tuple[str, int, Node]] = []
        while (char := self.blanks()) != "}":
            if not char or char not in "\"'":
                self.expected("a key in quotes" if members else "a key in quotes or '}'")
            at = self.at
            members.append(self.member(self.string(), at, depth))
            if self.blanks() == ",":
                self.at += 1
            elif self.blanks() != "}":
                self.expected("',' or '}'")
        self.at += 1
        return Table(tuple(members))

    def member(self, key: str, at: int, depth: int) -> tuple[str, int, Node]:
        char = self.blanks()
        if char and char in ",}" and key in BARE_KEYS:
            return key, at, Node(None, at)
        if char != ":":
            self.expected("':'")
        self.at += 1
        return key, at, self.value(depth)

    def string(self) -> str:
        start, quote = self.at, self.text[self.at]
        self.at += 1
        parts: list[str] = []
        while (char := self.text[self.at : self.at + 1]) != quote:
            if not char:
                raise SyntaxFault(start, f"the string does not end; write {quote} after it")
            self.at += 1
            parts.append(self.escape() if char == "\\" else char)
        self.at += 1
        return _join_surrogates("".join(parts))

    def escape(self) -> str:
        char = self.text[self.at : self.at + 1]
        if char in _ESCAPES and char:
            self.at += 1
            return _ESCAPES[char]
        match = re.compile("u([0-9a-fA-F]{4})").match(self.text, self.at)
        if match is None:
            self.at -= 1
            found = self.text[self.at : self.at + 2]
            raise SyntaxFault(self.at, f"no such escape: {found}; write \\\\ for a backslash")
        self.at = match.end()
        return chr(int(match[1], 16))


def _join_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
