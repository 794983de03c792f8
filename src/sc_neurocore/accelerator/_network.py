"""The integer network: what the bit-true simulator executes and the RTL implements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler import Datapath

Coding = Literal["rate", "direct", "events"]
Backend = Literal["fixed", "stochastic"]
Readout = Literal["count", "membrane"]
Integers = NDArray[np.int64]

#: Source of a projection that comes from the input.
INPUT = -1


@dataclass(frozen=True)
class InputCoding:
    """How numbers become the events of the first layer.

    Attributes:
        size: M, values per sample.
        coding: ``rate`` (spikes at the ticks whose shared number lies below the level), ``direct``
            (the level is a current in every tick) or ``events`` (the samples are spikes).
        bits: levels are integers from 0 to 2**bits.
    """

    size: int
    coding: Coding
    bits: int


@dataclass(frozen=True, eq=False)
class IntegerProjection:
    """Weights between two layers.

    Attributes:
        source: index of the source layer, or `INPUT`.
        weights: signed integers of the layer's ``bits``, shape (n_source, n_target).
        delay: ticks from a spike to its effect, 0 within the tick.
    """

    source: int
    weights: Integers
    delay: int


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """A population with the projections that lead to it.

    Attributes:
        name: name of the population in the graph.
        size: N, neurons.
        datapath: one neuron's tick; its input ``I`` is the summed current.
        parameters: raw values of the datapath's parameter ports, name to (N,).
        projections: what arrives, in the order in which the hardware adds it.
        bits: width of the weights, 2 to 16.
        backend: ``fixed`` or ``stochastic``.
        length: stream clocks per tick, a power of two; 1 for ``fixed``.
        scale: real value (units of the graph) of one unit of ``I``.
    """

    name: str
    size: int
    datapath: Datapath
    parameters: Mapping[str, Integers]
    projections: tuple[IntegerProjection, ...]
    bits: int
    backend: Backend
    length: int
    scale: float

    @property
    def synapses(self) -> int:
        """Weights of all projections."""
        return sum(p.weights.size for p in self.projections)


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A whole network in integers.

    Attributes:
        name: a Verilog identifier.
        input: coding of the input.
        layers: in the order in which a tick visits them; a projection from the same or a later
            layer has a delay of at least one tick.
        ticks: T, ticks of one inference.
        readout: ``count`` of output spikes or last ``membrane`` of a population that never spikes.
        output: index of the layer that is read.
        notices: what quantisation changed that a user should know.
    """

    name: str
    input: InputCoding
    layers: tuple[IntegerLayer, ...]
    ticks: int
    readout: Readout
    output: int
    notices: tuple[str, ...] = field(default=())

    @property
    def synapses(self) -> int:
        """Weights of all layers."""
        return sum(layer.synapses for layer in self.layers)


@dataclass(frozen=True)
class Folding:
    """How much of a layer works at once.

    Attributes:
        pe: target neurons whose accumulators share a word.
        simd: neighbouring sources an event carries.
    """

    pe: int
    simd: int
