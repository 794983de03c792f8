"""Retrain the digits network for a scanner that slipped by a pixel.

The new weights lie on the integer grid of the old ones and nothing else changes, so that they can
be swapped into a running device.

    python examples/live_update/retrain.py examples/digits/digits.nir shifted.nir
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from sc_neurocore.datasets import Dataset, load_digits
from sc_neurocore.training import (
    FeedForward,
    InputCoding,
    LIFCell,
    QuantLinear,
    TrainingOptions,
    fit,
    predict,
    to_nir,
)

CODING = InputCoding("rate", bits=4, ticks=16)
#: As in examples/digits/train.py.
BETA, BITS, SCALES = 0.875, 4, (1 / 16, 1 / 8)


def slipped(levels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Scans of 64 pixels with every row of 8 moved right by one; what leaves the frame is lost."""
    rows = np.asarray(levels).reshape(-1, 8, 8)
    moved = np.zeros_like(rows)
    moved[:, :, 1:] = rows[:, :, :-1]
    return moved.reshape(np.shape(levels))


def slipped_digits() -> Dataset:
    """The digits, as the slipped scanner sees them."""
    data = load_digits()
    return replace(data, train_x=slipped(data.train_x), test_x=slipped(data.test_x))


def read_network(path: Path) -> FeedForward:
    """The trained network of a file, ready to train on."""
    graph = nir.read(path)
    layers = []
    for name, scale in zip(("fc1", "fc2"), SCALES, strict=True):
        weights = torch.from_numpy(graph.nodes[name].weight)
        layer = QuantLinear(weights.shape[1], weights.shape[0], BITS, scale=scale)
        with torch.no_grad():
            layer.weight.copy_(weights)
        layers.append(layer)
    return FeedForward(layers, [LIFCell(BETA), LIFCell(BETA)])


def main() -> None:
    """Train on, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path, help="NIR file that examples/digits/train.py wrote")
    parser.add_argument("output", type=Path, help="NIR file to write")
    parser.add_argument("--epochs", type=int, default=40, help="passes over the data (40)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (0)")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # sums of floats depend on it
    console = Console()
    data = slipped_digits()
    old, new = read_network(args.network), read_network(args.network)
    options = TrainingOptions(
        seed=args.seed, epochs=args.epochs, batch=32, learning_rate=3e-3, validation=0.1
    )
    with Progress(console=console) as progress:
        fit(new, data, CODING, options, progress=progress)
    for name, network in (("old", old), ("new", new)):
        right = int((predict(network, data.test_x, CODING) == data.test_y).sum())
        console.print(f"{name} weights: {right} of {len(data.test_y)} shifted test scans")
    nir.write(args.output, to_nir(new, CODING, dataset="digits"))
    weights = [nir.read(path).nodes for path in (args.network, args.output)]
    changed = sum(int((weights[0][n].weight != weights[1][n].weight).sum()) for n in ("fc1", "fc2"))
    console.print(f"written: {args.output}; {changed} of 9472 weights differ")


if __name__ == "__main__":
    main()
