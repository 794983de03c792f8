"""Which streams share a source, and whether what meets in a gate is independent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._bittrue import NetworkRun
from sc_neurocore.accelerator._encode import input_spikes, rate_numbers
from sc_neurocore.accelerator._network import INPUT, IntegerLayer, IntegerNetwork
from sc_neurocore.accelerator._stochastic import stream_ones
from sc_neurocore.bitstream import Sharing, Sobol, plane_counts, rate_source
from sc_neurocore.exceptions import SCConfigError

#: Dimension of the Sobol sequence, the van der Corput one, that weight streams are made with.
WEIGHT_DIMENSION = 1
#: Largest covariance of a product to accept: 1/8 of what full dependence makes.
LIMIT = 1 / 32
#: Samples of a run that are examined.
_SAMPLES = 32

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class CorrelationCheck:
    """The most dependent product of a layer's weights with what one source sends.

    Attributes:
        layer: name of the layer.
        source: name of the source layer, or ``input``.
        covariance: largest ``P(a AND b) - P(a) P(b)`` of a spike train, held for the clocks of a
            tick, and a weight stream.
        scc: their stochastic cross-correlation there.
        word: ``proven`` for every level and weight, or ``measured`` on the spikes of a run.
        limit: of the covariance.
    """

    layer: str
    source: str
    covariance: float
    scc: float
    word: Literal["proven", "measured"]
    limit: float

    @property
    def sound(self) -> bool:
        """Whether the covariance is within the limit."""
        return abs(self.covariance) <= self.limit

    def __str__(self) -> str:
        return (
            f"weights of '{self.layer}' with spikes of '{self.source}': covariance "
            f"{self.covariance:+.4f}, SCC {self.scc:+.3f} ({self.word}), limit {self.limit:g}"
        )


def sharing_plan(network: IntegerNetwork) -> Mapping[str, Sharing]:
    """Sources of the streams that a rate-coded input multiplies, by stochastic layer.

    One counter makes the streams of all weights of a layer; the input has the other dimension of
    the same sequence, also one source for all. What other layers send are spikes, not streams of a
    source, so layers that read nothing else have no plan.
    """
    return {
        layer.name: Sharing(
            (rate_source(network.input.bits),), ((Sobol(WEIGHT_DIMENSION, width=layer.bits),),)
        )
        for layer in network.layers
        if layer.backend == "stochastic" and _reads_rates(network, layer)
    }


def _reads_rates(network: IntegerNetwork, layer: IntegerLayer) -> bool:
    return network.input.coding == "rate" and any(p.source == INPUT for p in layer.projections)


def check_correlation(
    network: IntegerNetwork,
    samples: ArrayLike | None = None,
    run: NetworkRun | None = None,
    *,
    limit: float = LIMIT,
) -> tuple[CorrelationCheck, ...]:
    """Dependence between spikes and weight streams of all stochastic layers.

    Rate-coded inputs are checked for every level and weight there is. With a run, every spike
    train of its first samples is checked against the streams of the weights that it meets.

    Args:
        network: to check.
        samples: that ``run`` simulated.
        run: with spikes.
        limit: largest covariance to accept.

    Raises:
        SCConfigError: a run without its samples, or without spikes.
    """
    found = []
    for layer in network.layers:
        if layer.backend != "stochastic":
            continue
        if _reads_rates(network, layer):
            delays = sorted({p.delay for p in layer.projections if p.source == INPUT})
            found += [_every_level(network, layer, delay, limit) for delay in delays]
    if run is None:
        return tuple(found)
    if run.spikes is None or samples is None:
        raise SCConfigError("a run is checked by its spikes and with the samples it simulated")
    first = np.asarray(samples)[:_SAMPLES]
    for layer in network.layers:
        if layer.backend != "stochastic":
            continue
        for p in layer.projections:
            if p.source != INPUT:
                sent, name = run.spikes[p.source][: len(first)], network.layers[p.source].name
            elif network.input.coding == "direct":
                continue
            else:
                sent, name = input_spikes(network, first), "input"
            ones = stream_ones(p.weights, layer.bits, layer.length, network.ticks)
            covariance, correlation = _largest(_delayed(sent, p.delay), ones, layer.length)
            found.append(
                CorrelationCheck(layer.name, name, covariance, correlation, "measured", limit)
            )
    return tuple(found)


def require_uncorrelated_network(checks: tuple[CorrelationCheck, ...]) -> None:
    """Refuse a network whose products are not products.

    Raises:
        SCConfigError: a check beyond its limit; the message says what would help.
    """
    for check in checks:
        if not check.sound:
            raise SCConfigError(
                f"{check}; give '{check.layer}' longer streams per tick, which divide the "
                "covariance by their length, more ticks, or backend fixed"
            )


def _delayed(spikes: NDArray[np.uint8], delay: int) -> NDArray[np.uint8]:
    """Trains (S, T, ...) as they arrive, silent before."""
    silent = np.zeros_like(spikes[:, :1]).repeat(delay, axis=1)
    return np.concatenate([silent, spikes], axis=1)[:, : spikes.shape[1]]


def _every_level(
    network: IntegerNetwork, layer: IntegerLayer, delay: int, limit: float
) -> CorrelationCheck:
    """The worst of all levels and weights, through the planes, in which a weight is linear."""
    ticks, bits = network.ticks, layer.bits
    levels = np.arange((1 << network.input.bits) + 1)
    numbers = rate_numbers(network.input.bits, ticks)
    active = _delayed((numbers < levels[:, None]).astype(np.uint8), delay)
    ones = plane_counts(bits, layer.length, ticks).astype(np.float64)
    each = active @ (ones - ones.mean(axis=0)) / (ticks * layer.length)
    extremes = np.stack([np.minimum(each, 0).sum(axis=1), np.maximum(each, 0).sum(axis=1)])
    side, level = np.unravel_index(int(np.abs(extremes).argmax()), extremes.shape)
    chosen = each[level] > 0 if side else each[level] < 0
    p = float(active[level].mean())
    q = float(ones[:, chosen].sum() / (ticks * layer.length))
    covariance = float(extremes[side, level])
    return CorrelationCheck(
        layer.name, "input", covariance, _scc(covariance, p, q), "proven", limit
    )


def _largest(
    spikes: NDArray[np.uint8], ones: NDArray[np.int64], length: int
) -> tuple[float, float]:
    """Largest covariance of spike trains (S, T, M) with streams of (T, M, N) ones per tick."""
    ticks = spikes.shape[1]
    centred = (ones - ones.mean(axis=0)) / (ticks * length)
    best, at = 0.0, (0.0, 0.0)
    for train in spikes.astype(np.float64):
        found = np.einsum("tj,tjn->jn", train, centred)
        j, n = np.unravel_index(int(np.abs(found).argmax()), found.shape)
        if abs(found[j, n]) > abs(best):
            best = float(found[j, n])
            at = (float(train[:, j].mean()), float(ones[:, j, n].sum() / (ticks * length)))
    return best, _scc(best, *at)


def _scc(covariance: float, p: float, q: float) -> float:
    """Stochastic cross-correlation (Alaghi & Hayes, ICCD 2013) of a covariance."""
    room = min(p, q) - p * q if covariance > 0 else p * q - max(p + q - 1, 0.0)
    return covariance / room if covariance and room > 0 else 0.0
