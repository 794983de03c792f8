"""When each operation happens: one clock, several, or around one shared multiplier.

A tick takes ``last`` clock steps after it starts (``last = 1``: a single clock). Sources hold still
during a tick, so registers between steps run freely and need no enables; only the products of the
shared multiplier are captured one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sc_neurocore.compiler._datapath import Node, csd
from sc_neurocore.compiler._lower import Datapath
from sc_neurocore.exceptions import SCConfigError

Multipliers = Literal["parallel", "shared"]
#: Constant products with more signed digits than this go to the shared multiplier.
SHARED_DIGITS = 3
#: Operations that cost nothing: they are read through, never registered.
WIRING = frozenset({"shl", "shr", "mod", "not"})
_MARGIN = 0.8


@dataclass(frozen=True)
class Product:
    """One use of the shared multiplier.

    Attributes:
        node: the ``mul`` or ``cmul`` node it computes.
        a: first factor (node).
        b: second factor (node), or ``None`` for the constant of a ``cmul``.
        start: step in which the factors are loaded.
        done: step in which the product is captured.
    """

    node: int
    a: int
    b: int | None
    start: int
    done: int


@dataclass(frozen=True)
class Schedule:
    """Steps of a datapath.

    Attributes:
        step: for each node, the step in which its value is settled (from then on it is stable).
        registered: nodes whose value is registered at the end of that step.
        products: uses of the shared multiplier in order.
        factor_widths: widths of the shared multiplier's two operands.
        last: steps of a tick; states are stored at the end of the last.
    """

    step: tuple[int, ...]
    registered: frozenset[int]
    products: tuple[Product, ...]
    factor_widths: tuple[int, int]
    last: int


def schedule(
    datapath: Datapath,
    *,
    pipeline: int | None,
    period_ns: float,
    speed: float,
    multipliers: Multipliers,
) -> Schedule:
    """Schedule a datapath.

    Args:
        datapath: what to schedule.
        pipeline: registers stages between inputs and states (0: one clock per tick), or ``None``
            to cut paths so that they fit ``period_ns``.
        period_ns: clock period to aim for.
        speed: delay scale of the device (1: iCE40 HX).
        multipliers: one multiplier per product, or one for all.

    Raises:
        SCConfigError: options contradict.
    """
    if multipliers == "shared":
        if pipeline == 0:
            raise SCConfigError(
                "pipeline 0 (one clock per tick) cannot share a multiplier; "
                "use multipliers 'parallel' or pipeline 'auto'"
            )
        return _Scheduler(datapath, period_ns * _MARGIN, speed, shared=True).run()
    if pipeline == 0:
        count = len(datapath.nodes)
        return Schedule((1,) * count, frozenset(), (), (0, 0), 1)
    if pipeline is None:
        return _Scheduler(datapath, period_ns * _MARGIN, speed, shared=False).run()
    return _with_stages(datapath, pipeline + 1, speed)


def _with_stages(datapath: Datapath, stages: int, speed: float) -> Schedule:
    """Find the shortest budget that gives at most ``stages`` steps."""
    low, high = 0.5, 2000.0
    best = _Scheduler(datapath, high, speed, shared=False).run()
    if best.last > stages:
        raise SCConfigError(
            f"pipeline {stages - 1} is too short: table look-ups alone take {best.last - 1} stages"
        )
    for _ in range(24):
        middle = math.sqrt(low * high)
        found = _Scheduler(datapath, middle, speed, shared=False).run()
        if found.last <= stages:
            best, high = found, middle
        else:
            low = middle
    return best


def has_products(datapath: Datapath) -> bool:
    """Whether the datapath multiplies two variables."""
    return any(n.op == "mul" for n in datapath.nodes)


def has_tables(datapath: Datapath) -> bool:
    """Whether the datapath reads tables."""
    return any(n.op == "rom" for n in datapath.nodes)


class _Scheduler:
    def __init__(self, datapath: Datapath, budget: float, speed: float, *, shared: bool) -> None:
        self.nodes, self.budget, self.speed = datapath.nodes, budget, speed
        self.datapath = datapath
        self.shared = shared
        self.step: list[int] = [0] * len(self.nodes)
        self.arrival: list[float] = [0.0] * len(self.nodes)
        self.products: list[Product] = []
        self.pending = [i for i, n in enumerate(self.nodes) if self._is_product(n)]
        a, b = 0, 0
        for i in self.pending:
            wide, narrow = self._factor_widths(self.nodes[i])
            a, b = max(a, wide), max(b, narrow)
        self.widths = (a, b)

    def _is_product(self, node: Node) -> bool:
        if not self.shared:
            return False
        return node.op == "mul" or (node.op == "cmul" and len(csd(node.value)) > SHARED_DIGITS)

    def _factor_widths(self, node: Node) -> tuple[int, int]:
        first = self.nodes[node.args[0]].width
        second = (
            node.value.bit_length() + 1 if node.op == "cmul" else self.nodes[node.args[1]].width
        )
        return max(first, second), min(first, second)

    def run(self) -> Schedule:
        self._resolve()
        while self.pending:
            ready = [i for i in self.pending if all(self.step[a] for a in self.nodes[i].args)]
            free = self.products[-1].done if self.products else 1
            chosen = min(ready, key=lambda i: (max(self._operands_at(i), free), i))
            start = max(self._operands_at(chosen), free)
            done = start + self.widths[1] + 1
            self.products.append(self._product(chosen, start, done))
            self.pending.remove(chosen)
            self.step[chosen] = done + 1  # captured at the end of step `done`
            self.arrival[chosen] = 0.6 * self.speed
            self._resolve()
        return self._finish()

    def _product(self, i: int, start: int, done: int) -> Product:
        node = self.nodes[i]
        if node.op == "cmul":
            return Product(i, node.args[0], None, start, done)
        a, b = node.args
        if self.nodes[a].width < self.nodes[b].width:
            a, b = b, a
        return Product(i, a, b, start, done)

    def _operands_at(self, i: int) -> int:
        """Step in which a product's factors can pass the operand multiplexer."""
        latest = 1
        for a in self.nodes[i].args:
            late = self.arrival[a] + 3.0 * self.speed > self.budget and self.nodes[a].op != "const"
            latest = max(latest, self.step[a] + late)
        return latest

    def _resolve(self) -> None:
        waiting = set(self.pending)
        for i, node in enumerate(self.nodes):
            if self.step[i] or i in waiting:
                continue
            if all(self.step[a] for a in node.args):
                self._place(i, node)

    def _place(self, i: int, node: Node) -> None:
        if not node.args:
            self.step[i], self.arrival[i] = 1, 0.0 if node.op == "const" else 0.6 * self.speed
            return
        delay = self._delay(node)
        step = max(
            self.step[a] for a in node.args if self.nodes[a].op != "const" or len(node.args) == 1
        )
        at = max((self.arrival[a] for a in node.args if self.step[a] == step), default=0.0)
        if node.op == "rom":
            late = at + 1.0 * self.speed > self.budget
            self.step[i], self.arrival[i] = step + 1 + late, 2.6 * self.speed
            return
        if at + delay > self.budget and delay > 0:
            step, at = step + 1, 0.6 * self.speed
        self.step[i], self.arrival[i] = step, at + delay

    def _delay(self, node: Node) -> float:
        """Estimated delay in ns, used only to decide where registers go."""
        w = node.width
        adder = 1.5 + 0.08 * w
        match node.op:
            case "add" | "sub" | "lt" | "le" | "eq":
                base = 1.5 + 0.08 * max(self.nodes[a].width for a in node.args)
            case "round_away" | "round_even":
                base = adder
            case "clamp":
                base = adder + 1.2
            case "cmul":
                base = math.ceil(math.log2(max(2, len(csd(node.value))))) * adder
            case "mul":
                base = 2.0 + 0.9 * min(self.nodes[a].width for a in node.args)
            case "select" | "and" | "or":
                base = 1.2
            case "shr_by" | "shl_by" | "msb":
                base = 1.1 * max(1, self.nodes[node.args[-1]].width)
            case _:
                base = 0.0
        return base * self.speed

    def _finish(self) -> Schedule:
        d = self.datapath
        roots = [*d.candidate, *d.after_reset.values()]
        roots += [x for x in (d.condition, *(f.node for f in d.overflows)) if x is not None]
        last = max(self.step[r] for r in roots)
        # Reset multiplexer, spike decision and store share the last step with what feeds them.
        if (
            max((self.arrival[r] for r in roots if self.step[r] == last), default=0)
            + (1.5 * self.speed)
            > self.budget
            and len(self.nodes) > 1
        ):
            last += 1
        products = {p.node for p in self.products}
        uses: dict[int, int] = dict.fromkeys(roots, last)
        for p in self.products:
            for a in (p.a, p.b):
                if a is not None:
                    uses[a] = max(uses.get(a, 0), p.start)
        for i in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[i]
            if i in products:
                continue
            at = uses.get(i, 0) if node.op in WIRING else self._read_step(i, node)
            for a in node.args:
                uses[a] = max(uses.get(a, 0), at)
        registered = frozenset(
            i
            for i, node in enumerate(self.nodes)
            if i not in products
            and node.op not in ("const", "source", "rom", *WIRING)
            and uses.get(i, 0) > self.step[i]
        )
        return Schedule(tuple(self.step), registered, tuple(self.products), self.widths, last)

    def _read_step(self, i: int, node: Node) -> int:
        """Step in which a node reads its arguments."""
        return self.step[i] - 1 if node.op == "rom" else self.step[i]


def speed_of(family: str) -> float:
    """Delay scale of a device family relative to iCE40 HX, for cutting paths only."""
    return _SPEED[family]


_SPEED: Mapping[str, float] = {
    "ice40-hx": 1.0,
    "ice40-up": 2.6,
    "ecp5": 0.75,
    "gowin": 0.9,
    "xilinx": 0.5,
    "asic": 0.5,
}
#: The families there are delays for.
FAMILIES = tuple(_SPEED)
