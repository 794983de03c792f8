"""Handwritten digits, 8×8 pixels, shipped with the package."""

from __future__ import annotations

import functools
from dataclasses import replace
from importlib.resources import as_file, files

from sc_neurocore.datasets._dataset import Dataset
from sc_neurocore.datasets._npz import read_npz


@functools.cache
def load_digits() -> Dataset:
    """1797 scans of 8×8 pixels, levels 0 to 16 (4 bits): 1198 to train on, 599 to test on.

    The test part of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak 1998,
    UCI Machine Learning Repository, doi:10.24432/C50P49, licence CC BY 4.0.
    ``examples/digits/make_data.py`` wrote the file; the split is stratified and fixed.
    """
    with as_file(files("sc_neurocore.datasets").joinpath("digits.npz")) as path:
        dataset = replace(read_npz(path), name="digits")
    for array in (dataset.train_x, dataset.train_y, dataset.test_x, dataset.test_y):
        array.flags.writeable = False
    return dataset
