"""Bounds of functions of one variable, in each of many small parts of its range.

Such functions move together: a·(1/(a + b)) is at most 1, where the product of the factors'
intervals may be thousands.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sc_neurocore.compiler._real import REAL_FUNCTIONS, RELATIONS, Array, Interval, Real

Bounds = tuple[Array, Array]
#: Parts of a variable's range in each of which a product of functions of it is bounded.
_CELLS = 1 << 14


class Cells:
    """Bounds of the operations of a graph in the cells of the range of their only variable."""

    def __init__(self, nodes: Sequence[Real], intervals: Sequence[Interval]) -> None:
        """Follow a graph; its lists may grow."""
        self._nodes, self._intervals = nodes, intervals
        self._known: dict[int, dict[int, Bounds]] = {}

    def narrowed(self, node: Real, variable: int, interval: Interval) -> Interval:
        """Interval of an operation above one source, or ``interval`` if that is about as small."""
        if variable not in self._known:
            x = np.linspace(*self._intervals[variable], _CELLS + 1)
            self._known[variable] = {variable: (x[:-1], x[1:])}
        known = self._known[variable]
        found = self._within(node, [self._enclosed(a, known) for a in node.args])
        low = max(interval[0], float(found[0].min()))
        high = min(interval[1], float(found[1].max()))
        smaller = max(abs(low), abs(high)) <= max(abs(interval[0]), abs(interval[1])) / 2
        return (low, high) if smaller else interval

    def _enclosed(self, i: int, known: dict[int, Bounds]) -> Bounds:
        """Bounds of a node in every cell of the range of the only source below it."""
        if i not in known:
            node = self._nodes[i]
            low, high = self._within(node, [self._enclosed(a, known) for a in node.args])
            known[i] = np.clip(low, *self._intervals[i]), np.clip(high, *self._intervals[i])
        return known[i]

    def _within(self, node: Real, r: list[Bounds]) -> Bounds:
        """Bounds of a node in cells, from those of its arguments."""
        one = np.ones(1)
        match node.kind:
            case "lin":
                low = high = np.full(1, node.const)
                for coef, (a, b) in zip(node.coefs, r, strict=True):
                    ends = [coef * a, coef * b]
                    low, high = low + np.minimum(*ends), high + np.maximum(*ends)
                return low, high
            case "mul":
                with np.errstate(all="ignore"):
                    corners = [x * y for x in r[0] for y in r[1]]
                low, high = np.minimum.reduce(corners), np.maximum.reduce(corners)
                return (np.maximum(low, 0) if node.args[0] == node.args[1] else low), high
            case "abs":
                (a, b), sizes = r[0], np.abs(r[0])
                return np.where(a * b <= 0, 0.0, sizes.min(axis=0)), sizes.max(axis=0)
            case "fn":
                with np.errstate(all="ignore"):
                    ends = [REAL_FUNCTIONS[node.name](x) for x in r[0]]
                # All but these two, which change no faster than their argument, are monotonic.
                slack = (r[0][1] - r[0][0]) / 2 if node.name in ("sin", "cos") else 0.0
                return np.minimum(*ends) - slack, np.maximum(*ends) + slack
            case "select":
                (never, ever), (a, b), (c, d) = r
                least, most = np.minimum(a, c), np.maximum(b, d)
                low = np.where(never > 0, a, np.where(ever > 0, least, c))
                return low, np.where(never > 0, b, np.where(ever > 0, most, d))
            case "cmp" if node.name in ("<", "<="):
                (a, b), (c, d) = r
                return 1.0 * RELATIONS[node.name](b, c), 1.0 * RELATIONS[node.name](a, d)
            case "cmp" if node.name in (">", ">="):
                (a, b), (c, d) = r
                return 1.0 * RELATIONS[node.name](a, d), 1.0 * RELATIONS[node.name](b, c)
            case "keep":
                return r[0]
        return 0 * one, one
