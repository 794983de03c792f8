"""From the text of one expression to its tree: Python's ``ast`` under a whitelist."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import replace

from sc_neurocore.dynamics._errors import equation_error, suggest
from sc_neurocore.dynamics._evaluate import evaluate
from sc_neurocore.dynamics._names import MAX_NAME
from sc_neurocore.dynamics._tree import (
    DRAWS,
    FUNCTIONS,
    Expr,
    Span,
    add,
    is_number,
    mul,
    sub,
)
from sc_neurocore.exceptions import EquationError

MAX_BLOCK = 65_536
MAX_LINE = 4_096
MAX_DEPTH = 64
MAX_NODES = 2_000
MAX_EQUATIONS = 256
#: Longest vector.
MAX_VECTOR = 64
#: Longest delay in ticks.
MAX_DELAY = 128
#: Operations of an equation with its intermediate equations written out, and of all elements of a
#: block's vectors together.
MAX_EXPANDED = 10_000

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
_COMPARE: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_REFUSED: dict[type[ast.AST], str] = {
    ast.Attribute: "attribute access is not allowed",
    ast.Subscript: "only a name is indexed: 'u[i]', or 'x[n]' in a map",
    ast.Lambda: "lambda is not allowed",
    ast.BitXor: "'^' is not an operator; write '**' for a power",
    ast.BitAnd: "'&' is not an operator; write 'and'",
    ast.BitOr: "'|' is not an operator; write 'or'",
    ast.Mod: "'%' is not an operator",
    ast.FloorDiv: "'//' is not an operator; write floor(a / b)",
    ast.NamedExpr: "assignment inside an expression is not allowed",
}


#: Length of every vector by name.
Sizes = Mapping[str, int]
NO_VECTORS: Sizes = {}


def parse_expression(
    text: str,
    line: str | None = None,
    offset: int = 0,
    sizes: Sizes = NO_VECTORS,
    indices: Mapping[str, int] = NO_VECTORS,
) -> Expr:
    """Parse one expression; vectors come out as their elements, ``u_3``.

    Args:
        text: the expression.
        line: whole source line shown in errors (default: ``text`` itself).
        offset: column of ``text`` within ``line``.
        sizes: vectors.
        indices: value of every index.

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
    return _Reader(line, offset, sizes, indices).read(tree, 0)


def _bracket_depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def require_number(expr: Expr) -> None:
    if expr.is_boolean:
        raise equation_error(
            "a condition stands where a number is needed; use where(…, a, b)", expr
        )


class _Reader:
    """Turns one whitelisted ``ast`` tree into `Expr` nodes."""

    def __init__(self, line: str, offset: int, sizes: Sizes, indices: Mapping[str, int]) -> None:
        self._line = line
        self._offset = offset
        self._sizes, self._indices = sizes, dict(indices)
        self._limit = MAX_EXPANDED if sizes else MAX_NODES
        self._count = 0

    def _span(self, node: ast.expr) -> Span:
        start = self._offset + node.col_offset
        end = self._offset + (node.end_col_offset or node.col_offset + 1)
        return Span(self._line, start, end)

    def read(self, node: ast.expr, depth: int) -> Expr:
        expr = self._read(node, depth)
        # What indices alone decide is a number, so that elements of equal form are equal.
        return folded(expr) if self._indices else expr

    def _read(self, node: ast.expr, depth: int) -> Expr:
        span = self._span(node)
        self._count += 1
        if depth > MAX_DEPTH:
            raise EquationError(f"expression nests deeper than {MAX_DEPTH} levels; name its parts")
        if self._count > self._limit:
            raise EquationError(f"expression has more than {self._limit} terms; name its parts")
        if isinstance(node, ast.Constant):
            return self._number(node, span)
        if isinstance(node, ast.Name):
            if node.id.startswith("__"):
                raise equation_error(f"name '{node.id}' is not allowed", span)
            if node.id in self._indices:
                return Expr("num", value=float(self._indices[node.id]), span=span)
            if node.id in self._sizes:
                raise equation_error(
                    f"'{node.id}' is a vector of {self._sizes[node.id]}; write {node.id}[i]", span
                )
            return Expr("name", name=node.id, span=span)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, depth, span)
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
            return self._choice(node.test, node.body, node.orelse, depth, span)
        if isinstance(node, ast.Call):
            return self._call(node, depth, span)
        raise equation_error(
            _REFUSED.get(type(node), f"{type(node).__name__.lower()} is not allowed here"), span
        )

    def _numeric(self, node: ast.expr, depth: int) -> Expr:
        expr = self.read(node, depth + 1)
        require_number(expr)
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
        if function == "sum":
            return self._sum(node, depth, span)
        if function == "delay":
            return self._delay(node, depth, span)
        if function not in FUNCTIONS:
            known = [*FUNCTIONS, "delay", "sum"]
            hint = suggest(function, known)
            if "did you mean" not in hint:
                hint = "; allowed: " + ", ".join(sorted(known))
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
            test, yes, no = node.args
            return self._choice(test, yes, no, depth, span)
        args = tuple(self._numeric(arg, depth) for arg in node.args)
        return Expr(function, args, span=span)

    def _choice(self, test: ast.expr, yes: ast.expr, no: ast.expr, depth: int, span: Span) -> Expr:
        condition = self._boolean(test, depth)
        if self._indices and not condition.names() and not _draws(condition):
            # An index decides: the other branch may name an element that does not exist.
            return self._numeric(yes if evaluate(condition, {}) else no, depth)
        return Expr("where", (condition, self._numeric(yes, depth), self._numeric(no, depth)),
                    span=span)  # fmt: skip

    # vectors and delays -------------------------------------------------------------------

    def _subscript(self, node: ast.Subscript, depth: int, span: Span) -> Expr:
        base, index = node.value, node.slice
        if isinstance(index, ast.Name) and index.id == "n" and isinstance(
            base, (ast.Name, ast.Subscript)
        ):  # fmt: skip
            return self.read(base, depth + 1)
        if not isinstance(base, ast.Name):
            raise equation_error(_REFUSED[ast.Subscript], span)
        rule, size = "", self._sizes.get(base.id)
        if isinstance(index, ast.Call) and isinstance(index.func, ast.Name) and (
            index.func.id in ("wrap", "edge", "zero") and len(index.args) == 1
        ):  # fmt: skip
            rule, index = index.func.id, index.args[0]
        at = self._whole(index, depth)
        if size is None:
            if rule or at < 0:
                raise equation_error(f"the length of '{base.id}' is not known here", span)
            return Expr("name", name=f"{base.id}_{at}", span=span)
        if not 0 <= at < size:
            match rule:
                case "wrap":
                    at %= size
                case "edge":
                    at = min(max(at, 0), size - 1)
                case "zero":
                    return Expr("num", value=0.0, span=span)
                case _:
                    raise equation_error(
                        f"'{base.id}' has the elements 0 to {size - 1}, not {at}; say what lies "
                        f"beyond: {base.id}[wrap(…)], {base.id}[edge(…)] or {base.id}[zero(…)]",
                        span,
                    )
        return Expr("name", name=f"{base.id}_{at}", span=span)

    def _whole(self, node: ast.expr, depth: int) -> int:
        """The value of a whole number that is known while reading."""
        expr = folded(self._numeric(node, depth))
        if expr.op != "num" or expr.value != int(expr.value):
            raise equation_error(
                "this must be a whole number, made of indices and literals alone", expr
            )
        return int(expr.value)

    def _sum(self, node: ast.Call, depth: int, span: Span) -> Expr:
        """``sum(j, expr)`` or ``sum(j, N, expr)``: neighbours are added first."""
        lengths = sorted(set(self._sizes.values()))
        if len(node.args) not in (2, 3) or node.keywords or not isinstance(node.args[0], ast.Name):
            raise equation_error("write sum(j, expression) or sum(j, N, expression)", span)
        index = node.args[0].id
        if index in self._indices or index in self._sizes or index == "n":
            raise equation_error(f"'{index}' has a meaning already; sum over another index", span)
        if len(node.args) == 3:
            count = self._whole(node.args[1], depth)
        elif len(lengths) == 1:
            count = lengths[0]
        else:
            found = f"the vectors have the lengths {', '.join(map(str, lengths))}"
            raise equation_error(
                f"{found if lengths else 'there is no vector'}; write sum({index}, N, …)", span
            )
        if not 1 <= count <= MAX_VECTOR:
            raise equation_error(f"a sum has 1 to {MAX_VECTOR} terms, not {count}", span)
        terms = []
        for k in range(count):
            self._indices[index] = k
            terms.append(self._numeric(node.args[-1], depth))
        del self._indices[index]
        terms = [t for t in terms if not is_number(t, 0)] or [Expr("num", span=span)]
        while len(terms) > 1:
            pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
            terms = [Expr("+", tuple(p), span=span) if len(p) == 2 else p[0] for p in pairs]
        return terms[0]

    def _delay(self, node: ast.Call, depth: int, span: Span) -> Expr:
        if len(node.args) != 2 or node.keywords:
            raise equation_error("write delay(x, n) with n ticks", span)
        what, ticks = self._numeric(node.args[0], depth), self._whole(node.args[1], depth)
        if what.op != "name":
            raise equation_error("delay(x, n) takes a state or an input, by name", what)
        if not 1 <= ticks <= MAX_DELAY:
            raise equation_error(f"a delay is of 1 to {MAX_DELAY} ticks, not {ticks}", span)
        return Expr("delay", (what,), float(ticks), span=span)


def _draws(expr: Expr) -> bool:
    return any(node.op in DRAWS for node in expr.walk())


_SIMPLER = {"+": add, "-": sub, "*": mul}


def folded(expr: Expr) -> Expr:
    """``expr``, or its value if it is an operation on literals; without zeros and ones."""
    if expr.op in _SIMPLER and not all(arg.op == "num" for arg in expr.args):
        return replace(_SIMPLER[expr.op](*expr.args), span=expr.span)
    if not expr.args or expr.is_boolean or any(arg.op != "num" for arg in expr.args):
        return expr
    try:
        value = evaluate(expr, {})
    except (ArithmeticError, ValueError):
        raise equation_error(f"'{expr}' has no value", expr) from None
    return Expr("num", value=float(value), span=expr.span)
