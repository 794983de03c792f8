"""A network of 8-16-4 that tells which pair of inputs is strongest, and its data, as files."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np

from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir

TICKS, BITS = 12, 4
SETTINGS = {
    "ticks": TICKS, "coding": "rate", "input_bits": BITS, "dt": 1e-3,
    "reset": "subtract", "reset_when": "same_tick", "weight_bits": 5, "length": 16,
}  # fmt: skip


def lif(size: int) -> Neurons:
    """Leak 1/8, gain 1, threshold 1."""
    every = np.ones(size)
    parameters = {"tau": 8e-3 * every, "r": 8 * every, "v_leak": 0 * every, "v_threshold": every}
    return Neurons("lif", parameters, (size,))


def small_graph(settings: dict[str, object] | None = None) -> Graph:
    """Each class has two inputs and four hidden neurons of its own; some weights are noise."""
    rng = np.random.default_rng(3)
    first = rng.normal(0, 0.08, (16, 8))
    second = rng.normal(0, 0.08, (4, 16))
    for k in range(4):
        first[4 * k : 4 * k + 4, 2 * k : 2 * k + 2] += 0.45
        second[k, 4 * k : 4 * k + 4] += 0.3
    nodes = [
        Node("input", Input((8,))),
        Node("fc1", Affine(first, np.zeros(16))),
        Node("hidden", lif(16)),
        Node("fc2", Affine(second, np.zeros(4))),
        Node("answer", lif(4)),
        Node("output", Output((4,))),
    ]
    names = [node.id for node in nodes]
    edges = list(itertools.pairwise(names))
    text = json.dumps(SETTINGS if settings is None else settings)
    return Graph.of("pairs", nodes, edges, 1e-3, {"sc_neurocore": text})


def small_data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    levels = rng.integers(0, 7, (count, 8))
    for k in range(2):
        levels[np.arange(count), 2 * labels + k] = rng.integers(9, 17, count)
    return levels, labels


def write_pairs(root: Path) -> Path:
    """Write ``pairs.nir`` and ``pairs.npz`` into a directory, and return it."""
    write_nir(small_graph(), root / "pairs.nir")
    x, y = small_data(120, 1)
    train_x, train_y = small_data(200, 2)
    np.savez(root / "pairs.npz", x=x, y=y, train_x=train_x, train_y=train_y, bits=BITS, classes=4)
    return root
