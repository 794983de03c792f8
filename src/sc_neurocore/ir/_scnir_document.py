"""The SC-NIR document: what every stochastic stream of a network is made of.

The classes hold data; `validate_scnir_dict` is the one gate, on the document's JSON form, that
everything read, written, built or emitted goes through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sc_neurocore.bitstream import Counter, Halton, Lfsr, NumpyRandom, Sobol, Source
from sc_neurocore.exceptions import SCConfigError

SignalKind = Literal["spiking", "analogue_state", "weight"]
Encoding = Literal["unipolar", "bipolar"]
SourceKind = Literal["lfsr", "sobol", "halton", "counter", "random"]
Direction = Literal["input", "output"]
LearningRule = Literal["stdp", "reward_stdp", "delta"]
#: Ticks of delay: one number, or one per source column of a weight stream.
DelaySteps = int | tuple[int, ...]

#: The version that is written.
SCNIR_VERSION = "v0.7"


class SCNIRValidationError(SCConfigError):
    """An SC-NIR document breaks a rule; the message names the field and the rule."""


@dataclass(frozen=True)
class SCNIRPrecision:
    """Fixed-point reading of the values that a stream stands for.

    Attributes:
        total_bits: width of a value, at least 1.
        fraction_bits: bits behind the binary point, 0 to ``total_bits``.
        signed: whether the top bit is a sign.
        accumulator_bits: width of the sum of products, at least ``total_bits``.
    """

    total_bits: int
    fraction_bits: int
    signed: bool
    accumulator_bits: int


@dataclass(frozen=True)
class SCNIRSource:
    """The generator of a stream's comparator numbers, restarted with every stream.

    Attributes:
        kind: ``lfsr``, ``sobol``, ``halton``, ``counter`` or ``random``.
        width: bits of a number.
        seed: ``lfsr``: first state, not 0; ``sobol``: digital shift; ``random``: seed of the
            generator; None for the others.
        dimension: of ``sobol``, 1 to 1024; else None.
        base: of ``halton``, a prime up to 251; else None.
    """

    kind: SourceKind
    width: int = 16
    seed: int | None = None
    dimension: int | None = None
    base: int | None = None

    def generator(self) -> Source:
        """The same source of `sc_neurocore.bitstream`.

        Raises:
            SCConfigError: a field is out of range, or missing for this kind.
        """
        if self.kind == "lfsr":
            return Lfsr(self.width, self._needed("seed"))
        if self.kind == "sobol":
            return Sobol(self._needed("dimension"), self.width, self._needed("seed"))
        if self.kind == "halton":
            return Halton(self._needed("base"), self.width)
        if self.kind == "random":
            return NumpyRandom(self._needed("seed"), self.width)
        return Counter(self.width)

    def _needed(self, name: str) -> int:
        value = getattr(self, name)
        if value is None:
            raise SCConfigError(f"source '{self.kind}' has no {name}; give one")
        return int(value)


@dataclass(frozen=True)
class SCNIRStreamTransform:
    """What is done to a signal before it becomes the stream.

    Attributes:
        threshold: of a comparator, ``signal > threshold``: one number, or one per element.
        kind: ``"threshold"``, the only one.
    """

    threshold: float | tuple[float, ...]
    kind: Literal["threshold"] = "threshold"


@dataclass(frozen=True)
class SCNIRCorrelationConstraint:
    """Another stream that this one is multiplied with, and how correlated they may be.

    Attributes:
        stream: id of the other stream.
        max_abs_scc: largest magnitude of SCC, 0 to 1, at the values of both streams where
            dependence changes the product most (`measure_scnir_correlations`).
    """

    stream: str
    max_abs_scc: float


@dataclass(frozen=True)
class SCNIROnlineLearning:
    """How a weight stream's values change while the network runs.

    Attributes:
        rule: ``stdp``, ``reward_stdp`` or ``delta``.
        learning_rate: above 0.
        weight_min: least weight.
        weight_max: greatest weight, above ``weight_min``.
    """

    rule: LearningRule
    learning_rate: float
    weight_min: float
    weight_max: float


@dataclass(frozen=True)
class SCNIRStream:
    """One logical stream: a population's output, or the weights of a connection.

    Attributes:
        id: unique; of a weight stream ``conn.<source>_to_<target>.weight``.
        signal_kind: ``spiking``, ``analogue_state`` or ``weight``.
        encoding: ``unipolar``, 0 to 1, or ``bipolar``, -1 to 1.
        bitstream_length: bits of a stream, at least 1.
        precision: of its values.
        source: of its comparator numbers.
        delay_steps: ticks by which the connection delays, one number or one per source column.
        transforms: applied to the signal before it becomes the stream, in order.
        correlation: streams that it is multiplied with.
        online_learning: of a weight stream that learns, else None.
    """

    id: str
    signal_kind: SignalKind
    encoding: Encoding
    bitstream_length: int
    precision: SCNIRPrecision
    source: SCNIRSource
    delay_steps: DelaySteps = 0
    transforms: tuple[SCNIRStreamTransform, ...] = ()
    correlation: tuple[SCNIRCorrelationConstraint, ...] = ()
    online_learning: SCNIROnlineLearning | None = None


@dataclass(frozen=True)
class SCNIRHierarchyPort:
    """A stream at the boundary of a hierarchy instance.

    Attributes:
        name: HDL name, unique in the instance.
        direction: ``output`` for a stream made inside, ``input`` for one made elsewhere.
        signal_kind: that of the stream.
        stream: its id.
    """

    name: str
    direction: Direction
    signal_kind: SignalKind
    stream: str


@dataclass(frozen=True)
class SCNIRHierarchyInstance:
    """A subgraph of the network that becomes a module of its own.

    Attributes:
        id: unique; a path with ``/`` for a subgraph inside another.
        module: HDL name of its module.
        instance: HDL name of the instance in the top module.
        ports: its streams; at least one is an output.
    """

    id: str
    module: str
    instance: str
    ports: tuple[SCNIRHierarchyPort, ...]


@dataclass(frozen=True)
class SCNIRDocument:
    """All streams of a network, in order.

    Attributes:
        name: of the network.
        streams: with unique ids.
        hierarchy: instances, with unique ids and HDL names.
        version: of the form, always the current one once read.
    """

    name: str
    streams: tuple[SCNIRStream, ...]
    hierarchy: tuple[SCNIRHierarchyInstance, ...] = ()
    version: str = SCNIR_VERSION

    def stream(self, identity: str) -> SCNIRStream:
        """The stream of an id.

        Raises:
            KeyError: there is none.
        """
        for stream in self.streams:
            if stream.id == identity:
                return stream
        raise KeyError(identity)
