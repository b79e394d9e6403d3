"""An expression a person typed, ``sqrt(x**2 + exp(x**2))``, as a graph.

This is not `eval`: an expression has numbers, variables, pi and e, arithmetic, comparisons, and calls of the elementary
functions; nothing else has a meaning, and nothing of Python is reached. Precedence and associativity are Python's, so that
``-x**2`` is -(x**2), ``2**-x`` is allowed and ``a**b**c`` is a**(b**c). Two stacks and no recursion: Python's own parser
fails at 10,000 terms or 300 parentheses. Every operation becomes a node, those on numbers alone too: ``1/3*x`` costs 2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from optlab.errors import OptlabError, nearest
from optlab.formula import elementary
from optlab.formula.graph import Graph
from optlab.formula.handles import LARGEST_INTEGER_POWER, Node, Trace, Traced
from optlab.formula.table import TABLE

MOST_OPERATIONS = 100_000
CONSTANTS = {"pi": math.pi, "e": math.e}

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>&|~(),])"
)
_BINARY = {  # precedence, and the method of a traced value or the name in the table
    "<": (1, "less"), "<=": (1, "less_equal"), ">": (1, "greater"), ">=": (1, "greater_equal"), "==": (1, "equal"), "!=": (1, "not_equal"),
    "|": (2, "either"), "&": (3, "both"), "+": (4, "add"), "-": (4, "sub"), "*": (5, "mul"), "/": (5, "div"), "//": (5, "quotient"),
    "%": (5, "mod"), "**": (7, "power"),
}  # fmt: skip
_PREFIX = {"-": "neg", "+": "plus", "~": "opposite"}
_PREFIX_BINDS = 6
_COMPARISON = 1
_HINTS = {
    "^": "a power is written **", "=": "equality is written ==", "!": "negation is written ~", ".": "an expression has no attributes",
    "[": "an expression has no indices", "'": "an expression has no text", '"': "an expression has no text", "and": "write (a) & (b)",
    "or": "write (a) | (b)", "not": "write ~(a)", "if": "write where(condition, a, b)", "lambda": "write the expression alone",
    "\u00b7": "a product is written *", "\u00d7": "a product is written *", "\u2212": "a minus is written -",
    "\u00b2": "a square is written **2", "\u221a": "a root is written sqrt(x)",
}  # fmt: skip


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, **{name: getattr(elementary, name) for name in elementary.__all__}, "min": elementary.minimum, "max": elementary.maximum,
    "ln": elementary.log,
}  # fmt: skip
ARITY = {name: len(TABLE[name].partials) if name in TABLE else {"clip": 3, "ln": 1}.get(name, 2) for name in FUNCTIONS}


class Token(NamedTuple):
    """A piece of the expression; `at` counts characters from 1. kind: number, name, sign, end."""

    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        return "its end" if self.kind == "end" else f"{self.text[:20]!r} at character {self.at}"


class _Pending(NamedTuple):
    """An operator or a parenthesis that waits for its right side. kind: binary, prefix, group, call."""

    kind: str
    token: Token
    binds: int = 0
    values: int = 0  # of a call: how many values lay on the stack before its arguments


def tokens(text: str) -> list[Token]:
    """Cut an expression into pieces; the last one is its end."""
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            remedy = _HINTS.get(text[place], "an expression has numbers, variables, operators and functions only")
            raise _wrong(text, f"{text[place]!r} at character {place + 1} has no meaning there: {remedy}")
        if match.lastgroup == "name" and not match.group().isidentifier():
            raise _wrong(text, f"{match.group()[:20]!r} at character {place + 1} is no name: letters, digits and _ make one")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), place + 1))
        place = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def parse(text: str, name: str = "the expression") -> Graph:
    """Read an expression into its graph; the inputs are its variables in the order of appearance.

    Raises:
        OptlabError: one sentence with the place of what cannot be read.
    """
    pieces = tokens(text)
    variables: list[str] = []
    for piece, after in pairwise(pieces):
        if piece.kind == "name" and after.text != "(" and piece.text not in CONSTANTS:
            if piece.text in FUNCTIONS:
                arguments = ", ".join("xyz"[: ARITY[piece.text]])
                raise _wrong(text, f"{piece} is a function and takes parentheses: {piece.text}({arguments})")
            if piece.text in _HINTS or piece.text.startswith("_"):
                remedy = _HINTS.get(piece.text, "a variable's name begins with a letter")
                raise _wrong(text, f"{piece} has no meaning there: {remedy}")
            if piece.text not in variables:
                variables.append(piece.text)
    return _Parser(text, name, variables).graph(pieces)


class _Parser:
    """Two stacks: values (traced, or plain numbers) and what waits for a right side."""

    def __init__(self, text: str, name: str, variables: list[str]) -> None:
        self.text = text
        self.variables = variables
        self.trace = Trace(name)
        self.known: dict[str, Any] = {each: self.trace.append(Node("input", (), each)) for each in variables} | CONSTANTS
        self.values: list[Any] = []
        self.waiting: list[_Pending] = []

    def graph(self, pieces: list[Token]) -> Graph:
        operand = True  # whether a value is expected next
        for k, piece in enumerate(pieces):
            operand = self.take(piece, operand, pieces[k + 1] if piece.kind != "end" else piece)
            if len(self.trace.nodes) > MOST_OPERATIONS:
                raise _wrong(self.text, f"it has more than {MOST_OPERATIONS:,} operations: write a function of array code instead")
        index = self.trace.index(self.values.pop())
        return Graph(self.trace.name, tuple(self.trace.nodes), tuple(self.variables), (), (index,))

    def take(self, piece: Token, operand: bool, after: Token) -> bool:
        """Use one piece; return whether a value is expected after it."""
        opens = piece.text == "("
        if operand:
            if piece.kind == "number":
                self.values.append(float(piece.text))
                return False
            if piece.kind == "name":
                if after.text == "(":
                    self.check_function(piece)
                    return True  # its parenthesis comes next
                self.values.append(self.known[piece.text])
                return False
            if opens:
                self.waiting.append(self.opened(piece))
                return True
            if piece.text in _PREFIX:
                self.waiting.append(_Pending("prefix", piece, _PREFIX_BINDS))
                return True
            if piece.text == ")" and self.waiting and self.waiting[-1].kind == "call":
                called = self.waiting[-1].token.text
                raise _wrong(
                    self.text, f"{called}() at character {self.waiting[-1].token.at} has too few arguments: it takes {ARITY[called]}"
                )
            raise _wrong(self.text, f"a value is missing before {piece}")
        if piece.text in _BINARY:
            self.binary(piece)
            return True
        if piece.text in (")", ","):
            self.reduce(0)
            if not self.waiting or (piece.text == "," and self.waiting[-1].kind != "call"):
                what = "no parenthesis is open for" if piece.text == ")" else "no function's arguments are parted by"
                raise _wrong(self.text, f"{what} {piece}")
            if piece.text == ")":
                self.close()
            return piece.text == ","
        if piece.kind == "end":
            self.reduce(0)
            if self.waiting:
                raise _wrong(self.text, f"the parenthesis opened at character {self.place_of(self.waiting[-1])} is never closed")
            return False
        hint = _HINTS.get(piece.text) or ("a product is written with *" if opens or piece.kind != "sign" else "")
        raise _wrong(self.text, f"an operator is missing before {piece}" + (f" ({hint})" if hint else ""))

    def check_function(self, piece: Token) -> None:
        if piece.text not in FUNCTIONS:
            close = nearest(piece.text, tuple(FUNCTIONS))
            what = f"{piece} is no function{close}"
            raise _wrong(self.text, what if close else f"{what}; there are {', '.join(sorted(FUNCTIONS))}")
        self.waiting.append(_Pending("call", piece, 0, -1))

    def opened(self, piece: Token) -> _Pending:
        if self.waiting and self.waiting[-1].values == -1:  # the function's name came just before
            return self.waiting.pop()._replace(values=len(self.values))
        return _Pending("group", piece)

    @staticmethod
    def place_of(pending: _Pending) -> int:
        return pending.token.at + (len(pending.token.text) if pending.kind == "call" else 0)

    def binary(self, piece: Token) -> None:
        binds, _ = _BINARY[piece.text]
        self.reduce(binds + 1 if piece.text == "**" else binds)
        if binds == _COMPARISON and self.compared:
            raise _wrong(self.text, f"{piece} compares a comparison: write (a < x) & (x < b), each in parentheses")
        self.waiting.append(_Pending("binary", piece, binds))

    @property
    def compared(self) -> bool:
        """Whether the value on top was made by a comparison that stands open, without parentheses."""
        return self.last_comparison is self.values[-1]

    last_comparison: Any = None

    def reduce(self, least: int) -> None:
        """Apply what waits and binds at least as tightly."""
        self.last_comparison = None
        while self.waiting and self.waiting[-1].kind in ("binary", "prefix") and self.waiting[-1].binds >= least:
            pending = self.waiting.pop()
            right = self.values.pop()
            if pending.kind == "prefix":
                self.values.append(self.prefixed(pending.token.text, right))
                continue
            self.values.append(self.applied(_BINARY[pending.token.text][1], self.values.pop(), right))
            self.last_comparison = self.values[-1] if pending.binds == _COMPARISON else None

    def close(self) -> None:
        """Meet ``)``: a call gets its arguments, a group keeps its value."""
        pending = self.waiting.pop()
        if pending.kind == "call":
            name, given = pending.token.text, len(self.values) - pending.values
            if given != ARITY[name]:
                wanted = f"{ARITY[name]} argument{'s' if ARITY[name] > 1 else ''}"
                raise _wrong(self.text, f"{pending.token} takes {wanted}, and {given} {'is' if given == 1 else 'are'} given")
            arguments = self.values[pending.values :]
            del self.values[pending.values :]
            self.values.append(FUNCTIONS[name](*map(self.traced, arguments)))

    def traced(self, value: Any) -> Traced:
        return value if isinstance(value, Traced) else Traced(self.trace, self.trace.constant(float(value)))

    def prefixed(self, sign: str, value: Any) -> Any:
        if sign == "+":
            return value
        if sign == "-" and not isinstance(value, Traced):
            return -value  # a negative number, not an operation
        return self.traced(value).record(_PREFIX[sign], (value,))

    def applied(self, op: str, left: Any, right: Any) -> Traced:
        anchor = self.traced(left)
        if op == "quotient":
            return anchor // right  # type: ignore[no-any-return]
        if op == "power" and not isinstance(right, Traced) and right.is_integer() and abs(right) <= LARGEST_INTEGER_POWER:
            return anchor.record("integer_power", (anchor,), int(right))
        return anchor.record(op, (anchor, right))


def _wrong(text: str, what: str) -> OptlabError:
    flat = " ".join(text.split())
    shown = flat if len(flat) <= 60 else f"{flat[:57]}..."
    return OptlabError(f"the expression {shown!r} cannot be read: {what}")
