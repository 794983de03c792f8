"""The typed expression tree that every back end reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

ARITHMETIC = frozenset({"+", "-", "*", "/", "**", "neg"})
COMPARISON = frozenset({"<", "<=", ">", ">=", "==", "!="})
LOGIC = frozenset({"and", "or", "not"})

#: Functions of the language and the number of arguments each takes.
FUNCTIONS: Mapping[str, int] = {
    "exp": 1, "log": 1, "sqrt": 1, "sin": 1, "cos": 1, "tanh": 1, "sigmoid": 1,
    "exprel": 1, "abs": 1, "floor": 1,
    "min": 2, "max": 2, "clip": 3, "where": 3,
    "rand": 0, "randn": 0,
}  # fmt: skip
DRAWS = frozenset({"rand", "randn"})


@dataclass(frozen=True, slots=True)
class Span:
    """Where an expression stands in its source line (0-based columns, end exclusive)."""

    line: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Expr:
    """One node: an operator or function name applied to ``args``.

    ``op`` is ``"num"`` (a literal, in ``value``), ``"name"`` (a symbol, in ``name``), an
    operator of `ARITHMETIC`, `COMPARISON` or `LOGIC`, or a function of `FUNCTIONS`.
    A random draw carries its ordinal within the model in ``value``. Source positions do not
    take part in equality.
    """

    op: str
    args: tuple[Expr, ...] = ()
    value: float = 0.0
    name: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_boolean(self) -> bool:
        """Whether the node yields a truth value rather than a number."""
        return self.op in COMPARISON or self.op in LOGIC

    def walk(self) -> Iterator[Expr]:
        """Yield this node and all below it, parents first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.args))

    def names(self) -> frozenset[str]:
        """Symbols the expression reads."""
        return frozenset(node.name for node in self.walk() if node.op == "name")

    def transform(self, visit: Callable[[Expr], Expr]) -> Expr:
        """Rebuild bottom-up, replacing each node by ``visit(node)``."""
        args = tuple(arg.transform(visit) for arg in self.args)
        same = all(new is old for new, old in zip(args, self.args, strict=True))
        node = self if same else Expr(self.op, args, self.value, self.name, self.span)
        return visit(node)

    def substitute(self, bindings: Mapping[str, Expr]) -> Expr:
        """Replace symbols by expressions."""
        return self.transform(lambda n: bindings.get(n.name, n) if n.op == "name" else n)

    def __str__(self) -> str:
        return _text(self)[0]

    def __add__(self, other: Expr) -> Expr:
        return add(self, other)

    def __sub__(self, other: Expr) -> Expr:
        return sub(self, other)

    def __mul__(self, other: Expr) -> Expr:
        return mul(self, other)

    def __truediv__(self, other: Expr) -> Expr:
        return div(self, other)

    def __neg__(self) -> Expr:
        return neg(self)


def num(value: float) -> Expr:
    """Return a literal."""
    return Expr("num", value=float(value))


def sym(name: str) -> Expr:
    """Return a symbol."""
    return Expr("name", name=name)


def call(function: str, *args: Expr) -> Expr:
    """Apply a function of the language."""
    return Expr(function, args)


def is_number(expr: Expr, value: float | None = None) -> bool:
    """Whether ``expr`` is a literal (equal to ``value`` when given)."""
    return expr.op == "num" and (value is None or expr.value == value)


def add(a: Expr, b: Expr) -> Expr:
    """``a + b``, folding literals and zeros."""
    if is_number(a) and is_number(b):
        return num(a.value + b.value)
    if is_number(a, 0):
        return b
    if is_number(b, 0):
        return a
    return Expr("+", (a, b), span=a.span)


def sub(a: Expr, b: Expr) -> Expr:
    """``a - b``, folding literals and zeros."""
    if is_number(a) and is_number(b):
        return num(a.value - b.value)
    if is_number(b, 0):
        return a
    if is_number(a, 0):
        return neg(b)
    return Expr("-", (a, b), span=a.span)


def mul(a: Expr, b: Expr) -> Expr:
    """``a * b``, folding literals, zeros and ones."""
    if is_number(a) and is_number(b):
        return num(a.value * b.value)
    if is_number(a, 0) or is_number(b, 0):
        return num(0)
    if is_number(a, 1):
        return b
    if is_number(b, 1):
        return a
    return Expr("*", (a, b), span=a.span)


def div(a: Expr, b: Expr) -> Expr:
    """``a / b``, folding literals."""
    if is_number(a) and is_number(b) and b.value != 0:
        return num(a.value / b.value)
    if is_number(b, 1) or is_number(a, 0):
        return a
    return Expr("/", (a, b), span=a.span)


def neg(a: Expr) -> Expr:
    """``-a``, folding literals and double negation."""
    if is_number(a):
        return num(-a.value)
    if a.op == "neg":
        return a.args[0]
    return Expr("neg", (a,), span=a.span)


_PRECEDENCE = {
    "or": 1, "and": 2, "not": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7, "**": 8,
}  # fmt: skip


def _text(expr: Expr) -> tuple[str, int]:
    """Render as source text with the fewest brackets; return text and precedence."""
    if expr.op == "num":
        text = f"{expr.value:g}" if float(f"{expr.value:g}") == expr.value else repr(expr.value)
        return text, 7 if text.startswith("-") else 9
    if expr.op == "name":
        return expr.name, 9
    if expr.op not in _PRECEDENCE:
        return f"{expr.op}({', '.join(_text(a)[0] for a in expr.args)})", 9
    level = _PRECEDENCE[expr.op]

    def operand(arg: Expr, strict: bool) -> str:
        text, inner = _text(arg)
        return f"({text})" if inner < level or (strict and inner == level) else text

    if expr.op in ("neg", "not"):
        sign = "-" if expr.op == "neg" else "not "
        return sign + operand(expr.args[0], False), level
    left_strict = expr.op == "**" or expr.op in COMPARISON
    left = operand(expr.args[0], left_strict)
    # Only '**' groups to the right; 'a + (b + c)' rounds differently from '(a + b) + c'.
    right = operand(expr.args[1], expr.op != "**")
    gap = "" if expr.op == "**" else " "
    return f"{left}{gap}{expr.op}{gap}{right}", level
