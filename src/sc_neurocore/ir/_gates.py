"""Operations at the ends of a wire. In a simulation without links they pass everything on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Self

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._ops import Array, Input, LinearOp, Output, Problem, Shape, Signal, shape_of

#: What turns packets into spikes: the host's code, an address decoder that fires a neuron per
#: address, or an unpacker that gives the bits of a stream in order.
Decoder = Literal["host", "aer", "stream"]
DECODERS: tuple[Decoder, ...] = ("host", "aer", "stream")


@dataclass(frozen=True, eq=False)
class Send(Output):
    """Where spikes leave for other places.

    Attributes:
        shape: of the population.
        stream: number of the crossing.
    """

    stream: int = 0


@dataclass(frozen=True, eq=False)
class Receive(Input):
    """Where another place's spikes come in.

    Attributes:
        shape: of the population.
        stream: number of the crossing.
        delay: ticks that the wire holds the spikes back: at tick t those of tick t - delay come in.
        decoder: one of `DECODERS`, see `SynthesiseReceives`.
    """

    stream: int = 0
    delay: int = 0
    decoder: Decoder = "host"

    def emits(self) -> Signal | None:
        """Spikes: nothing else travels."""
        return "spike"

    def check(self) -> Iterator[Problem]:
        """A shape, a delay and a decoder there is."""
        yield from super().check()
        if self.delay < 0:
            yield "delay", f"is negative ({self.delay} ticks)"
        if self.decoder not in DECODERS:
            yield "decoder", f"is {self.decoder!r}, it must be one of {', '.join(DECODERS)}"


@dataclass(frozen=True, eq=False)
class Gate(LinearOp):
    """A condition on the packets of a stream; what it lets through is unchanged.

    Attributes:
        shape: of the population.
    """

    shape: Shape | None = field(default=None, kw_only=True)

    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", shape_of(self.shape))

    def wants(self) -> Shape | None:
        """The declared shape."""
        return self.shape

    def shaped(self, shape: Shape) -> Self:
        """The same gate with the shape declared."""
        return self if shape == self.shape else replace(self, shape=shape)

    def emits(self) -> Signal | None:
        """What comes in."""
        return None

    def linear(self, x: Array) -> Array:
        """The same."""
        return np.asarray(x)


def _within(name: str, value: int, low: int, high: int) -> Iterator[Problem]:
    if not low <= value <= high:
        yield name, f"is {value}, it must be from {low} to {high}"


@dataclass(frozen=True, eq=False)
class DedupGate(Gate):
    """Lets each sequence number through once; see `hdl.links.DedupWindow`.

    Attributes:
        window: sequence numbers remembered, a power of two up to 2^30.
    """

    window: int = 64

    def check(self) -> Iterator[Problem]:
        """A power of two."""
        if not 1 <= self.window <= 1 << 30 or self.window & (self.window - 1):
            yield "window", f"is {self.window}, it must be a power of two up to 2^30"


@dataclass(frozen=True, eq=False)
class HealthGate(Gate):
    """Blocks a peer whose score is too low; see `hdl.links.PeerHealth`.

    Attributes:
        threshold: scores below it block, 1 to 223; a blocked peer must reach 32 more.
    """

    threshold: int = 32

    def check(self) -> Iterator[Problem]:
        """A threshold that can be passed either way."""
        yield from _within("threshold", self.threshold, 1, 223)


@dataclass(frozen=True, eq=False)
class BackoffGate(Gate):
    """Blocks after a failure, each time longer; see `hdl.links.Backoff`.

    Attributes:
        base: ticks after the first failure, 1 to 65535.
        cap: most ticks, ``base`` to 65535.
        seed: of the jitter, 1 to 65535.
    """

    base: int = 1
    cap: int = 64
    seed: int = 1

    def check(self) -> Iterator[Problem]:
        """Pauses that do not shrink, and a seed that a register of 16 bits takes."""
        yield from _within("base", self.base, 1, 0xFFFF)
        yield from _within("cap", self.cap, max(self.base, 1), 0xFFFF)
        yield from _within("seed", self.seed, 1, 0xFFFF)


@dataclass(frozen=True, eq=False)
class DeadlineGate(Gate):
    """Lets spikes through that come in time; see `Wire.late` for the others.

    Attributes:
        deadline_ns: after the end of the sender's tick.
        late: policy.
        slot: ``NODE#__trigger_deadline``, the slot that the trigger is bound to.
    """

    deadline_ns: int = 0
    late: str = "drop"
    slot: str = ""


@dataclass(frozen=True, eq=False)
class Rerandomise(Gate):
    """Counts the ones of each window and encodes the count anew, from another source.

    What `sc_neurocore.bitstream.regenerate` computes: values are kept, bits are not, and they come
    a window later. A simulation of spikes without streams of bits passes them on unchanged.

    Attributes:
        window: bits of a count, a power of two.
        source: of the new stream, as `sc_neurocore.bitstream.source_of` reads it.
    """

    window: int = 256
    source: str = "sobol:2"

    def check(self) -> Iterator[Problem]:
        """A power of two, and a source there is."""
        if self.window < 1 or self.window & (self.window - 1):
            yield "window", f"is {self.window}, it must be a power of two"
        from sc_neurocore.bitstream import source_of

        try:
            source_of(self.source)
        except SCConfigError as error:
            yield "source", str(error).removeprefix("source ")
