"""And-inverter graphs: built with sharing, composed, simulated, written as AIGER.

A literal is twice a node's number, plus one if complemented; node 0 is the constant false
(Biere, Heljanko, Wieringa, AIGER 1.9, 2011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FALSE, TRUE = 0, 1


class Aig:
    """A growing graph. Leaves are variables; equal ANDs are one node."""

    def __init__(self) -> None:
        self._fanin: list[tuple[int, int] | None] = [None]
        self._known: dict[tuple[int, int], int] = {}
        self.leaves: list[int] = []

    def leaf(self) -> int:
        """A new variable, as a literal."""
        self._fanin.append(None)
        literal = 2 * (len(self._fanin) - 1)
        self.leaves.append(literal)
        return literal

    def land(self, a: int, b: int) -> int:
        """Conjunction."""
        if a > b:
            a, b = b, a
        if a == FALSE or a == b ^ 1:
            return FALSE
        if a in (TRUE, b):
            return b
        key = (a, b)
        if key not in self._known:
            self._known[key] = 2 * len(self._fanin)
            self._fanin.append(key)
        return self._known[key]

    def lor(self, a: int, b: int) -> int:
        """Disjunction."""
        return self.land(a ^ 1, b ^ 1) ^ 1

    def xor(self, a: int, b: int) -> int:
        """Exclusive or."""
        return self.lor(self.land(a, b ^ 1), self.land(a ^ 1, b))

    def mux(self, select: int, one: int, zero: int) -> int:
        """``one`` where ``select``, else ``zero``."""
        if one == zero:
            return one
        return self.lor(self.land(select, one), self.land(select ^ 1, zero))

    def lookup(self, address: Sequence[int], bits: Sequence[int]) -> int:
        """The bit of a constant table at an address, low address bit first."""
        return self._lookup(tuple(address), tuple(bits), {})

    def _lookup(
        self, address: tuple[int, ...], bits: tuple[int, ...], seen: dict[tuple[int, ...], int]
    ) -> int:
        if not any(bits):
            return FALSE
        if all(bits):
            return TRUE
        if bits not in seen:
            half = len(bits) // 2
            low = self._lookup(address[:-1], bits[:half], seen)
            high = self._lookup(address[:-1], bits[half:], seen)
            seen[bits] = self.mux(address[-1], high, low)
        return seen[bits]

    def cone(self, roots: Sequence[int]) -> list[int]:
        """Numbers of the nodes that some literals depend on, in topological order."""
        alive: set[int] = set()
        stack = [r >> 1 for r in roots]
        while stack:
            i = stack.pop()
            if i in alive:
                continue
            alive.add(i)
            fanin = self._fanin[i]
            if fanin is not None:
                stack += [fanin[0] >> 1, fanin[1] >> 1]
        return sorted(alive)

    def support(self, root: int) -> set[int]:
        """Leaves a literal depends on."""
        return {2 * i for i in self.cone([root]) if i and self._fanin[i] is None}

    def substitute(self, roots: Sequence[int], values: Mapping[int, int]) -> list[int]:
        """Literals with some leaves replaced by other literals."""
        new: dict[int, int] = {0: FALSE}
        for i in self.cone(roots):
            fanin = self._fanin[i]
            if fanin is None:
                new[i] = values.get(2 * i, 2 * i) if i else FALSE
            else:
                a, b = fanin
                new[i] = self.land(new[a >> 1] ^ (a & 1), new[b >> 1] ^ (b & 1))
        return [new[r >> 1] ^ (r & 1) for r in roots]

    def evaluate(self, roots: Sequence[int], values: Mapping[int, int], ones: int) -> list[int]:
        """Bit-parallel values of literals; ``ones`` is the mask of the patterns in use."""
        new: dict[int, int] = {}
        for i in self.cone(roots):
            fanin = self._fanin[i]
            if fanin is None:
                new[i] = values.get(2 * i, 0) if i else 0
            else:
                a, b = fanin
                x = new[a >> 1] ^ (ones if a & 1 else 0)
                y = new[b >> 1] ^ (ones if b & 1 else 0)
                new[i] = x & y
        return [new[r >> 1] ^ (ones if r & 1 else 0) for r in roots]

    def evaluate_unknown(
        self, roots: Sequence[int], values: Mapping[int, tuple[int, int]], ones: int
    ) -> list[tuple[int, int]]:
        """Where literals may be 0 and where they may be 1, as that of leaves; by default both."""
        new: dict[int, tuple[int, int]] = {0: (ones, 0)}
        for i in self.cone(roots):
            fanin = self._fanin[i]
            if fanin is None:
                if i:
                    new[i] = values.get(2 * i, (ones, ones))
            else:
                a, b = ((new[x >> 1][x & 1], new[x >> 1][x & 1 ^ 1]) for x in fanin)
                new[i] = (a[0] | b[0], a[1] & b[1])
        return [(new[r >> 1][r & 1], new[r >> 1][r & 1 ^ 1]) for r in roots]

    def unless_unknown(self, root: int, unknown: set[int], otherwise: int) -> int:
        """A function where it has one value whatever some leaves are, else another function.

        It is worked out from AND to AND: a value that two ANDs depend on alike counts as unknown.
        """
        may: dict[int, tuple[int, int]] = {0: (TRUE, FALSE)}
        for i in self.cone([root]):
            fanin = self._fanin[i]
            if fanin is None:
                if i:
                    may[i] = (TRUE, TRUE) if 2 * i in unknown else (2 * i ^ 1, 2 * i)
            else:
                a, b = ((may[x >> 1][x & 1], may[x >> 1][x & 1 ^ 1]) for x in fanin)
                may[i] = (self.lor(a[0], b[0]), self.land(a[1], b[1]))
        zero, one = may[root >> 1][root & 1], may[root >> 1][root & 1 ^ 1]
        return self.mux(self.land(zero, one), otherwise, one)

    def aiger(self, roots: Sequence[int]) -> bytes:
        """Binary AIGER with every leaf as input, in order, and the literals as outputs."""
        number = {0: 0} | {leaf >> 1: k + 1 for k, leaf in enumerate(self.leaves)}
        gates = []
        for i in self.cone(roots):
            fanin = self._fanin[i]
            if fanin is not None:
                number[i] = len(number)
                gates.append(fanin)
        inputs = len(self.leaves)

        def literal(x: int) -> int:
            return 2 * number[x >> 1] + (x & 1)

        total = inputs + len(gates)
        out = bytearray(f"aig {total} {inputs} 0 {len(roots)} {len(gates)}\n".encode())
        out += "".join(f"{literal(r)}\n" for r in roots).encode()
        for k, (a, b) in enumerate(gates):
            left = 2 * (inputs + k + 1)
            high, low = sorted((literal(a), literal(b)), reverse=True)
            out += _varint(left - high) + _varint(high - low)
        return bytes(out)


def _varint(x: int) -> bytes:
    out = bytearray()
    while x > 127:
        out.append(x & 127 | 128)
        x >>= 7
    out.append(x)
    return bytes(out)
