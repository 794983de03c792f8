"""The configurations that are searched: per layer what can be chosen, and what layers share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sc_neurocore.accelerator import INPUT, Backend, Coding
from sc_neurocore.accelerator._normal import RealNetwork
from sc_neurocore.build.network import Configuration, LayerConfiguration
from sc_neurocore.exceptions import SCConfigError

#: Weight bits, stream clocks per tick (1: fixed point) and sources at once that are offered.
BITS, LENGTHS, SIMDS = (2, 3, 4, 5, 6, 8), (1, 4, 8, 16, 32), (1, 2, 4, 8, 16, 32)
#: Most neurons at once.
_MOST_PE = 128


@dataclass(frozen=True, order=True)
class Frame:
    """What all layers share.

    Attributes:
        ticks: of one inference.
        coding: ``rate``, ``direct`` or ``events``.
    """

    ticks: int
    coding: Coding


@dataclass(frozen=True, order=True)
class Numerics:
    """The arithmetic of one layer; what its folding does not change.

    Attributes:
        bits: width of a weight.
        length: stream clocks per tick; 1 is fixed point.
    """

    bits: int
    length: int

    @property
    def backend(self) -> Backend:
        """``fixed`` or ``stochastic``."""
        return "fixed" if self.length == 1 else "stochastic"


@dataclass(frozen=True)
class LayerSpace:
    """What one layer can be.

    Attributes:
        name: of the population.
        numerics: its arithmetics.
        pes: neurons at once.
        simds: sources at once.
    """

    name: str
    numerics: tuple[Numerics, ...]
    pes: tuple[int, ...]
    simds: tuple[int, ...]


@dataclass(frozen=True)
class SearchSpace:
    """What a network can be.

    Attributes:
        layers: in the order of the network.
        groups: indices of layers that read a common source, and so take equally many at once.
        frames: ticks and coding; the first are those that file and user state.
        input_bits: levels are 0 to 2**input_bits.
    """

    layers: tuple[LayerSpace, ...]
    groups: tuple[tuple[int, ...], ...]
    frames: tuple[Frame, ...]
    input_bits: int

    @property
    def best(self) -> tuple[Numerics, ...]:
        """The finest arithmetic of each layer: widest fixed point, else the longest streams."""
        return tuple(
            max(layer.numerics, key=lambda n: (n.length == 1, n.bits, n.length))
            for layer in self.layers
        )

    @property
    def size(self) -> int:
        """Number of configurations."""
        total = len(self.frames)
        for group in self.groups:
            total *= sum(
                math.prod(len(self.layers[k].numerics) * len(self.layers[k].pes) for k in group)
                for _ in self.simds_of(group)
            )
        return total

    def simds_of(self, group: tuple[int, ...]) -> tuple[int, ...]:
        """Sources at once that every layer of a group can take."""
        common = set.intersection(*(set(self.layers[k].simds) for k in group))
        return tuple(sorted(common))

    def configurations(self) -> Iterator[Configuration]:
        """Every configuration, in a fixed order."""
        per_group = []
        for group in self.groups:
            choices = []
            for simd in self.simds_of(group):
                rows = [
                    [(k, n, pe, simd) for n in self.layers[k].numerics for pe in self.layers[k].pes]
                    for k in group
                ]
                choices += list(itertools.product(*rows))
            per_group.append(choices)
        for frame in self.frames:
            for parts in itertools.product(*per_group):
                made = {row[0]: row[1:] for part in parts for row in part}
                yield self.configuration(frame, [made[k] for k in range(len(self.layers))])

    def configuration(self, frame: Frame, rows: list[tuple[Numerics, int, int]]) -> Configuration:
        """One configuration from numerics, PE and SIMD per layer."""
        return Configuration(
            tuple(
                LayerConfiguration(layer.name, n.bits, n.backend, n.length, pe, simd)
                for layer, (n, pe, simd) in zip(self.layers, rows, strict=True)
            ),
            frame.ticks,
            frame.coding,
            self.input_bits,
        )


def frame_of(configuration: Configuration) -> Frame:
    """Ticks and coding of a configuration."""
    return Frame(configuration.ticks, configuration.coding)


def numerics_of(configuration: Configuration) -> tuple[Numerics, ...]:
    """Arithmetic of each layer of a configuration."""
    return tuple(Numerics(layer.bits, layer.length) for layer in configuration.layers)


def network_space(
    real: RealNetwork, *, bits: int, ticks: int, coding: Coding, input_bits: int
) -> SearchSpace:
    """The full grid of a network.

    Weight bits `BITS` and those that are stated; fixed point, and streams up to 2**bits; PE so that
    a layer takes 1, 2, 4, … words of accumulators; SIMD up to the sources there are; the ticks that
    are stated, half and a quarter of them; rate and direct coding where the input is levels.

    Args:
        real: the network.
        bits: weight bits that file or user state.
        ticks: likewise.
        coding: likewise; ``events`` is kept, with its ticks.
        input_bits: bits of the input.
    """
    groups = shared_sources(real)
    offered = sorted({*BITS, bits})
    numerics = tuple(Numerics(b, length) for b in offered for length in LENGTHS if length <= 1 << b)
    layers = []
    for layer in real.layers:
        size = len(layer.population.gain)
        fan_in = max(p.weight.shape[1] for p in layer.projections)
        words = {1 << k for k in range(size.bit_length())} | {size}
        pes = sorted({p for w in words if (p := -(-size // w)) <= _MOST_PE})
        layers.append(
            LayerSpace(layer.id, numerics, tuple(pes), tuple(s for s in SIMDS if s <= fan_in))
        )
    frames = [Frame(ticks, coding)]
    if coding != "events":
        codings: list[Coding] = [coding]
        if input_bits >= 2 and not _late_current(real):
            codings.append("direct" if coding == "rate" else "rate")
        shares = sorted({max(1, ticks // d) for d in (1, 2, 4)}, reverse=True)
        frames = [Frame(t, c) for c in codings for t in shares]
    return SearchSpace(tuple(layers), groups, tuple(frames), input_bits)


def neighbours(space: SearchSpace, configuration: Configuration) -> Iterator[Configuration]:
    """Configurations of a space one step away: one knob moved to a neighbouring value.

    Steps are another frame, the next more or fewer sources at once of a group, neurons at once,
    bits, or stream length of a layer.
    """
    frame, numerics = frame_of(configuration), numerics_of(configuration)
    rows = [(n, x.pe, x.simd) for n, x in zip(numerics, configuration.layers, strict=True)]
    for other in space.frames:
        if other != frame:
            yield space.configuration(other, rows)
    for group in space.groups:
        for simd in _beside(space.simds_of(group), rows[group[0]][2]):
            moved = [(n, pe, simd if k in group else s) for k, (n, pe, s) in enumerate(rows)]
            yield space.configuration(frame, moved)
    for k, (layer, (own, pe, simd)) in enumerate(zip(space.layers, rows, strict=True)):
        steps = [(own, other, simd) for other in _beside(layer.pes, pe)]
        same_length = sorted(n.bits for n in layer.numerics if n.length == own.length)
        same_bits = sorted(n.length for n in layer.numerics if n.bits == own.bits)
        steps += [(Numerics(b, own.length), pe, simd) for b in _beside(same_length, own.bits)]
        steps += [(Numerics(own.bits, n), pe, simd) for n in _beside(same_bits, own.length)]
        for step in steps:
            yield space.configuration(frame, [*rows[:k], step, *rows[k + 1 :]])


def _beside(values: Sequence[int], value: int) -> list[int]:
    """The next smaller and the next larger of rising values."""
    smaller = [v for v in values if v < value][-1:]
    return smaller + [v for v in values if v > value][:1]


def shared_sources(real: RealNetwork) -> tuple[tuple[int, ...], ...]:
    """Layers by the sources that they share; they take equally many sources at once."""
    group = list(range(len(real.layers)))
    for a, b in itertools.combinations(range(len(real.layers)), 2):
        if {p.source for p in real.layers[a].projections} & {
            p.source for p in real.layers[b].projections
        }:
            group = [group[a] if g == group[b] else g for g in group]
    return tuple(tuple(k for k, g in enumerate(group) if g == name) for name in sorted(set(group)))


def _late_current(real: RealNetwork) -> bool:
    """Whether a layer receives the input beside spikes, which direct coding may not allow."""
    return any(
        p.source == INPUT and len(layer.projections) > 1
        for layer in real.layers
        for p in layer.projections
    )


def require_same_network(space: SearchSpace, real: RealNetwork) -> None:
    """Refuse a space of another network.

    Raises:
        SCConfigError: the layers differ.
    """
    own, names = [x.name for x in space.layers], [x.id for x in real.layers]
    if own != names:
        raise SCConfigError(
            f"the space has layers {', '.join(own)}; the network has {', '.join(names)}"
        )
