"""Small networks worked out by hand, for the engine's tests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sc_neurocore.accelerator import (
    INPUT,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
)
from sc_neurocore.compiler import Datapath, QFormat, lower
from sc_neurocore.dynamics import build_model

WIDE = 200_000


def lif(theta: float, *, ports: bool = False, spikes: bool = True) -> Datapath:
    """A leaky integrator with reset by subtraction; its input has whole numbers."""
    ranges = {"v": (-2048, 2047), "I": (-WIDE, WIDE), "a": (0, 0.5)}
    formats = {"v": QFormat(18, 4), "I": QFormat(19, 0), "a": QFormat(8, 6, signed=False)}
    parameters = {"a": 0.125}
    if not spikes:
        model = build_model("v[n+1] = v - v*a + I", params=parameters, ranges=ranges, method="map",
                            name="integrator")  # fmt: skip
        return lower(model, formats)
    model = build_model(
        "v[n+1] = v - v*a + I", threshold="v > theta", reset="v = v - theta",
        params={**parameters, "theta": theta}, ranges={**ranges, "theta": (1, 1000)},
        method="map", name="lif",
    )  # fmt: skip
    formats["theta"] = QFormat(16, 4, signed=False)
    return lower(model, formats, parameters="ports" if ports else "constants")


def network(
    sizes: tuple[int, ...] = (8, 16, 4),
    *,
    bits: int = 6,
    seed: int = 0,
    coding: str = "rate",
    ticks: int = 16,
    input_bits: int = 6,
    backend: str = "fixed",
    length: int = 1,
    readout: str = "count",
    ports: bool = False,
    recurrent: bool = False,
    theta: float = 20.0,
) -> IntegerNetwork:
    """Dense layers with random weights; recurrent ones also feed back, and skip a layer late."""
    rng = np.random.default_rng(seed)
    half = 1 << (bits - 1)
    gain = length / half if backend == "stochastic" else 1.0
    layers = []
    for k, (before, size) in enumerate(pairwise(sizes)):

        def drawn(count: int) -> np.ndarray:
            return rng.integers(-half, half, (count, size))  # noqa: B023

        projections = [IntegerProjection(k - 1 if k else INPUT, drawn(before), 0)]
        if recurrent and k == 0:
            projections.append(IntegerProjection(0, drawn(size), 1))
        if recurrent and k == 1:
            projections.append(IntegerProjection(INPUT, drawn(sizes[0]), 2))
        last = k == len(sizes) - 2
        datapath = lif(theta * gain, ports=ports, spikes=not (last and readout == "membrane"))
        parameters = {}
        if datapath.parameters:
            parameters = {"a": rng.integers(2, 30, size), "theta": rng.integers(200, 600, size)}
        layers.append(
            IntegerLayer("output" if last else f"hidden{k + 1}", size, datapath, parameters,
                         tuple(projections), bits, backend, length, 1.0)  # type: ignore[arg-type]
        )  # fmt: skip
    entering = InputCoding(sizes[0], coding, input_bits)  # type: ignore[arg-type]
    return IntegerNetwork("net", entering, tuple(layers), ticks, readout, len(layers) - 1)  # type: ignore[arg-type]


def samples(net: IntegerNetwork, count: int, seed: int = 5) -> np.ndarray:
    """Random samples of a network."""
    rng = np.random.default_rng(seed)
    if net.input.coding == "events":
        return (rng.random((count, net.ticks, net.input.size)) < 0.3).astype(np.int64)
    return rng.integers(0, (1 << net.input.bits) + 1, (count, net.input.size))
