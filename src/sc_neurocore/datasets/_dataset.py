"""What a data set is: levels and labels, split for training and testing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

#: Widest levels: 0 to 2**15.
MAX_BITS = 15

Levels = NDArray[np.uint16]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples of integer levels, with a class each.

    Attributes:
        name: name of the set.
        train_x: ``(K, …)`` levels to train on; empty when the set is only for testing.
        train_y: ``(K,)`` classes.
        test_x: ``(N, …)`` levels to test on.
        test_y: ``(N,)`` classes.
        bits: levels are integers from 0 to ``2**bits``; ``None`` when the set does not say.
        classes: number of classes.
    """

    name: str
    train_x: Levels
    train_y: Labels
    test_x: Levels
    test_y: Labels
    bits: int | None
    classes: int

    @property
    def size(self) -> int:
        """Values per sample."""
        return int(np.prod(self.test_x.shape[1:]))

    def at_bits(self, bits: int) -> Dataset:
        """The set with levels from 0 to ``2**bits``, rounded to nearest (halves up).

        A set that does not state its ``bits`` keeps its levels, which must fit.

        Raises:
            SCConfigError: ``bits`` out of range, or a level that does not fit.
        """
        if not 1 <= bits <= MAX_BITS:
            raise SCConfigError(f"bits of the input is {bits}; it must be from 1 to {MAX_BITS}")
        if self.bits is None:
            for x in (self.train_x, self.test_x):
                if x.size and x.max() > 1 << bits:
                    raise SCConfigError(
                        f"data set '{self.name}' holds level {x.max()}, but an input of {bits} "
                        f"bits has levels 0 to {1 << bits}; state the data's own 'bits' in the "
                        "file to have it scaled"
                    )
            return replace(self, bits=bits)

        def scaled(x: Levels) -> Levels:
            assert self.bits is not None
            drop = self.bits - bits
            if drop <= 0:
                return (x << -drop).astype(np.uint16)
            return ((x.astype(np.uint32) + (1 << (drop - 1))) >> drop).astype(np.uint16)

        return replace(self, bits=bits, train_x=scaled(self.train_x), test_x=scaled(self.test_x))
