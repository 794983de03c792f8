"""Text to expression tree: Python's ``ast`` under a whitelist; nothing is evaluated."""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sc_neurocore.dynamics._errors import equation_error, suggest
from sc_neurocore.dynamics._tree import FUNCTIONS, Expr, Span
from sc_neurocore.exceptions import EquationError

MAX_BLOCK = 65_536
MAX_LINE = 4_096
MAX_DEPTH = 64
MAX_NODES = 2_000
MAX_EQUATIONS = 256
MAX_NAME = 64

#: Names the language itself gives a meaning to.
RESERVED = frozenset({"dt", "t", "xi", "and", "or", "not", "inf", "nan"}) | frozenset(FUNCTIONS)

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
_COMPARE: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_REFUSED: dict[type[ast.AST], str] = {
    ast.Attribute: "attribute access is not allowed",
    ast.Subscript: "indexing is not allowed (only 'x[n]' in a map)",
    ast.Lambda: "lambda is not allowed",
    ast.BitXor: "'^' is not an operator; write '**' for a power",
    ast.BitAnd: "'&' is not an operator; write 'and'",
    ast.BitOr: "'|' is not an operator; write 'or'",
    ast.Mod: "'%' is not an operator",
    ast.FloorDiv: "'//' is not an operator; write floor(a / b)",
    ast.NamedExpr: "assignment inside an expression is not allowed",
}


@dataclass(frozen=True)
class Line:
    """One logical line of an equation block: ``left = right``."""

    kind: Literal["ode", "map", "let"]
    target: str
    right: Expr
    source: str
    unit: str | None
    held: bool
    target_span: Span


def check_name(name: str, span: Span | None = None, what: str = "name") -> str:
    """Return ``name`` if a user may choose it, else raise `EquationError`."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name.startswith("__"):
        raise equation_error(
            f"{what} '{name[:MAX_NAME]}' is not an identifier; use letters, digits and '_', "
            "starting with a letter",
            span,
        )
    if len(name) > MAX_NAME:
        raise equation_error(
            f"{what} '{name[:20]}…' has {len(name)} characters; at most {MAX_NAME} are allowed",
            span,
        )
    if name in RESERVED or keyword.iskeyword(name):
        raise equation_error(f"{what} '{name}' is reserved by the language; choose another", span)
    return name


def parse_expression(text: str, line: str | None = None, offset: int = 0) -> Expr:
    """Parse one expression.

    Args:
        text: the expression.
        line: whole source line shown in errors (default: ``text`` itself).
        offset: column of ``text`` within ``line``.

    Raises:
        EquationError: the text is not an expression of the language, or breaks a limit.
    """
    line = text if line is None else line
    lead = len(text) - len(text.lstrip())
    body = text.strip()
    offset += lead
    whole = Span(line, offset, offset + max(1, len(body)))
    if len(text) > MAX_LINE:
        raise EquationError(
            f"expression has {len(text)} characters; at most {MAX_LINE} are allowed; "
            "split it into named intermediate equations"
        )
    if not body:
        raise equation_error("an expression is missing here", whole)
    if not body.isascii():
        at = offset + next(i for i, c in enumerate(body) if not c.isascii())
        raise equation_error("only ASCII characters are allowed", Span(line, at, at + 1))
    if _bracket_depth(body) > MAX_DEPTH:
        raise EquationError(f"expression nests deeper than {MAX_DEPTH} brackets; name its parts")
    try:
        tree = ast.parse(body, mode="eval").body
    except SyntaxError as error:
        at = offset + max(0, (error.offset or 1) - 1)
        end = offset + (error.end_offset - 1 if error.end_offset and error.end_offset > 0 else 0)
        reason = (
            (error.msg or "invalid syntax")
            .split(" (")[0]
            .replace("Perhaps you forgot a comma?", "")
        )
        raise equation_error(
            f"not an expression: {reason.strip().rstrip('.').lower()}",
            Span(line, at, max(at + 1, end)),
        ) from None
    except (MemoryError, RecursionError, ValueError):
        raise EquationError(
            f"expression nests deeper than {MAX_DEPTH} levels; name its parts"
        ) from None
    return _Reader(line, offset).read(tree, 0)


def parse_block(text: str) -> tuple[Line, ...]:
    """Parse a block of equations, one per line or separated by ``;``; ``#`` starts a comment.

    Raises:
        EquationError: a line is not an equation of the language, or a limit is broken.
    """
    if len(text) > MAX_BLOCK:
        raise EquationError(
            f"equations have {len(text)} characters; at most {MAX_BLOCK} are allowed"
        )
    lines = tuple(_equation(raw) for raw in _logical_lines(text))
    if not lines:
        raise EquationError("no equation given; write for example 'dv/dt = (-v + I)/tau'")
    if len(lines) > MAX_EQUATIONS:
        raise EquationError(f"{len(lines)} equations given; at most {MAX_EQUATIONS} are allowed")
    return lines


def parse_assignments(text: str, what: str = "reset") -> tuple[tuple[str, Expr, str], ...]:
    """Parse statements (``v = E_L; w += b``) into ``(target, expression, source)``.

    Args:
        text: one statement per line or ``;``.
        what: what they are called in errors.

    Raises:
        EquationError: a line is not an assignment of the language, or a limit is broken.
    """
    found = []
    for raw in _logical_lines(text):
        match = re.match(r"\s*([A-Za-z_]\w*)\s*(\+|-|\*|/)?=(?!=)", raw)
        if not match:
            raise equation_error(
                f"{what} '{raw.strip()[:60]}' is not an assignment; write for example 'v = -65'",
                Span(raw, 0, len(raw.rstrip())),
            )
        target, operator = match.group(1), match.group(2)
        right = parse_expression(raw[match.end() :], raw, match.end())
        _require_number(right)
        span = Span(raw, match.start(1), match.end(1))
        if operator:
            right = Expr(operator, (Expr("name", name=target, span=span), right), span=right.span)
        found.append((check_name(target, span), right, raw.strip()))
    return tuple(found)


def parse_condition(text: str) -> Expr:
    """Parse a threshold: an expression that is true or false."""
    expr = parse_expression(text)
    if not expr.is_boolean:
        raise equation_error(
            f"threshold '{text.strip()[:60]}' is a number, not a condition; "
            "write a comparison such as 'v > -50'",
            Span(text, 0, len(text.rstrip())),
        )
    return expr


def _bracket_depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _logical_lines(text: str) -> Iterator[str]:
    """Split at newlines and ``;`` outside brackets, dropping comments and blanks."""
    depth, current = 0, ""
    for physical in text.splitlines():
        code = physical.split("#", 1)[0]
        for character in code:
            depth += (character in "([{") - (character in ")]}")
            if character == ";":
                if current.strip():
                    yield current.rstrip()
                current, depth = "", 0
            else:
                current += character
        if depth > 0 and current.strip():
            current = current.rstrip() + " "
            continue
        if current.strip():
            yield current.rstrip()
        current, depth = "", 0
    if current.strip():
        yield current.rstrip()


_ODE = re.compile(r"\s*d\s*([A-Za-z_]\w*)\s*/\s*dt\s*=(?!=)")
_MAP = re.compile(r"\s*([A-Za-z_]\w*)\s*\[\s*n\s*\+\s*1\s*\]\s*=(?!=)")
_LET = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)")
_HELD = re.compile(r"\(\s*unless\s+refractory\s*\)\s*$")
_UNIT = re.compile(r":\s*([A-Za-z0-9_/*^ .()-]+)$")


def _equation(raw: str) -> Line:
    if len(raw) > MAX_LINE:
        raise EquationError(
            f"equation has {len(raw)} characters; at most {MAX_LINE} are allowed; "
            "split it into named intermediate equations"
        )
    text, held, unit = raw, False, None
    if match := _HELD.search(text):
        text, held = text[: match.start()].rstrip(), True
    if match := _UNIT.search(text):
        text, unit = text[: match.start()].rstrip(), match.group(1).strip()
    kinds: tuple[tuple[Literal["ode", "map", "let"], re.Pattern[str]], ...] = (
        ("ode", _ODE), ("map", _MAP), ("let", _LET),
    )  # fmt: skip
    for kind, pattern in kinds:
        if match := pattern.match(text):
            span = Span(raw, match.start(1), match.end(1))
            target = check_name(match.group(1), span)
            right = parse_expression(text[match.end() :], raw, match.end())
            _require_number(right)
            return Line(kind, target, right, raw.strip(), unit, held, span)
    raise equation_error(
        "not an equation; write 'dv/dt = …', 'v[n+1] = …' or 'name = …'",
        Span(raw, len(raw) - len(raw.lstrip()), len(raw)),
    )


def _require_number(expr: Expr) -> None:
    if expr.is_boolean:
        raise equation_error(
            "a condition stands where a number is needed; use where(…, a, b)", expr
        )


class _Reader:
    """Turns one whitelisted ``ast`` tree into `Expr` nodes."""

    def __init__(self, line: str, offset: int) -> None:
        self._line = line
        self._offset = offset
        self._count = 0

    def _span(self, node: ast.expr) -> Span:
        start = self._offset + node.col_offset
        end = self._offset + (node.end_col_offset or node.col_offset + 1)
        return Span(self._line, start, end)

    def read(self, node: ast.expr, depth: int) -> Expr:
        span = self._span(node)
        self._count += 1
        if depth > MAX_DEPTH:
            raise EquationError(f"expression nests deeper than {MAX_DEPTH} levels; name its parts")
        if self._count > MAX_NODES:
            raise EquationError(f"expression has more than {MAX_NODES} terms; name its parts")
        if isinstance(node, ast.Constant):
            return self._number(node, span)
        if isinstance(node, ast.Name):
            if node.id.startswith("__"):
                raise equation_error(f"name '{node.id}' is not allowed", span)
            return Expr("name", name=node.id, span=span)
        if isinstance(node, ast.Subscript):
            if (
                isinstance(node.value, ast.Name)
                and isinstance(node.slice, ast.Name)
                and node.slice.id == "n"
            ):
                return Expr("name", name=node.value.id, span=span)
            raise equation_error(_REFUSED[ast.Subscript], span)
        if isinstance(node, ast.BinOp):
            if type(node.op) not in _BINARY:
                raise equation_error(
                    _REFUSED.get(type(node.op), "this operator is not allowed"), span
                )
            args = tuple(self._numeric(x, depth) for x in (node.left, node.right))
            return Expr(_BINARY[type(node.op)], args, span=span)
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                return Expr("not", (self._boolean(node.operand, depth),), span=span)
            if isinstance(node.op, ast.UAdd):
                return self._numeric(node.operand, depth)
            if isinstance(node.op, ast.USub):
                inner = self._numeric(node.operand, depth)
                if inner.op == "num":
                    return Expr("num", value=-inner.value, span=span)
                return Expr("neg", (inner,), span=span)
            raise equation_error("'~' is not an operator; write 'not'", span)
        if isinstance(node, ast.Compare):
            return self._comparison(node, depth, span)
        if isinstance(node, ast.BoolOp):
            op = "and" if isinstance(node.op, ast.And) else "or"
            result = self._boolean(node.values[0], depth)
            for value in node.values[1:]:
                result = Expr(op, (result, self._boolean(value, depth)), span=span)
            return result
        if isinstance(node, ast.IfExp):
            branches = (
                self._boolean(node.test, depth),
                self._numeric(node.body, depth),
                self._numeric(node.orelse, depth),
            )
            return Expr("where", branches, span=span)
        if isinstance(node, ast.Call):
            return self._call(node, depth, span)
        raise equation_error(
            _REFUSED.get(type(node), f"{type(node).__name__.lower()} is not allowed here"), span
        )

    def _numeric(self, node: ast.expr, depth: int) -> Expr:
        expr = self.read(node, depth + 1)
        _require_number(expr)
        return expr

    def _boolean(self, node: ast.expr, depth: int) -> Expr:
        expr = self.read(node, depth + 1)
        if not expr.is_boolean:
            raise equation_error("a number stands where a condition is needed", expr)
        return expr

    def _number(self, node: ast.Constant, span: Span) -> Expr:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise equation_error(f"{type(value).__name__} {value!r:.30} is not a number", span)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise equation_error("number is too large", span)
        return Expr("num", value=number, span=span)

    def _comparison(self, node: ast.Compare, depth: int, span: Span) -> Expr:
        operands = [self._numeric(x, depth) for x in (node.left, *node.comparators)]
        result: Expr | None = None
        for op, left, right in zip(node.ops, operands, operands[1:], strict=False):
            if type(op) not in _COMPARE:
                raise equation_error("only <, <=, >, >=, == and != compare numbers", span)
            pair = Expr(_COMPARE[type(op)], (left, right), span=span)
            result = pair if result is None else Expr("and", (result, pair), span=span)
        assert result is not None
        return result

    def _call(self, node: ast.Call, depth: int, span: Span) -> Expr:
        if not isinstance(node.func, ast.Name):
            raise equation_error("attribute access is not allowed", self._span(node.func))
        function = node.func.id
        if function not in FUNCTIONS:
            hint = (
                suggest(function, FUNCTIONS)
                if "did you mean" in suggest(function, FUNCTIONS)
                else ("; allowed: " + ", ".join(sorted(FUNCTIONS)))
            )
            raise equation_error(
                f"call to '{function[:MAX_NAME]}' is not allowed{hint}", self._span(node.func)
            )
        if node.keywords:
            raise equation_error(f"{function}() takes no keyword arguments", span)
        if len(node.args) != FUNCTIONS[function]:
            raise equation_error(
                f"{function}() takes {FUNCTIONS[function]} arguments, {len(node.args)} given", span
            )
        if function == "where":
            condition, *branches = node.args
            args = (
                self._boolean(condition, depth),
                *(self._numeric(b, depth) for b in branches),
            )
        else:
            args = tuple(self._numeric(arg, depth) for arg in node.args)
        return Expr(function, args, span=span)
