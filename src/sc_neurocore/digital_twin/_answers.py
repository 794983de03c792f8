"""What a device or its twin answers to a run of samples."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.devices import Inference
from sc_neurocore.exceptions import SCConfigError

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to S samples, in order.

    Attributes:
        predictions: class of each, shape (S,).
        clocks: clocks that each took, shape (S,).
        generations: of the parameters at the end of each, shape (S,).
        layer_spikes: spikes of each layer, shape (S, layers).
    """

    predictions: Integers
    clocks: Integers
    generations: Integers
    layer_spikes: Integers

    def __post_init__(self) -> None:
        number = len(self.predictions)
        shapes = (self.predictions.shape, self.clocks.shape, self.generations.shape)
        if shapes != ((number,),) * 3 or self.layer_spikes.shape[:-1] != (number,):
            raise SCConfigError(
                f"answers have shapes {shapes} and {self.layer_spikes.shape}; S inferences need "
                "three times (S,) and (S, layers)"
            )
        if any((x < 0).any() or (x >> 32).any() for x in self._columns()):
            raise SCConfigError("an answer lies outside the 32 bits of a register")

    @classmethod
    def of(cls, inferences: Sequence[Inference], layers: int) -> Answers:
        """Answers from what a device returned.

        Args:
            inferences: in order.
            layers: of the network.

        Raises:
            SCConfigError: an inference with another number of layers.
        """
        for position, one in enumerate(inferences):
            if len(one.layer_spikes) != layers:
                raise SCConfigError(
                    f"inference {position} counts the spikes of {len(one.layer_spikes)} layers; "
                    f"the network has {layers}"
                )
        table = np.array(
            [(x.prediction, x.clocks, x.generation, *x.layer_spikes) for x in inferences], np.int64
        ).reshape(-1, 3 + layers)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3:])

    @property
    def layers(self) -> int:
        """Layers of the network."""
        return int(self.layer_spikes.shape[1])

    def __len__(self) -> int:
        """S."""
        return len(self.predictions)

    def _columns(self) -> tuple[Integers, Integers, Integers, Integers]:
        return self.predictions, self.clocks, self.generations, self.layer_spikes

    def digests(self) -> tuple[str, ...]:
        """Digest of the first 0, 1, … S answers: each is of the one before and one more answer."""
        table = np.concatenate([x.reshape(len(self), -1) for x in self._columns()], axis=1)
        found = [hashlib.sha256(b"").digest()]
        for row in table.astype("<u4"):
            found.append(hashlib.sha256(found[-1] + row.tobytes()).digest())
        return tuple(x.hex() for x in found)
