"""Choosing number formats: what the user asked for, made wide enough to move, or derived.

A format that holds the declared range can still be too coarse: a slow state whose change per tick
rounds to nothing stops short of its equilibrium or never starts. Such a state is given more
fraction bits, with a notice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sc_neurocore.compiler._format import MAX_WIDTH, QFormat, Rounding, fitting
from sc_neurocore.compiler._lower import draw_names
from sc_neurocore.dynamics import Model, Program, Quantity, evaluate, program
from sc_neurocore.exceptions import BitwidthMismatchError

#: A state may stop at most this fraction of its declared range short of equilibrium.
STALL_LIMIT = 0.01
#: One unit in the last place is at most this fraction of a typical change per tick.
STEP_LIMIT = 0.25
_AUTO_STALL_LIMIT = 0.001
_AUTO_STEP_LIMIT = 1 / 64
_SAMPLES = 64
_INPUT_BITS = 12


@dataclass(frozen=True)
class FormatPlan:
    """Formats per variable and what was changed on the way.

    Attributes:
        formats: one per state, input, parameter and draw.
        notices: sentences for the user.
    """

    formats: Mapping[str, QFormat]
    notices: tuple[str, ...]


def plan_formats(model: Model, wanted: str, rounding: Rounding) -> FormatPlan:
    """Plan formats.

    Args:
        model: the model.
        wanted: ``"auto"``, or one format for all states and inputs such as ``"Q8.8"``.
        rounding: rounding at the states, which decides how far a slow state can stall.

    Raises:
        SCConfigError: ``wanted`` is not a format.
        BitwidthMismatchError: a declared range does not fit, or ``auto`` lacks a declared range.
    """
    motion = _Motion(model)
    draws = {
        name: QFormat(16, 16, signed=False) if name.startswith("rand_") else QFormat(16, 12)
        for name in draw_names(model)
    }
    if wanted == "auto":
        return FormatPlan({**_discrete(model, _automatic(model, motion, rounding)), **draws}, ())
    base = QFormat.from_string(wanted)
    formats = {q.name: base for q in (*model.states, *model.inputs)}
    formats |= {q.name: _parameter_format(q, base) for q in model.parameters}
    notices: list[str] = []
    for q in model.states:
        low = base.min_value if math.isinf(q.low) else q.low
        high = base.max_value if math.isinf(q.high) else q.high
        if not base.holds(low, high):
            wider = fitting(low, high, base.fraction, signed=base.signed or low < 0)
            raise BitwidthMismatchError(
                f"format {base} holds [{base.min_value:g}, {base.max_value:g}] but '{q.name}' is "
                f"declared to range over [{q.low:g}, {q.high:g}]; use "
                f"{wider} or wider, or 'auto'"
            )
        need = motion.need(replace(q, low=low, high=high), rounding, STALL_LIMIT, STEP_LIMIT)
        if need.fraction <= base.fraction or q.integer:
            continue
        width = base.width + need.fraction - base.fraction
        wide = QFormat(min(MAX_WIDTH, width), need.fraction, base.signed)
        formats[q.name] = wide
        notices.append(
            f"'{q.name}' would {need.fault} in {base}: {need.why}; it is carried in {wide}."
        )
    return FormatPlan({**_discrete(model, formats), **draws}, tuple(notices))


def _discrete(model: Model, formats: Mapping[str, QFormat]) -> dict[str, QFormat]:
    """Give whole numbers no fraction, and delay registers the format of what they delay."""
    found = dict(formats)
    for q in model.states:
        if q.integer:
            low, high = (
                (found[q.name].min_value, found[q.name].max_value)
                if math.isinf(q.low) or math.isinf(q.high)
                else (q.low, q.high)
            )
            found[q.name] = fitting(low, high, 0)
    for e in model.equations:
        if e.kind == "shift":
            found[e.target] = found[e.expr.name]
    return found


def refined(plan: FormatPlan, model: Model, extra: int) -> FormatPlan:
    """The same plan with ``extra`` more fraction bits in every state."""
    formats = dict(plan.formats)
    for q in model.states:
        if q.integer:
            continue
        fmt = formats[q.name]
        formats[q.name] = QFormat(fmt.width + extra, fmt.fraction + extra, fmt.signed)
    return replace(plan, formats=formats)


def _parameter_format(q: Quantity, base: QFormat) -> QFormat:
    """A parameter port: 15 significant bits over its declared range, 8 of the value itself."""
    reach = max(abs(q.low), abs(q.high))
    if math.isinf(reach):
        return _undeclared_parameter_format(q.value, base)
    if reach == 0:
        return base
    fraction = 15 - math.ceil(math.log2(reach))
    if q.value:
        fraction = max(fraction, 7 - math.floor(math.log2(abs(q.value))))
    return fitting(q.low, q.high, fraction)


def _undeclared_parameter_format(value: float, base: QFormat) -> QFormat:
    """``base`` if it holds the value to 8 significant bits, else one that holds its double."""
    if base.holds(value, value) and abs(base.raw(value) * base.resolution - value) <= (
        abs(value) * 2.0**-8
    ):
        return base
    reach = 2 * abs(value)
    return fitting(-reach, reach, 15 - math.ceil(math.log2(reach)))


def _automatic(model: Model, motion: _Motion, rounding: Rounding) -> dict[str, QFormat]:
    formats = {}
    for q in (*model.states, *model.inputs):
        if math.isinf(q.low) or math.isinf(q.high):
            raise BitwidthMismatchError(
                f"format 'auto' needs the range of '{q.name}'; declare it "
                f"(--range {q.name}=LOW:HIGH) or give a format such as Q16.16"
            )
    for q in model.states:
        need = motion.need(q, rounding, _AUTO_STALL_LIMIT, _AUTO_STEP_LIMIT)
        span = q.high - q.low
        least = 10 - math.floor(math.log2(span)) if span > 0 else 8
        formats[q.name] = fitting(q.low, q.high, max(least, need.fraction))
    for q in model.inputs:
        reach = max(abs(q.low), abs(q.high)) or 1.0
        formats[q.name] = fitting(q.low, q.high, _INPUT_BITS - 1 - math.ceil(math.log2(reach)))
    for q in model.parameters:
        formats[q.name] = _parameter_format(q, QFormat(32, 16))
    return formats


@dataclass(frozen=True)
class _Need:
    fraction: int
    fault: str
    why: str


class _Motion:
    """How fast each state moves per tick, sampled over the declared ranges."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._program = program(model)
        self._rate: dict[str, float] = {}
        self._change: dict[str, float] = {}
        self._measure(self._program)

    def _measure(self, tick: Program) -> None:
        model = self._model
        rng = np.random.default_rng(0)
        rates: dict[str, list[float]] = {q.name: [] for q in model.states}
        changes: dict[str, list[float]] = {q.name: [] for q in model.states}
        for k in range(_SAMPLES):
            point = {
                # Events are rare: a typical tick has none.
                q.name: q.value if k == 0 or q.kind == "event" else _sample(q, rng)
                for q in (*model.states, *model.inputs)
            }
            here = self._step(tick, point)
            if here is None:
                continue
            for q in model.states:
                delta = 1e-6 * max(1.0, abs(point[q.name]))
                there = self._step(tick, {**point, q.name: point[q.name] + delta})
                if there is None:
                    continue
                rates[q.name].append(abs((there[q.name] - here[q.name]) / delta - 1))
                changes[q.name].append(abs(here[q.name] - point[q.name]))
        for q in model.states:
            self._rate[q.name] = float(np.median(rates[q.name] or [0.0]))
            self._change[q.name] = float(np.median(changes[q.name] or [0.0]))

    def _step(self, tick: Program, point: Mapping[str, float]) -> dict[str, float] | None:
        values = {**self._model.parameter_values, **point}
        for draw in self._model.draws:
            values[f"{draw.op}.{int(draw.value)}"] = 0.0
        try:
            for name, expr in tick.steps:
                values[name] = evaluate(expr, values)
            result = {x: float(evaluate(e, values)) for x, e in tick.advance.items()}
        except (ArithmeticError, ValueError):
            return None
        return result if all(math.isfinite(v) for v in result.values()) else None

    def need(self, q: Quantity, rounding: Rounding, stall: float, step: float) -> _Need:
        """Fraction bits with which the state still moves, and what it would do with fewer."""
        wanted = [_Need(-MAX_WIDTH, "rest", "it is not known to move")]
        rate, change = self._rate[q.name], self._change[q.name]
        if 1e-9 < rate < 0.5 and 0 < q.high - q.low < math.inf:
            lost = 0.5 if rounding.startswith("nearest") else 1.0
            fraction = math.ceil(math.log2(lost / (rate * stall * (q.high - q.low))))
            why = (
                f"it approaches rest by {rate:.3g} of the distance per tick and would stop more "
                f"than {100 * stall:g} % of its range short"
            )
            wanted.append(_Need(fraction, "stall", why))
        if change > 0:
            typical = f"{change:.3g} {q.unit}".rstrip()
            why = f"it typically changes by {typical} per tick"
            wanted.append(_Need(math.ceil(-math.log2(change * step)), "freeze", why))
        return max(wanted, key=lambda n: n.fraction)


def _sample(q: Quantity, rng: np.random.Generator) -> float:
    if math.isfinite(q.low) and math.isfinite(q.high):
        return float(rng.uniform(q.low, q.high))
    scale = max(1.0, abs(q.value))
    return float(rng.uniform(q.value - scale, q.value + scale))
