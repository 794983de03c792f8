"""Which source makes the random numbers of which stream of a layer."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from sc_neurocore.bitstream._entropy import OsEntropy
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._sobol import SOBOL_DIMENSIONS, Sobol
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

#: Ticks from the register of one input to the next input's: the integer next to 65535/φ without a
#: common divisor, so that any number of phases in a row is spread evenly over the period.
PHASE = 40504
#: Steps of the constants of `shifted_pair`: 2^16 over the plastic number and over its square, the
#: next odd integers. Their multiples fill the square evenly, in their high bits and in their low.
SHIFTS = (49471, 37345)


@dataclass(frozen=True)
class Sharing:
    """The sources of a layer's streams, and so which streams share their numbers.

    In every sample of a batch input i is compared with ``inputs[i % len(inputs)]``, and the weight
    from input i to output o with ``weights[o % len(weights)][i % len(weights[o % len(weights)])]``.
    One source for several inputs, or one row of sources for all outputs, is what hardware does: it
    saves generators, leaves every product as it is, and makes the errors of a sum, or of the
    outputs among each other, alike.

    Attributes:
        inputs: at least one source.
        weights: at least one row of at least one source.

    Raises:
        SCConfigError: no source where one is needed, or one whose numbers cannot be shared.
    """

    inputs: tuple[Source, ...]
    weights: tuple[tuple[Source, ...], ...]

    def __post_init__(self) -> None:
        if not (self.inputs and self.weights and all(self.weights)):
            raise SCConfigError("a sharing plan needs a source for the inputs and every weight")
        if any(isinstance(s, OsEntropy) for row in (self.inputs, *self.weights) for s in row):
            raise SCConfigError(
                "a sharing plan has source 'entropy', whose numbers are never the same and cannot "
                "be shared; use a reproducible one, such as random:1"
            )

    def input_sources(self, inputs: int) -> tuple[Source, ...]:
        """Source of each input."""
        return _cycled(self.inputs, inputs)

    def weight_sources(self, output: int, inputs: int) -> tuple[Source, ...]:
        """Source of the weight from each input to an output."""
        return _cycled(self.weights[output % len(self.weights)], inputs)


def _cycled(sources: tuple[Source, ...], count: int) -> tuple[Source, ...]:
    return (sources * (-(-count // len(sources))))[:count]


@functools.lru_cache(maxsize=64, typed=True)  # 1.0 and True are no seeds, though equal to 1
def lfsr_phases(count: int, seed: int = 0xACE1) -> tuple[Lfsr, ...]:
    """Registers of one 16-bit sequence, each `PHASE` ticks ahead of the one before.

    Any number up to 65535 of them start at different, evenly spread ticks of the period.
    """
    sequence = Lfsr(seed=seed).values(65535)
    return tuple(Lfsr(seed=int(sequence[i * PHASE % 65535])) for i in range(count))


def one_pair() -> Sharing:
    """Two generators for the whole layer: Sobol dimension 1 for inputs, 2 for weights."""
    return Sharing((Sobol(1),), ((Sobol(2),),))


@functools.lru_cache(maxsize=64)
def shifted_pair(inputs: int) -> Sharing:
    """`one_pair` with different constants XORed into the numbers of every input.

    A digital shift leaves the two dimensions of a product as evenly spread as they were, and makes
    the errors of different products differ: a Sobol sequence rounds every probability up to whole
    multiples of ``1/length``, which adds up over many inputs unless shifts centre it. Input i has
    the constants ``i * SHIFTS mod 2^16``.
    """
    inputs_shift, weights_shift = ([i * step % 65536 for i in range(inputs)] for step in SHIFTS)
    return Sharing(
        tuple(Sobol(1, shift=s) for s in inputs_shift),
        (tuple(Sobol(2, shift=s) for s in weights_shift),),
    )


@functools.lru_cache(maxsize=64)
def own_dimensions(inputs: int) -> Sharing:
    """Sobol dimensions 2i+1 and 2i+2 for input i and its weights.

    Raises:
        SCConfigError: more inputs than there are pairs of dimensions.
    """
    if 2 * inputs > SOBOL_DIMENSIONS:
        raise SCConfigError(
            f"{inputs} inputs need {2 * inputs} Sobol dimensions, but there are {SOBOL_DIMENSIONS}"
        )
    return Sharing(
        tuple(Sobol(2 * i + 1) for i in range(inputs)),
        (tuple(Sobol(2 * i + 2) for i in range(inputs)),),
    )


@functools.lru_cache(maxsize=64, typed=True)
def register_phases(inputs: int, seed: int = 0xACE1) -> Sharing:
    """Phases of one 16-bit register: even ones for the inputs, odd ones for their weights."""
    registers = lfsr_phases(2 * inputs, seed)
    return Sharing(registers[::2], (registers[1::2],))
