"""Functions in hardware: interpolated tables behind exact range reductions.

A table covers a bounded interval with ``2**k``-sized segments and interpolates linearly. Wide
arguments are reduced first: ``exp`` to ``2**f`` with ``f`` in [0, 1) and a shift, ``recip``,
``sqrt`` and ``log`` to a mantissa in [1, 2) or [1, 4), ``sin`` and ``cos`` to one turn, ``tanh``
and ``sigmoid`` to the interval outside which they are flat. The error of every table is measured
and stated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler._datapath import Builder, Node, Table
from sc_neurocore.compiler._real import REAL_FUNCTIONS
from sc_neurocore.exceptions import SCCompilerError

_ARRAY = NDArray[np.float64]
RealFunction = Callable[[_ARRAY], _ARRAY]

MAX_ENTRIES = 1024
#: Up to this many argument codes a table is compared with its function at every code.
EVERY_CODE = 1 << 20
_SAMPLES = 16


@dataclass(frozen=True)
class Tolerance:
    """Accepted error of a function: ``max(absolute, relative·|f|)``."""

    absolute: float
    relative: float


@dataclass(frozen=True)
class TableReport:
    """What one interpolated table is and how wrong it gets.

    Attributes:
        function: the tabulated expression.
        entries: number of segments.
        low: smallest argument.
        high: largest argument.
        max_error: largest absolute deviation from the real function over the interval, measured
            on the integer implementation at every code; above `EVERY_CODE` codes, the largest
            at that many samples plus the function's largest second difference between them.
        max_relative_error: largest deviation relative to the function's value where that exceeds
            the absolute tolerance.
    """

    function: str
    entries: int
    low: float
    high: float
    max_error: float
    max_relative_error: float


class FunctionUnits:
    """Adds function units to a datapath and records the error of each table."""

    def __init__(self, builder: Builder, relative: float) -> None:
        self._b = builder
        self._relative = relative
        self.reports: list[TableReport] = []

    def apply(self, name: str, x: int, demand: int) -> int:
        """Apply a function of the language to a node, with ``demand`` fraction bits wanted."""
        if name == "floor":
            return self._b.shift_right(x, 0)
        direct = {"tanh": 0.5, "sigmoid": 1.0}
        if name in direct:
            bound = direct[name] * (max(demand, 1) + 2) * math.log(2)
            x = self._flattened(x, -bound, bound)
        elif name == "exp":  # below, it is less than a quarter of what is wanted
            x = self._flattened(x, -(max(demand, 1) + 2) * math.log(2), math.inf)
        real = REAL_FUNCTIONS[name]
        made = self.table(name, real, x, demand)
        if made is not None:
            return made
        match name:
            case "exp":
                return self._exp(x, demand)
            case "recip":
                return self._recip(x, demand)
            case "sqrt":
                return self._sqrt(x, demand)
            case "log":
                return self._log(x, demand)
            case "sin" | "cos":
                return self._periodic(name, x, demand)
        made = self.table(name, real, x, demand, accept=True)
        assert made is not None
        return made

    def table(
        self,
        name: str,
        f: RealFunction,
        x: int,
        demand: int,
        *,
        accept: bool = False,
        formula: str | None = None,
    ) -> int | None:
        """Tabulate ``f`` over the exact range of ``x``; ``formula`` says what it is, for reports.

        Returns the node, or ``None`` when no table of at most `MAX_ENTRIES` segments meets the
        tolerance (unless ``accept``, which takes the largest and states its error).
        """
        node = self._b[x]
        span = node.high - node.low + 1
        demand = min(demand, 40)
        tolerance = Tolerance(2.0**-demand, self._relative)
        scale = 2.0**-node.frac
        step = max(0, (span - 1).bit_length() - 4)  # at least about 16 segments
        best: tuple[int, _ARRAY] | None = None
        while True:
            first = node.low >> step
            count = (node.high >> step) - first + 1
            if count > MAX_ENTRIES + 1:
                break
            knots = (np.arange(count + 1, dtype=np.float64) + first) * 2.0**step * scale
            with np.errstate(all="ignore"):
                values = f(knots)
            ends = (knots >= node.low * scale) & (knots <= node.high * scale)
            values = _extrapolated(values, ends, step)
            if np.isfinite(values).all():
                best = (step, values)
                if self._fits(
                    f, knots, values, node.low * scale, node.high * scale, tolerance
                ) and self._holds(f, node, _Segments.of(node, step, values, demand), tolerance):
                    break
            if step == 0:
                break
            step -= 1
        if best is None:
            if accept:
                raise SCCompilerError(
                    f"{name} has no finite value over [{node.low * scale:g}, "
                    f"{node.high * scale:g}]; bound its argument with clip()"
                )
            return None
        step, values = best
        first = node.low >> step
        knots = (np.arange(len(values), dtype=np.float64) + first) * 2.0**step * scale
        segments = _Segments.of(node, step, values, demand)
        fits = self._fits(
            f, knots, values, node.low * scale, node.high * scale, tolerance
        ) and self._holds(f, node, segments, tolerance)
        if not fits and not accept and step > 0:
            return None
        return self._emit(name, f, x, segments, formula or f"{name}(x)")

    @staticmethod
    def _fits(
        f: RealFunction, knots: _ARRAY, values: _ARRAY, low: float, high: float, tol: Tolerance
    ) -> bool:
        t = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
        x = knots[:-1, None] + (knots[1:] - knots[:-1])[:, None] * t
        inside = (x >= low) & (x <= high)
        with np.errstate(all="ignore"):
            real = f(x)
        chord = values[:-1, None] + (values[1:] - values[:-1])[:, None] * t
        error = np.abs(chord - real)[inside]
        real = np.abs(real[inside])
        return bool(
            np.isfinite(error).all()
            and (error <= np.maximum(tol.absolute, tol.relative * real)).all()
        )

    @staticmethod
    def _holds(f: RealFunction, node: Node, segments: _Segments, tol: Tolerance) -> bool:
        """Whether the integer table keeps the tolerance, but for the rounding of its contents."""
        error, real, between = _deviation(f, node, segments)
        rounding = 1.5 * 2.0**-segments.fraction
        return bool(
            (error + between <= np.maximum(tol.absolute, tol.relative * real) + rounding).all()
        )

    def _emit(self, name: str, f: RealFunction, x: int, segments: _Segments, formula: str) -> int:
        b, step, frac = self._b, segments.step, segments.fraction
        node, raw = b[x], segments.knots
        whole = b.relabel(x, 0)
        first = b.const(segments.first, 0)
        index = b.sub(b.relabel(b.shift_right(b.relabel(x, step), 0), 0), first)
        b.label(index, f"{name}_index")
        stem = _stem(name)
        base = b.rom(index, Table(f"{stem}_base", raw[:-1], formula), frac)
        b.label(base, f"{stem}_base")
        self._report(formula, f, node, segments)
        if step == 0:
            return base
        slope = b.rom(index, Table(f"{stem}_slope", segments.slopes, f"slopes of {formula}"), frac)
        b.label(slope, f"{stem}_slope")
        offset = b.label(b.mod(whole, step), f"{stem}_offset")
        ramp = b.shift_right(b.mul(slope, b.relabel(offset, step)), frac)
        result = b.label(b.add(base, ramp), stem)
        # Interpolation never leaves the hull of the knots, by one unit of flooring.
        return b.bounded(result, min(raw) - 1, max(raw))

    def _report(self, formula: str, f: RealFunction, node: Node, segments: _Segments) -> None:
        error, real, between = _deviation(f, node, segments)
        visible = real > 2.0**-segments.fraction * 64
        error = error + between
        relative = float((error[visible] / real[visible]).max()) if visible.any() else 0.0
        scale = 2.0**-node.frac
        report = TableReport(
            formula,
            len(segments.slopes),
            node.low * scale,
            node.high * scale,
            float(error.max()),
            relative,
        )
        if report not in self.reports:
            self.reports.append(report)

    def _precision(self) -> int:
        """Fraction bits of a mantissa that carries the relative tolerance."""
        return math.ceil(-math.log2(self._relative)) + 3

    def _flattened(self, x: int, low: float, high: float) -> int:
        """Saturate an argument where the function no longer changes visibly."""
        node = self._b[x]
        scale = 2.0**node.frac
        least = max(node.low, math.floor(low * scale))
        most = node.high if math.isinf(high) else min(node.high, math.ceil(high * scale))
        return self._b.clamp(x, min(least, node.high), max(most, node.low))

    def _mantissa(self, name: str, f: RealFunction, x: int) -> int:
        made = self.table(name, f, x, self._precision(), accept=True)
        assert made is not None
        return made

    def _exp(self, x: int, demand: int) -> int:
        b, p = self._b, self._precision()
        n = b[x]
        factor_bits = p + max(abs(n.low), abs(n.high)).bit_length() - n.frac + 1
        raw = round(math.log2(math.e) * 2.0**factor_bits)
        y = b.shift_right(b.relabel(b.cmul(x, raw), n.frac + factor_bits), p)
        b.label(y, "exp_log2")
        whole = b.shift_right(y, 0)
        part = b.relabel(b.mod(y, p), p)
        mantissa = self._mantissa("exp2", np.exp2, part)
        top = b[whole].high
        value = b.relabel(mantissa, b[mantissa].frac - top)
        value = b.align(value, demand) if b[value].frac < demand else b.shift_right(value, demand)
        return self._shifted_down(value, b.sub(b.const(top, 0), whole))

    def _shifted_down(self, value: int, by: int) -> int:
        """Shift right; amounts beyond the width all give the same result."""
        b = self._b
        return b.shr_by(value, b.clamp(by, 0, b[value].width))

    def _normalised(self, x: int, even: bool) -> tuple[int, int, int]:
        """Mantissa in [1, 2) (or [1, 4) when ``even``), its exponent and the largest exponent."""
        b = self._b
        # The real argument is positive, but what is below its last bit may have floored to zero.
        raw = b.clamp(b.relabel(x, 0), 1, max(1, b[x].high))
        exponent = b.label(b.msb(raw), "exponent")
        if even:
            exponent = b.sub(exponent, b.mod(exponent, 1))
        top = b[exponent].high
        reach = top + (2 if even else 1)
        shifted = b.shl_by(raw, b.sub(b.const(top, 0), exponent), (1 << top, (1 << reach) - 1))
        return b.label(b.relabel(shifted, top), "mantissa"), exponent, top

    def _recip(self, x: int, demand: int) -> int:
        b = self._b
        if b[x].high < 0:
            return b.sub(b.const(0, 0), self._recip(b.sub(b.const(0, b[x].frac), x), demand))
        frac = b[x].frac
        mantissa, exponent, _ = self._normalised(x, even=False)
        inverse = self._mantissa("recip", REAL_FUNCTIONS["recip"], self._trimmed(mantissa))
        least = b[exponent].low
        value = b.relabel(inverse, b[inverse].frac + least - frac)
        value = b.align(value, demand) if b[value].frac < demand else value
        return b.shift_right(self._shifted_down(value, b.sub(exponent, b.const(least, 0))), demand)

    def _sqrt(self, x: int, demand: int) -> int:
        b = self._b
        if b[x].frac % 2:
            x = b.align(x, b[x].frac + 1)
        frac = b[x].frac
        floor = b.const(1, frac)
        positive = b.select(b.compare("<", x, floor), floor, x)
        mantissa, exponent, top = self._normalised(positive, even=True)
        root = self._mantissa("sqrt", np.sqrt, self._trimmed(mantissa))
        half = b.shift_right(b.relabel(b.sub(b.const(top, 0), exponent), 1), 0)
        value = b.relabel(root, b[root].frac - (top - frac) // 2)
        value = b.align(value, demand) if b[value].frac < demand else value
        value = b.shift_right(self._shifted_down(value, half), demand)
        zero = b.compare("<", x, floor)
        return b.select(zero, b.const(0, demand), value)

    def _log(self, x: int, demand: int) -> int:
        b = self._b
        frac = b[x].frac
        mantissa, exponent, _ = self._normalised(x, even=False)
        part = self.table("log", np.log, self._trimmed(mantissa), min(demand, 20), accept=True)
        assert part is not None
        raw = round(math.log(2) * 2.0 ** (demand + 6))
        whole = b.cmul(b.sub(exponent, b.const(frac, 0)), raw)
        return b.add(part, b.shift_right(b.relabel(whole, demand + 6), demand))

    def _periodic(self, name: str, x: int, demand: int) -> int:
        b, p = self._b, min(max(demand, 8), 20) + 3
        n = b[x]
        factor_bits = p + max(abs(n.low), abs(n.high)).bit_length() - n.frac + 1
        raw = round(2.0**factor_bits / (2 * math.pi))
        turns = b.shift_right(b.relabel(b.cmul(x, raw), n.frac + factor_bits), p)
        part = b.relabel(b.mod(turns, p), p)
        wave = np.sin if name == "sin" else np.cos
        made = self.table(f"{name}_turn", lambda f: wave(2 * np.pi * f), part, demand, accept=True)
        assert made is not None
        return made

    def _trimmed(self, mantissa: int) -> int:
        """Drop mantissa bits below the relative tolerance."""
        p = self._precision()
        return self._b.shift_right(mantissa, p) if self._b[mantissa].frac > p else mantissa


@dataclass(frozen=True)
class _Segments:
    """The integers of one table: knots ``2**step`` codes apart, from code ``first·2**step`` on."""

    first: int
    step: int
    fraction: int
    knots: tuple[int, ...]

    @classmethod
    def of(cls, node: Node, step: int, values: _ARRAY, demand: int) -> _Segments:
        """Round real knots to the fraction bits wanted, as far as they fit."""
        top = float(np.max(np.abs(values))) or 1.0
        fraction = min(demand, 58 - max(0, math.ceil(math.log2(top)) + 1))
        scale = 2.0**fraction
        return cls(node.low >> step, step, fraction, tuple(round(float(v) * scale) for v in values))

    @property
    def slopes(self) -> tuple[int, ...]:
        """Rise over each segment."""
        return tuple(q - p for p, q in zip(self.knots, self.knots[1:], strict=False))

    def at(self, codes: NDArray[np.int64]) -> _ARRAY:
        """What the integer interpolation gives at some codes."""
        index = (codes >> self.step) - self.first
        knots, slopes = np.asarray(self.knots), np.asarray(self.slopes)
        offset = codes & ((1 << self.step) - 1)
        # Beyond 63 bits the datapath is refused later; floats are good enough to get there.
        if int(np.abs(slopes).max()).bit_length() + self.step > 62:
            ramp = np.floor(slopes[index].astype(np.float64) * offset / 2.0**self.step)
        else:
            ramp = (slopes[index] * offset) >> self.step
        raw: _ARRAY = (knots[index] + ramp).astype(np.float64)
        return raw * 2.0**-self.fraction


def _deviation(f: RealFunction, node: Node, segments: _Segments) -> tuple[_ARRAY, _ARRAY, float]:
    """Error and size of the function at every code, or at samples and what lies between them."""
    every = node.high - node.low < EVERY_CODE
    if every:
        codes = np.arange(node.low, node.high + 1, dtype=np.int64)
    else:
        codes = np.linspace(node.low, node.high, EVERY_CODE).astype(np.int64)
    with np.errstate(all="ignore"):
        arguments = np.asarray(codes * 2.0**-node.frac, dtype=np.float64)
        real = np.asarray(f(arguments), dtype=np.float64)
        error = np.abs(segments.at(codes) - real)
        between = 0.0 if every else float(np.abs(np.diff(real, 2)).max())
    return error, np.abs(real), between


def _extrapolated(values: _ARRAY, inside: NDArray[np.bool_], step: int) -> _ARRAY:
    """Replace a non-finite outer knot (beyond the argument's range) by its neighbour."""
    del step
    values = np.array(values, dtype=np.float64)
    for i, j in ((0, 1), (-1, -2)):
        if not inside[i] and not np.isfinite(values[i]) and len(values) > 1:
            values[i] = values[j]
    return values


def _stem(name: str) -> str:
    """An identifier for a table from the text of its function."""
    return "".join(c if c.isalnum() else "_" for c in name)[:24].strip("_") or "table"
