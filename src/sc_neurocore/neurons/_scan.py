"""What a model does along one of its parameters, or along its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Model, Simulation, simulate, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._model import model_of
from sc_neurocore.neurons._protocol import Protocol, protocol_of

#: Measures of a scan and what each is.
MEASURES: Mapping[str, str] = {
    "rate": "spikes from the onset of the protocol to its end, per second (maps: per 1000 "
    "iterations)",
    "first-spike": "time from the onset to the first spike",
    "interval-cv": "standard deviation of the intervals between spikes over their mean",
    "mean": "mean of the first state from the onset on",
    "minimum": "smallest value of the first state from the onset on",
    "maximum": "largest value of the first state from the onset on",
}


#: Values recorded at a time: more points than fit are run one part after another.
_RECORDED = 20_000_000


@dataclass(frozen=True, eq=False)
class Scan:
    """A measure along a parameter.

    Attributes:
        model: name of the model.
        parameter: name of the parameter or input.
        unit: its unit, ``""`` when dimensionless.
        values: ``(K,)`` its values.
        measure: what was measured, of `MEASURES`.
        measure_unit: its unit.
        measured: ``(K,)`` results; NaN where there are too few spikes to tell.
    """

    model: str
    parameter: str
    unit: str
    values: NDArray[np.float64]
    measure: str
    measure_unit: str
    measured: NDArray[np.float64]


def scan_model(
    document: Mapping[str, Any],
    parameter: str,
    low: float,
    high: float,
    points: int,
    measure: str = "rate",
) -> Scan:
    """Run the default protocol of a model document at evenly spaced values of a parameter.

    Args:
        document: model document.
        parameter: a parameter, or the driven input, whose step then has that height.
        low: first value, in the declared unit.
        high: last value.
        points: number of values.
        measure: one of `MEASURES`.

    Raises:
        SCConfigError: no protocol, no such parameter or measure, spikes of a model that has none,
            or a state that becomes non-finite.
    """
    if measure not in MEASURES:
        raise SCConfigError(f"measure is '{measure}'; allowed: {', '.join(MEASURES)}")
    model, protocol = model_of(document), protocol_of(document)
    if model.threshold is None and measure in ("rate", "first-spike", "interval-cv"):
        raise SCConfigError(
            f"model '{model.name}' never spikes; measure its mean, minimum or maximum"
        )
    quantities = {q.name: q for q in model.parameters}
    driven = next(q for q in model.inputs if q.name == protocol.input)
    known = {**quantities, driven.name: driven}
    if parameter in {q.name for q in model.inputs} - {driven.name}:
        raise SCConfigError(
            f"the protocol of model '{model.name}' drives the input '{driven.name}', not "
            f"'{parameter}'"
        )
    if parameter not in known:
        raise SCConfigError(
            f"model '{model.name}' has no parameter '{parameter}'{suggest(parameter, known)}"
        )
    if not np.isfinite(high - low):
        raise SCConfigError(f"the values of '{parameter}' span {low:g} to {high:g}, too wide")
    values = np.linspace(low, high, points)
    parts = np.array_split(values, -(-points * protocol.ticks(model.dt) // _RECORDED))
    time = "iterations" if model.method == "map" else "ms"
    units = {
        "rate": "per 1000 iterations" if time == "iterations" else "Hz",
        "first-spike": time,
        "interval-cv": "",
    }
    return Scan(
        model=model.name,
        parameter=parameter,
        unit=known[parameter].unit,
        values=values,
        measure=measure,
        measure_unit=units.get(measure, model.states[0].unit),
        measured=np.concatenate(
            [_measured_at(part, model, protocol, parameter, measure) for part in parts]
        ),
    )


def _measured_at(
    values: NDArray[np.float64], model: Model, protocol: Protocol, parameter: str, measure: str
) -> NDArray[np.float64]:
    """One run with a neuron for each of the values."""
    current: Any = protocol.current(model.dt)[:, None]
    own = {}
    if parameter == protocol.input:
        current = np.column_stack([protocol.current(model.dt, float(a)) for a in values])
    else:
        own = {parameter: values}
    run = simulate(
        model, {protocol.input: current}, neurons=len(values), parameters=own,
        record=model.state_names[:1], engine="interpreted",
    )  # fmt: skip
    onset = round(protocol.onset / model.dt)
    return np.array([_measured(run, j, onset, measure) for j in range(len(values))])


def _measured(run: Simulation, neuron: int, onset: int, measure: str) -> float:
    dt = run.model.dt
    ticks = run.spikes.tick[run.spikes.neuron == neuron]
    ticks = ticks[ticks >= onset]
    late = run.states[run.model.state_names[0]][onset:, neuron]
    match measure:
        case "rate":
            return len(ticks) * 1000.0 / ((run.ticks - onset) * dt)
        case "first-spike":
            return float(ticks[0] + 1 - onset) * dt if len(ticks) else float("nan")
        case "interval-cv":
            gaps = np.diff(ticks)
            return float(gaps.std() / gaps.mean()) if len(gaps) > 1 else float("nan")
        case "mean":
            return float(late.mean())
        case "minimum":
            return float(late.min())
    return float(late.max())
