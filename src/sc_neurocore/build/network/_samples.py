"""What a network is run on: a labelled test set, or levels made up from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import InputCoding
from sc_neurocore.datasets import Dataset
from sc_neurocore.evidence import digest
from sc_neurocore.exceptions import SCConfigError

#: Samples made up where there is no data.
_MADE_UP = 64


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs of inferences, and the classes that they belong to where these are known.

    Attributes:
        name: name of the data set, or how the samples came about.
        inputs: (n, M) levels, or (n, T, M) spikes for the coding ``events``.
        labels: (n,) classes, or ``None``: then nothing is said about accuracy.
    """

    name: str
    inputs: NDArray[np.int64]
    labels: NDArray[np.int64] | None

    def digest(self) -> str:
        """Content hash of inputs and labels."""
        labels = b"" if self.labels is None else self.labels.astype("<i8").tobytes()
        shape = repr(self.inputs.shape).encode()
        return digest(b"\0".join([shape, self.inputs.astype("<i8").tobytes(), labels]))

    def first(self, count: int) -> Samples:
        """The first samples only."""
        labels = None if self.labels is None else self.labels[:count]
        return Samples(self.name, self.inputs[:count], labels)

    def as_dict(self, classes: int) -> dict[str, Any] | None:
        """The data as a report holds it; made-up samples are no data."""
        if self.labels is None:
            return None
        return {
            "name": self.name,
            "n": len(self.inputs),
            "classes": classes,
            "sha256": self.digest(),
        }


def find_samples(
    dataset: Dataset | None, coding: InputCoding, ticks: int, classes: int, seed: int
) -> Samples:
    """Fit a data set's test samples to a network, or make levels up.

    Args:
        dataset: labelled samples, or ``None``.
        coding: the network's input.
        ticks: ticks of an inference.
        classes: outputs of the network.
        seed: seed of the levels that are made up.

    Raises:
        SCConfigError: the data does not fit the network.
    """
    if dataset is not None:
        return _fitting(dataset, coding, ticks, classes)
    rng = np.random.default_rng(seed)
    if coding.coding == "events":
        inputs = rng.integers(0, 2, (_MADE_UP, ticks, coding.size))
    else:
        inputs = rng.integers(0, (1 << coding.bits) + 1, (_MADE_UP, coding.size))
    return Samples(f"random levels, seed {seed}", inputs.astype(np.int64), None)


def _fitting(dataset: Dataset, coding: InputCoding, ticks: int, classes: int) -> Samples:
    shape = dataset.test_x.shape[1:]
    inputs: NDArray[np.int64]
    if coding.coding == "events":
        if dataset.test_x.ndim < 3 or shape[0] != ticks or _size(shape[1:]) != coding.size:
            raise SCConfigError(
                f"a sample of data set '{dataset.name}' has shape {_shape(shape)}; the network "
                f"takes {ticks} ticks of {coding.size} spikes"
            )
        spikes = dataset.test_x.reshape(len(dataset.test_x), ticks, coding.size)
        if spikes.max(initial=0) > 1:
            raise SCConfigError(
                f"data set '{dataset.name}' holds {spikes.max()}; with the coding events every "
                "value must be 0 or 1"
            )
        inputs = spikes.astype(np.int64)
    else:
        if _size(shape) != coding.size:
            drawn = f" ({_shape(shape)})" if len(shape) > 1 else ""
            raise SCConfigError(
                f"a sample of data set '{dataset.name}' has {_size(shape)} values{drawn}; "
                f"the network takes {coding.size}"
            )
        levels = dataset.at_bits(coding.bits).test_x
        inputs = levels.reshape(-1, coding.size).astype(np.int64)
    highest = int(dataset.test_y.max(initial=0))
    if highest >= classes:
        raise SCConfigError(
            f"data set '{dataset.name}' has class {highest}; the network has {classes} outputs, so "
            f"classes must be from 0 to {classes - 1}"
        )
    return Samples(dataset.name, inputs, dataset.test_y)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
