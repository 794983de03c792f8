"""What inputs of the room must be, checked in one place, each fault told in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Train = NDArray[np.uint8]


def train(value: ArrayLike, name: str = "binary_train") -> Train:
    """A binary spike train: one dimension, at least one step, only 0 and 1."""
    found = _array(value, name)
    if found.ndim != 1 or found.size == 0:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but a spike train is one row of 0 and 1, one value "
            "per time step"
        )
    _binary(found, name)
    return found.astype(np.uint8)


def trains(value: ArrayLike | Sequence[ArrayLike], name: str = "trains", least: int = 1) -> Train:
    """Spike trains of equal length, shape (n, steps), at least ``least`` of them."""
    if not (isinstance(value, np.ndarray) and value.ndim == 2):
        try:
            rows = [np.asarray(row) for row in value]  # type: ignore[union-attr, unused-ignore]
        except TypeError:
            raise SCConfigError(f"{name} is not a list of spike trains") from None
        lengths = sorted({row.size for row in rows})
        if len(lengths) > 1:
            raise SCConfigError(
                f"{name} have {lengths[0]} to {lengths[-1]} steps; give trains of equal length"
            )
        value = np.stack(rows) if rows else np.empty((0, 0))
    found = _array(value, name)
    if found.ndim != 2 or len(found) < least or found.shape[1] == 0:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but (trains, steps) with at least {least} "
            f"{'train' if least == 1 else 'trains'} and one step is needed"
        )
    _binary(found, name)
    return found.astype(np.uint8)


def pair(
    a: ArrayLike, b: ArrayLike, names: tuple[str, str] = ("train_a", "train_b")
) -> tuple[Train, Train]:
    """Two spike trains of equal length."""
    first, second = train(a, names[0]), train(b, names[1])
    same_length(first, second, names)
    return first, second


def same_length(a: Array, b: Array, names: tuple[str, str]) -> None:
    """Refuse arrays whose first dimensions differ."""
    if len(a) != len(b):
        raise SCConfigError(
            f"{names[0]} has length {len(a)} and {names[1]} has {len(b)}; they must be equal"
        )


def times(
    value: ArrayLike, name: str, t_start: float = -math.inf, t_end: float = math.inf
) -> Floats:
    """Spike times in seconds: finite, in order, within the window."""
    found = _array(value, name).astype(np.float64)
    if found.ndim != 1:
        raise SCConfigError(f"{name} has shape {found.shape}, but spike times are one row")
    if np.any(np.diff(found) < 0):
        raise SCConfigError(f"{name} is not in order of time; sort it first")
    if found.size and (found[0] < t_start or found[-1] > t_end):
        raise SCConfigError(
            f"{name} has spikes between {found[0]:g} and {found[-1]:g} s, outside the window from "
            f"{t_start:g} to {t_end:g} s"
        )
    return found


def window(t_start: float, t_end: float) -> None:
    """Refuse a window of time that is empty or endless."""
    if not (math.isfinite(t_start) and math.isfinite(t_end) and t_start < t_end):
        raise SCConfigError(f"the window from {t_start} to {t_end} s is empty; t_end must be later")


def vector(value: ArrayLike, name: str, least: int = 1) -> Floats:
    """Finite numbers, shape (n,), at least ``least`` of them."""
    found = _array(value, name).astype(np.float64)
    if found.ndim != 1 or found.size < least:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but one row of at least {least} numbers is needed"
        )
    return found


def matrix(value: ArrayLike, name: str, least: int = 1) -> Floats:
    """Finite numbers, shape (rows, columns), at least ``least`` rows."""
    found = _array(value, name).astype(np.float64)
    if found.ndim != 2 or len(found) < least or found.shape[1] == 0:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but a matrix of at least {least} rows is needed"
        )
    return found


def labels(value: ArrayLike, name: str, least: int = 1) -> Array:
    """Labels of any kind, shape (n,), at least ``least`` different ones."""
    found: Array = np.asarray(value)
    if found.ndim != 1 or found.size == 0:
        raise SCConfigError(f"{name} has shape {found.shape}, but one label per sample is needed")
    if len(np.unique(found)) < least:
        raise SCConfigError(f"{name} must hold at least {least} different labels")
    return found


def positive(value: float, name: str) -> float:
    """A finite number above 0."""
    if not (math.isfinite(value) and value > 0):
        raise SCConfigError(f"{name} is {value}, but must be a finite number above 0")
    return float(value)


def nonnegative(value: float, name: str) -> float:
    """A finite number of 0 or more."""
    if not (math.isfinite(value) and value >= 0):
        raise SCConfigError(f"{name} is {value}, but must be a finite number of 0 or more")
    return float(value)


def whole(value: int, name: str, least: int = 1, most: int | None = None) -> int:
    """A whole number from ``least`` to ``most``."""
    if int(value) != value or value < least or (most is not None and value > most):
        above = f"of {least} or more" if most is None else f"from {least} to {most}"
        raise SCConfigError(f"{name} is {value}, but must be a whole number {above}")
    return int(value)


def choice(value: str, name: str, allowed: Sequence[str]) -> str:
    """One of a few words."""
    if value not in allowed:
        raise SCConfigError(f"{name} is {value!r}, but must be one of: {', '.join(allowed)}")
    return value


def steps(length_ms: float, dt: float, name: str) -> int:
    """A length of time as time steps; refuses one that is no whole number of steps."""
    found = positive(length_ms, name) / (1e3 * positive(dt, "dt"))
    if round(found) < 1 or abs(found - round(found)) > 1e-6 * found:
        raise SCConfigError(
            f"{name} of {length_ms:g} ms is {found:g} steps of {dt:g} s; give a multiple of dt"
        )
    return round(found)


def steps_within(length_ms: float, dt: float, name: str) -> int:
    """The largest number of time steps that fits into a length of time, which may be 0."""
    return math.floor(nonnegative(length_ms, name) / (1e3 * positive(dt, "dt")) * (1 + 1e-9))


def counts(binned: Array, bin_size: int) -> Ints:
    """Spike counts in whole bins of ``bin_size`` steps along the last axis.

    Steps after the last whole bin belong to no bin and are not counted.
    """
    size = whole(bin_size, "bin_size")
    n = binned.shape[-1] // size
    if n == 0:
        raise SCConfigError(
            f"bin_size of {size} steps is longer than the train of {binned.shape[-1]}"
        )
    shape = (*binned.shape[:-1], n, size)
    found: Ints = binned[..., : n * size].reshape(shape).sum(axis=-1, dtype=np.int64)
    return found


def _array(value: object, name: str) -> Array:
    found: Array = np.asarray(value)
    if found.dtype.kind not in "biuf":
        raise SCConfigError(f"{name} holds no real numbers (its type is {found.dtype})")
    if found.dtype.kind == "f" and not np.all(np.isfinite(found)):
        raise SCConfigError(f"{name} holds values that are not finite")
    return found


def _binary(found: Array, name: str) -> None:
    if found.dtype.kind != "b" and np.any((found != 0) & (found != 1)):
        bad = found[(found != 0) & (found != 1)].flat[0]
        raise SCConfigError(f"{name} holds {bad:g}, but a binary spike train is made of 0 and 1")
