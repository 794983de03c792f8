"""Text to equations, assignments and conditions; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sc_neurocore.dynamics._errors import equation_error
from sc_neurocore.dynamics._names import check_name
from sc_neurocore.dynamics._reader import (
    MAX_BLOCK,
    MAX_EQUATIONS,
    MAX_EXPANDED,
    MAX_LINE,
    MAX_VECTOR,
    NO_VECTORS,
    Sizes,
    parse_expression,
    require_number,
)  # fmt: skip
from sc_neurocore.dynamics._tree import Expr, Span
from sc_neurocore.exceptions import EquationError

Kind = Literal["ode", "map", "let", "shift"]


@dataclass(frozen=True)
class Line:
    """One logical line of an equation block, or one element of it: ``left = right``.

    ``vector`` is the name that the line gives to all its elements, else the target itself.
    """

    kind: Kind
    target: str
    right: Expr
    source: str
    unit: str | None
    held: bool
    target_span: Span
    vector: str


def parse_block(text: str) -> tuple[Line, ...]:
    """Parse a block of equations, one per line or separated by ``;``; ``#`` starts a comment.

    Raises:
        EquationError: a line is not an equation of the language, or a limit is broken.
    """
    if len(text) > MAX_BLOCK:
        raise EquationError(
            f"equations have {len(text)} characters; at most {MAX_BLOCK} are allowed"
        )
    heads = [_head(raw) for raw in _logical_lines(text)]
    sizes = {h.name: h.size for h in heads if h.size}
    lines = tuple(line for head in heads for line in _equations(head, sizes))
    if sizes and sum(
        1 for line in lines if line.vector != line.target for _ in line.right.walk()
    ) > (MAX_EXPANDED):
        raise EquationError(
            f"the elements of the vectors have more than {MAX_EXPANDED} operations; "
            "take fewer elements or couple fewer of them"
        )
    if not lines:
        raise EquationError("no equation given; write for example 'dv/dt = (-v + I)/tau'")
    if len(lines) > MAX_EQUATIONS:
        raise EquationError(f"{len(lines)} equations given; at most {MAX_EQUATIONS} are allowed")
    return lines


def vector_sizes(lines: Iterable[Line]) -> dict[str, int]:
    """Length of every vector that a block defines."""
    found: dict[str, int] = {}
    for line in lines:
        if line.vector != line.target:
            found[line.vector] = found.get(line.vector, 0) + 1
    return found


def index_names(text: str) -> set[str]:
    """Names that a text uses as indices, of vectors or of sums."""
    found = (pair for line in _logical_lines(text) for pair in _INDICES.findall(line))
    return {name for pair in found for name in pair if name}


def parse_assignments(
    text: str, what: str = "reset", sizes: Sizes = NO_VECTORS
) -> tuple[tuple[str, Expr, str], ...]:
    """Parse statements (``v = E_L; w += b``) into ``(target, expression, source)``.

    Args:
        text: one statement per line or ``;``.
        what: what they are called in errors.
        sizes: vectors; ``u[i:16] = …`` assigns every element.

    Raises:
        EquationError: a line is not an assignment of the language, or a limit is broken.
    """
    found = []
    for raw in _logical_lines(text):
        match = re.match(r"\s*([A-Za-z_]\w*)" + _INDEX + r"\s*(\+|-|\*|/)?=(?!=)", raw)
        if not match:
            raise equation_error(
                f"{what} '{raw.strip()[:60]}' is not an assignment; write for example 'v = -65'",
                Span(raw, 0, len(raw.rstrip())),
            )
        name, operator = check_name(match.group(1), Span(raw, *match.span(1))), match.group(4)
        span = Span(raw, match.start(1), match.end(1))
        for target, indices in _elements(name, match, raw, sizes):
            right = parse_expression(raw[match.end() :], raw, match.end(), sizes, indices)
            require_number(right)
            if operator:
                own = Expr("name", name=target, span=span)
                right = Expr(operator, (own, right), span=right.span)
            found.append((target, right, raw.strip() + _at(indices)))
    return tuple(found)


def parse_condition(text: str, sizes: Sizes = NO_VECTORS) -> Expr:
    """Parse a threshold: an expression that is true or false."""
    expr = parse_expression(text, sizes=sizes)
    if not expr.is_boolean:
        raise equation_error(
            f"threshold '{text.strip()[:60]}' is a number, not a condition; "
            "write a comparison such as 'v > -50'",
            Span(text, 0, len(text.rstrip())),
        )
    return expr


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


#: ``[i:16]``, all elements of a vector, or ``[3]``, one of them.
_INDEX = r"(?:\[\s*(?:([A-Za-z_]\w*)\s*:)?\s*(\d+)\s*\])?"
_NAME = r"([A-Za-z_]\w*)" + _INDEX
_INDICES = re.compile(r"\bsum\s*\(\s*([A-Za-z_]\w*)\s*,|\[\s*([A-Za-z_]\w*)\s*:")
_ODE = re.compile(r"\s*d\s*" + _NAME + r"\s*/\s*dt\s*=(?!=)")
_MAP = re.compile(r"\s*" + _NAME + r"\s*\[\s*n\s*\+\s*1\s*\]\s*=(?!=)")
_LET = re.compile(r"\s*" + _NAME + r"\s*=(?!=)")
_HELD = re.compile(r"\(\s*unless\s+refractory\s*\)\s*$")
_UNIT = re.compile(r":\s*([A-Za-z0-9_/*^ .()-]+)$")


@dataclass(frozen=True)
class _Head:
    """The left side of an equation, and where its right side stands."""

    kind: Kind
    name: str
    size: int
    match: re.Match[str]
    raw: str
    right: str
    unit: str | None
    held: bool


def _head(raw: str) -> _Head:
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
    kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = (
        ("ode", _ODE), ("map", _MAP), ("let", _LET),
    )  # fmt: skip
    for kind, pattern in kinds:
        if match := pattern.match(text):
            span = Span(raw, match.start(1), match.end(1))
            name = check_name(match.group(1), span)
            size = 0
            if match.group(2):
                size = int(match.group(3)[:9])
                if not 1 <= size <= MAX_VECTOR:
                    raise equation_error(
                        f"'{name}' has {size} elements; from 1 to {MAX_VECTOR} are allowed", span
                    )
            elif match.group(3):
                raise equation_error(
                    f"the left side is one element; write '{name}[i:N]' for all, and "
                    "where(i == 0, …, …) for what differs",
                    span,
                )
            return _Head(kind, name, size, match, raw, text[match.end() :], unit, held)
    raise equation_error(
        "not an equation; write 'dv/dt = …', 'v[n+1] = …' or 'name = …'",
        Span(raw, len(raw) - len(raw.lstrip()), len(raw)),
    )


def _equations(head: _Head, sizes: Sizes) -> Iterator[Line]:
    """The equation, or one for every element of its vector."""
    span = Span(head.raw, head.match.start(1), head.match.end(1))
    for target, indices in _elements(head.name, head.match, head.raw, sizes):
        right = parse_expression(head.right, head.raw, head.match.end(), sizes, indices)
        require_number(right)
        source = head.raw.strip() + _at(indices)
        yield Line(head.kind, target, right, source, head.unit, head.held, span, head.name)


def _at(indices: Mapping[str, int]) -> str:
    """What tells the elements of a vector apart in a listing."""
    return "".join(f"  # {name} = {value}" for name, value in indices.items())


def _elements(
    name: str, match: re.Match[str], raw: str, sizes: Sizes
) -> Iterator[tuple[str, dict[str, int]]]:
    """Target and indices of every element that the left side ``name[…]`` stands for."""
    index, number = match.group(2), match.group(3)
    span = Span(raw, *match.span(1))
    size = sizes.get(name)
    if number is None:
        if size is not None:
            raise equation_error(f"'{name}' is a vector of {size}; write {name}[i:{size}]", span)
        yield name, {}
        return
    if size is None:
        raise equation_error(f"'{name}' is not a vector; leave the brackets out", span)
    count = int(number[:9])
    if index is None:
        if count >= size:
            raise equation_error(f"'{name}' has the elements 0 to {size - 1}", span)
        yield f"{name}_{count}", {}
        return
    check_name(index, Span(raw, *match.span(2)), "index")
    if index == "n" or index in sizes:
        raise equation_error(f"'{index}' cannot be an index; choose another name", span)
    if count != size:
        raise equation_error(f"'{name}' is a vector of {size}; write {name}[{index}:{size}]", span)
    for k in range(size):
        yield f"{name}_{k}", {index: k}
