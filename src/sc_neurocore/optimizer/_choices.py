"""Every choice for one layer and what is known of it, as columns."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost import (
    CLOCK_CAPACITANCE,
    CORE_VOLTAGE,
    NET_CAPACITANCE,
    SWITCHING_FACTOR,
)
from sc_neurocore.optimizer._interval import Figure, Word
from sc_neurocore.optimizer._layer_cost import layer_areas
from sc_neurocore.optimizer._product_error import (
    ProductError,
    count_product_error,
    error_table,
    grid_keys,
    rms_errors,
)
from sc_neurocore.optimizer._stochastic_layer import (
    DecorrelationStrategy,
    StochasticLayer,
    polynomial_text,
)

Reals = NDArray[np.float64]

#: The columns of every array of figures.
METRICS = ("luts", "power_mw", "latency_cycles", "accuracy")
LUTS, POWER, LATENCY, ACCURACY = range(4)
_WORDS: tuple[Word, ...] = ("estimated", "estimated", "executed", "executed")
#: Changes per clock of a LUT's output or a flip-flop, while the streams run: the mean over 15
#: layers simulated at RTL level with every decorrelator, from 0.08 to 0.18.
ACTIVITY = 0.12


@dataclass(frozen=True, eq=False)
class Choices:
    """Choices for one layer; every array has one row for each.

    Attributes:
        length: clocks of a stream.
        decorrelator: its name.
        precision: bits of a level.
        polynomial: of the shift registers, as text.
        fold: passes over the layer, each with that part of the products.
        value: middle of each of `METRICS`, shape (choices, metrics).
        low: lower ends.
        high: upper ends.
        measured: whether the row is an observation.
        informed: how near the nearest observation is, 0 (no influence) to 1.
        extrapolates: whether the area model was asked beyond what it was fitted to.
        far: whether by so much that the choice is left out where others remain.
    """

    length: NDArray[np.int64]
    decorrelator: NDArray[np.str_]
    precision: NDArray[np.int64]
    polynomial: NDArray[np.str_]
    fold: NDArray[np.int64]
    value: Reals
    low: Reals
    high: Reals
    measured: NDArray[np.bool_]
    informed: Reals
    extrapolates: NDArray[np.bool_]
    far: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.length)

    def figure(self, index: int, metric: int) -> Figure:
        """One figure of one choice."""
        # A power that a vendor's tool estimated has no interval, even in a measured row.
        known = self.measured[index] and np.isfinite(self.high[index, metric])
        word: Word = "measured" if known else _WORDS[metric]
        if word == "executed" and self.informed[index] > 0:
            word = "estimated"
        value, low, high = (float(x[index, metric]) for x in (self.value, self.low, self.high))
        return Figure(value, low, high, word)

    def rows(self, kept: NDArray[np.int64] | NDArray[np.bool_]) -> Choices:
        """Some of the choices."""
        return Choices(**{name: column[kept] for name, column in vars(self).items()})

    def inside(self) -> Choices:
        """The choices that are not far beyond what the area model knows; all, if all are.

        A search finds what a model wrongly takes for cheap, and that lies where it knows least.
        """
        return self if self.far.all() else self.rows(~self.far)

    def joined(self, other: Choices) -> Choices:
        """These choices and then others."""
        mine, theirs = vars(self), vars(other)
        return Choices(**{name: np.concatenate([mine[name], theirs[name]]) for name in mine})


def choices_of(
    layers: Sequence[StochasticLayer],
    errors: Sequence[ProductError],
    fold: Sequence[int],
    family: str,
    clock_mhz: float,
) -> Choices:
    """Estimate given layers of one ``mac_count``.

    Args:
        layers: what is chosen, with all products of the layer.
        errors: of their products.
        fold: passes of each.
        family: of the device.
        clock_mhz: at which power is meant.
    """
    passes = np.array(fold, np.int64)
    built = [
        replace(layer, mac_count=-(-layer.mac_count // f)).shape
        for layer, f in zip(layers, fold, strict=True)
    ]
    luts, ffs = layer_areas(built, family, ("luts", "ffs"))
    length = np.array([layer.bitstream_length for layer in layers], np.int64)
    power = power_mw(luts.value, ffs.value, family, clock_mhz)
    # Each pass shifts an input and a weight level in for every product, then runs the streams.
    levels = np.array([2 * int(shape.parameters["mac_count"]) for shape in built])
    clocks = (passes * (levels + length)).astype(np.float64)
    rms, best, worst = rms_errors(errors, layers[0].mac_count)
    count = len(layers)
    return Choices(
        length=length,
        decorrelator=np.array([layer.decorrelator.value for layer in layers]),
        precision=np.array([layer.precision_bits for layer in layers], np.int64),
        polynomial=np.array([polynomial_text(layer.register) for layer in layers]),
        fold=passes,
        value=np.column_stack([luts.value, power, clocks, 1 - rms]),
        low=np.column_stack([luts.low, power / SWITCHING_FACTOR, clocks, 1 - worst]),
        high=np.column_stack([luts.high, power * SWITCHING_FACTOR, clocks, 1 - best]),
        measured=np.zeros(count, bool),
        informed=np.zeros(count),
        extrapolates=luts.extrapolates,
        far=luts.far,
    )


def power_mw(luts: Reals, ffs: Reals, family: str, clock_mhz: float) -> Reals:
    """Dynamic power in mW while the streams run, from `ACTIVITY`, to a factor either way."""
    changes = ACTIVITY * (luts + ffs) * NET_CAPACITANCE + 2 * ffs * CLOCK_CAPACITANCE
    return changes * CORE_VOLTAGE[family] ** 2 / 2 * clock_mhz * 1e6 * 1e3


@functools.lru_cache(maxsize=256)
def full_grid(mac_count: int, family: str, clock_mhz: float) -> Choices:
    """Every length, decorrelator, precision and polynomial, all products at once; `inside`."""
    table = error_table()
    keys = grid_keys()
    layers = [
        StochasticLayer(mac_count, length, precision, DecorrelationStrategy(kind), register)
        for length, kind, precision, register in keys
    ]
    every = choices_of(layers, [table[k] for k in keys], [1] * len(keys), family, clock_mhz)
    return every.inside()


@functools.lru_cache(maxsize=256)
def folded_grid(
    mac_count: int,
    precision: int,
    register: int,
    folds: tuple[int, ...],
    family: str,
    clock_mhz: float,
) -> Choices:
    """Every length and decorrelator, at one precision and polynomial, in several folds."""
    table = error_table()
    keys = [k for k in grid_keys() if k[2:] == (precision, register)]
    every = [(k, f) for f in folds if f <= mac_count for k in keys]
    layers = [
        StochasticLayer(mac_count, length, precision, DecorrelationStrategy(kind), register)
        for (length, kind, _, _), _ in every
    ]
    passes = [f for _, f in every]
    errors = [table[k] for k, _ in every]
    return choices_of(layers, errors, passes, family, clock_mhz).inside()


def errors_of(layer: StochasticLayer) -> ProductError:
    """Errors of a layer's products: from the table if they are there, else counted now."""
    key = (layer.bitstream_length, layer.decorrelator.value, layer.precision_bits, layer.register)
    found = error_table().get(key)
    return count_product_error(layer) if found is None else found
