"""A network of 8-6-3 with data, small enough to synthesise in a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from sc_neurocore.build.network import NetworkOptions, NetworkSource, read_network
from sc_neurocore.optimizer.search import Frame, LayerSpace, Numerics, SearchSpace
from small_networks import SETTINGS, pairs_graph, write_pairs


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``tiny.nir`` and ``tiny.npz``."""
    graph = pairs_graph("tiny", 3, 2, noise=0.06, gain=0.5, settings={"ticks": 8, **SETTINGS})
    return write_pairs(tmp_path_factory.mktemp("tiny"), graph, classes=3, count=100)


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
