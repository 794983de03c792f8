"""Small real data sets, offline."""

from __future__ import annotations

from sc_neurocore.datasets._dataset import Dataset
from sc_neurocore.datasets._digits import load_digits
from sc_neurocore.datasets._load import DATASETS, load_dataset
from sc_neurocore.datasets._mnist import load_mnist
from sc_neurocore.datasets._npz import read_npz

__all__ = ["DATASETS", "Dataset", "load_dataset", "load_digits", "load_mnist", "read_npz"]
