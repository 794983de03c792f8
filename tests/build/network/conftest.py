"""Bundles of a network of 8-16-4 that tells which pair of inputs is strongest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sc_neurocore.build import Build
from sc_neurocore.build.network import NetworkOptions, build_network, read_network
from sc_neurocore.evidence import EvidenceStore
from small_networks import SETTINGS, pairs_graph, write_pairs


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``pairs.nir`` and ``pairs.npz``."""
    settings = {"ticks": 12, **SETTINGS, "length": 16}
    graph = pairs_graph("pairs", 4, 4, noise=0.08, gain=0.3, settings=settings)
    return write_pairs(tmp_path_factory.mktemp("network"), graph, classes=4, count=120)


Builder = Callable[..., Build]


@pytest.fixture(scope="session")
def built(files: Path, store: EvidenceStore, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Builds ``pairs.nir`` without place and route; the same options are built once."""
    done: dict[tuple[object, ...], Build] = {}

    def build(backend: str, *, again: bool = False, **options: object) -> Build:
        key = (backend, again, *sorted(options.items()))
        if key not in done:
            chosen = NetworkOptions(
                backend=backend, place_and_route=False, samples=6,  # type: ignore[arg-type]
                **{"data": str(files / "pairs.npz"), **options},  # type: ignore[arg-type]
            )  # fmt: skip
            source = read_network(files / "pairs.nir", chosen)
            out = tmp_path_factory.mktemp("bundle") / backend
            done[key] = build_network(source, chosen, out, store=store)
        return done[key]

    return build


@pytest.fixture
def bundle(built: Builder, tmp_path: Path) -> Path:
    """A copy of the fixed-point bundle, to be edited."""
    path = built("fixed").path
    assert path is not None
    return Path(shutil.copytree(path, tmp_path / "pairs"))
