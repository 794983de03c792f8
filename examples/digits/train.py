"""Train a spiking network on 8×8 handwritten digits and write it as NIR.

One set of weights is trained for both arithmetics: a batch in fixed point, then two with bit
streams of 8 clocks per tick. Weights are integers of 4 bits times a power of two, so quantisation
loses nothing.

    python examples/digits/train.py examples/digits/digits.nir
    python examples/digits/train.py --hidden 32 --epochs 200 examples/digits/digits-small.nir
    python examples/digits/train.py --float examples/digits/digits-float.nir
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

from sc_neurocore.datasets import load_digits
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

PIXELS, CLASSES = 64, 10
CODING = InputCoding("rate", bits=4, ticks=16)
#: Leak of 1/8 per tick: a shift in hardware.
BETA = 0.875


def vary_ink(levels: Tensor, random: torch.Generator) -> Tensor:
    """Change the level of inked pixels by about ±2 of 16, as another pen would."""
    noise = torch.round(2 * torch.randn(levels.shape, generator=random)).to(levels.dtype)
    return torch.clamp(levels + noise * (levels > 0), 0, 1 << CODING.bits)


def make_float_network(hidden: int) -> FeedForward:
    """64-hidden-10 with weights of full precision, for comparison."""
    layers = [torch.nn.Linear(PIXELS, hidden, bias=False)]
    layers.append(torch.nn.Linear(hidden, CLASSES, bias=False))
    return FeedForward(layers, [LIFCell(BETA), LIFCell(BETA)])


def make_network(hidden: int, bits: int) -> FeedForward:
    """64-hidden-10; the integers span ±7/16 and ±7/8 of the threshold at 4 bits."""
    top = 2.0 ** (4 - bits)
    first = QuantLinear(PIXELS, hidden, bits, scale=top / 16)
    second = QuantLinear(hidden, CLASSES, bits, scale=top / 8)
    return FeedForward([first, second], [LIFCell(BETA), LIFCell(BETA)])


def main() -> None:
    """Train, evaluate on the test split, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="NIR file to write")
    parser.add_argument("--hidden", type=int, default=128, help="hidden neurons (128)")
    parser.add_argument("--bits", type=int, default=4, help="width of the weights (4)")
    parser.add_argument("--length", type=int, default=8, help="stream clocks per tick (8)")
    parser.add_argument("--float", action="store_true", help="train in full precision instead")
    parser.add_argument("--epochs", type=int, default=100, help="passes over the data (100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (0)")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # sums of floats depend on it
    console = Console()
    data = load_digits()
    if args.float:
        networks = {"float": make_float_network(args.hidden)}
    else:
        fixed = make_network(args.hidden, args.bits)
        clocks = CODING.ticks * args.length
        networks = {
            "fixed": fixed,
            f"stochastic, {clocks} clocks": fixed.stochastic(args.length),
        }
    options = TrainingOptions(
        seed=args.seed, epochs=args.epochs, batch=32, learning_rate=5e-3, validation=0.1
    )
    first, *others = networks.values()
    views = [first, *others, *others]
    with Progress(console=console) as progress:
        result = fit(views, data, CODING, options, augment=vary_ink, progress=progress)
    console.print(
        f"best epoch {result.best_epoch + 1}, validation {100 * result.validation_accuracy:.2f} %"
    )
    for name, network in networks.items():
        right = int((predict(network, data.test_x, CODING) == data.test_y).sum())
        count = len(data.test_y)
        low, high = binomtest(right, count).proportion_ci(method="wilson")
        console.print(
            f"{name}: {100 * right / count:.2f} % of {count} test scans "
            f"(95 % Wilson interval {100 * low:.2f} to {100 * high:.2f} %)"
        )
    nir.write(args.output, to_nir(first, CODING, dataset="digits"))
    console.print(f"written: {args.output} ({args.output.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
