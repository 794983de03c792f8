"""How many spikes each population sends, measured by running the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.ir import output_shapes
from sc_neurocore.nir_bridge import SCNetwork


def measure_traffic(
    network: SCNetwork, inputs: ArrayLike | Mapping[str, ArrayLike], ticks: int | None = None
) -> Mapping[str, float]:
    """Mean spikes per tick of every spiking population, and values other than 0 of every input.

    The network runs from rest; every figure is counted on that run, none is assumed. With several
    samples the mean is over them too.

    Args:
        network: to run; it is at rest afterwards no more.
        inputs: as `SCNetwork.run` takes them.
        ticks: to run; needed when every input is constant.

    Raises:
        SCConfigError: names, shapes or counts of the inputs do not fit.
    """
    run = network.run(inputs, ticks, record=True)
    sizes = {name: math.prod(shape) for name, shape in output_shapes(network.flat).items()}
    counted = {name: np.asarray(spikes) for name, spikes in run.spikes.items()}
    for node in network.flat.inputs:
        given = inputs[node.id] if isinstance(inputs, Mapping) else inputs
        counted[node.id] = np.asarray(given)
    return MappingProxyType(
        {
            name: float(np.count_nonzero(values) * sizes[name] / values.size)
            for name, values in counted.items()
        }
    )
