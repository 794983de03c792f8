"""Which layers to make of fixed-point adders and which of bit streams."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.accelerator._bittrue import simulate_network
from sc_neurocore.accelerator._network import Backend, IntegerNetwork
from sc_neurocore.exceptions import SCConfigError

#: Most layers whose assignments are enumerated.
MAX_LAYERS = 6
#: Accuracy that an assignment may lose to all-fixed.
LOSS = 0.005

BACKENDS: tuple[Backend, ...] = ("fixed", "stochastic")


@dataclass(frozen=True, eq=False)
class Candidate:
    """An assignment of back ends.

    Attributes:
        backends: per layer.
        network: quantised so.
        accuracy: bit-true, on the calibration data.
        cost: as the cost function says; None for what is not accurate enough to be asked.
    """

    backends: tuple[Backend, ...]
    network: IntegerNetwork
    accuracy: float
    cost: float | None


@dataclass(frozen=True, eq=False)
class HybridChoice:
    """The result of trying every assignment.

    Attributes:
        best: the cheapest that is accurate enough.
        candidates: all, all-fixed first.
    """

    best: Candidate
    candidates: tuple[Candidate, ...]


def choose_backends(
    quantised: Callable[[tuple[Backend, ...]], IntegerNetwork],
    layers: int,
    samples: ArrayLike,
    labels: ArrayLike,
    cost: Callable[[IntegerNetwork], float],
    *,
    loss: float = LOSS,
) -> HybridChoice:
    """Try every assignment of back ends to layers and take the cheapest that is accurate enough.

    Args:
        quantised: the network with given back ends, first layer first.
        layers: number of layers, at most `MAX_LAYERS`.
        samples: calibration data.
        labels: their classes.
        cost: of a network; asked only of those that are accurate enough.
        loss: accuracy that may be lost to the network that is fixed throughout.

    Raises:
        SCConfigError: too many layers, or other labels than samples.
    """
    if not 1 <= layers <= MAX_LAYERS:
        raise SCConfigError(
            f"the network has {layers} layers; assignments of back ends are tried for at most "
            f"{MAX_LAYERS}; give the back end of each layer"
        )
    given = np.asarray(samples)
    truth = np.asarray(labels)
    if truth.shape != (len(given),):
        raise SCConfigError(
            f"there are labels of shape {truth.shape} for {len(given)} samples; give one each"
        )
    candidates: list[Candidate] = []
    for backends in itertools.product(BACKENDS, repeat=layers):
        network = quantised(backends)
        accuracy = float((simulate_network(network, given).predictions == truth).mean())
        least = (candidates[0].accuracy if candidates else accuracy) - loss
        value = cost(network) if accuracy >= least - 1e-12 else None
        candidates.append(Candidate(backends, network, accuracy, value))
    asked = [c for c in candidates if c.cost is not None]
    best = min(asked, key=lambda c: (c.cost, -c.accuracy))
    return HybridChoice(best, tuple(candidates))
