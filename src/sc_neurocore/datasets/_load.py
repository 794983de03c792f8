"""Data sets by name or file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sc_neurocore.datasets._dataset import Dataset
from sc_neurocore.datasets._digits import load_digits
from sc_neurocore.datasets._mnist import load_mnist
from sc_neurocore.datasets._npz import read_npz

#: Loaders of the data sets that have a name.
DATASETS: Mapping[str, Callable[[], Dataset]] = {"digits": load_digits, "mnist": load_mnist}


def load_dataset(source: str | Path) -> Dataset:
    """Load ``digits``, ``mnist`` or an ``.npz`` file (see `read_npz`).

    Raises:
        SCConfigError: the file cannot be read or does not fit.
        SCDependencyError: the package that carries the data is not installed.
    """
    if isinstance(source, str) and source in DATASETS:
        return DATASETS[source]()
    return read_npz(source)
