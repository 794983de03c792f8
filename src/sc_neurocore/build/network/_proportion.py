"""Accuracy as what it is: a count of right answers in a sample, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

#: Quantile of the normal distribution that leaves 2.5 % above it.
_Z = 1.959963984540054


@dataclass(frozen=True)
class Proportion:
    """So many of a sample.

    Attributes:
        count: how many.
        of: size of the sample, at least 1.
    """

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of or self.of < 1:
            raise SCConfigError(f"{self.count} of {self.of} is no proportion of a sample")

    @property
    def share(self) -> float:
        """The proportion, 0 to 1."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval (E. B. Wilson, 1927), which stays within 0 and 1.

        Unlike the usual p ± 1.96 √(p(1−p)/n) it is not empty where every answer is right.
        """
        n, p, z2 = self.of, self.share, _Z * _Z
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)

    def as_dict(self) -> dict[str, Any]:
        """The proportion as a report holds it."""
        low, high = self.interval
        return {
            "correct": self.count,
            "n": self.of,
            "share": self.share,
            "low": low,
            "high": high,
            "word": "executed",
        }


def accuracy_of(predictions: NDArray[Any], labels: NDArray[Any]) -> Proportion:
    """How many predictions are the label.

    Args:
        predictions: (n,) classes.
        labels: (n,) classes.
    """
    return Proportion(int((predictions == labels).sum()), len(labels))


def confusion_matrix(
    predictions: NDArray[Any], labels: NDArray[Any], classes: int
) -> NDArray[np.int64]:
    """How often each label (row) was taken for each class (column).

    Args:
        predictions: (n,) classes from 0.
        labels: (n,) classes from 0.
        classes: number of classes.

    Returns:
        (classes, classes) counts.
    """
    found = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(found, (labels, predictions), 1)
    return found
