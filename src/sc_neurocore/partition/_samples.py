"""A data set as the inputs of a network over ticks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import InputCoding, encode_levels, rate_numbers
from sc_neurocore.datasets import Dataset
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph


def encode_dataset(
    graph: Graph,
    settings: Mapping[str, Any],
    dataset: Dataset,
    count: int,
    ticks: int | None = None,
) -> NDArray[np.float64]:
    """The first test samples of a data set, coded as the network's file says.

    Args:
        graph: with one Input, whose shape is known.
        settings: of the file: ``ticks``, ``coding`` and ``input_bits``; by default 16 ticks, rate
            coding, and the bits of the data set or 4.
        dataset: labelled levels.
        count: samples at most.
        ticks: of a sample, before what the file says.

    Returns:
        (samples, ticks, M).

    Raises:
        SCConfigError: the data set does not fit the network.
    """
    if len(graph.inputs) != 1:
        names = ", ".join(node.id for node in graph.inputs)
        raise SCConfigError(f"the network has the inputs {names}; a data set is for one input")
    size = int(np.prod(graph.port_type(graph.inputs[0].id).shape or ()))
    coding = str(settings.get("coding", "rate"))
    steps = int(ticks or settings.get("ticks", 16))
    levels = dataset.test_x[:count]
    if coding == "events":
        if levels.shape[1:2] != (steps,) or int(np.prod(levels.shape[2:])) != size:
            raise SCConfigError(
                f"a sample of data set '{dataset.name}' has shape {levels.shape[1:]}; the network "
                f"takes {steps} ticks of {size} spikes"
            )
        return levels.reshape(len(levels), steps, size).astype(np.float64)
    if dataset.size != size:
        raise SCConfigError(
            f"a sample of data set '{dataset.name}' has {dataset.size} values; the network takes "
            f"{size}"
        )
    bits = int(settings.get("input_bits") or dataset.bits or 4)
    flat = dataset.at_bits(bits).test_x[:count].reshape(-1, size)
    whole = encode_levels(InputCoding(size, "rate", bits), flat, steps)
    if coding == "direct":
        return np.repeat(whole[:, None] / 2.0**bits, steps, axis=1)
    numbers = rate_numbers(bits, steps)
    return (numbers[None, :, None] < whole[:, None]).astype(np.float64)
