"""From operations on reals to operations on integers, each at the precision it needs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler._algebra import Graph
from sc_neurocore.compiler._datapath import Builder, csd
from sc_neurocore.compiler._functions import FunctionUnits


class Nodes:
    """Lowers graph nodes on request, each once, at its wanted precision."""

    def __init__(
        self,
        graph: Graph,
        builder: Builder,
        functions: FunctionUnits,
        demand: list[int],
        raw: dict[str, int],
        coefficient_error: float,
    ) -> None:
        self._coefficient_error = coefficient_error
        self._graph, self._b, self._functions = graph, builder, functions
        self._demand, self._raw = demand, raw
        self._done: dict[int, int] = {}
        self._support: dict[int, frozenset[int]] = {}
        self._curved: dict[int, bool] = {}
        self._extra: dict[int, int] = {}

    def node(self, i: int) -> int:
        if i not in self._done:
            made = self._make(i)
            if i in self._graph.labels:
                self._b.label(made, self._graph.labels[i])
            self._done[i] = made
        return self._done[i]

    def _bits(self, i: int) -> int:
        return self._demand[i] if i < len(self._demand) else self._extra[i]

    def _make(self, i: int) -> int:
        real, bits, b = self._graph.nodes[i], self._bits(i), self._b
        if real.kind != "source" and real.kind != "keep":
            fused = self._fused(i, bits)
            if fused is not None:
                return fused
        match real.kind:
            case "source":
                return self._raw[real.name]
            case "keep":
                return self._floored(self.node(real.args[0]), bits)
            case "lin":
                return self._sum(i, bits)
            case "mul":
                product = b.mul(self._operand(real.args[0]), self._operand(real.args[1]))
                return self._clipped(i, self._floored(product, bits))
            case "fn":
                return self._functions.apply(real.name, self._operand(real.args[0]), bits)
            case "abs":
                return self._magnitude(self.node(real.args[0]))
            case "select":
                return b.select(*(self.node(a) for a in real.args))
            case "cmp":
                return b.compare(real.name, self.node(real.args[0]), self.node(real.args[1]))
            case "not":
                return b.invert(self.node(real.args[0]))
        return b.logic(real.kind, self.node(real.args[0]), self.node(real.args[1]))

    def _magnitude(self, x: int) -> int:
        b = self._b
        zero = b.const(0, b[x].frac)
        reach = max(abs(b[x].low), abs(b[x].high))
        if b[x].low >= 0:
            return x
        return b.bounded(b.select(b.compare("<", x, zero), b.sub(zero, x), x), 0, reach)

    def _clipped(self, i: int, node: int) -> int:
        """A product that never reaches what its factors' intervals allow, kept from it."""
        if i not in self._graph.observed:
            return node
        made, (low, high) = self._b[node], self._graph.intervals[i]
        scale = 2.0**made.frac
        least, most = math.floor(low * scale), math.ceil(high * scale)
        return self._b.clamp(node, max(least, made.low), min(most, made.high))

    def _operand(self, i: int) -> int:
        return self._floored(self.node(i), self._bits(i))

    def _floored(self, node: int, bits: int) -> int:
        return self._b.shift_right(node, bits) if self._b[node].frac > bits else node

    # sums ---------------------------------------------------------------------------------

    def _sum(self, i: int, bits: int) -> int:
        """``const + Σ c·x``: terms of equal coefficient are added first, then scaled once."""
        real, b = self._graph.nodes[i], self._b
        if not real.args:
            return b.const(round(real.const * 2.0**bits), bits)
        parts = [(c, a) for c, a in zip(real.coefs, real.args, strict=True)]
        # Coefficients that agree up to sign and a power of two share one multiplication.
        grouped: dict[float, list[tuple[float, int]]] = {}
        for c, a in _split_near_one(self._with_fused_terms(parts, bits)):
            size = next((g for g in grouped if _shift_between(abs(c), g) is not None), abs(c))
            grouped.setdefault(size, []).append((c, a))
        terms: list[tuple[int, int]] = []  # (sign, node)
        const = real.const
        for members in grouped.values():
            least = min(abs(c) for c, _ in members)
            share = const / least if len(members) > 1 and least != 1 else 0.0
            if not abs(share) < 2.0**24 or _exact_fraction(share, 12) is None:
                share = 0.0
            const -= share * least
            sign, total = self._group(members, least, share)
            terms.append((sign, self._scale(least, total, bits)))
        # Unscaled terms and the constant first: they are shortest.
        terms.sort(key=lambda t: (t[0] < 0, b[t[1]].frac))
        exact = _exact_fraction(const, 40)
        const_bits = bits if exact is None else min(bits, exact)
        constant = b.const(round(const * 2.0**const_bits), const_bits)
        sign, total = terms[0]
        total = b.sub(constant, total) if sign < 0 else b.add(total, constant)
        for sign, term in terms[1:]:
            total = b.add(total, term) if sign > 0 else b.sub(total, term)
        return total

    def _group(
        self, members: list[tuple[float, int]], least: float, share: float
    ) -> tuple[int, int]:
        """``sign · total`` with ``total = share + Σ ±x·2**k`` over one coefficient group.

        Subtracting a register costs inverters where subtracting a sum does not, so the sign is
        chosen to keep states on the adding side.
        """
        b = self._b
        wanted = -64
        sides: dict[bool, list[int]] = {True: [], False: []}
        states = {True: 0, False: 0}
        for c, a in sorted(members, key=lambda m: m[1]):
            shift = _shift_between(abs(c), least)
            assert shift is not None
            x = self.node(a)
            sides[c > 0].append(b.relabel(x, b[x].frac - shift))
            states[c > 0] += b[x].op == "source"
            wanted = max(wanted, self._bits(a) - shift)
        adding = (
            states[True] >= states[False] if sides[True] and sides[False] else bool(sides[True])
        )
        if len(members) == 2 and sides[True] and sides[False] and share:
            # The constant joins the other operand; what is left to subtract is a sum.
            adding = sides[True][0] < sides[False][0]
        sign = 1 if adding else -1
        share *= sign
        plus, minus = list(sides[adding]), list(sides[not adding])
        if share:
            fraction = _exact_fraction(share, 12) or 0
            target, value = (minus, -share) if minus else (plus, share)
            target.append(b.const(round(value * 2.0**fraction), fraction))
        total = plus[0]
        for x in plus[1:]:
            total = b.add(total, x)
        if minus:
            less = minus[0]
            for x in minus[1:]:
                less = b.add(less, x)
            total = b.sub(total, less)
        return sign, self._floored(total, wanted)

    def _scale(self, size: float, x: int, bits: int) -> int:
        """``size · x`` floored at ``bits``, by the shortest coefficient that is allowed."""
        b = self._b
        node = b[x]
        exponent = _shift_between(size, 1.0)
        if exponent is not None:
            return self._floored(b.relabel(x, node.frac - exponent), bits)
        reach = max(abs(node.low), abs(node.high)) * 2.0**-node.frac
        quarter = 2.0 ** -(bits + 2) / reach if reach else math.inf
        if size <= quarter:  # the whole product is below the wanted precision
            return b.const(0, 0)
        raw, fraction = coefficient(size, max(quarter, size * self._coefficient_error))
        scaled = b.relabel(b.cmul(x, raw), node.frac + fraction)
        return self._floored(scaled, bits)

    # univariate subexpressions ------------------------------------------------------------

    def _support_of(self, i: int) -> frozenset[int]:
        """The variables (sources, or kept sums of several) a node depends on."""
        if i not in self._support:
            real = self._graph.nodes[i]
            if real.kind == "source":
                found = frozenset({i})
            else:
                found = frozenset().union(*(self._support_of(a) for a in real.args))
                if real.kind == "keep" and len(found) > 1:
                    found = frozenset({i})
            self._support[i] = found
        return self._support[i]

    def _is_curved(self, i: int) -> bool:
        """Whether a node contains a function that needs a table."""
        if i not in self._curved:
            real = self._graph.nodes[i]
            own = real.kind == "fn" and real.name != "floor"
            self._curved[i] = real.kind != "source" and (
                own or any(self._is_curved(a) for a in real.args)
            )
        return self._curved[i]

    def _fused(self, i: int, bits: int) -> int | None:
        """One table for a whole subexpression of a single variable, if it is accurate enough."""
        real = self._graph.nodes[i]
        if real.kind in ("cmp", "and", "or", "not") or not self._is_curved(i):
            return None
        if real.kind == "fn" and self._graph.nodes[real.args[0]].kind == "source":
            return None
        support = self._support_of(i)
        if len(support) != 1:
            return None
        (variable,) = support
        if real.kind == "lin" and variable in real.args:
            return None  # the linear part is cheaper outside the table
        x = self.node(variable)

        def f(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return self._graph.evaluate(i, {variable: values})

        stem, formula = self._describe(i, variable)
        return self._functions.table(stem, f, x, bits, formula=formula)

    def _describe(self, i: int, variable: int) -> tuple[str, str]:
        """Signal stem and formula of a fused subexpression."""
        name = self._graph.nodes[variable].name or self._graph.labels.get(variable, "x")
        label = self._graph.labels.get(i, f"f{len(self._functions.reports)}")
        formula = self._graph.text(i)
        return f"{label}_of_{name}", formula if len(formula) <= 160 else formula[:159] + "…"

    def _with_fused_terms(
        self, parts: list[tuple[float, int]], bits: int
    ) -> list[tuple[float, int]]:
        """Join curved terms of one variable within a sum into a single term."""
        by_variable: dict[int, list[tuple[float, int]]] = {}
        for c, a in parts:
            support = self._support_of(a)
            if self._is_curved(a) and len(support) == 1:
                by_variable.setdefault(next(iter(support)), []).append((c, a))
        result = list(parts)
        for members in by_variable.values():
            if len(members) < 2:
                continue
            joined = self._graph.linear(members)
            self._extra[joined] = bits
            if joined >= len(self._demand) and self._fused(joined, bits) is not None:
                result = [p for p in result if p not in members]
                result.append((1.0, joined))
        return result


def _shift_between(a: float, b: float) -> int | None:
    """The integer ``k`` with ``a = b·2**k`` up to rounding, or ``None``."""
    shift = round(math.log2(a / b))
    return shift if abs(a * 2.0**-shift - b) <= 1e-10 * b else None


def _split_near_one(parts: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Write ``c·x`` with ``c`` near ±1 as ``±x + r·x``: the remainder is short and often shared."""
    result = []
    for c, a in parts:
        whole = math.copysign(1.0, c)
        if abs(c) != 1 and abs(c - whole) < 0.25:
            result += [(whole, a), (c - whole, a)]
        else:
            result.append((c, a))
    return result


def coefficient(size: float, tolerance: float) -> tuple[int, int]:
    """The odd integer ``raw`` and ``fraction`` with ``|raw·2**-fraction − size| ≤ tolerance``.

    Among the fractions up to four bits beyond the first that is accurate enough, the one with the
    fewest signed digits (then the shortest) is taken.
    """
    start = -math.frexp(size)[1]
    best: tuple[int, int, int] | None = None
    first: int | None = None
    for fraction in range(start, start + 60):
        raw = round(size * 2.0**fraction)
        if abs(raw * 2.0**-fraction - size) > tolerance:
            continue
        first = fraction if first is None else first
        if fraction > first + 4:
            break
        digits = len(csd(raw))
        if best is None or digits < best[0]:
            best = (digits, raw, fraction)
    assert best is not None
    _, raw, fraction = best
    while raw and raw % 2 == 0:
        raw, fraction = raw // 2, fraction - 1
    return raw, fraction


def _exact_fraction(value: float, limit: int) -> int | None:
    """Fraction bits that hold ``value`` up to rounding noise, or ``None`` above ``limit``."""
    for fraction in range(limit + 1):
        scaled = value * 2.0**fraction
        if abs(scaled - round(scaled)) <= 1e-9 * max(1.0, abs(scaled)):
            return fraction
    return None
