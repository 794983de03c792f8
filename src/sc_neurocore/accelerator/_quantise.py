"""From a graph in real numbers to a network in integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._bittrue import NetworkRun, check_network, simulate_network
from sc_neurocore.accelerator._encode import encode_levels
from sc_neurocore.accelerator._layer import any_weights, integer_layer
from sc_neurocore.accelerator._network import (
    INPUT,
    Backend,
    Coding,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
)
from sc_neurocore.accelerator._normal import RealLayer, RealNetwork, real_network
from sc_neurocore.accelerator._population import Population, in_units
from sc_neurocore.accelerator._scale import best_scale
from sc_neurocore.accelerator._stochastic import require_stream_length
from sc_neurocore.compiler import ROUNDINGS, Rounding
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Assumptions, Graph

T = TypeVar("T")
Reals = NDArray[np.float64]

#: Samples whose activity weighs the errors of weights.
_WEIGHING = 256


@dataclass(frozen=True)
class Quantisation:
    """How real numbers become integers.

    Attributes:
        bits: width of the weights, 2 to 16; one number, or one per population.
        backend: ``fixed`` or ``stochastic``; one, or one per population.
        length: stream clocks per tick of stochastic populations; one, or one per population.
        fraction: binary places of the states; None chooses them from the leak.
        ticks: of an inference.
        coding: of the input.
        input_bits: input levels are ``0 … 2**input_bits``.
        rounding: of stored states.
        live: whether weights may be exchanged later: registers then hold what any weights of these
            widths can cause, not only those at hand.
    """

    bits: int | Mapping[str, int] = 6
    backend: Backend | Mapping[str, Backend] = "fixed"
    length: int | Mapping[str, int] = 16
    fraction: int | None = None
    ticks: int = 16
    coding: Coding = "rate"
    input_bits: int = 4
    rounding: Rounding = "nearest"
    live: bool = False

    def __post_init__(self) -> None:
        _require("ticks", self.ticks, 1, 1 << 20)
        _require("input_bits", self.input_bits, 1, 15)
        if self.fraction is not None:
            _require("fraction", self.fraction, 0, 24)
        if self.coding not in ("rate", "direct", "events"):
            raise SCConfigError(f"coding is '{self.coding}'; allowed: rate, direct, events")
        allowed = [name for name in ROUNDINGS if name != "stochastic"]
        if self.rounding not in allowed:
            raise SCConfigError(f"rounding is '{self.rounding}'; allowed: {', '.join(allowed)}")

    def weight_bits(self, layer: str) -> int:
        """Bits of a population's weights."""
        return _require(f"bits of '{layer}'", _of(self.bits, layer, "bits"), 2, 16)

    def layer_backend(self, layer: str) -> Backend:
        """Back end of a population."""
        found: Backend = _of(self.backend, layer, "backend")
        if found not in ("fixed", "stochastic"):
            raise SCConfigError(f"backend of '{layer}' is '{found}'; allowed: fixed, stochastic")
        return found

    def layer_length(self, layer: str) -> int:
        """Stream clocks per tick of a population; 1 for ``fixed``."""
        if self.layer_backend(layer) == "fixed":
            return 1
        return require_stream_length(_of(self.length, layer, "length"))


def quantise(
    graph: Graph,
    assumptions: Assumptions,
    options: Quantisation | None = None,
    *,
    calibration: ArrayLike | None = None,
) -> IntegerNetwork:
    """Quantise a graph in normal form.

    Weights take the scale of least error, each layer its own; with calibration data the error is
    that of the current which the data cause. Without data every register holds the worst case of
    all possible inputs, and nothing can saturate; with data registers hold what was observed
    times `MARGIN`, and the simulator and the report count what saturates.

    Args:
        graph: in normal form (`sc_neurocore.ir.FoldLinear`).
        assumptions: what the graph leaves open.
        options: formats and coding.
        calibration: samples, as `encode_levels` takes them.

    Raises:
        SCConfigError: the graph is not in normal form, or has what no hardware of ours has.
    """
    options = options or Quantisation()
    real = real_network(graph, assumptions)
    _known_layers(options, real)
    activity: Mapping[int, Reals] = {}
    if calibration is not None:
        activity = _activity(real, options, calibration)
    network = _integers(real, options, activity, None)
    if calibration is None:
        return network
    run = simulate_network(network, calibration)
    return _integers(real, options, activity, run)


def _integers(
    real: RealNetwork,
    options: Quantisation,
    activity: Mapping[int, Reals],
    observed: NetworkRun | None,
) -> IntegerNetwork:
    coding = InputCoding(real.inputs, options.coding, options.input_bits)
    layers: list[IntegerLayer] = []
    notices = list(real.notices)
    for number, layer in enumerate(real.layers):
        bits = options.weight_bits(layer.id)
        folded = [p.weight.T * layer.population.gain for p in layer.projections]
        streams = options.layer_backend(layer.id) == "stochastic"
        length = options.layer_length(layer.id) if streams else None
        weighing = [activity.get(p.source) for p in layer.projections]
        found = best_scale(folded, bits, weighing, length=length)
        if found.clipped:
            notices.append(
                f"{found.clipped} of {sum(w.size for w in folded)} weights of '{layer.id}' exceed "
                f"the {bits}-bit range and saturate, by up to {100 * found.excess:.0f} % of the "
                "largest; this gives a smaller error than a coarser scale"
            )
        projections = tuple(
            IntegerProjection(p.source, w, min(p.delay, options.ticks))
            for p, w in zip(layer.projections, found.integers, strict=True)
        )
        notices += [
            f"'{p.id}' is {p.delay} ticks late, but an inference has {options.ticks}; nothing "
            "arrives through it"
            for p in layer.projections
            if p.delay >= options.ticks
        ]
        built = _layer(
            layer, projections, coding, options, found.scale,
            None if observed is None else observed.ranges[number],
        )  # fmt: skip
        layers.append(built)
        notices += _vanished(layer, built)
    network = IntegerNetwork(
        name=real.name,
        input=coding,
        layers=tuple(layers),
        ticks=options.ticks,
        readout="count" if real.layers[real.output].population.spiking else "membrane",
        output=real.output,
        notices=tuple(notices),
    )
    check_network(network)
    return network


def _layer(
    layer: RealLayer,
    projections: tuple[IntegerProjection, ...],
    coding: InputCoding,
    options: Quantisation,
    weight_scale: float,
    observed: NDArray[np.int64] | None,
) -> IntegerLayer:
    backend, bits = options.layer_backend(layer.id), options.weight_bits(layer.id)
    length = options.layer_length(layer.id)
    scale = weight_scale
    if backend == "stochastic":
        scale = weight_scale * 2.0 ** (bits - 1) / length
    fraction = options.fraction
    if fraction is None:
        fraction = _fraction(layer.population, weight_scale / scale)
    return integer_layer(
        layer.name,
        in_units(layer.population, scale, fraction),
        projections,
        coding=coding,
        bits=bits,
        backend=backend,
        length=length,
        scale=scale,
        fraction=fraction,
        ticks=options.ticks,
        rounding=options.rounding,
        observed=observed,
        reach=any_weights(projections, bits) if options.live else (),
    )


def _vanished(layer: RealLayer, built: IntegerLayer) -> list[str]:
    """Numbers that are not zero but round to it."""
    held = in_units(layer.population, built.scale, built.datapath.states[-1].format.fraction)
    found = []
    for name in ("drive", "drive_syn", "threshold", "reset_to"):
        real, whole = getattr(layer.population, name), getattr(held, name)
        if real is not None and (lost := int(((real != 0) & (whole == 0)).sum())):
            found.append(
                f"{name.replace('_', ' ')} of {lost} neurons of '{layer.id}' rounds to zero; more "
                "fraction bits would keep it"
            )
    return found


def _fraction(p: Population, weight_step: float) -> int:
    """Binary places such that a state still follows its leak within a fraction of a weight's step.

    Args:
        p: the population.
        weight_step: one step of a weight in units of current.
    """
    places = 2 - np.log2(weight_step)
    for leak in (p.leak, p.leak_syn):
        if leak is not None and (leak > 0).any():
            # A state stops moving where leak · v is below half a step: at most half a weight away.
            slowest = float(leak[leak > 0].min())
            places = max(places, -np.log2(slowest) - np.log2(weight_step))
    return int(np.clip(np.ceil(places), 0, 16))


def _activity(real: RealNetwork, options: Quantisation, calibration: ArrayLike) -> dict[int, Reals]:
    """Second moments of what each source sends, from a network with 16-bit weights."""
    samples = np.asarray(calibration)[:_WEIGHING]
    coding = InputCoding(real.inputs, options.coding, options.input_bits)
    levels = encode_levels(coding, samples, options.ticks)
    x = levels.mean(axis=1) if options.coding == "events" else levels / 2.0**coding.bits
    fine = replace(options, bits=16, backend="fixed")
    run = simulate_network(_integers(real, fine, {}, None), samples, spikes=True)
    assert run.spikes is not None
    sent = {INPUT: x} | {i: s.mean(axis=1) for i, s in enumerate(run.spikes)}
    return {source: r.T @ r / len(r) for source, r in sent.items()}


def _known_layers(options: Quantisation, real: RealNetwork) -> None:
    names = {layer.id for layer in real.layers}
    for field_name in ("bits", "backend", "length"):
        value = getattr(options, field_name)
        if isinstance(value, Mapping) and set(value) != names:
            wrong = sorted(set(value) ^ names)[0]
            what = "misses" if wrong in names else "names unknown"
            raise SCConfigError(
                f"{field_name} {what} population '{wrong}'; the network has "
                f"{', '.join(sorted(names))}"
            )


def _of(value: Any, layer: str, what: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    if layer not in value:
        raise SCConfigError(f"{what} has no entry for population '{layer}'")
    return value[layer]


def _require(what: str, value: int, low: int, high: int) -> int:
    if not (isinstance(value, int) and low <= value <= high):
        raise SCConfigError(f"{what} is {value!r}; it must be a whole number from {low} to {high}")
    return value
