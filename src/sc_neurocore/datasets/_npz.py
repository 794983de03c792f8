"""Read a data set from an ``.npz`` file without executing anything in it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.datasets._dataset import MAX_BITS, Dataset, Labels, Levels
from sc_neurocore.exceptions import SCConfigError

#: Most bytes that the arrays of a file may unpack to.
MAX_BYTES = 4 << 30
_KNOWN = ("x", "y", "train_x", "train_y", "bits", "classes")


def read_npz(path: str | Path) -> Dataset:
    """Read ``x`` (N, …) integer levels and ``y`` (N,) classes, the samples to test on.

    ``train_x`` and ``train_y`` (to train on), ``bits`` (levels are 0 to ``2**bits``) and
    ``classes`` are optional. Pickled objects are refused.

    Raises:
        SCConfigError: the file cannot be read, or an array does not fit.
    """
    path = Path(path)
    arrays = _arrays(path)
    for name in ("x", "y"):
        if name not in arrays:
            raise SCConfigError(f"{path}: array '{name}' is missing; a data set needs x and y")
    if ("train_x" in arrays) != ("train_y" in arrays):
        raise SCConfigError(f"{path}: train_x and train_y belong together; one is missing")
    x, y = _samples(path, arrays, "x", "y")
    if not len(x):
        raise SCConfigError(f"{path}: 'x' holds no sample")
    if "train_x" in arrays:
        train_x, train_y = _samples(path, arrays, "train_x", "train_y")
        if train_x.shape[1:] != x.shape[1:]:
            raise SCConfigError(
                f"{path}: a sample of 'train_x' has shape {train_x.shape[1:]}, but one of 'x' "
                f"has {x.shape[1:]}"
            )
    else:
        train_x, train_y = x[:0], y[:0]
    bits = _number(path, arrays, "bits", 1, MAX_BITS)
    highest = max((int(part.max()) for part in (x, train_x) if part.size), default=0)
    if highest > 1 << (MAX_BITS if bits is None else bits):
        limit = MAX_BITS if bits is None else bits
        raise SCConfigError(
            f"{path}: level {highest} is above {1 << limit}, the highest of {limit} bits"
        )
    seen = 1 + max((int(part.max()) for part in (y, train_y) if part.size), default=0)
    classes = _number(path, arrays, "classes", 1, 1 << 16)
    if classes is not None and seen > classes:
        raise SCConfigError(f"{path}: class {seen - 1} occurs, but 'classes' is {classes}")
    return Dataset(path.stem, train_x, train_y, x, y, bits, classes or seen)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.is_dir():
        raise SCConfigError(f"{path}: is a directory; give 'digits', 'mnist' or an .npz file")
    if not path.is_file():
        raise SCConfigError(f"{path}: no such file; give 'digits', 'mnist' or an .npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_BYTES:
            raise SCConfigError(
                f"{path}: unpacks to {unpacked / 2**30:.1f} GiB; at most "
                f"{MAX_BYTES >> 30} GiB are read"
            )
        with np.load(path, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files if name in _KNOWN}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, SCConfigError):
            raise
        raise SCConfigError(
            f"{path}: cannot be read as .npz ({str(error).splitlines()[0]}); write it with "
            "numpy.savez(file, x=levels, y=classes)"
        ) from None
    except (NotImplementedError, RuntimeError) as error:  # encrypted or unknown compression
        raise SCConfigError(f"{path}: cannot be read as .npz ({error})") from None


def _samples(path: Path, arrays: dict[str, NDArray[Any]], x: str, y: str) -> tuple[Levels, Labels]:
    levels = _integers(path, x, arrays[x])
    labels = _integers(path, y, arrays[y])
    if levels.ndim < 2 or 0 in levels.shape[1:]:
        raise SCConfigError(f"{path}: '{x}' has shape {levels.shape}; it must be (samples, values)")
    if labels.shape != levels.shape[:1]:
        raise SCConfigError(
            f"{path}: '{y}' has shape {labels.shape}; '{x}' has {len(levels)} samples, so it "
            f"must be ({len(levels)},)"
        )
    for name, values, most in ((x, levels, 1 << MAX_BITS), (y, labels, (1 << 16) - 1)):
        if values.size and (values.min() < 0 or values.max() > most):
            outside = values.min() if values.min() < 0 else values.max()
            raise SCConfigError(f"{path}: '{name}' holds {outside}; it must be from 0 to {most}")
    return levels.astype(np.uint16), labels.astype(np.int64)


def _integers(path: Path, name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        bad = values[~np.isfinite(values)].flat[0]
        raise SCConfigError(f"{path}: '{name}' holds {bad}; it must hold whole numbers")
    if values.dtype.kind not in "iub":
        raise SCConfigError(
            f"{path}: '{name}' is {values.dtype}; it must hold whole numbers (round to levels "
            "and store an integer type)"
        )
    return values


def _number(
    path: Path, arrays: dict[str, NDArray[Any]], name: str, low: int, high: int
) -> int | None:
    if name not in arrays:
        return None
    value = arrays[name]
    if value.size != 1 or value.dtype.kind not in "iu" or not low <= value.item() <= high:
        raise SCConfigError(f"{path}: '{name}' must be one whole number from {low} to {high}")
    return int(value.item())
