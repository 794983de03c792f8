"""Error of a stochastic layer's dot product: counted bit by bit, and tabulated for the grid.

All products of a layer see the same numbers, so the error of each is the same function e(x, w) of
its values. With values drawn evenly from -1 to 1 and independently, the error of the mean of n
products then has the mean ``b = E[e]`` and the variance ``Var[e] / n``, so

    rms = sqrt(b² + (E[e²] - b²) / n)

holds exactly, and two numbers for each choice of streams are all there is to count. The accuracy
score of a layer is ``1 - rms``: an executed figure, with the range over several seeds.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream import and_counts, popcount
from sc_neurocore.optimizer._stochastic_layer import DecorrelationStrategy, StochasticLayer

Reals = NDArray[np.float64]

#: The grid of the optimisers.
LENGTHS = tuple(2**k for k in range(5, 14))
PRECISIONS = (4, 6, 8, 10, 12)
REGISTERS = (8, 10, 12, 14, 16)
#: Starting states of the registers that the errors are counted for.
SEEDS = 8
#: Values of each side; all thresholds, where there are no more.
_VALUES = 256
_TABLE = "product_error.csv"


@dataclass(frozen=True)
class ProductError:
    """Mean and mean square of a product's error, one pair for each seed.

    Attributes:
        bias: E[e], shape (seeds,).
        square: E[e²], shape (seeds,).
    """

    bias: tuple[float, ...]
    square: tuple[float, ...]


def count_product_error(layer: StochasticLayer) -> ProductError:
    """Count the error of a layer's products over all values, from several seeds."""
    period = (1 << layer.register) - 1
    first = replace(layer, seed=None).sources[0]
    found = [
        _moments(replace(layer, seed=first.jump(k * period // SEEDS).seed)) for k in range(SEEDS)
    ]
    bias, square = zip(*found, strict=True)
    return ProductError(bias, square)


def _moments(layer: StochasticLayer) -> tuple[float, float]:
    levels, share, mean, square = _cells(layer.precision_bits)
    length = layer.bitstream_length
    x, w = layer.input_streams(levels), layer.weight_streams(levels)
    both = and_counts(x, w, threads=1) / length
    # The value of XNOR's stream, ones counting 1 and zeros -1.
    values = 1 - 2 * np.add.outer(popcount(x) / length, popcount(w) / length) + 4 * both
    shares, truth = np.outer(share, share), np.outer(mean, mean)
    bias = float((shares * (values - truth)).sum())
    error = values**2 - 2 * values * truth + np.outer(square, square)
    return bias, float((shares * error).sum())


@functools.cache
def _cells(bits: int) -> tuple[NDArray[np.int64], Reals, Reals, Reals]:
    """Levels, and of the values that round to each: their share, mean and mean square."""
    if 1 << bits <= _VALUES:
        levels = np.arange((1 << bits) + 1)
        edges = np.clip((2 * np.arange(len(levels) + 1) - 1) / (1 << bits), 0, 2) - 1
        width = np.diff(edges)
        return levels, width / 2, np.diff(edges**2) / 2 / width, np.diff(edges**3) / 3 / width
    # One value drawn from each of equal parts of the range.
    parts = (np.arange(_VALUES) + np.random.default_rng(bits).random(_VALUES)) / _VALUES
    levels = np.rint(parts * (1 << bits)).astype(np.int64)
    values = 2 * parts - 1
    return levels, np.full(_VALUES, 1 / _VALUES), values, values**2


@functools.cache
def error_table() -> dict[tuple[int, str, int, int], ProductError]:
    """The committed table: (length, decorrelator, precision, register) to errors."""
    text = files("sc_neurocore.optimizer").joinpath(_TABLE).read_text("utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        key = (int(row["length"]), row["decorrelator"], int(row["precision"]), int(row["register"]))
        found[key] = ProductError(*(tuple(map(float, row[n].split())) for n in ("bias", "square")))
    return found


def make_error_table() -> str:
    """Count every cell of the grid; `benchmarks/optimiser.py --tabulate` writes the result."""
    lines = ["length,decorrelator,precision,register,bias,square"]
    for length, kind, precision, register in grid_keys():
        strategy = DecorrelationStrategy(kind)
        found = count_product_error(StochasticLayer(1, length, precision, strategy, register))
        columns = (" ".join(f"{v:.3g}" for v in row) for row in (found.bias, found.square))
        lines.append(f"{length},{kind},{precision},{register},{','.join(columns)}")
    return "\n".join(lines) + "\n"


def grid_keys() -> list[tuple[int, str, int, int]]:
    """Every choice of streams of the full grid."""
    return [
        (length, kind.value, precision, register)
        for length in LENGTHS
        for kind in DecorrelationStrategy
        for precision in PRECISIONS
        for register in REGISTERS
        if register >= precision
    ]


def rms_errors(errors: Any, mac_count: int) -> tuple[Reals, Reals, Reals]:
    """Error of the mean of so many products: over all seeds, and of the best and worst seed.

    Args:
        errors: `ProductError` of each choice.
        mac_count: products of the sum.

    Returns:
        Root mean square over seeds, least and most of a seed, each of shape (choices,).
    """
    bias, square = (np.array([getattr(e, n) for e in errors]) for n in ("bias", "square"))
    each = bias**2 + np.maximum(square - bias**2, 0) / mac_count
    return np.sqrt(each.mean(axis=1)), np.sqrt(each.min(axis=1)), np.sqrt(each.max(axis=1))
