"""How many fraction bits every operation needs, found backwards from the results."""

from __future__ import annotations

import math

import numpy as np

from sc_neurocore.compiler._algebra import Graph

#: Most significant bits that a factor of a product is given.
FACTOR_BITS = 28


def log2_ceiling(x: float) -> int:
    """Smallest ``k`` with ``x ≤ 2**k`` (0 maps to a large negative number)."""
    return -64 if x == 0 else math.ceil(math.log2(x))


class Demand:
    """Fraction bits wanted of every node, propagated from the results to the sources.

    ``floor_bits`` are wanted of what is floored beyond what is wanted of the floor.

    Attributes:
        bits: fraction bits of every node.
        short: the most bits that a factor was wanted to have and is not given.
    """

    def __init__(self, graph: Graph, floor_bits: int = 2) -> None:
        self._graph, self._floor_bits = graph, floor_bits
        self._size = len(graph.nodes)
        self.bits: list[int] = [-64] * self._size
        self.short = 0

    def want(self, node: int, bits: int) -> None:
        self.bits[node] = max(self.bits[node], bits)

    def _magnitude(self, node: int) -> float:
        low, high = self._graph.intervals[node]
        return max(abs(low), abs(high))

    def propagate(self) -> None:
        deepest = max(self.bits, default=0)
        for i in range(self._size - 1, -1, -1):
            bits = self.bits[i]
            if bits == -64:
                continue
            real = self._graph.nodes[i]
            match real.kind:
                case "lin":
                    for c, a in zip(real.coefs, real.args, strict=True):
                        self.want(a, bits + log2_ceiling(abs(c)) + (abs(c) != 1))
                case "mul":
                    a, b = real.args
                    self._want_factor(a, bits + log2_ceiling(self._magnitude(b)) + 1)
                    self._want_factor(b, bits + log2_ceiling(self._magnitude(a)) + 1)
                case "keep" | "abs":
                    self.want(real.args[0], bits)
                case "select":
                    self.want(real.args[0], deepest)
                    self.want(real.args[1], bits)
                    self.want(real.args[2], bits)
                case "fn":
                    self.want(real.args[0], bits + self._steepness(i) + 1)
                case "cmp":
                    # Small numbers are compared as finely as ones of size 1 are.
                    size = max(self._magnitude(a) for a in real.args)
                    finer = max(0, min(24, -log2_ceiling(size)))
                    for a in real.args:
                        self.want(a, deepest + finer)
                case "and" | "or" | "not":
                    for a in real.args:
                        self.want(a, deepest)

    def _want_factor(self, node: int, bits: int) -> None:
        """A factor of a product never needs more than `FACTOR_BITS` significant bits."""
        most = FACTOR_BITS - 1 - log2_ceiling(self._magnitude(node))
        self.short = max(self.short, bits - most)
        self.want(node, min(bits, most))

    def _steepness(self, node: int) -> int:
        """log2 of the function's largest slope over its argument's interval, at most 24."""
        real = self._graph.nodes[node]
        low, high = self._graph.intervals[real.args[0]]
        if real.name == "floor":
            return self._floor_bits
        if low == high:
            return 2
        # Slopes that rise towards an end (of log, recip, sqrt) show only close to it.
        close = 2.0 ** -np.arange(9.0, 40.0)
        x = low + (high - low) * np.unique(
            np.concatenate([np.linspace(0, 1, 257), close, 1 - close])
        )
        x = np.unique(x)
        y = self._graph.evaluate(node, {real.args[0]: x})
        slope = np.abs(np.diff(y) / np.diff(x))
        slope = slope[np.isfinite(slope)]
        return min(24, max(-16, log2_ceiling(float(slope.max())))) if slope.size else 0
