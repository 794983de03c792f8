"""The process: by its closed form with one row, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from sc_neurocore.cost._process import Hyperparameters, Process, log_likelihood


def test_one_row_by_hand() -> None:
    hyper = Hyperparameters(amplitude=0.3, length=2.0, offset=0.2, noise=0.1)
    empty = Process(hyper, np.zeros((0, 1)), np.zeros(0, np.int64), np.zeros(0))
    process = empty.with_rows(np.zeros((1, 1)), np.array([0.5]))
    total = 0.3**2 + 0.2**2 + 0.1**2
    shared = 0.3**2 + 0.2**2
    mean, deviation = process.predict(np.zeros((1, 1)))
    assert mean[0] == pytest.approx(0.5 * shared / total)
    assert deviation[0] == pytest.approx(np.sqrt(total - shared**2 / total))
    far, _ = process.predict(np.full((1, 1), 1e6))
    assert far[0] == pytest.approx(0.5 * 0.2**2 / total)  # the offset alone
    other, _ = process.predict(np.zeros((1, 1)), group=7)
    assert other[0] == pytest.approx(0.5 * 0.3**2 / total)  # the smooth part alone


def test_without_groups_it_is_the_one_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    x, y, new = rng.normal(size=(30, 3)), rng.normal(size=30), rng.normal(size=(5, 3))
    hyper = Hyperparameters(amplitude=0.8, length=1.7, offset=0.0, noise=0.3)
    process = Process(hyper, x, np.arange(30), y)
    kernel = ConstantKernel(0.8**2) * Matern(1.7, nu=2.5)
    theirs = GaussianProcessRegressor(kernel, alpha=0.3**2, optimizer=None).fit(x, y)
    mean, deviation = process.predict(new, group=99)
    expected, spread = theirs.predict(new, return_std=True)
    assert mean == pytest.approx(expected)
    assert deviation == pytest.approx(np.sqrt(spread**2 + 0.3**2))
    constant = 15 * np.log(2 * np.pi)
    assert log_likelihood(process) - constant == pytest.approx(theirs.log_marginal_likelihood())
