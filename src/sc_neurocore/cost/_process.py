"""A Gaussian process on log residuals, with an offset that rows of one network share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
_CHUNK = 20_000


@dataclass(frozen=True)
class Hyperparameters:
    """Standard deviations of log residuals, and a length in standardised inputs.

    Attributes:
        amplitude: of the smooth part.
        length: over which the smooth part changes.
        offset: of what the rows of a network share.
        noise: of single rows.
    """

    amplitude: float
    length: float
    offset: float
    noise: float


@dataclass(frozen=True, eq=False)
class Process:
    """The process with its data.

    Attributes:
        hyper: its hyperparameters.
        inputs: (rows, inputs), standardised.
        groups: network of each row; -1 is the one at hand.
        residuals: log of measured over structural.
    """

    hyper: Hyperparameters
    inputs: Reals
    groups: NDArray[np.int64]
    residuals: Reals

    def predict(self, inputs: Reals, group: int = -1) -> tuple[Reals, Reals]:
        """Mean and standard deviation of a new row's residual, of rows of one network.

        Args:
            inputs: (rows, inputs).
            group: their network; rows of the data with that number share its offset.
        """
        h = self.hyper
        mean, deviation = np.empty(len(inputs)), np.empty(len(inputs))
        same = np.where(self.groups == group, h.offset**2, 0.0)
        total = h.amplitude**2 + h.offset**2 + h.noise**2
        for low in range(0, len(inputs), _CHUNK):
            part = slice(low, low + _CHUNK)
            cross = h.amplitude**2 * matern(inputs[part], self.inputs, h.length) + same
            mean[part] = cross @ self._weights
            spread = cross @ self._inverse
            deviation[part] = np.sqrt(
                np.maximum(total - np.einsum("ij,ij->i", spread, cross), 0.1 * h.noise**2)
            )
        return mean, deviation

    def with_rows(self, inputs: Reals, residuals: Reals) -> Process:
        """The process with further rows of the network at hand."""
        groups = np.full(len(inputs), -1, np.int64)
        return Process(
            self.hyper,
            np.concatenate([self.inputs, inputs]),
            np.concatenate([self.groups, groups]),
            np.concatenate([self.residuals, residuals]),
        )

    @cached_property
    def _inverse(self) -> Reals:
        k = covariance(self.hyper, self.inputs, self.groups)
        return np.asarray(np.linalg.inv(k), np.float64)

    @cached_property
    def _weights(self) -> Reals:
        return np.asarray(self._inverse @ self.residuals, np.float64)


def matern(a: Reals, b: Reals, length: float) -> Reals:
    """Matérn covariance of smoothness 5/2, shape (rows of a, rows of b)."""
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    r = np.sqrt(5 * np.maximum(squares, 0.0)) / length
    return np.asarray((1 + r + r * r / 3) * np.exp(-r), np.float64)


def covariance(hyper: Hyperparameters, inputs: Reals, groups: NDArray[np.int64]) -> Reals:
    """Covariance of the rows of data."""
    k = hyper.amplitude**2 * matern(inputs, inputs, hyper.length)
    k += hyper.offset**2 * (groups[:, None] == groups[None, :])
    k[np.diag_indices(len(inputs))] += hyper.noise**2
    return np.asarray(k, np.float64)


def log_likelihood(process: Process) -> float:
    """Log of the probability density of the residuals."""
    k = covariance(process.hyper, process.inputs, process.groups)
    factor = np.linalg.cholesky(k)
    z = np.linalg.solve(factor, process.residuals)
    return float(-0.5 * z @ z - np.log(np.diag(factor)).sum())
