"""The parallel stochastic layer that is chosen for, bit by bit: what `farm.sc_layer` writes.

A layer is a dot product of ``mac_count`` bipolar products: inputs are compared with the numbers of
one shift register, an XNOR multiplies, a parallel counter adds up over ``bitstream_length`` clocks.
What makes the weights' streams independent of the inputs' is the decorrelator. The co-simulation in
the tests compares this model with the Verilog, sum by sum.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream import (
    Lfsr,
    encode_thresholds,
    feedback_exponents,
    isolate,
    shuffle_buffer,
    track,
)
from sc_neurocore.cost import BlockShape
from sc_neurocore.exceptions import SCConfigError

KIND = "sc_layer"


class DecorrelationStrategy(enum.StrEnum):
    """What makes the weights' streams independent of the inputs'.

    Attributes:
        NONE: nothing; both are compared with the same numbers.
        SHARED: a second register with another seed, for all weights.
        DELAY: an isolator in each weight's stream.
        SHUFFLE: a shuffle buffer in each, addressed by a second register.
        TRACKING: a tracking forecast memory in each, compared with a second register.
    """

    NONE = "none"
    SHARED = "shared"
    DELAY = "delay"
    SHUFFLE = "shuffle"
    TRACKING = "tracking"


@functools.cache
def polynomial_text(register: int) -> str:
    """The feedback polynomial of a register, such as ``x^16+x^14+x^13+x^11+1``."""
    return "+".join(f"x^{e}" if e > 1 else "x" for e in feedback_exponents()[register]) + "+1"


@dataclass(frozen=True)
class StochasticLayer:
    """One layer with everything decided.

    Attributes:
        mac_count: products, at least 1.
        bitstream_length: clocks of a stream, at least 2.
        precision_bits: width of the levels, which are 0 to 2**precision_bits.
        decorrelator: which.
        register: width of the shift registers, at least ``precision_bits`` and 3; the comparators
            see their highest bits. The polynomial is the library's of that width.
        seed: of the first register; None for the library's.
    """

    mac_count: int
    bitstream_length: int
    precision_bits: int
    decorrelator: DecorrelationStrategy
    register: int
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.register not in feedback_exponents() or self.register < self.precision_bits:
            raise SCConfigError(
                f"the register of a layer has {self.register} bits for a precision of "
                f"{self.precision_bits}; it needs at least as many, and 3 to 32"
            )

    @property
    def shape(self) -> BlockShape:
        """The layer as the cost model and the job farm know it."""
        return BlockShape(
            KIND,
            {
                "mac_count": self.mac_count,
                "bitstream_length": self.bitstream_length,
                "precision_bits": self.precision_bits,
                "decorrelator": self.decorrelator.value,
                "polynomial": ",".join(map(str, feedback_exponents()[self.register])),
            },
        )

    @property
    def sources(self) -> tuple[Lfsr, Lfsr]:
        """The register of the inputs, and the second one."""
        from sc_neurocore.optimizer.farm._sc_layer import _SECOND_SEED

        first = Lfsr(self.register, seed=self.seed)  # type: ignore[arg-type]
        return first, Lfsr(self.register, seed=_SECOND_SEED & first.period or 1)

    def input_streams(self, levels: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Packed streams of inputs."""
        return self._encoded(levels, self.sources[0])

    def weight_streams(self, levels: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Packed streams of weights, behind the decorrelator."""
        # The farm imports all that it can build; choosing needs none of it.
        from sc_neurocore.optimizer.farm._sc_layer import DELAY, DEPTH

        first, second = self.sources
        length = self.bitstream_length
        if self.decorrelator is DecorrelationStrategy.SHARED:
            return self._encoded(levels, second)
        streams = self._encoded(levels, first)
        match self.decorrelator:
            case DecorrelationStrategy.DELAY:
                return isolate(streams, length, min(DELAY, length))
            case DecorrelationStrategy.SHUFFLE:
                return shuffle_buffer(streams, length, second, DEPTH)
            case DecorrelationStrategy.TRACKING:
                bits = self.precision_bits
                return track(streams, length, second, bits, (bits + 1) // 2)
        return streams

    def _encoded(self, levels: NDArray[np.int64], source: Lfsr) -> NDArray[np.uint64]:
        thresholds = np.asarray(levels) << (self.register - self.precision_bits)
        return encode_thresholds(thresholds, self.bitstream_length, source)
