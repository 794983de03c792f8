"""Networks cut in parts, and the parts run tick by tick, in this process, without a link."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.ir import (
    Affine,
    BatchWires,
    DeriveDeadlines,
    InsertDeadlineGates,
    InsertReceiveGates,
    InsertTransmitGates,
    Neurons,
    Node,
    Partitions,
    SynthesiseReceives,
)
from sc_neurocore.nir_bridge import SCNetwork

DT = 1e-3
TAIL = (
    SynthesiseReceives(),
    BatchWires(),
    DeriveDeadlines(1000),
    InsertDeadlineGates(),
    InsertTransmitGates(),
    InsertReceiveGates(),
)


def cells(name: str, place: str = "", size: int = 2, kind: str = "lif") -> Node:
    every = np.ones(size)
    if kind == "li":
        parameters = {"tau": 4e-3 * every, "r": every, "v_leak": 0 * every}
    else:
        parameters = {"tau": 4e-3 * every, "r": 4 * every, "v_leak": 0 * every}
        parameters["v_threshold"] = every
    return Node(name, Neurons(kind, parameters), place)  # type: ignore[arg-type]


def matrix(name: str, place: str = "", rows: object = ((1.5, 0.0), (0.0, 1.5))) -> Node:
    return Node(name, Affine(np.array(rows, dtype=float)), place)


def run_parts(
    partitions: Partitions, inputs: Mapping[str, NDArray[np.float64]], ticks: int
) -> dict[str, NDArray[np.float64]]:
    """Outputs of the parts; in each tick a part runs after those whose spikes of it it needs."""
    engines = {place: SCNetwork(part) for place, part in partitions.parts.items()}
    sent: dict[int, list[NDArray[np.float64]]] = {stream: [] for stream in partitions.crossings}
    outputs: dict[str, list[NDArray[np.float64]]] = {}
    for t in range(ticks):
        waiting = list(engines)
        while waiting:
            place = next(
                p
                for p in waiting
                if all(len(sent[c.stream]) > t - c.delay for c in partitions.received_by(p))
            )
            waiting.remove(place)
            given = {}
            for crossing in partitions.received_by(place):
                past = t - crossing.delay
                given[crossing.receive_id] = (
                    sent[crossing.stream][past] if past >= 0 else np.zeros(crossing.size)
                )
            for node in engines[place].flat.inputs:
                if node.id in inputs:
                    given[node.id] = inputs[node.id][t]
            result = {name: value[0] for name, value in engines[place].step(given).items()}
            for crossing in partitions.sent_by(place):
                sent[crossing.stream].append(result.pop(crossing.send_id).reshape(-1))
            for name, value in result.items():
                outputs.setdefault(name, []).append(value)
    return {name: np.stack(values) for name, values in outputs.items()}
