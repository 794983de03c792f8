"""The integer datapath: what the RTL, the bit-true model and the proofs all execute.

A datapath is a list of integer operations in topological order. Every node knows its binary
point and an exact range, found by interval and affine arithmetic over the ranges of the sources,
so a node is exactly as wide as it needs to be and no intermediate can overflow. Overflow exists
in one place only: where a result is stored into a state, explicitly as ``clamp`` or ``wrap``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sc_neurocore.compiler._format import bits_for
from sc_neurocore.exceptions import BitwidthMismatchError

MAX_INTERMEDIATE = 63


@dataclass(frozen=True)
class Table:
    """A read-only memory: ``values[index]``.

    Attributes:
        name: identifier stem.
        values: contents.
        function: what it tabulates, as text for comments.
    """

    name: str
    values: tuple[int, ...]
    function: str = ""


@dataclass(frozen=True)
class Node:
    """One integer operation.

    ``op``: ``const``, ``source``, ``add``, ``sub``, ``mul``, ``cmul`` (times the constant
    ``value``), ``shl`` / ``shr`` (by the constant ``value``; ``shr`` floors), ``round_away`` /
    ``round_even`` (shift right by ``value``, rounding), ``clamp`` (to ``[low, high]``), ``wrap``
    (to the two's-complement or unsigned range ``[low, high]``), ``lt``, ``le``, ``eq``, ``and``,
    ``or``, ``not``, ``select`` (condition, then, else), ``rom`` (``table`` at the index),
    ``mod`` (the low ``value`` bits, unsigned), ``shr_by`` (floor shift by a node), ``shl_by``,
    ``msb`` (index of the leading one).

    Attributes:
        frac: binary point: the real value is ``raw · 2**-frac``.
        low: smallest raw value.
        high: largest raw value.
    """

    op: str
    args: tuple[int, ...] = ()
    value: int = 0
    name: str = ""
    table: Table | None = None
    frac: int = field(default=0, compare=True)
    low: int = field(default=0, compare=True)
    high: int = field(default=0, compare=True)

    @property
    def width(self) -> int:
        """Bits of the node as a signed two's-complement number."""
        return bits_for(self.low, self.high)

    @property
    def is_flag(self) -> bool:
        """Whether the node is a truth value."""
        return self.op in ("lt", "le", "eq", "and", "or", "not")


_Form = tuple[dict[int, Fraction], Fraction, Fraction]


class Builder:
    """Adds operations, sharing equal ones and computing exact ranges.

    Attributes:
        place: what is being lowered, for error messages.
    """

    def __init__(self) -> None:
        self.place = ""
        self.nodes: list[Node] = []
        self.labels: dict[int, str] = {}
        self._known: dict[tuple[object, ...], int] = {}
        self._forms: list[_Form] = []

    def __getitem__(self, node: int) -> Node:
        return self.nodes[node]

    def label(self, node: int, text: str) -> int:
        """Suggest a name for a node's signal."""
        if self.nodes[node].op not in ("const", "source"):
            self.labels.setdefault(node, text)
        return node

    def _add(
        self,
        op: str,
        args: tuple[int, ...],
        bounds: tuple[int, int],
        frac: int,
        form: _Form | None = None,
        *,
        value: int = 0,
        name: str = "",
        table: Table | None = None,
    ) -> int:
        key = (
            op,
            args,
            value,
            name,
            table,
            frac,
            bounds if op in ("clamp", "wrap", "source") else 0,
        )
        if key in self._known:
            return self._known[key]
        low, high = bounds
        number = len(self.nodes)
        if form is None:
            form = ({number: Fraction(1)}, Fraction(0), Fraction(0))
        else:
            affine_low, affine_high = self._form_range(form)
            low, high = max(low, affine_low), min(high, affine_high)
        if op != "const" and low == high and op != "source":
            return self.const(low, frac)
        node = Node(op, args, value, name, table, frac, low, high)
        if node.width > MAX_INTERMEDIATE:
            raise BitwidthMismatchError(
                f"an intermediate result{self.place} needs {node.width} bits, more than "
                f"{MAX_INTERMEDIATE}; declare tighter ranges for states and inputs "
                "(--range NAME=LOW:HIGH) or choose a narrower format"
            )
        self._known[key] = number
        self.nodes.append(node)
        self._forms.append(form)
        return number

    def _form_range(self, form: _Form) -> tuple[int, int]:
        terms, low, high = form
        for symbol, coef in terms.items():
            node = self.nodes[symbol]
            low += min(coef * node.low, coef * node.high)
            high += max(coef * node.low, coef * node.high)
        return _ceil(low), high.__floor__()

    def _combine(self, a: int, b: int, sign: int) -> _Form:
        (ta, la, ha), (tb, lb, hb) = self._forms[a], self._forms[b]
        terms = dict(ta)
        for symbol, coef in tb.items():
            terms[symbol] = terms.get(symbol, Fraction(0)) + sign * coef
            if terms[symbol] == 0:
                del terms[symbol]
        return (terms, la + lb, ha + hb) if sign > 0 else (terms, la - hb, ha - lb)

    def _scaled(self, a: int, factor: Fraction, below: Fraction, above: Fraction) -> _Form:
        terms, low, high = self._forms[a]
        low, high = min(low * factor, high * factor), max(low * factor, high * factor)
        return {s: c * factor for s, c in terms.items()}, low + below, high + above

    # leaves -------------------------------------------------------------------------------

    def const(self, raw: int, frac: int) -> int:
        zero: _Form = ({}, Fraction(raw), Fraction(raw))
        return self._add("const", (), (raw, raw), frac, zero, value=raw)

    def source(self, name: str, low: int, high: int, frac: int) -> int:
        return self._add("source", (), (low, high), frac, name=name)

    # arithmetic ---------------------------------------------------------------------------

    def align(self, node: int, frac: int) -> int:
        """Give a node more fraction bits, exactly."""
        shift = frac - self.nodes[node].frac
        if shift == 0:
            return node
        assert shift > 0
        n = self.nodes[node]
        if n.op == "const":
            return self.const(n.value << shift, frac)
        form = self._scaled(node, Fraction(1 << shift), Fraction(0), Fraction(0))
        return self._add("shl", (node,), (n.low << shift, n.high << shift), frac, form, value=shift)

    def _aligned(self, *nodes: int) -> tuple[tuple[int, ...], int]:
        frac = max(self.nodes[n].frac for n in nodes)
        return tuple(self.align(n, frac) for n in nodes), frac

    def add(self, a: int, b: int) -> int:
        (a, b), frac = self._aligned(a, b)
        x, y = self.nodes[a], self.nodes[b]
        if x.op == "const" and x.value == 0:
            return b
        if y.op == "const" and y.value == 0:
            return a
        bounds = (x.low + y.low, x.high + y.high)
        return self._add("add", (a, b), bounds, frac, self._combine(a, b, 1))

    def sub(self, a: int, b: int) -> int:
        (a, b), frac = self._aligned(a, b)
        x, y = self.nodes[a], self.nodes[b]
        if y.op == "const" and y.value == 0:
            return a
        bounds = (x.low - y.high, x.high - y.low)
        return self._add("sub", (a, b), bounds, frac, self._combine(a, b, -1))

    def mul(self, a: int, b: int) -> int:
        x, y = self.nodes[a], self.nodes[b]
        frac = x.frac + y.frac
        if x.op == "const" or y.op == "const":
            raw, other = (x.value, b) if x.op == "const" else (y.value, a)
            return self.relabel(self.cmul(other, raw), frac)
        corners = [p * q for p in (x.low, x.high) for q in (y.low, y.high)]
        low, high = min(corners), max(corners)
        if a == b:
            low = 0 if x.low <= 0 <= x.high else min(x.low**2, x.high**2)
        return self._add("mul", (min(a, b), max(a, b)), (low, high), frac)

    def cmul(self, a: int, factor: int) -> int:
        """Multiply by an integer constant, keeping the binary point."""
        n = self.nodes[a]
        if factor == 0:
            return self.const(0, n.frac)
        if n.op == "const":
            return self.const(n.value * factor, n.frac)
        if factor == 1:
            return a
        shift = (factor & -factor).bit_length() - 1
        if factor == 1 << shift:
            return self.relabel(self.align(a, n.frac + shift), n.frac)
        ends = (n.low * factor, n.high * factor)
        form = self._scaled(a, Fraction(factor), Fraction(0), Fraction(0))
        return self._add("cmul", (a,), (min(ends), max(ends)), n.frac, form, value=factor)

    def relabel(self, a: int, frac: int) -> int:
        """The same bits read with another binary point."""
        n = self.nodes[a]
        if n.frac == frac:
            return a
        if n.op == "const":
            return self.const(n.value, frac)
        return self._add("shl", (a,), (n.low, n.high), frac, self._forms[a], value=0)

    def shift_right(self, a: int, frac: int, op: str = "shr") -> int:
        """Drop fraction bits down to ``frac``; ``op`` is shr (floor), round_away or round_even."""
        n = self.nodes[a]
        shift = n.frac - frac
        if shift <= 0:
            return self.align(a, frac)
        if n.op == "const":
            return self.const(shifted(n.value, shift, op), frac)
        if n.op == "shr" and op == "shr":  # two floors are one
            return self.shift_right(n.args[0], self.nodes[n.args[0]].frac - n.value - shift, op)
        bounds = (shifted(n.low, shift, op), shifted(n.high, shift, op))
        factor = Fraction(1, 1 << shift)
        below, above = (
            (factor - 1, Fraction(0)) if op == "shr" else (Fraction(-1, 2), Fraction(1, 2))
        )
        form = self._scaled(a, factor, below, above)
        return self._add(op, (a,), bounds, frac, form, value=shift)

    def clamp(self, a: int, low: int, high: int) -> int:
        n = self.nodes[a]
        if low <= n.low and n.high <= high:
            return a
        bounds = (min(max(n.low, low), high), max(min(n.high, high), low))
        return self._add("clamp", (a,), bounds, n.frac)

    def wrap(self, a: int, low: int, high: int) -> int:
        n = self.nodes[a]
        if low <= n.low and n.high <= high:
            return a
        return self._add("wrap", (a,), (low, high), n.frac)

    def bounded(self, a: int, low: int, high: int) -> int:
        """Narrow a node to a range the caller has shown it never leaves."""
        n = self.nodes[a]
        low, high = max(low, n.low), min(high, n.high)
        if (low, high) != (n.low, n.high):
            self.nodes[a] = replace(n, low=low, high=high)
        return a

    # logic and choice ---------------------------------------------------------------------

    def compare(self, relation: str, a: int, b: int) -> int:
        """``a`` relation ``b`` for ``<  <=  >  >=  ==  !=``."""
        if relation in (">", ">="):
            return self.compare({">": "<", ">=": "<="}[relation], b, a)
        if relation == "!=":
            return self.invert(self.compare("==", a, b))
        (a, b), _ = self._aligned(*self._against_constant(relation, a, b))
        x, y = self.nodes[a], self.nodes[b]
        if relation == "<" and (x.high < y.low or x.low >= y.high):
            return self.const(int(x.high < y.low), 0)
        if relation == "<=" and (x.high <= y.low or x.low > y.high):
            return self.const(int(x.high <= y.low), 0)
        if relation == "==" and (x.high < y.low or y.high < x.low):
            return self.const(0, 0)
        if relation == "==" and x.low == x.high == y.low == y.high:
            return self.const(1, 0)
        op = {"<": "lt", "<=": "le", "==": "eq"}[relation]
        return self._add(op, (a, b), (0, 1), 0)

    def _against_constant(self, relation: str, a: int, b: int) -> tuple[int, int]:
        """Bring a constant to the other side's binary point without changing the outcome."""
        x, y = self.nodes[a], self.nodes[b]
        if y.op == "const" and y.frac > x.frac:
            exact, floor = y.value % (1 << (y.frac - x.frac)) == 0, y.value >> (y.frac - x.frac)
            if exact or relation != "==":  # x < c  ⟺  x < ceil(c);  x <= c  ⟺  x <= floor(c)
                return a, self.const(floor + (relation == "<" and not exact), x.frac)
        if x.op == "const" and x.frac > y.frac:
            exact, floor = x.value % (1 << (x.frac - y.frac)) == 0, x.value >> (x.frac - y.frac)
            if exact or relation != "==":  # c < y  ⟺  floor(c) < y;  c <= y  ⟺  ceil(c) <= y
                return self.const(floor + (relation == "<=" and not exact), y.frac), b
        return a, b

    def logic(self, op: str, a: int, b: int) -> int:
        for x, y in ((a, b), (b, a)):
            if self.nodes[x].op == "const":
                decided = self.nodes[x].value == (0 if op == "and" else 1)
                return x if decided else y
        return self._add(op, (min(a, b), max(a, b)), (0, 1), 0)

    def invert(self, a: int) -> int:
        if self.nodes[a].op == "const":
            return self.const(1 - self.nodes[a].value, 0)
        return self._add("not", (a,), (0, 1), 0)

    def select(self, condition: int, a: int, b: int) -> int:
        if self.nodes[condition].op == "const":
            return a if self.nodes[condition].value else b
        (a, b), frac = self._aligned(a, b)
        if a == b:
            return a
        x, y = self._branch(condition, a, True), self._branch(condition, b, False)
        bounds = (min(x[0], y[0]), max(x[1], y[1]))
        return self._add("select", (condition, a, b), bounds, frac)

    def _branch(self, condition: int, node: int, taken: bool) -> tuple[int, int]:
        """Range of a branch, narrowed when the condition compares that very node."""
        n, c = self.nodes[node], self.nodes[condition]
        low, high = n.low, n.high
        if c.op in ("lt", "le"):
            strict = int((c.op == "lt") == taken)
            left, right = c.args
            if node == left:
                level = self.nodes[right]
                if taken:
                    high = min(high, level.high - strict)
                else:
                    low = max(low, level.low + (1 - int(c.op == "lt")))
            elif node == right:
                level = self.nodes[left]
                if taken:
                    low = max(low, level.low + strict)
                else:
                    high = min(high, level.high - (1 - int(c.op == "lt")))
        return (low, high) if low <= high else (n.low, n.high)

    # tables and variable shifts -----------------------------------------------------------

    def rom(self, index: int, table: Table, frac: int) -> int:
        values = table.values
        n = self.nodes[index]
        assert n.low >= 0 and n.high < len(values), "table index out of range"
        seen = values[n.low : n.high + 1]
        return self._add("rom", (index,), (min(seen), max(seen)), frac, table=table)

    def mod(self, a: int, bits: int) -> int:
        """The low ``bits`` bits as an unsigned number."""
        n = self.nodes[a]
        return self._add("mod", (a,), (0, (1 << bits) - 1), n.frac, value=bits)

    def shr_by(self, a: int, by: int) -> int:
        """Floor shift right by a node in ``[0, …)``."""
        n, s = self.nodes[a], self.nodes[by]
        assert s.low >= 0
        corners = [x >> k for x in (n.low, n.high) for k in (s.low, s.high)]
        return self._add("shr_by", (a, by), (min(corners), max(corners)), n.frac)

    def shl_by(self, a: int, by: int, limit: tuple[int, int] | None = None) -> int:
        """Shift left by a node in ``[0, …)``; ``limit`` is a known bound on the result."""
        n, s = self.nodes[a], self.nodes[by]
        assert s.low >= 0
        corners = [x << k for x in (n.low, n.high) for k in (s.low, s.high)]
        bounds = (min(corners), max(corners)) if limit is None else limit
        return self._add("shl_by", (a, by), bounds, n.frac)

    def msb(self, a: int) -> int:
        """Index of the leading one of a node in ``[1, …)``."""
        n = self.nodes[a]
        assert n.low >= 1
        return self._add("msb", (a,), (n.low.bit_length() - 1, n.high.bit_length() - 1), 0)


def _ceil(x: Fraction) -> int:
    return -((-x).__floor__())


def shifted(raw: int, shift: int, op: str) -> int:
    """Shift right by ``shift`` bits under a rounding operation."""
    if op == "shr":
        return raw >> shift
    half = 1 << (shift - 1)
    if op == "round_away":
        return (raw + half - (raw < 0)) >> shift
    return (raw + half - 1 + ((raw >> shift) & 1)) >> shift


def csd(value: int) -> tuple[tuple[int, int], ...]:
    """Canonical signed digits of an integer: ``(sign, shift)`` with the fewest non-zeros."""
    digits, shift = [], 0
    sign = 1 if value >= 0 else -1
    value = abs(value)
    while value:
        if value & 1:
            digit = 2 - (value & 3)
            digits.append((sign * digit, shift))
            value -= digit
        value >>= 1
        shift += 1
    return tuple(reversed(digits))


def signed_digits(value: int) -> tuple[tuple[int, int], ...]:
    """Digits of a constant for shift-and-add: binary when that takes no more adders than CSD.

    Subtracting costs inverters on many devices, so additions win a tie.
    """
    binary = tuple((1, k) for k in reversed(range(value.bit_length())) if value >> k & 1)
    short = csd(value)
    return binary if value > 0 and len(binary) <= len(short) else short


def live(nodes: list[Node], roots: Iterable[int]) -> list[bool]:
    """Which nodes the roots depend on."""
    alive = [False] * len(nodes)
    stack = list(roots)
    while stack:
        i = stack.pop()
        if not alive[i]:
            alive[i] = True
            stack.extend(nodes[i].args)
    return alive


def prune(
    nodes: list[Node], labels: Mapping[int, str], roots: Iterable[int]
) -> tuple[tuple[Node, ...], dict[int, str], dict[int, int]]:
    """Drop dead nodes; return nodes, labels and the old-to-new numbering."""
    alive = live(nodes, roots)
    renumber: dict[int, int] = {}
    kept: list[Node] = []
    for i, node in enumerate(nodes):
        if alive[i]:
            renumber[i] = len(kept)
            args = tuple(renumber[a] for a in node.args)
            kept.append(
                Node(
                    node.op, args, node.value, node.name, node.table, node.frac, node.low, node.high
                )
            )
    return tuple(kept), {renumber[i]: t for i, t in labels.items() if alive[i]}, renumber
