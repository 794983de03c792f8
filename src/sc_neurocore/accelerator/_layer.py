"""One layer: integer weights, and the datapath that holds whatever they can cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._bittrue import accumulator_range
from sc_neurocore.accelerator._bounds import state_bounds
from sc_neurocore.accelerator._network import (
    INPUT,
    Backend,
    InputCoding,
    IntegerLayer,
    IntegerProjection,
)
from sc_neurocore.accelerator._population import Population, population_datapath
from sc_neurocore.compiler import QFormat, Rounding

#: Observed states may grow by this factor before they saturate.
MARGIN = 2.0


def integer_layer(
    name: str,
    population: Population,
    projections: tuple[IntegerProjection, ...],
    *,
    coding: InputCoding,
    bits: int,
    backend: Backend = "fixed",
    length: int = 1,
    scale: float = 1.0,
    fraction: int = 4,
    ticks: int,
    rounding: Rounding = "nearest",
    observed: NDArray[np.int64] | None = None,
    reach: Sequence[tuple[IntegerProjection, ...]] = (),
) -> IntegerLayer:
    """A layer from a population in units of current and integer weights.

    Args:
        name: a Verilog identifier.
        population: in units of current, see `in_units`.
        projections: what arrives.
        coding: of the network's input.
        bits: width of the weights.
        backend: ``fixed`` or ``stochastic``.
        length: stream clocks per tick; 1 for ``fixed``.
        scale: real value of one unit of current.
        fraction: binary places of the states.
        ticks: of an inference.
        rounding: of stored states.
        observed: raw (states, 2) ranges seen on calibration data; None for the worst case.
        reach: projections with other weights that the layer must hold too.
    """
    direct = coding.coding == "direct" and any(p.source == INPUT for p in projections)
    planes = coding.bits if direct else 0
    spans = [
        accumulator_range(given, bits, backend, length, ticks, 1 << planes, planes)
        for given in (projections, *reach)
    ]
    low = np.min([span[0] for span in spans], axis=0)
    high = np.max([span[1] for span in spans], axis=0)
    if not projections:
        low = high = np.zeros(population.size, np.int64)
    farthest = max(int(-low.min()) - 1, int(high.max()), 0)
    current = QFormat(farthest.bit_length() + 1, planes)
    step = 2.0**-fraction
    lowest, highest = (x.astype(np.float64) * 2.0**-planes for x in (low, high))
    bounds = state_bounds(population, lowest, highest, ticks, step)
    if observed is not None:
        bounds = _seen(population, bounds, observed, step)
    datapath, parameters = population_datapath(
        population,
        name,
        bounds=bounds,
        current=current,
        fraction=fraction,
        rounding=rounding,
        proven=observed is None,
    )
    return IntegerLayer(
        name=name,
        size=population.size,
        datapath=datapath,
        parameters=parameters,
        projections=projections,
        bits=bits,
        backend=backend,
        length=length,
        scale=scale,
    )


def any_weights(
    projections: tuple[IntegerProjection, ...], bits: int
) -> tuple[tuple[IntegerProjection, ...], ...]:
    """The projections with the smallest weights there are, and with the largest."""
    half = 1 << (bits - 1)
    return tuple(
        tuple(replace(p, weights=np.full_like(p.weights, weight)) for p in projections)
        for weight in (-half, half - 1)
    )


def _seen(
    p: Population,
    worst: Mapping[str, tuple[float, float]],
    observed: NDArray[np.int64],
    step: float,
) -> dict[str, tuple[float, float]]:
    """Observed ranges with their margin, never beyond the worst case, and what a reset needs."""
    result = {}
    for state, (low, high) in zip(worst, observed * step, strict=True):
        low, high = min(MARGIN * low, 0.0), max(MARGIN * high, 0.0)
        if state == "v" and p.threshold is not None:
            high = max(high, float(p.threshold.max()) + step)
            if p.rules.reset == "reset" and p.reset_to is not None:
                low, high = min(low, float(p.reset_to.min())), max(high, float(p.reset_to.max()))
        result[state] = (max(low, worst[state][0]), min(high, worst[state][1]))
    return result
