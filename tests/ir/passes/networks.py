"""Small networks for the passes before the cut."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sc_neurocore.ir import Affine, Edge, Graph, Input, Neurons, Node, Output, Place, Places

DT = 1e-3
PLACES = Places({"left": Place("left"), "right": Place("right")})


def lif(name: str, count: int = 2, place: str = "", **metadata: object) -> Node:
    """A population whose membrane spikes above one half."""
    parameters = {"tau": 0.004, "r": 2.0, "v_leak": 0.0, "v_threshold": 0.5}
    arrays = {key: np.full(count, value) for key, value in parameters.items()}
    return Node(name, Neurons("lif", arrays), place, metadata)


def li(name: str, count: int = 2, place: str = "") -> Node:
    """A population that never spikes."""
    parameters = {"tau": 0.004, "r": 1.0, "v_leak": 0.0}
    return Node(name, Neurons("li", {k: np.full(count, v) for k, v in parameters.items()}), place)


def matrix(name: str, rows: int = 2, columns: int = 2, seed: int = 0, place: str = "") -> Node:
    """Weights that are multiples of 1/16, so that every sum of them is exact."""
    weight = np.random.default_rng(seed).integers(-8, 16, (rows, columns)) / 16
    return Node(name, Affine(weight), place)


def graph(nodes: Iterable[Node], edges: Iterable[Edge | tuple[str, str]]) -> Graph:
    """With an Input of two and an Output."""
    ends = [Node("in", Input((2,))), *nodes, Node("out", Output(None))]
    return Graph.of("g", ends, edges, DT)


def chain() -> Graph:
    """in -> a -> w -> b -> out."""
    edges = [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")]
    return graph([lif("a"), matrix("w"), lif("b")], edges)
