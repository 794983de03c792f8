"""The SC-NIR document of a network in normal form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._graph import Graph, Node
from sc_neurocore.ir._ops import Input, Neurons, Output, Projection
from sc_neurocore.ir._scnir_correlation import (
    Partner,
    SCNIRCorrelationError,
    candidates_like,
    independent_source,
)
from sc_neurocore.ir._scnir_document import (
    DelaySteps,
    SCNIRCorrelationConstraint,
    SCNIRDocument,
    SCNIRHierarchyInstance,
    SCNIRHierarchyPort,
    SCNIROnlineLearning,
    SCNIRPrecision,
    SCNIRSource,
    SCNIRStream,
    SCNIRStreamTransform,
    SignalKind,
    SourceKind,
)
from sc_neurocore.ir._scnir_json import scnir_to_dict
from sc_neurocore.ir._verify import node_error

#: Ends of the ids of populations' streams, and beginnings of ports' names.
_WORDS: Mapping[SignalKind, str] = {
    "spiking": "spike",
    "analogue_state": "state",
    "weight": "weight",
}


@dataclass(frozen=True)
class SCNIRConversionConfig:
    """How streams are described that the graph says nothing about.

    Attributes:
        bitstream_length: bits of every stream.
        data_width: ``total_bits`` of the precision.
        fraction: ``fraction_bits`` of the precision.
        accumulator_bits: of the precision; None for `resolved_accumulator_bits`.
        source_kind: of every source.
        source_width: bits of a source's numbers.
        base_seed: seed that the sources are derived from; None for the kind's own.
        max_abs_scc: largest SCC of a population and the weights that multiply it.
        input_kind: whether inputs are spikes or constant currents.
        online_learning: annotations by id of the weight stream.
    """

    bitstream_length: int = 256
    data_width: int = 16
    fraction: int = 8
    accumulator_bits: int | None = None
    source_kind: SourceKind = "sobol"
    source_width: int = 16
    base_seed: int | None = None
    max_abs_scc: float = 0.25
    input_kind: SignalKind = "spiking"
    online_learning: Mapping[str, SCNIROnlineLearning] = field(default_factory=dict)

    def resolved_accumulator_bits(self) -> int:
        """The given width, or that which sums the products of 2^16 values without overflow."""
        return 2 * self.data_width + 16 if self.accumulator_bits is None else self.accumulator_bits

    def precision(self) -> SCNIRPrecision:
        """Of every stream."""
        accumulator = self.resolved_accumulator_bits()
        return SCNIRPrecision(self.data_width, self.fraction, True, accumulator)

    def first_source(self) -> SCNIRSource:
        """What the sources are derived from."""
        kind, width, seed = self.source_kind, self.source_width, self.base_seed
        if kind == "lfsr":
            return SCNIRSource(
                kind, width, (0xACE1 if width >= 16 else 1) if seed is None else seed
            )
        if kind == "halton":
            return SCNIRSource(kind, width, base=2)
        if kind == "counter":
            return SCNIRSource(kind, width)
        return SCNIRSource(kind, width, seed or 0, 1 if kind == "sobol" else None)


def scnir_config_of(document: SCNIRDocument) -> SCNIRConversionConfig:
    """The config that describes the streams of other networks, as parts of one, like a document's.

    From it, the network of a document that `build_scnir_from_graph` made gets that document again,
    if its inputs are spikes and nothing learns.

    Args:
        document: whose streams are of one length, precision and kind of source.

    Raises:
        SCConfigError: they are not, or there are none.
    """
    if not document.streams:
        raise SCConfigError(f"the SC-NIR document '{document.name}' has no streams to take after")
    first = next((s for s in document.streams if s.signal_kind == "weight"), document.streams[0])
    for stream in document.streams:
        for what, own, other in (
            ("bitstream_length", first.bitstream_length, stream.bitstream_length),
            ("precision", first.precision, stream.precision),
            ("kind of source", first.source.kind, stream.source.kind),
            ("width of source", first.source.width, stream.source.width),
        ):
            if own != other:
                raise SCConfigError(
                    f"streams '{first.id}' and '{stream.id}' of the SC-NIR document "
                    f"'{document.name}' differ in {what} ({own} and {other}); give a document "
                    "whose streams are alike"
                )
    limits = [c.max_abs_scc for stream in document.streams for c in stream.correlation]
    precision, source = first.precision, first.source
    return SCNIRConversionConfig(
        bitstream_length=first.bitstream_length,
        data_width=precision.total_bits,
        fraction=precision.fraction_bits,
        accumulator_bits=precision.accumulator_bits,
        source_kind=source.kind,
        source_width=source.width,
        base_seed=source.seed,
        max_abs_scc=min(limits, default=SCNIRConversionConfig.max_abs_scc),
    )


@dataclass(frozen=True)
class _Connection:
    """The projections between two nodes that one stream of weights carries.

    Attributes:
        source: id of the node that gives.
        target: id of the node that takes.
        delay: ticks, one number or one per source column.
    """

    source: str
    target: str
    delay: DelaySteps


def build_scnir_from_graph(
    graph: Graph, config: SCNIRConversionConfig | None = None
) -> SCNIRDocument:
    """Describe every stream of a network in normal form.

    Inputs and populations are streams, and so are the weights between two nodes. Weights are
    constrained against the stream that they multiply, and sources are chosen such that the measured
    SCC of every such pair is within its limit: other dimensions or bases of low-discrepancy
    sequences, other phases of registers. A population named ``outer.inner`` belongs to the
    hierarchy instance ``outer``, and the weights into it too.

    Args:
        graph: with Input, Projection, Neurons and Output nodes only, as `FoldLinear` gives it.
        config: of what the graph does not say.

    Raises:
        GraphError: the graph is not in normal form.
        SCNIRValidationError: the config breaks a rule of the document.
        SCNIRCorrelationError: no source of the kind is independent enough.
        SCConfigError: an annotation of online learning for a stream that is none.
    """
    config = config or SCNIRConversionConfig()
    populations = _populations(graph)
    for node in graph.nodes.values():
        if not isinstance(node.op, Input | Neurons | Projection | Output):
            raise node_error(graph, node.id, node.id, "is not of the normal form; run FoldLinear")
    names = _fragments(graph.nodes)
    kinds = {node.id: _signal_kind(node, config) for node in populations}
    ids = population_stream_ids(graph, config)
    connections = _connections(graph)
    weights = _weight_ids(connections, names)
    for identity in config.online_learning:
        if identity not in weights:
            raise SCConfigError(
                f"online_learning names '{identity}', which is no weight stream; there are "
                f"{', '.join(weights)}"
            )
    streams = [
        _population_stream(node, ids[node.id], kinds[node.id], config) for node in populations
    ]
    streams += [
        _weight_stream(identity, connection, ids[connection.source], config)
        for identity, connection in zip(weights, connections, strict=True)
    ]
    document = SCNIRDocument(
        graph.name or "network", tuple(streams), _hierarchy(ids, connections, weights, streams)
    )
    scnir_to_dict(document)  # the rules first: a source out of range cannot be measured
    document = SCNIRDocument(document.name, _with_sources(streams), document.hierarchy)
    scnir_to_dict(document)
    return document


def population_stream_ids(
    graph: Graph, config: SCNIRConversionConfig | None = None
) -> dict[str, str]:
    """Ids of the streams of inputs and populations, by node, as `build_scnir_from_graph` has them.

    Args:
        graph: in normal form.
        config: of the document.
    """
    config, names = config or SCNIRConversionConfig(), _fragments(graph.nodes)
    return {
        node.id: f"pop.{names[node.id]}.{_WORDS[_signal_kind(node, config)]}"
        for node in _populations(graph)
    }


def _populations(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes.values() if isinstance(node.op, Input | Neurons)]


def _signal_kind(node: Node, config: SCNIRConversionConfig) -> SignalKind:
    if isinstance(node.op, Neurons):
        return "spiking" if node.op.spiking else "analogue_state"
    return config.input_kind


def _fragments(ids: Iterable[str], digit: str = "") -> dict[str, str]:
    """Each id as letters, digits and '_', different for different ids.

    What would begin with a digit, or be empty, gets ``digit`` before it.
    """
    found: dict[str, str] = {}
    for identity in ids:
        base = re.sub(r"[^A-Za-z0-9_]", "_", identity)[:40]
        if not base or base[0].isdigit():
            base = f"{digit}{base}"
        fragment, taken, number = base, {f.lower() for f in found.values()}, 2
        while fragment.lower() in taken:
            fragment, number = f"{base}_{number}", number + 1
        found[identity] = fragment
    return found


def _connections(graph: Graph) -> list[_Connection]:
    """Pairs of nodes that projections join; a column with two delays takes a second connection."""
    found: dict[tuple[str, str], list[dict[int, int]]] = {}
    sizes: dict[tuple[str, str], int] = {}
    for node in graph.nodes.values():
        if not isinstance(node.op, Projection):
            continue
        used = np.flatnonzero(np.any(node.op.weight != 0.0, axis=0)).tolist()
        for before in graph.incoming(node.id):
            for after in graph.outgoing(node.id):
                pair = (before.source, after.target)
                delay = node.op.delay + before.delay + after.delay
                sizes[pair] = node.op.weight.shape[1]
                groups = found.setdefault(pair, [])
                for columns in groups:
                    if all(columns.get(column, delay) == delay for column in used):
                        columns.update(dict.fromkeys(used, delay))
                        break
                else:
                    groups.append(dict.fromkeys(used, delay))
    return [
        _Connection(*pair, _delay(columns, sizes[pair]))
        for pair, groups in found.items()
        for columns in groups
    ]


def _delay(columns: Mapping[int, int], size: int) -> DelaySteps:
    delays = set(columns.values()) or {0}
    if len(delays) == 1:
        return delays.pop()
    return tuple(columns.get(column, 0) for column in range(size))


def _weight_ids(connections: Sequence[_Connection], names: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for connection in connections:
        base = f"conn.{names[connection.source]}_to_{names[connection.target]}"
        identity, number = f"{base}.weight", 2
        while identity in found:
            identity, number = f"{base}_{number}.weight", number + 1
        found.append(identity)
    return found


def _population_stream(
    node: Node, identity: str, kind: SignalKind, config: SCNIRConversionConfig
) -> SCNIRStream:
    transforms: tuple[SCNIRStreamTransform, ...] = ()
    if isinstance(node.op, Neurons) and node.op.kind == "threshold":
        values = tuple(map(float, node.op.parameter("threshold").reshape(-1)))
        transforms = (SCNIRStreamTransform(values[0] if len(set(values)) == 1 else values),)
    return SCNIRStream(
        id=identity,
        signal_kind=kind,
        encoding="unipolar" if kind == "spiking" else "bipolar",
        bitstream_length=config.bitstream_length,
        precision=config.precision(),
        source=config.first_source(),
        transforms=transforms,
    )


def _weight_stream(
    identity: str, connection: _Connection, multiplied: str, config: SCNIRConversionConfig
) -> SCNIRStream:
    return SCNIRStream(
        id=identity,
        signal_kind="weight",
        encoding="bipolar",
        bitstream_length=config.bitstream_length,
        precision=config.precision(),
        source=config.first_source(),
        delay_steps=connection.delay,
        correlation=(SCNIRCorrelationConstraint(multiplied, config.max_abs_scc),),
        online_learning=config.online_learning.get(identity),
    )


def _with_sources(streams: Sequence[SCNIRStream]) -> tuple[SCNIRStream, ...]:
    """The streams with sources that are independent where they must be, the weights' first."""
    chosen: dict[str, SCNIRSource] = {}
    for stream in sorted(streams, key=lambda s: s.signal_kind != "weight"):
        limits = {c.stream: c.max_abs_scc for c in stream.correlation}
        limits |= {
            s.id: c.max_abs_scc for s in streams for c in s.correlation if c.stream == stream.id
        }
        partners: list[Partner] = [
            (chosen[name].generator(), limit) for name, limit in limits.items() if name in chosen
        ]
        source = independent_source(
            candidates_like(stream.source), partners, stream.bitstream_length
        )
        if source is None:
            raise SCNIRCorrelationError(
                f"no source of kind '{stream.source.kind}' that was tried is independent enough of "
                f"the streams that '{stream.id}' is multiplied with, {', '.join(limits)}, at "
                f"{stream.bitstream_length} bits and an SCC of at most "
                f"{min(limits.values()):g}; use longer streams, 'sobol', or allow more correlation"
            )
        chosen[stream.id] = source
    return tuple(replace(stream, source=chosen[stream.id]) for stream in streams)


def _hierarchy(
    ids: Mapping[str, str],
    connections: Sequence[_Connection],
    weights: Sequence[str],
    streams: Sequence[SCNIRStream],
) -> tuple[SCNIRHierarchyInstance, ...]:
    """An instance for each nested graph that holds populations itself."""
    outputs: dict[str, list[str]] = {}
    inputs: dict[str, list[str]] = {}
    for name, identity in ids.items():
        if _outer(name):
            outputs.setdefault(_outer(name), []).append(identity)
    for connection, identity in zip(connections, weights, strict=True):
        outer = _outer(connection.target)
        if outer in outputs:
            outputs[outer].append(identity)
            given = ids[connection.source]
            if _outer(connection.source) != outer and given not in inputs.setdefault(outer, []):
                inputs[outer].append(given)
    kinds = {stream.id: stream.signal_kind for stream in streams}
    names = _fragments(dict.fromkeys(part for outer in outputs for part in outer.split(".")), "_")
    instances = []
    for outer, fragment in _fragments(outputs).items():
        listed = [("input", s) for s in inputs.get(outer, ())]
        listed += [("output", s) for s in outputs[outer]]
        ports, counts = [], dict.fromkeys(kinds.values(), 0)
        for direction, identity in listed:
            kind = kinds[identity]
            name = f"{_WORDS[kind]}_{counts[kind]}"
            counts[kind] += 1
            ports.append(SCNIRHierarchyPort(name, direction, kind, identity))  # type: ignore[arg-type]
        path = "/".join(names[part] for part in outer.split("."))
        module = f"block_{fragment}"
        instances.append(SCNIRHierarchyInstance(path, module, f"{module}_0", tuple(ports)))
    return tuple(instances)


def _outer(name: str) -> str:
    return name.rpartition(".")[0]
