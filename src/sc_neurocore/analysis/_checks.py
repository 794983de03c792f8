"""What inputs of the room must be, checked in one place, each fault told in one sentence."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Train = NDArray[np.uint8]

_PER_SECOND = {"ms": 1e3, "s": 1.0}
#: Steps, bins and repeats at most: a row of so many numbers has 8 GB.
_MOST = 10**9
#: Sizes of numbers whose squares and cubes neither vanish nor overflow.
_LEAST_SIZE, _MOST_SIZE = 1e-100, 1e100


def train(value: ArrayLike, name: str = "binary_train", least: int = 1) -> Train:
    """A binary spike train: one dimension, at least ``least`` steps, only 0 and 1."""
    found = array(value, name)
    if found.ndim != 1 or found.size == 0:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but a spike train is one row of 0 and 1, one value "
            "per time step"
        )
    if found.size < least:
        raise SCConfigError(f"{name} has {_steps(found.size)}, but at least {least} are needed")
    _binary(found, name)
    return found.astype(np.uint8)


def trains(value: ArrayLike | Sequence[ArrayLike], name: str = "trains", least: int = 1) -> Train:
    """Spike trains of equal length, shape (n, steps), at least ``least`` of them."""
    if not (isinstance(value, np.ndarray) and value.ndim == 2):
        try:
            rows = [array(row, name) for row in value]  # type: ignore[union-attr, unused-ignore]
        except TypeError:
            raise SCConfigError(f"{name} is not a list of spike trains") from None
        lengths = sorted({row.size for row in rows})
        if len(lengths) > 1:
            raise SCConfigError(
                f"{name} have {lengths[0]} to {lengths[-1]} steps; give trains of equal length"
            )
        if any(row.ndim != 1 for row in rows):
            raise SCConfigError(
                f"{name} holds rows of shape {rows[0].shape}, but a spike train is one row"
            )
        value = np.stack(rows) if rows else np.empty((0, 0))
    found = array(value, name)
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
    """Spike times in seconds: finite, in order, within the window.

    Times that carry a unit of their own (Quantities, Neo, Pint) are converted.
    """
    found = array(_seconds(value, name), name).astype(np.float64)
    if found.ndim != 1:
        raise SCConfigError(f"{name} has shape {found.shape}, but spike times are one row")
    if np.any(found[1:] < found[:-1]):
        raise SCConfigError(f"{name} is not in order of time; sort it first")
    if found.size and (found[0] < t_start or found[-1] > t_end):
        raise SCConfigError(
            f"{name} has spikes between {found[0]:g} and {found[-1]:g} s, outside the window from "
            f"{t_start:g} to {t_end:g} s"
        )
    return found


def time_lists(
    value: Sequence[ArrayLike], name: str, t_start: float = -math.inf, t_end: float = math.inf
) -> list[Floats]:
    """Spike times of each of some trains, as for `times`."""
    try:
        rows = list(value)
    except TypeError:
        raise SCConfigError(f"{name} is not a list of spike times, one row per train") from None
    return [times(row, f"{name}[{i}]", t_start, t_end) for i, row in enumerate(rows)]


def window(t_start: float, t_end: float) -> None:
    """Refuse a window of time that is empty or endless."""
    start, end = real(t_start), real(t_end)
    if not -_MOST_SIZE <= start < end <= _MOST_SIZE:
        raise SCConfigError(
            f"the window from t_start = {_shown(t_start)} to t_end = {_shown(t_end)} s is empty; "
            "t_end must be later"
        )


def vector(value: ArrayLike, name: str, least: int = 1) -> Floats:
    """Finite numbers, shape (n,), at least ``least`` of them."""
    found = array(value, name).astype(np.float64)
    if found.ndim != 1 or found.size < least:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but one row of at least {least} numbers is needed"
        )
    return found


def matrix(value: ArrayLike, name: str, least: int = 1) -> Floats:
    """Finite numbers, shape (rows, columns), at least ``least`` rows."""
    found = array(value, name).astype(np.float64)
    if found.ndim != 2 or len(found) < least or found.shape[1] == 0:
        raise SCConfigError(
            f"{name} has shape {found.shape}, but a matrix of at least {least} rows is needed"
        )
    return found


def labels(value: ArrayLike, name: str, least: int = 1) -> tuple[Array, Ints]:
    """Labels of any kind, shape (n,), as the different ones and the number of each sample's."""
    try:
        found: Array = np.asarray(value)
        known, which = np.unique(found, return_inverse=True)
    except (TypeError, ValueError):
        raise SCConfigError(f"{name} holds labels that cannot be sorted; give one kind") from None
    if found.ndim != 1 or found.size == 0:
        raise SCConfigError(f"{name} has shape {found.shape}, but one label per sample is needed")
    if known.dtype.kind == "f" and np.isnan(known).any():
        raise SCConfigError(f"{name} holds values that are not finite")
    if len(known) < least:
        raise SCConfigError(f"{name} must hold at least {least} different labels")
    return known, which.astype(np.int64)


def positive(value: float, name: str) -> float:
    """A finite number above 0."""
    found = real(value)
    if not _LEAST_SIZE <= found <= _MOST_SIZE:
        raise SCConfigError(
            f"{name} is {_shown(value)}, but must be a finite number above 0 (from "
            f"{_LEAST_SIZE:g} to {_MOST_SIZE:g})"
        )
    return found


def nonnegative(value: float, name: str) -> float:
    """A finite number of 0 or more."""
    found = real(value)
    if not 0 <= found <= _MOST_SIZE:
        raise SCConfigError(
            f"{name} is {_shown(value)}, but must be a finite number of 0 or more (up to "
            f"{_MOST_SIZE:g})"
        )
    return found


def level(value: float, name: str) -> float:
    """A level of significance: between 0 and 1, neither of them."""
    found = real(value)
    if not 0 < found < 1:
        raise SCConfigError(f"{name} is {_shown(value)}, but must be between 0 and 1")
    return found


def share(value: float, name: str) -> float:
    """A share, from 0 to 1."""
    found = real(value)
    if not 0 <= found <= 1:
        raise SCConfigError(f"{name} is {_shown(value)}, but must be from 0 to 1")
    return found


def whole(value: int, name: str, least: int = 1, most: int = _MOST) -> int:
    """A whole number from ``least`` to ``most``."""
    found = real(value)
    if not (found.is_integer() and least <= found <= most):
        allowed = (
            f"from {least} to {most}" if most < _MOST or found > most else f"of {least} or more"
        )
        raise SCConfigError(f"{name} is {_shown(value)}, but must be a whole number {allowed}")
    return int(value)


def choice(value: str, name: str, allowed: Sequence[str]) -> str:
    """One of a few words."""
    if not (isinstance(value, str) and value in allowed):
        raise SCConfigError(f"{name} is {_shown(value)}, but must be one of: {', '.join(allowed)}")
    return value


def random(seed: int | None) -> np.random.Generator:
    """The generator of a seed; None draws a new one."""
    return np.random.default_rng(None if seed is None else whole(seed, "seed", 0, 2**128))


def values_of(function: Callable[[float], float], at: Floats, name: str) -> Floats:
    """What a function of one number gives at each, shape (n,): finite and not negative."""
    if not callable(function):
        raise SCConfigError(f"{name} is {_shown(function)}, but must be a function of one number")
    found = vector([function(x) for x in at.tolist()], f"what {name} gives", 0)
    if found.size and found.min() < 0:
        raise SCConfigError(f"{name} gives {found.min():g}, but must give 0 or more")
    return found


def steps(length: float, dt: float, name: str, unit: str = "ms") -> int:
    """A length of time as time steps; refuses one that is no whole number of steps."""
    found = positive(length, name) / (_PER_SECOND[unit] * positive(dt, "dt"))
    if not 0.5 < found <= _MOST or abs(found - round(found)) > 1e-6 * found:
        raise SCConfigError(
            f"{name} of {length:g} {unit} is {found:g} steps of {dt:g} s; give a multiple of dt"
            + (f" of at most {_MOST} steps" if found > _MOST else "")
        )
    return round(found)


def steps_within(length_ms: float, dt: float, name: str) -> int:
    """The largest number of time steps that fits into a length of time, which may be 0."""
    found = nonnegative(length_ms, name) / (1e3 * positive(dt, "dt")) * (1 + 1e-9)
    if found > _MOST:
        raise SCConfigError(
            f"{name} of {length_ms:g} ms is {found:g} steps of {dt:g} s; {_MOST} are the most"
        )
    return math.floor(found)


def counts(binned: Array, bin_size: int, name: str = "bin_size") -> Ints:
    """Spike counts in whole bins of ``bin_size`` steps along the last axis.

    Steps after the last whole bin belong to no bin and are not counted.
    """
    size = whole(bin_size, name)
    n = binned.shape[-1] // size
    if n == 0:
        raise SCConfigError(
            f"{name} of {_steps(size)} is longer than the train of {binned.shape[-1]}"
        )
    shape = (*binned.shape[:-1], n, size)
    found: Ints = binned[..., : n * size].reshape(shape).sum(axis=-1, dtype=np.int64)
    return found


def real(value: object) -> float:
    """A number as it is; NaN for what is none: a word, a flag, a list, a quantity with a unit."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def array(value: object, name: str) -> Array:
    """Finite real numbers of any shape, which carry no unit."""
    if hasattr(value, "units"):
        raise SCConfigError(f"{name} carries a unit ({value.units}); give plain numbers")
    try:
        found: Array = np.asarray(value)
    except ValueError:
        raise SCConfigError(f"{name} has rows of different lengths") from None
    if found.dtype.kind not in "biuf":
        raise SCConfigError(f"{name} holds no real numbers (its type is {found.dtype})")
    if found.dtype.kind == "f" and not float(np.abs(found).max(initial=0)) <= _MOST_SIZE:
        big = f"larger than {_MOST_SIZE:g}" if np.all(np.isfinite(found)) else "that are not finite"
        raise SCConfigError(f"{name} holds values {big}")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise SCConfigError(f"{name} is masked in part; fill it first")
    return found


def _seconds(value: object, name: str) -> object:
    """Times with a unit as plain seconds; others as they are."""
    if not hasattr(value, "units"):
        return value
    convert = getattr(value, "rescale", None) or getattr(value, "to", None)
    try:
        return np.array(convert("s").magnitude)  # type: ignore[misc]
    except Exception:  # each library has errors of its own
        raise SCConfigError(f"{name} is in {value.units}, but must be in seconds") from None


def _binary(found: Array, name: str) -> None:
    if found.dtype.kind != "b" and np.any((found != 0) & (found != 1)):
        bad = found[(found != 0) & (found != 1)].flat[0]
        raise SCConfigError(f"{name} holds {bad:g}, but a binary spike train is made of 0 and 1")


def _steps(count: int) -> str:
    return f"{count} step" if count == 1 else f"{count} steps"


def _shown(value: object) -> str:
    """A value in one short line."""
    text = " ".join((repr(value) if isinstance(value, str) else str(value)).split())
    return text if len(text) <= 60 else f"{text[:57]}…"
