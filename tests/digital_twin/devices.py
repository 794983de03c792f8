"""A device without a board: the integers of some network, behind the protocol of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sc_neurocore.accelerator import CycleModel, Folding, IntegerNetwork, simulate_network
from sc_neurocore.devices import Identity, Inference, Operation, Telemetry, Write
from sc_neurocore.digital_twin._expected import expect

DESIGN = "0123456789abcdef" * 2


class ModelDevice:
    """Answers as an engine with a network's parameters does; it may be told to answer wrongly.

    Attributes:
        runs: samples run so far, those for probes too.
    """

    def __init__(
        self,
        network: IntegerNetwork,
        foldings: Sequence[Folding],
        *,
        generation: int = 0,
        design: str = DESIGN,
        clocks: int = 0,
        prediction: int | None = None,
    ) -> None:
        self.network, self.generation, self.design = network, generation, design
        self.clocks, self.prediction = clocks, prediction
        self.model = CycleModel(network, foldings)
        self.runs = 0
        self.last: tuple[int, ...] = (0,) * len(network.layers)

    @property
    def name(self) -> str:
        return "a model of a device"

    def identify(self) -> Identity:
        return Identity(0x53434E43, 1, self.design, self.generation)

    def _expected(self, sample: np.ndarray):  # type: ignore[no-untyped-def]
        self.runs += 1
        run = simulate_network(self.network, sample[None], spikes=True)
        return expect(self.network, self.model, sample[None], run, self.generation)

    def run(self, sample: np.ndarray, *, during: Sequence[Write] = ()) -> Inference:
        found = self._expected(sample).answers
        self.last = tuple(found.layer_spikes[0].tolist())
        prediction = int(found.predictions[0]) if self.prediction is None else self.prediction
        return Inference(prediction, int(found.clocks[0]) + self.clocks, self.last, self.generation)

    def probe(self, sample: np.ndarray, layer: int, tick: int) -> np.ndarray:
        return self._expected(sample).sent[layer][0, tick].astype(np.bool_)

    def probed(self, layer: int) -> np.ndarray:
        raise NotImplementedError

    def telemetry(self) -> Telemetry:
        return Telemetry(False, True, 0, self.runs, self.generation, self.last, 0)

    def load(self, bundle: Path | str) -> None:
        raise NotImplementedError

    def read(self, address: int) -> int:
        raise NotImplementedError

    def write(self, address: int, value: int) -> None:
        raise NotImplementedError

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        raise NotImplementedError

    def step(self, clocks: int) -> None:
        raise NotImplementedError

    def reset(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def with_weight(net: IntegerNetwork, layer: int, source: int, target: int, value: int,
                projection: int = 0) -> IntegerNetwork:  # fmt: skip
    """The network with one weight changed."""
    old = net.layers[layer]
    weights = old.projections[projection].weights.copy()
    weights[source, target] = value
    projections = list(old.projections)
    projections[projection] = replace(projections[projection], weights=weights)
    layers = list(net.layers)
    layers[layer] = replace(old, projections=tuple(projections))
    return replace(net, layers=tuple(layers))
