"""An integer network cut into chips: who computes which layers, and what travels between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sc_neurocore.accelerator import (
    INPUT,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
)
from sc_neurocore.compiler._identifiers import Namespace
from sc_neurocore.ir import Crossing, PartitionError
from sc_neurocore.ir._order import walk

#: The place that gives the input and takes what nobody else reads.
HOST = ""


@dataclass(frozen=True)
class ChipLink:
    """Packets of one batch from a place to another.

    Attributes:
        source: place that sends, or `HOST`.
        target: place that receives, or `HOST`.
        batch: its number in the packets.
        layers: of the whole network, or `INPUT`: their spikes have the addresses from the sum of
            the sizes before them on.
        sizes: of these.
        delay: ticks by which the receiver holds them back.
    """

    source: str
    target: str
    batch: int
    layers: tuple[int, ...]
    sizes: tuple[int, ...]
    delay: int

    @property
    def size(self) -> int:
        """Addresses."""
        return sum(self.sizes)

    @property
    def offsets(self) -> tuple[int, ...]:
        """First address of each layer."""
        return tuple(int(x) for x in np.cumsum((0, *self.sizes))[:-1])

    def __str__(self) -> str:
        return f"{self.source or 'host'} -> {self.target or 'host'}, batch {self.batch}"


@dataclass(frozen=True, eq=False)
class ChipPart:
    """What one chip computes.

    Attributes:
        place: its name.
        network: its layers; the input is all that comes in over its links, one after the other.
        layers: their indices in the whole network.
        exports: its own layers whose spikes leave it.
        incoming: links, by index in `ChipNetwork.links`, in the order of the input.
        outgoing: links, likewise.
    """

    place: str
    network: IntegerNetwork
    layers: tuple[int, ...]
    exports: tuple[int, ...]
    incoming: tuple[int, ...]
    outgoing: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ChipNetwork:
    """A network on chips.

    Attributes:
        whole: before it was cut.
        parts: by place.
        links: between them, and from and to the host.
    """

    whole: IntegerNetwork
    parts: tuple[ChipPart, ...]
    links: tuple[ChipLink, ...]


def crossings_of(network: IntegerNetwork, places: Sequence[str]) -> tuple[Crossing, ...]:
    """What has to cross if each layer is at its place, by the names of the layers."""
    delays: dict[tuple[int, str], int] = {}
    for target, layer in enumerate(network.layers):
        for p in layer.projections:
            if p.source != INPUT and places[p.source] != places[target]:
                key = (p.source, places[target])
                delays[key] = min(delays.get(key, p.delay), p.delay)
    return tuple(
        Crossing(
            stream, network.layers[source].name, places[source], place,
            network.layers[source].size, delay,
        )
        for stream, ((source, place), delay) in enumerate(delays.items())
    )  # fmt: skip


def split_network(
    network: IntegerNetwork,
    places: Sequence[str],
    crossings: Sequence[Crossing],
    ids: Mapping[str, int] | None = None,
) -> ChipNetwork:
    """Cut a network into chips. Formats and weights stay those of the whole.

    Args:
        network: the whole; its input is spikes.
        places: of each layer.
        crossings: what travels, see `crossings_of`.
        ids: layer by the name that crossings call it; None for the layers' own names.

    Raises:
        PartitionError: something else than spikes would have to travel, a chip has no input, a
            projection no crossing, or chips wait for one another within a tick.
    """
    if network.input.coding == "direct":
        raise PartitionError(
            f"the input of '{network.name}' is a current, and only spikes travel to chips; use "
            "coding rate or events"
        )
    if network.readout != "count":
        raise PartitionError(
            f"the class of '{network.name}' is read from membranes, and only spikes leave a chip; "
            "let the output population spike, or run it in a process"
        )
    ids = ids or {layer.name: k for k, layer in enumerate(network.layers)}
    order = list(dict.fromkeys(places))
    links = [*_from_host(network, places, order), *_between(network, crossings, ids)]
    links += _to_host(network, places, order, links)
    _require_order(order, links)
    names = Namespace()
    parts = [_part(network, place, names.claim(place), places, tuple(links)) for place in order]
    return ChipNetwork(network, tuple(parts), tuple(links))


def _from_host(
    network: IntegerNetwork, places: Sequence[str], order: Sequence[str]
) -> list[ChipLink]:
    readers = {
        places[k]
        for k, layer in enumerate(network.layers)
        if any(p.source == INPUT for p in layer.projections)
    }
    size = network.input.size
    return [ChipLink(HOST, p, 0, (INPUT,), (size,), 0) for p in order if p in readers]


def _between(
    network: IntegerNetwork, crossings: Sequence[Crossing], ids: Mapping[str, int]
) -> list[ChipLink]:
    batches: dict[tuple[str, str, int], list[Crossing]] = {}
    for c in sorted(crossings, key=lambda c: c.stream):
        batches.setdefault((c.source, c.target, c.batch), []).append(c)
    return [
        ChipLink(
            source, target, batch,
            tuple(ids[c.node] for c in members), tuple(c.size for c in members),
            min(min(c.delay for c in members), network.ticks),
        )
        for (source, target, batch), members in batches.items()
    ]  # fmt: skip


def _require_order(order: Sequence[str], links: Sequence[ChipLink]) -> None:
    """Refuse chips that wait for one another within a tick: they would for ever."""
    instant = {
        place: [link.target for link in links if link.source == place and not link.delay]
        for place in order
    }
    if cycle := walk(order, instant).cycle:
        raise PartitionError(
            f"chips {' -> '.join((*cycle, cycle[0]))} wait for one another within a tick; give a "
            "crossing between them a delay of at least one tick, or put their layers at one place"
        )


def _to_host(
    network: IntegerNetwork,
    places: Sequence[str],
    order: Sequence[str],
    links: Sequence[ChipLink],
) -> list[ChipLink]:
    """What nobody reads, and of a chip without such a layer all that it has."""
    read = {p.source for layer in network.layers for p in layer.projections} - {network.output}
    found = []
    for place in order:
        own = [k for k, at in enumerate(places) if at == place]
        leaving = [k for k in own if k not in read]
        if not leaving and not any(link.source == place for link in links):
            leaving = own
        if leaving:
            sizes = tuple(network.layers[k].size for k in leaving)
            found.append(ChipLink(place, HOST, 0, tuple(leaving), sizes, 0))
    return found


def _part(
    network: IntegerNetwork,
    place: str,
    name: str,
    places: Sequence[str],
    links: tuple[ChipLink, ...],
) -> ChipPart:
    incoming = tuple(i for i, link in enumerate(links) if link.target == place)
    outgoing = tuple(i for i, link in enumerate(links) if link.source == place)
    if not incoming:
        raise PartitionError(
            f"nothing comes in at chip '{place}'; put its layers where something drives them"
        )
    own = tuple(k for k, at in enumerate(places) if at == place)
    base: dict[tuple[int, int], int] = {}  # first row of a source that a link carries
    size = 0
    for i in incoming:
        for source, offset in zip(links[i].layers, links[i].offsets, strict=True):
            base[source, i] = size + offset
        size += links[i].size
    layers = []
    for k in own:
        layer = network.layers[k]
        projections = _projections(network, layer, own, links, base, size)
        layers.append(replace(layer, projections=projections))
    exports = tuple(own.index(k) for k in own if any(k in links[i].layers for i in outgoing))
    part = replace(
        network,
        name=name,
        input=InputCoding(size, "events", network.input.bits),
        layers=tuple(layers),
        output=exports[0],
        notices=(),
    )
    return ChipPart(place, part, own, exports, incoming, outgoing)


def _projections(
    network: IntegerNetwork,
    layer: IntegerLayer,
    own: Sequence[int],
    links: Sequence[ChipLink],
    base: Mapping[tuple[int, int], int],
    size: int,
) -> tuple[IntegerProjection, ...]:
    """Of the layer on its chip: its own sources as they are, the others as parts of the input.

    Rows of the input that the layer does not read weigh zero, and a stream of weight zero adds up
    to zero in every tick.
    """
    kept: list[IntegerProjection] = []
    entering: list[tuple[int, np.ndarray, np.ndarray]] = []  # delay, weights, rows in use
    for p in layer.projections:
        if p.source in own:
            kept.append(IntegerProjection(own.index(p.source), p.weights, p.delay))
            continue
        found = [(at, i) for (source, i), at in base.items() if source == p.source]
        found = [(at, i) for at, i in found if links[i].delay <= p.delay]
        if not found:
            raise PartitionError(
                f"layer '{layer.name}' reads '{network.layers[p.source].name}' from another chip, "
                "but no crossing brings its spikes in time; give the crossing no more delay than "
                "the projection"
            )
        at, i = found[0]
        rest, rows = p.delay - links[i].delay, slice(at, at + len(p.weights))
        free = (e for e in entering if e[0] == rest and not e[2][rows].any())
        entry = next(free, None)
        if entry is None:
            entry = (rest, np.zeros((size, layer.size), np.int64), np.zeros(size, bool))
            entering.append(entry)
        entry[1][rows] = p.weights
        entry[2][rows] = True
    return (*kept, *(IntegerProjection(INPUT, w, delay) for delay, w, _ in entering))
