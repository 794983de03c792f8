"""Networks whose weights sum exactly, and ranks that are threads of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from sc_neurocore.ir import (
    Affine,
    Assumptions,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    Input,
    Neurons,
    Node,
    Output,
    Projection,
    Scale,
    Threshold,
)
from sc_neurocore.nir_bridge import SCNetwork

T = TypeVar("T")
DT = 1 / 1024


def cells(kind: str, size: int) -> Neurons:
    """Time constants of 8 ticks."""
    parameters: dict[str, Any] = {
        "lif": {"tau": 8 * DT, "r": 8.0, "v_leak": 0.0, "v_threshold": 1.0},
        "if": {"r": 1 / DT, "v_threshold": 2.0},
        "cuba_lif": {"tau_syn": 2 * DT, "tau_mem": 8 * DT, "r": 8.0, "v_leak": 0.0,
                     "v_threshold": 1.0, "w_in": 1.0},
        "li": {"tau": 8 * DT, "r": 1.0, "v_leak": 0.0},
    }[kind]  # fmt: skip
    return Neurons(kind, {name: np.full(size, value) for name, value in parameters.items()})


def weights(rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
    """Eighths, a third of them there."""
    kept = rng.random((targets, sources)) < 1 / 3
    return rng.integers(-2, 5, (targets, sources)) / 8 * kept


def make(kind: str, size: int = 40, seed: int = 0) -> SCNetwork:
    """``feed-forward``, ``recurrent`` (in the next tick) or ``delayed`` (3 ticks and more)."""
    rng = np.random.default_rng(seed)
    half, late = size // 2, 3 if kind == "delayed" else 0
    nodes = [
        Node("in", Input((20,))),
        Node("w0", Affine(weights(rng, size, 20), np.full(size, 1 / 16))),
        Node("a", cells("lif", size)),
        Node("w1", Affine(weights(rng, half, size))),
        Node("b", cells("cuba_lif", half)),
        Node("w2", Affine(weights(rng, 10, half))),
        Node("spikes", Output(None)),
        Node("read", cells("li", 10)),
        Node("membrane", Output(None)),
    ]
    edges = [
        Edge("in", "w0"), Edge("w0", "a"), Edge("a", "w1", delay=late), Edge("w1", "b"),
        Edge("b", "w2"), Edge("w2", "spikes"), Edge("w2", "read"), Edge("read", "membrane"),
    ]  # fmt: skip
    if kind != "feed-forward":
        nodes.append(Node("w3", Projection(weights(rng, size, half), None, late + 1)))
        edges += [Edge("b", "w3", delay=late), Edge("w3", "a")]
    return SCNetwork(Graph.of(kind, nodes, edges, dt=DT), Assumptions(dt=DT))


def mixed(seed: int) -> SCNetwork:
    """Everything linear there is between two populations, by chance."""
    rng = np.random.default_rng(seed)
    late = rng.integers(0, 4, (3, 3, 3)) * DT
    nodes = [
        Node("picture", Input((2, 5, 5))),
        Node("conv", Conv2d(rng.integers(-1, 4, (3, 2, 3, 3)) / 4, np.full(3, 1 / 8))),
        Node("first", Threshold(rng.integers(0, 3, (3, 3, 3)) / 4)),
        Node("late", Delay(late)),
        Node("half", Scale(rng.integers(1, 4, (3, 3, 3)) / 4)),
        Node("flat", Flatten(0, -1)),
        Node("w", Affine(weights(rng, 7, 27), np.full(7, 1 / 16))),
        Node("second", cells("if", 7)),
        Node("loop", Affine(weights(rng, 7, 7))),
        Node("more", Input((7,))),
        Node("out", Output(None)),
        Node("early", Output(None)),
    ]
    edges = [
        Edge("picture", "conv", delay=int(rng.integers(3))), Edge("conv", "first"),
        Edge("first", "late"), Edge("late", "half"), Edge("first", "half"), Edge("half", "flat"),
        Edge("flat", "w"), Edge("w", "second"), Edge("second", "loop"),
        Edge("loop", "second", delay=int(rng.integers(3))), Edge("more", "second"),
        Edge("second", "out"), Edge("w", "out", delay=2), Edge("first", "early"),
    ]  # fmt: skip
    when = ("same_tick", "next_tick")[seed % 2]
    graph = Graph.of("mixed", nodes, edges, dt=DT)
    return SCNetwork(graph, Assumptions(dt=DT, reset="subtract", reset_when=when))


class ThreadRank:
    """One of several ranks that are threads: MPI's two calls, and a count of the second."""

    def __init__(self, rank: int, size: int, barrier: threading.Barrier, shelf: list[Any]) -> None:
        self.rank, self.size, self.calls = rank, size, 0
        self._barrier, self._shelf = barrier, shelf

    def allgather(self, sendobj: Any) -> list[Any]:
        self._shelf[self.rank] = sendobj
        self._barrier.wait(60)
        everybody = list(self._shelf)
        self._barrier.wait(60)
        return everybody

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        self.calls += 1
        space, (sizes, starts) = recvbuf
        for block, size, start in zip(self.allgather(sendbuf.copy()), sizes, starts, strict=True):
            assert len(block) == size
            space[start : start + size] = block


def on_threads(size: int, run: Callable[[ThreadRank], T]) -> list[T]:
    """What a function returns on each of several ranks, or what it raised there."""
    barrier, shelf = threading.Barrier(size), [None] * size
    found: list[Any] = [None] * size

    def one(rank: int) -> None:
        try:
            found[rank] = run(ThreadRank(rank, size, barrier, shelf))
        except Exception as error:
            found[rank] = error

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
