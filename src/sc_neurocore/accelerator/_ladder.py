"""Predictions of the float network on the inputs, and with the read-out, of the integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.accelerator._encode import real_inputs
from sc_neurocore.accelerator._network import IntegerNetwork, Integers
from sc_neurocore.ir import Neurons
from sc_neurocore.nir_bridge import SCNetwork

#: Samples that run together.
_BATCH = 256


def float_predictions(network: SCNetwork, integers: IntegerNetwork, samples: ArrayLike) -> Integers:
    """Class of each sample, shape (S,), in float64.

    Args:
        network: the float network, as it is or with the numbers of `quantised_graph`.
        integers: whose coding, ticks and read-out to use.
        samples: as for `encode_levels`.

    Raises:
        SCConfigError: samples as for `encode_levels`.
    """
    given = np.asarray(samples)
    graph = network.normal
    last = [graph.nodes[e.source].op for e in graph.incoming(graph.outputs[0].id)]
    # Spikes are counted; so are the sums of a projection without neurons. A membrane is read last.
    summed = integers.readout == "count" or not isinstance(last[0], Neurons)
    found = []
    for begin in range(0, len(given), _BATCH):
        output = network.run(real_inputs(integers, given[begin : begin + _BATCH])).output
        output = output.reshape(*output.shape[:2], -1)
        found.append(np.argmax(output.sum(axis=1) if summed else output[:, -1], axis=1))
    return np.concatenate(found) if found else np.zeros(0, np.int64)
