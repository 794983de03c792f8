"""A network of 8-6-3 with data, small enough to synthesise in a test."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.build.network import NetworkOptions, NetworkSource, read_network
from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir
from sc_neurocore.optimizer.search import Frame, LayerSpace, Numerics, SearchSpace

SETTINGS = {"ticks": 8, "coding": "rate", "input_bits": 4, "dt": 1e-3, "reset": "subtract",
            "reset_when": "same_tick", "weight_bits": 5}  # fmt: skip


def _lif(size: int) -> Neurons:
    every = np.ones(size)
    parameters = {"tau": 8e-3 * every, "r": 8 * every, "v_leak": 0 * every, "v_threshold": every}
    return Neurons("lif", parameters, (size,))


def _graph() -> Graph:
    """Each of three classes has two hidden neurons, fed by its own inputs."""
    rng = np.random.default_rng(3)
    first, second = rng.normal(0, 0.06, (6, 8)), rng.normal(0, 0.06, (3, 6))
    for k in range(3):
        first[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] += 0.45
        second[k, 2 * k : 2 * k + 2] += 0.5
    nodes = [
        Node("input", Input((8,))), Node("fc1", Affine(first, np.zeros(6))),
        Node("hidden", _lif(6)), Node("fc2", Affine(second, np.zeros(3))),
        Node("answer", _lif(3)), Node("output", Output((3,))),
    ]  # fmt: skip
    edges = list(itertools.pairwise([node.id for node in nodes]))
    return Graph.of("tiny", nodes, edges, 1e-3, {"sc_neurocore": json.dumps(SETTINGS)})


def _data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    levels = rng.integers(0, 7, (count, 8))
    for k in range(2):
        levels[np.arange(count), 2 * labels + k] = rng.integers(9, 17, count)
    return levels, labels


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``tiny.nir`` and ``tiny.npz``."""
    root = tmp_path_factory.mktemp("tiny")
    write_nir(_graph(), root / "tiny.nir")
    x, y = _data(100, 1)
    train_x, train_y = _data(200, 2)
    np.savez(root / "tiny.npz", x=x, y=y, train_x=train_x, train_y=train_y, bits=4, classes=3)
    return root


@pytest.fixture(scope="session")
def source(files: Path) -> NetworkSource:
    return read_network(files / "tiny.nir", NetworkOptions())


@pytest.fixture(scope="session")
def space() -> SearchSpace:
    """Sixteen configurations."""
    layers = (
        LayerSpace("hidden", (Numerics(3, 1), Numerics(5, 1)), (1, 3), (1, 4)),
        LayerSpace("answer", (Numerics(5, 1), Numerics(5, 8)), (1,), (1,)),
    )
    return SearchSpace(layers, ((0,), (1,)), (Frame(8, "rate"),), 4)
