"""Networks that tell which pair of inputs is strongest, small enough to synthesise, and data."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir

INPUTS, BITS = 8, 4
SETTINGS = {"coding": "rate", "input_bits": BITS, "dt": 1e-3, "reset": "subtract",
            "reset_when": "same_tick", "weight_bits": 5}  # fmt: skip


def lif(size: int) -> Neurons:
    """Leak 1/8, gain 1, threshold 1."""
    every = np.ones(size)
    parameters = {"tau": 8e-3 * every, "r": 8 * every, "v_leak": 0 * every, "v_threshold": every}
    return Neurons("lif", parameters, (size,))


def pairs_graph(
    name: str,
    classes: int,
    hidden: int,
    *,
    noise: float,
    gain: float,
    settings: Mapping[str, object],
) -> Graph:
    """Each class has two inputs and ``hidden`` neurons of its own; other weights are noise."""
    rng = np.random.default_rng(3)
    between = classes * hidden
    first, second = (
        rng.normal(0, noise, shape) for shape in ((between, INPUTS), (classes, between))
    )
    for k in range(classes):
        own = slice(hidden * k, hidden * (k + 1))
        first[own, 2 * k : 2 * k + 2] += 0.45
        second[k, own] += gain
    nodes = [
        Node("input", Input((INPUTS,))),
        Node("fc1", Affine(first, np.zeros(between))),
        Node("hidden", lif(between)),
        Node("fc2", Affine(second, np.zeros(classes))),
        Node("answer", lif(classes)),
        Node("output", Output((classes,))),
    ]
    edges = list(itertools.pairwise([node.id for node in nodes]))
    return Graph.of(name, nodes, edges, 1e-3, {"sc_neurocore": json.dumps(settings)})


def pairs_data(count: int, seed: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels, and which pair is strongest."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    levels = rng.integers(0, 7, (count, INPUTS))
    for k in range(2):
        levels[np.arange(count), 2 * labels + k] = rng.integers(9, 17, count)
    return levels, labels


def write_pairs(root: Path, graph: Graph, classes: int, count: int) -> Path:
    """Write the network and ``count`` samples, both under its name; returns the directory."""
    write_nir(graph, root / f"{graph.name}.nir")
    x, y = pairs_data(count, 1, classes)
    train_x, train_y = pairs_data(200, 2, classes)
    np.savez(
        root / f"{graph.name}.npz",
        x=x, y=y, train_x=train_x, train_y=train_y, bits=BITS, classes=classes,
    )  # fmt: skip
    return root
