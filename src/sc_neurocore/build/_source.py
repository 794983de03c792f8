"""What is built: a model document, whether it came from the catalogue, a file or equations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler import QFormat
from sc_neurocore.dynamics import Model, parse_block, simulate
from sc_neurocore.neurons import hardware_model_of, model_of, protocol_of, stimulus, ticks_of

_DURATION_MS = 500.0
_ITERATIONS = 2000
#: Ticks of the run per event of a train.
_EVENTS = 50
_AMPLITUDES = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True)
class Drive:
    """The stimulus a model is judged under: a step of one input; of an event input, a train.

    Attributes:
        input: driven input, or ``""`` for a model without inputs.
        amplitude: height of the step, or weight of every event, in the input's unit.
        onset: start of the step, or first event, in ms.
        duration: length of the run in ms.
        amplitudes: steps of the f–I curve.
        rest: level before the step.
        origin: where the choice comes from, for the report.
        period: ms from one event to the next; ``None`` for a step.
    """

    input: str
    amplitude: float
    onset: float
    duration: float
    amplitudes: tuple[float, ...]
    rest: float
    origin: str
    period: float | None = None

    def current(self, dt: float, amplitude: float | None = None) -> NDArray[np.float64]:
        """The driven input per tick.

        Raises:
            SCConfigError: the run has too many ticks.
        """
        height = self.amplitude if amplitude is None else amplitude
        ticks = ticks_of(self.duration, dt)
        return stimulus(ticks, dt, self.rest, height, self.onset, self.period)


@dataclass(frozen=True)
class Source:
    """A model document and the models it describes.

    Attributes:
        document: the document, in the published schema.
        reference: the model with its float method.
        model: the variant that is lowered to hardware.
        drive: its stimulus.
    """

    document: Mapping[str, Any]
    reference: Model
    model: Model
    drive: Drive


def source_of(document: Mapping[str, Any]) -> Source:
    """Build the models of a document and choose the stimulus."""
    reference, model = model_of(document), hardware_model_of(document)
    if "protocol" in document:
        p = protocol_of(document)
        drive = Drive(
            p.input, p.amplitude, p.onset, p.duration, p.amplitudes, p.rest,
            "the model's protocol", p.period,
        )  # fmt: skip
    else:
        drive = _search(model)
    return Source(document, reference, model, drive)


def within_format(source: Source, text: str) -> Source:
    """The source with a stimulus that an input in this format holds, where none is declared."""
    if "protocol" in source.document or text == "auto":
        return source
    limit = QFormat.from_string(text).max_value
    if max(source.drive.amplitude, *source.drive.amplitudes, 0.0) <= limit:
        return source
    return replace(source, drive=_search(source.model, limit))


def document_of_equations(
    equations: str,
    *,
    name: str = "neuron",
    threshold: str | None = None,
    reset: str | None = None,
    params: Mapping[str, Any] | None = None,
    init: Mapping[str, Any] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    **dynamics: Any,
) -> dict[str, Any]:
    """The model document of an equation string.

    Args:
        equations: as for `sc_neurocore.dynamics.build_model`.
        name: model name.
        threshold: spike condition.
        reset: assignments at a spike.
        params: parameter values.
        init: initial values.
        ranges: declared ranges of states, parameters and inputs.
        dynamics: further keys of ``[dynamics]``: ``dt``, ``method``, ``refractory``, …;
            those that are ``None`` are left out.
    """
    limits = dict(ranges or {})
    initial = dict(init or {})

    def entry(key: str, **fields: Any) -> dict[str, Any]:
        if key in limits:
            low, high = limits.pop(key)
            fields |= {"low": float(low), "high": float(high)}
        return fields

    lines = parse_block(equations)
    states = dict.fromkeys(line.vector for line in lines if line.kind != "let")
    settings = {"threshold": threshold, "reset": reset, **dynamics}
    document: dict[str, Any] = {
        "schema_version": "1.0",
        "model": {"name": name},
        "dynamics": {
            "equations": equations,
            **{k: v for k, v in settings.items() if v is not None},
        },
        "states": {x: entry(x, init=float(initial.pop(x, 0.0))) for x in states},
    }
    if params:
        document["parameters"] = {k: entry(k, value=float(v)) for k, v in params.items()}
    if limits:
        document["inputs"] = {k: entry(k, value=0.0) for k in list(limits)}
    for key in initial:
        document["states"][key] = {"init": float(initial[key])}
    return document


def _search(model: Model, limit: float = math.inf) -> Drive:
    """The smallest of a list of amplitudes that makes the model fire, then half as much again.

    No amplitude exceeds ``limit``.
    """
    is_map = model.method == "map"
    duration = _ITERATIONS * model.dt if is_map else _DURATION_MS
    if not model.inputs:
        return Drive("", 0.0, 0.0, duration, (), 0.0, "the model has no input")
    chosen = min(model.inputs, key=lambda q: q.kind)  # a current, if there is one
    period = duration / _EVENTS if chosen.kind == "event" else None
    chosen = replace(chosen, high=min(chosen.high, limit))
    allowed = [a for a in _AMPLITUDES if chosen.low <= a <= chosen.high] or [chosen.high]
    if not np.isfinite(allowed[-1]):
        allowed = list(_AMPLITUDES)
    Drive(chosen.name, 0.0, 0.0, duration, (), 0.0, "").current(model.dt)
    onset = duration / 10
    found = allowed[-1]
    if model.threshold is not None:
        steps = np.asarray(allowed)
        ticks = round(duration / model.dt)
        unit = stimulus(ticks, model.dt, 0.0, 1.0, onset, period)[:, None]
        level = np.where(unit > 0, steps, chosen.value)
        counts = simulate(model, {chosen.name: level}).spike_counts
        firing = np.flatnonzero(counts >= 2)
        if firing.size:
            found = min(1.5 * allowed[int(firing[0])], chosen.high)
    sweep = tuple(np.linspace(0.0, min(2 * found, chosen.high), 17).tolist())
    shape = "a step" if period is None else f"events every {period:g} ms"
    return Drive(
        chosen.name, found, onset, duration, sweep, chosen.value,
        f"{shape} of {found:g} found by search, as the model declares no protocol", period,
    )  # fmt: skip
