"""Say how each Receive turns packets into spikes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._chains import Chain, insert_behind
from sc_neurocore.ir._gates import Decoder, Receive, Rerandomise
from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._places import Crossing, Partitions
from sc_neurocore.ir._scnir_correlation import Partner, independent_source
from sc_neurocore.ir._scnir_document import SCNIRDocument, SCNIRStream
from sc_neurocore.ir._scnir_graph import (
    SCNIRConversionConfig,
    build_scnir_from_graph,
    population_stream_ids,
)
from sc_neurocore.ir.passes.fold_linear import FoldLinear


@dataclass(frozen=True)
class SynthesiseReceives:
    """Choose each Receive's decoder, and re-randomise streams whose bits may not be forwarded.

    A process takes the host's decoder. A chip takes an AER decoder, or, where what is received is
    multiplied with streams of weights bit by bit, an unpacker of streams.

    Chips are compiled apart, each with the SC-NIR document of its own part, so that two of them may
    well use one source. What crosses from chip A to chip B is bits made with the source that A's
    document gives the sending population. B's document says what they are multiplied with there:
    every weight stream with a correlation constraint on the Receive's stream. If the measured SCC
    of A's source with the source of one of these weight streams is beyond the constraint's
    ``max_abs_scc``, forwarding the bits would break the constraint, and a `Rerandomise` stands
    behind the Receive: it counts the ones of a whole stream, and makes a new one from the source
    that B's document gives the Receive, which meets every constraint by construction. Otherwise the
    bits are forwarded. A process sends spikes that no source made; they are forwarded too.

    Attributes:
        scnir: how the chips' streams are described; None if no chip computes with streams.
    """

    scnir: SCNIRConversionConfig | None = None

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with decoders.

        Raises:
            SCNIRCorrelationError: no source is independent enough at one of the chips.
            GraphError: a chip's part has no normal form, see `FoldLinear`.
        """
        streams = {
            place: _Streams.of(part, self.scnir)
            for place, part in partitions.parts.items()
            if self.scnir is not None and partitions.places.places[place].kind == "chip"
        }
        parts = dict(partitions.parts)
        for place in parts:
            received = partitions.received_by(place)
            chip = partitions.places.places[place].kind == "chip"
            decoders: dict[str, Decoder] = {}
            fresh: dict[Crossing, Chain] = {}
            for crossing in received:
                here, there = streams.get(place), streams.get(crossing.source)
                partners = here.partners(crossing.receive_id) if here else []
                decoders[crossing.receive_id] = (
                    "host" if not chip else "stream" if partners else "aer"
                )
                if here and there and not _independent(there.stream(crossing.node), partners):
                    stream = here.stream(crossing.receive_id)
                    source = str(stream.source.generator())
                    op = Rerandomise(window=stream.bitstream_length, source=source)
                    fresh[crossing] = [("rerandomise", op)]
            if any(decoder != "host" for decoder in decoders.values()):
                parts[place] = _decoded(parts[place], decoders)
            if fresh:
                parts[place] = insert_behind(parts[place], place, fresh)
        return partitions.replace(parts=parts)


@dataclass(frozen=True)
class _Streams:
    """The streams of one chip.

    Attributes:
        document: of its part in normal form.
        ids: of the streams of its populations and Receives.
    """

    document: SCNIRDocument
    ids: dict[str, str]

    @classmethod
    def of(cls, part: Graph, config: SCNIRConversionConfig) -> _Streams:
        normal = FoldLinear(Assumptions(dt=part.dt))(part)
        return cls(build_scnir_from_graph(normal, config), population_stream_ids(normal, config))

    def stream(self, node: str) -> SCNIRStream:
        return self.document.stream(self.ids[node])

    def partners(self, node: str) -> list[Partner]:
        """Sources of the weights that a node's stream is multiplied with, and the SCC allowed."""
        identity = self.ids[node]
        return [
            (stream.source.generator(), constraint.max_abs_scc)
            for stream in self.document.streams
            for constraint in stream.correlation
            if constraint.stream == identity
        ]


def _independent(stream: SCNIRStream, partners: Iterable[Partner]) -> bool:
    """Whether the measured SCC of a stream's source with each partner is allowed."""
    found = independent_source([stream.source], list(partners), stream.bitstream_length)
    return found is not None


def _decoded(part: Graph, decoders: dict[str, Decoder]) -> Graph:
    nodes = dict(part.nodes)
    for name, decoder in decoders.items():
        op = nodes[name].op
        assert isinstance(op, Receive)
        nodes[name] = dataclasses.replace(nodes[name], op=dataclasses.replace(op, decoder=decoder))
    return part.replace(nodes=nodes)
