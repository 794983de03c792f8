"""What a network and its foldings determine about the engine: streams, buffers, widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._bittrue import accumulator_range, layer_planes
from sc_neurocore.accelerator._network import INPUT, Folding, IntegerLayer, IntegerNetwork
from sc_neurocore.exceptions import SCConfigError

#: Kinds of stream words.
EVENT, PLANE, TICK = 0, 1, 2
#: Words of a buffer that only smooths the flow (one that breaks a loop has as many as it needs).
_SMOOTHING = 512


def ceil_div(a: int, b: int) -> int:
    """Quotient of two positive integers, rounded up."""
    return -(-a // b)


def index_bits(count: int) -> int:
    """Bits of an index below ``count``, at least 1."""
    return max(1, (count - 1).bit_length())


@dataclass(frozen=True)
class Stream:
    """The events of a source: words of kind, address and mask.

    Attributes:
        size: neurons or inputs.
        simd: neighbours in a word.
    """

    size: int
    simd: int

    @property
    def addresses(self) -> int:
        """Groups of neighbours."""
        return ceil_div(self.size, self.simd)

    @property
    def address_bits(self) -> int:
        """Bits of an address."""
        return index_bits(self.addresses)

    @property
    def width(self) -> int:
        """Bits of a word."""
        return 2 + self.address_bits + self.simd

    def spikes(self, words: NDArray[np.int64]) -> int:
        """Count the spikes in words."""
        events = words[words >> (self.width - 2) == EVENT]
        return int(((events[:, None] >> np.arange(self.simd)) & 1).sum())


@dataclass(frozen=True)
class Buffer:
    """The buffer in front of one projection.

    Attributes:
        source: layer, or `INPUT`.
        target: layer.
        projection: index among the layer's projections.
        depth: words it has room for, one of them at its output.
        preload: TICKs that it holds at the start.
    """

    source: int
    target: int
    projection: int
    depth: int
    preload: int


@dataclass(frozen=True)
class LayerShape:
    """Sizes of a layer's hardware.

    Attributes:
        pe: accumulators in a word.
        simd: sources in an event.
        groups: words of accumulators.
        bases: first address of each projection.
        addresses: rows of weights per group, over all projections.
        acc_bits: bits of an accumulator: what the neurons take, whatever the weights.
    """

    pe: int
    simd: int
    groups: int
    bases: tuple[int, ...]
    addresses: int
    acc_bits: int

    @property
    def address_bits(self) -> int:
        """Bits of an event's address."""
        return index_bits(self.addresses)

    @property
    def width(self) -> int:
        """Bits of an event."""
        return 2 + self.address_bits + self.simd


@dataclass(frozen=True)
class Geometry:
    """Everything that RTL, cycle model and co-simulation share.

    Attributes:
        streams: by source, `INPUT` first among them; sources that nobody reads have none.
        buffers: in the order of layers and projections.
        layers: one per layer.
    """

    streams: dict[int, Stream]
    buffers: tuple[Buffer, ...]
    layers: tuple[LayerShape, ...]

    def consumers(self, source: int) -> list[int]:
        """Indices of the buffers that a source fills."""
        return [k for k, b in enumerate(self.buffers) if b.source == source]


def geometry(
    network: IntegerNetwork, foldings: Sequence[Folding], exports: Sequence[int] = ()
) -> Geometry:
    """Work out the engine's sizes.

    Args:
        network: what the engine computes.
        foldings: one per layer.
        exports: layers whose spikes leave it as streams; then no class is chosen.

    Raises:
        SCConfigError: the foldings do not fit the network, or a sum does not fit the neurons'
            input.
    """
    if len(foldings) != len(network.layers):
        raise SCConfigError(
            f"there are {len(foldings)} foldings for {len(network.layers)} layers; give one each"
        )
    for layer, folding in zip(network.layers, foldings, strict=True):
        for name, value in (("pe", folding.pe), ("simd", folding.simd)):
            if value < 1:
                raise SCConfigError(f"{name} of layer '{layer.name}' is {value}; it is at least 1")
        if layer.backend == "stochastic" and (
            layer.length < 2 or layer.length & (layer.length - 1)
        ):
            raise SCConfigError(
                f"the stream length of layer '{layer.name}' is {layer.length}; it must be a power "
                "of two, 2 or more"
            )
    if not exports and network.layers[network.output].size < 2:
        raise SCConfigError("the output layer has one neuron; a class is chosen among 2 or more")
    if network.input.coding == "rate" and network.input.bits < 2:
        raise SCConfigError(
            f"rate coding of {network.input.bits} bits needs no encoder; use 2 bits or more, or "
            "events"
        )
    streams = _streams(network, foldings, exports)
    layers = tuple(
        _shape(network, layer, folding)
        for layer, folding in zip(network.layers, foldings, strict=True)
    )
    return Geometry(streams, _buffers(network, streams), layers)


def _streams(
    network: IntegerNetwork, foldings: Sequence[Folding], exports: Sequence[int]
) -> dict[int, Stream]:
    streams: dict[int, Stream] = {}
    for layer, folding in zip(network.layers, foldings, strict=True):
        for p in layer.projections:
            size = network.input.size if p.source == INPUT else network.layers[p.source].size
            found = streams.setdefault(p.source, Stream(size, folding.simd))
            if found.simd != folding.simd:
                name = "the input" if p.source == INPUT else f"'{network.layers[p.source].name}'"
                raise SCConfigError(
                    f"layer '{layer.name}' takes {folding.simd} sources in an event but another "
                    f"layer takes {found.simd} of {name}; layers with a common source need the "
                    "same simd"
                )
    if INPUT not in streams:
        raise SCConfigError("no layer reads the input; connect one to it")
    for exported in exports:
        streams.setdefault(exported, Stream(network.layers[exported].size, 1))
    if network.readout == "count" and not exports:
        streams.setdefault(network.output, Stream(network.layers[network.output].size, 1))
    return dict(sorted(streams.items()))


def _buffers(network: IntegerNetwork, streams: dict[int, Stream]) -> tuple[Buffer, ...]:
    readers: dict[int, int] = {}
    for layer in network.layers:
        for p in layer.projections:
            readers[p.source] = readers.get(p.source, 0) + 1
    buffers = []
    for target, layer in enumerate(network.layers):
        for k, p in enumerate(layer.projections):
            words = streams[p.source].addresses + 1
            if p.source == INPUT and network.input.coding == "direct":
                words *= network.input.bits + 1
            depth = (p.delay + 1) * words
            # With a single path from the source to the layer, nothing waits for anything later.
            if len(layer.projections) == 1 and readers[p.source] == 1 and p.delay == 0:
                depth = min(depth, _SMOOTHING)
            buffers.append(Buffer(p.source, target, k, max(depth, 2), p.delay))
    return tuple(buffers)


def _shape(network: IntegerNetwork, layer: IntegerLayer, folding: Folding) -> LayerShape:
    bases, total = [], 0
    for p in layer.projections:
        bases.append(total)
        total += ceil_div(len(p.weights), folding.simd)
    low, high = current_range(network, layer)
    port = layer.datapath.inputs[0]
    if low < port.low or high > port.high:
        raise SCConfigError(
            f"the currents of layer '{layer.name}' reach from {low} to {high}, but its neurons "
            f"take {port.low} to {port.high}; widen the range of '{port.name}'"
        )
    return LayerShape(
        pe=folding.pe,
        simd=folding.simd,
        groups=ceil_div(layer.size, folding.pe),
        bases=tuple(bases),
        addresses=total,
        acc_bits=max(2, port.format.width),
    )


def current_range(network: IntegerNetwork, layer: IntegerLayer) -> tuple[int, int]:
    """Smallest and largest current of a layer, over all spikes that could arrive."""
    planes = layer_planes(network, layer)
    low, high = accumulator_range(
        layer.projections,
        layer.bits,
        layer.backend,
        layer.length,
        network.ticks,
        1 << planes,
        planes,
    )
    return int(min(low.min(), 0)), int(max(high.max(), 0))
