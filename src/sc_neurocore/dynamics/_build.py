"""Assemble a `Model` from equation text and numbers: bind names, check units, choose a method."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sc_neurocore.dynamics import _units
from sc_neurocore.dynamics._bind import Binder
from sc_neurocore.dynamics._block import (
    Statement,
    check_expansion,
    ordered_lines,
    targets,
    with_units,
)
from sc_neurocore.dynamics._discrete import registers, whole
from sc_neurocore.dynamics._errors import (
    equation_error,
    require_finite,
    require_positive,
    suggest,
)
from sc_neurocore.dynamics._model import METHODS, Assignment, Equation, Method, Model, Quantity
from sc_neurocore.dynamics._names import check_name, require_one_meaning
from sc_neurocore.dynamics._parse import (
    index_names,
    parse_assignments,
    parse_block,
    parse_condition,
    vector_sizes,
)
from sc_neurocore.exceptions import SCConfigError

#: Longest refractory period; it is counted in 32-bit integers.
MAX_REFRACTORY_TICKS = 2**31 - 1


def build_model(
    equations: str,
    *,
    threshold: str | None = None,
    reset: str | None = None,
    jumps: str | None = None,
    params: Mapping[str, Any] | None = None,
    init: Mapping[str, Any] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    inputs: Iterable[Quantity] | None = None,
    dt: Any = 0.1,
    method: str | None = None,
    refractory: Any = 0.0,
    hold: Iterable[str] | None = None,
    integers: Iterable[str] = (),
    edge: str = "level",
    units: str | None = None,
    input_unit: str = "",
    meanings: Mapping[str, str] | None = None,
    name: str = "neuron",
    description: str = "",
) -> Model:
    """Build a model.

    Args:
        equations: one per line or ``;``: ``dv/dt = …``, ``x[n+1] = …`` or ``name = …``; ``#``
            comments; an ODE may end in ``: unit`` and ``(unless refractory)``. Vectors
            (``du[i:16]/dt = …``), sums and delays: ``docs/explanation/equation-language.md``.
        threshold: spike condition, e.g. ``"v > -50"``; ``None`` for a graded model.
        reset: assignments at a spike, e.g. ``"v = -65; w += 8"``.
        jumps: assignments that run in every tick on the advanced states, before the threshold,
            and read the event inputs, e.g. ``"g_e += exc"``.
        params: parameter values: numbers, or with ``units="strict"`` also ``"10 ms"`` or pint.
        init: initial values of states (default 0).
        ranges: declared ``(low, high)`` of states, parameters and inputs.
        inputs: declared inputs; without it a free name ``I`` is the input.
        dt: tick in ms (a pint quantity or ``"0.1 ms"`` with units).
        method: one of `METHODS`; default ``exact`` for linear models, ``map`` for maps,
            else ``euler``.
        refractory: absolute refractory period in ms.
        hold: states frozen during refractoriness; default those marked ``(unless refractory)``,
            else those that ``reset`` assigns.
        integers: states of a map that are whole numbers in every execution.
        edge: ``"level"`` or ``"rising"`` threshold.
        units: ``"strict"`` checks and converts units; ``None`` takes plain numbers.
        input_unit: unit of the implicit input ``I``.
        meanings: one phrase per name.
        name: model name.
        description: one sentence.

    Raises:
        EquationError, UnitMismatchError, SCConfigError: one sentence each.
    """
    if units not in (None, "strict"):
        raise SCConfigError(f"units is {units!r}; allowed: 'strict', or leave it out")
    if edge not in ("level", "rising"):
        raise SCConfigError(f"edge is {edge!r}; allowed: 'level', 'rising'")
    strict = units == "strict"
    check_name(name, what="model name")
    dt_ms = require_positive("dt", _in_time(dt, strict, "dt"))
    refractory_ms = require_finite("refractory", _in_time(refractory, strict, "refractory"))
    if refractory_ms < 0:
        raise SCConfigError(f"refractory is {refractory_ms:g} ms; it must be 0 or more")
    if refractory_ms / dt_ms > MAX_REFRACTORY_TICKS:
        raise SCConfigError(
            f"refractory is {refractory_ms:g} ms, {refractory_ms / dt_ms:.3g} ticks of {dt_ms:g} "
            f"ms; at most {MAX_REFRACTORY_TICKS} ticks are allowed"
        )

    lines = parse_block(equations)
    states, lets = targets(lines)
    sizes = vector_sizes(lines)
    limits = dict(_spread(ranges, sizes))
    notes = _spread(meanings, sizes)

    def make(key: str, value: Any, fallback_unit: str, what: str) -> Quantity:
        text = fallback_unit
        if strict and not isinstance(value, (int, float)):
            magnitude, own = _units.quantity(value, what)
            value, text = (
                (magnitude, own)
                if not fallback_unit
                else (_units.convert(magnitude, own, fallback_unit, what), fallback_unit)
            )
        low, high = limits.pop(key, (-math.inf, math.inf))
        if not low <= high:
            raise SCConfigError(
                f"range of '{key}' is [{low:g}, {high:g}]; low must not exceed high"
            )
        return Quantity(key, require_finite(what, value), text, low, high, notes.get(key, ""))

    parameters = tuple(
        make(check_name(k, what="parameter name"), v, "", f"parameter '{k}'")
        for k, v in (params or {}).items()
    )
    for q in parameters:
        if q.name.startswith("tau"):
            require_positive(f"parameter '{q.name}'", q.value)
    initial = _spread(init, sizes)
    for key in initial:
        if key not in states:
            raise SCConfigError(f"init names '{key}', which is not a state{suggest(key, states)}")
    state_units = {line.target: line.unit or "" for line in lines if line.kind != "let"}
    state_quantities = []
    for key in states:
        value = initial.get(key, 0.0)
        unit = state_units[key]
        if strict and not unit and not isinstance(value, (int, float)):
            unit = _units.quantity(value, f"init of '{key}'")[1]
        state_quantities.append(make(key, value, unit, f"init of '{key}'"))

    trigger = parse_condition(threshold, sizes) if threshold else None
    leaps = parse_assignments(jumps, "jump", sizes) if jumps else ()
    assignments = parse_assignments(reset, "reset", sizes) if reset else ()
    if assignments and trigger is None:
        raise SCConfigError("reset is given without a threshold; add one, for example 'v > -50'")
    for what, target, expr in (
        *(("jump", t, e) for t, e, _ in leaps),
        *(("reset", t, e) for t, e, _ in assignments),
    ):
        if target not in states:
            raise equation_error(
                f"{what} assigns '{target}', which is not a state{suggest(target, states)}", expr
            )

    declared = tuple(inputs) if inputs is not None else ()
    for q in declared:
        check_name(q.name, what="input name")
        _check_kind(q, leaps)
        limits.pop(q.name, None)
    known = {*states, *(q.name for q in parameters), *(q.name for q in declared), *lets}
    if inputs is None and "I" not in known:
        read = [line.right for line in lines] + [expr for _, expr, _ in assignments]
        if trigger is not None:
            read.append(trigger)
        if any("I" in expr.names() for expr in read):
            low, high = limits.pop("I", (-math.inf, math.inf))
            current = Quantity("I", 0.0, input_unit, low, high, "input current")
            declared, known = (current,), known | {"I"}
    require_one_meaning(
        {
            "a parameter": [q.name for q in parameters],
            "the target of an equation": (*states, *lets),
            "a vector": sizes,
            "an input": [q.name for q in declared],
            "an index": set().union(
                *(index_names(text or "") for text in (equations, jumps, threshold, reset))
            ),
        }
    )
    if limits:
        stray = sorted(limits)[0]
        raise SCConfigError(f"ranges name '{stray}', which the model lacks{suggest(stray, known)}")

    binder = Binder(known, dt_ms, strict)
    events = {
        q.name: f"'{q.name}' is an event input, which jumps alone read; "
        "let a jump add it to a state, and read the state here"
        for q in declared
        if q.kind == "event"
    }
    named = "'{}' is an intermediate equation; {} read states, parameters and {} only".format
    in_jumps = {x: named(x, "jumps", "event inputs") for x in lets} | {
        q.name: f"'{q.name}' is not an event input; jumps read states, parameters and event "
        f"inputs only; declare it with kind 'event', or move it to an equation"
        for q in declared
        if q.kind != "event"
    }
    at_spike = {x: named(x, "thresholds and resets", "inputs") for x in lets} | events
    bound = [replace(line, right=binder.bind(line.right, events)) for line in lines]
    bound_jumps = [(t, binder.bind(e, in_jumps), s) for t, e, s in leaps]
    trigger = binder.bind(trigger, at_spike) if trigger is not None else None
    bound_reset = [(t, binder.bind(e, at_spike), s) for t, e, s in assignments]
    history = registers(state_quantities, declared)
    bound = [replace(line, right=history.before(line.right)) for line in bound]
    bound_jumps = [(t, history.after(e), s) for t, e, s in bound_jumps]
    trigger = history.after(trigger) if trigger is not None else None
    bound_reset = [(t, history.after(e), s) for t, e, s in bound_reset]
    bound += history.lines()
    state_quantities += history.quantities(known)
    counted = whole(_names(integers, sizes), state_quantities, bound)
    state_quantities = [replace(q, integer=q.name in counted.names) for q in state_quantities]
    bound = [replace(x, right=counted.store(x.target, x.right)) for x in bound]
    bound_jumps = [(t, counted.store(t, e), s) for t, e, s in bound_jumps]
    bound_reset = [(t, counted.store(t, e), s) for t, e, s in bound_reset]
    ordered = ordered_lines(bound)
    check_expansion(ordered)

    if strict:
        ordered, trigger, bound_jumps, bound_reset = with_units(
            ordered, trigger, bound_jumps, bound_reset,
            (*state_quantities, *parameters, *declared),
        )  # fmt: skip
    equations_ = tuple(Equation(x.kind, x.target, x.right, x.source) for x in ordered)
    held = _names(hold, sizes) if hold is not None else tuple(x.target for x in lines if x.held)
    if hold is None and not held:
        held = tuple(dict.fromkeys(t for t, _, _ in bound_reset))
    for key in held:
        if key not in states:
            raise SCConfigError(f"hold names '{key}', which is not a state{suggest(key, states)}")
    model = Model(
        name=name,
        states=tuple(state_quantities),
        parameters=parameters,
        inputs=declared,
        equations=equations_,
        threshold=trigger,
        reset=tuple(Assignment(*line) for line in bound_reset),
        edge="rising" if edge == "rising" else "level",
        refractory=refractory_ms,
        hold=held,
        dt=dt_ms,
        method="euler",
        strict_units=strict,
        jumps=tuple(Assignment(*line) for line in bound_jumps),
        description=description,
        threshold_source=(threshold or "").strip(),
    )
    _check_held_jumps(model)
    return replace(model, method=_choose_method(model, method))


def _check_kind(q: Quantity, jumps: Sequence[Statement]) -> None:
    if q.kind not in ("current", "event"):
        raise SCConfigError(f"kind of input '{q.name}' is {q.kind!r}; allowed: 'current', 'event'")
    if q.kind == "current":
        return
    if q.value != 0:
        raise SCConfigError(
            f"event input '{q.name}' has the value {q.value:g}; it is 0 in a tick without events"
        )
    if not any(q.name in expr.names() for _, expr, _ in jumps):
        raise SCConfigError(
            f"event input '{q.name}' has no effect; write a jump that reads it, "
            f'for example jumps = "g += {q.name}"'
        )


def _check_held_jumps(model: Model) -> None:
    """A jump cannot carry the motion that refractoriness stops into a state that goes on."""
    if not model.refractory_ticks:
        return
    for line in model.jumps:
        stopped = sorted(line.expr.names() & set(model.hold))
        if stopped and line.target not in model.hold:
            raise equation_error(
                f"the jump of '{line.target}' reads '{stopped[0]}', which refractoriness holds; "
                f"hold '{line.target}' too, or neither",
                line.expr,
            )


def _spread(table: Mapping[str, Any] | None, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Give what is said of a vector to its elements, unless it is said of them themselves."""
    given = dict(table or {})
    shared = {
        f"{name}_{k}": given[name]
        for name, size in sizes.items()
        if name in given
        for k in range(size)
    }
    return shared | {name: value for name, value in given.items() if name not in sizes}


def _names(names: Iterable[str], sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Names with every vector replaced by its elements."""
    return tuple(_spread(dict.fromkeys(names), sizes))


def _in_time(value: Any, strict: bool, what: str) -> Any:
    if isinstance(value, (int, float)) or not strict:
        return value
    magnitude, text = _units.quantity(value, what)
    return _units.convert(magnitude, text or _units.TIME, _units.TIME, what)


def _choose_method(model: Model, wanted: str | None) -> Method:
    from sc_neurocore.dynamics._methods import linear_system

    is_map = any(e.kind == "map" for e in model.equations)
    if wanted is None:
        if is_map:
            return "map"
        return "exact" if linear_system(model) is not None else "euler"
    if wanted not in METHODS:
        raise SCConfigError(f"method '{wanted}' is unknown{suggest(wanted, METHODS)}")
    if is_map != (wanted == "map"):
        raise SCConfigError(
            f"method '{wanted}' does not fit: difference equations take 'map', "
            "differential equations any other"
        )
    if wanted == "exact" and linear_system(model) is None:
        raise SCConfigError(
            "method 'exact' needs a model that is linear in its states with constant "
            "coefficients; use 'rk4' or 'exponential_euler'"
        )
    return next(m for m in METHODS if m == wanted)
