"""Where a device and its twin part: sample, layer, tick and neuron."""

from __future__ import annotations

import numpy as np

from sc_neurocore.accelerator import IntegerNetwork, NetworkMismatch
from sc_neurocore.devices import Device
from sc_neurocore.digital_twin._answers import Answers, Integers
from sc_neurocore.digital_twin._expected import Expected
from sc_neurocore.exceptions import DeviceError


def first_spike(
    device: Device, network: IntegerNetwork, expected: Expected, index: int, counted: Integers
) -> NetworkMismatch | None:
    """The first wrong spike of a sample in the order of execution, or None.

    Every tick of every layer before it has to be known, so each is probed, unless the count of
    its layer leaves no choice: nothing is left to spike, or everything must.

    Args:
        device: to probe.
        network: in it.
        expected: of all samples.
        index: of the sample.
        counted: spikes of each layer that the device reports for it.
    """
    sample = expected.levels[index]
    left = [int(x) for x in counted]
    for tick in range(network.ticks):
        for k, layer in enumerate(network.layers):
            must = expected.sent[k][index, tick].astype(np.bool_)
            may = expected.whole[k][index, tick].astype(np.bool_)
            if left[k] <= 0:
                got = np.zeros(layer.size, np.bool_)
            elif left[k] >= layer.size * (network.ticks - tick):
                got = np.ones(layer.size, np.bool_)
            else:
                got = np.asarray(device.probe(sample, k, tick), np.bool_)
                if got.shape != may.shape:
                    raise DeviceError(
                        f"{device.name} answers {got.size} neurons for layer '{layer.name}', which "
                        f"has {layer.size}"
                    )
            left[k] -= int(got.sum())
            wrong = np.flatnonzero(got & ~may | must & ~got)
            if wrong.size:
                n = int(wrong[0])
                return NetworkMismatch(
                    index, "spike", layer.name, tick, n, int(may[n]), int(got[n])
                )
    return None


def first_difference(
    network: IntegerNetwork, sample: int, expected: Answers, got: Answers, at: int
) -> NetworkMismatch | None:
    """What differs between two answers: generation, spikes of a layer, class, clocks.

    Args:
        network: whose layers.
        sample: index to report.
        expected: of the twin.
        got: of the device.
        at: index of the answer in both.
    """

    def found(what: str, layer: str, a: int, b: int) -> NetworkMismatch | None:
        return None if a == b else NetworkMismatch(sample, what, layer, -1, -1, int(a), int(b))

    return (
        found("generation", "", expected.generations[at], got.generations[at])
        or next(
            (
                m
                for layer, a, b in zip(
                    network.layers, expected.layer_spikes[at], got.layer_spikes[at], strict=True
                )
                if (m := found("spikes", layer.name, a, b)) is not None
            ),
            None,
        )
        or found("class", "", expected.predictions[at], got.predictions[at])
        or found("cycles", "", expected.clocks[at], got.clocks[at])
    )
