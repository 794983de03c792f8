"""The bit-true network simulator on MNIST's shape, and what the adders of the machine allow.

10 000 samples through 784-128-10 LIF neurons, 16 ticks, 6-bit weights; random levels, a fifth of
them not zero, so that no data set is needed. The peer is the same network in PyTorch, dense, in
32-bit floats, in one batch, with its input spikes made beforehand. The limit is the kernel that
adds rows of weights, alone, with the rows of one sample's spikes in the caches: what the simulator
does besides is finding spikes and updating neurons. Results go to benchmarks/results/network.json.

    python benchmarks/network.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from machine import processor, write_results
from sc_neurocore.accelerator import (
    INPUT,
    IntegerNetwork,
    Quantisation,
    input_spikes,
    quantise,
    simulate_network,
)
from sc_neurocore.accelerator._bittrue_kernel import _add_rows
from sc_neurocore.ir import Affine, Assumptions, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import SCNetwork

SAMPLES, SIZES, DT, REPEATS = 10_000, (784, 128, 10), 1e-3, 7


def _network(**options: Any) -> IntegerNetwork:
    rng = np.random.default_rng(0)
    nodes = [Node("in", Input((SIZES[0],)))]
    for k, (a, b) in enumerate(pairwise(SIZES)):
        lif = {"tau": 8 * DT, "r": 8.0, "v_leak": 0.0, "v_threshold": 1.0}
        nodes.append(Node(f"w{k}", Affine(rng.normal(0.01, 0.08, (b, a)))))
        nodes.append(Node(f"n{k}", Neurons("lif", {i: np.full(b, x) for i, x in lif.items()})))
    nodes.append(Node("out", Output(None)))
    edges = [(a.id, b.id) for a, b in pairwise(nodes)]
    net = SCNetwork(Graph.of("mnist_shape", nodes, edges, dt=DT), Assumptions(dt=DT))
    return quantise(net.normal, net.assumptions, Quantisation(**options))


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def _in_torch(network: IntegerNetwork, levels: np.ndarray[Any, Any]) -> Callable[[], object]:
    """The network as matrix products and neurons in PyTorch."""
    spikes = torch.from_numpy(input_spikes(network, levels).astype(np.float32)).transpose(0, 1)
    weights = [
        torch.from_numpy((layer.projections[0].weights * layer.scale).astype(np.float32))
        for layer in network.layers
    ]

    def run() -> object:
        current = spikes
        for weight in weights:
            driven = current @ weight
            v, fired = torch.zeros_like(driven[0]), torch.empty_like(driven)
            for t in range(len(driven)):
                v = v * 0.875 + driven[t]
                fired[t] = v > 1.0
                v = v * (1.0 - fired[t])
            current = fired
        return current.sum(0)

    return run


def main() -> None:
    """Measure and write."""
    rng = np.random.default_rng(1)
    levels = rng.integers(1, 17, (SAMPLES, SIZES[0])) * (rng.random((SAMPLES, SIZES[0])) < 0.2)
    found: dict[str, dict[str, Any]] = {}
    for name, options in {
        "rate, fixed": {},
        "rate, stochastic": {"backend": "stochastic", "length": 4},
        "direct, fixed": {"coding": "direct"},
    }.items():
        network = _network(**options)
        start = time.perf_counter()
        simulate_network(network, levels[:1])
        first = time.perf_counter() - start
        run = simulate_network(network, levels)
        seconds = _best(lambda: simulate_network(network, levels))  # noqa: B023
        additions = int(run.additions.sum())
        found[name] = {"first_call_s": first, "seconds": seconds, "additions": additions}
        print(f"{name}: {seconds:.3f} s, {additions / seconds / 1e9:.2f} G additions/s")

    network = _network()
    torch.set_num_threads(os.cpu_count() or 1)
    with torch.no_grad():
        peer = _best(_in_torch(network, levels))
    ours = found["rate, fixed"]["seconds"]
    print(f"PyTorch: {peer:.3f} s, {peer / ours:.1f} times as long")
    weights = network.layers[0].projections[0].weights.astype(np.int16).reshape(-1)
    assert network.layers[0].projections[0].source == INPUT
    active = np.flatnonzero(input_spikes(network, levels[:1])[0, 0]).astype(np.int32)
    repeated = np.tile(active, 20_000)
    total = np.zeros(SIZES[1], np.int32)
    seconds = _best(lambda: _add_rows(total, weights, 0, SIZES[1], repeated, len(repeated)))
    rate = len(repeated) * SIZES[1] / seconds
    print(f"adding alone: {rate / 1e9:.1f} G additions/s per core")
    report = {
        "machine": {"processor": processor(), "cores": os.cpu_count()},
        "task": {"samples": SAMPLES, "sizes": SIZES, "ticks": 16, "bits": 6},
        "simulator": found,
        "pytorch": {"version": torch.__version__, "seconds": peer, "times": peer / ours},
        "adding_alone_per_core_per_s": rate,
    }
    write_results("network", report)


if __name__ == "__main__":
    main()
