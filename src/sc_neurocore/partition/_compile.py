"""The partition compiler: from a network and its places to parts that can run."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from sc_neurocore.ir import (
    BatchWires,
    DeriveDeadlines,
    ExpandOps,
    Graph,
    InferPlaces,
    InsertDeadlineGates,
    InsertReceiveGates,
    InsertTransmitGates,
    PartitionError,
    Partitions,
    PlaceNodes,
    ResolveSlots,
    SCNIRConversionConfig,
    SliceAtWires,
    SolveTypes,
    StampMetadata,
    SynthesiseReceives,
    Validate,
    VerifyCalls,
    VerifyRuntime,
)
from sc_neurocore.ir.passes import pass_name, run_pass, uncollected
from sc_neurocore.nir_bridge import SCNetwork, from_nir
from sc_neurocore.nir_bridge._graphs import with_settings
from sc_neurocore.partition._areas import find_areas, limits_area, upper_ends
from sc_neurocore.partition._places_file import PlacesFile
from sc_neurocore.partition._traffic import measure_traffic

Inputs = ArrayLike | Mapping[str, ArrayLike]
#: A step that a user adds: once over all parts, or once for each part.
UserPass = Callable[[Partitions], Partitions] | Callable[[Graph], Graph]


@dataclass(frozen=True)
class PerPart:
    """Apply a pass over graphs to every part, once each.

    Attributes:
        step: the pass.
    """

    step: Callable[[Graph], Graph]

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with each part changed."""
        parts = {place: self.step(part) for place, part in partitions.parts.items()}
        for place, part in parts.items():
            if not isinstance(part, Graph):
                raise PartitionError(
                    f"gave a value of type {type(part).__name__} for the part at {place!r}; a pass "
                    "over graphs returns a Graph."
                )
        return dataclasses.replace(partitions, parts=parts)

    @property
    def __name__(self) -> str:
        """What messages call it: as its step."""
        return pass_name(self.step)


@uncollected()
def compile_partitions(
    network: SCNetwork,
    file: PlacesFile,
    *,
    inputs: Inputs | None = None,
    user_passes: Sequence[UserPass] = (),
    scnir: SCNIRConversionConfig | None = None,
    progress: Callable[[str], None] | None = None,
) -> Partitions:
    """Spread a network over places.

    The passes run in the documented order, and what each gives is verified: `Validate`,
    `ExpandOps`, `SolveTypes`, `InferPlaces`, `PlaceNodes`, `SliceAtWires`, `SynthesiseReceives`,
    `BatchWires`, `DeriveDeadlines`, `InsertDeadlineGates`, `InsertTransmitGates`,
    `InsertReceiveGates`, the user's own, `ResolveSlots`, `StampMetadata`, `VerifyCalls`,
    `VerifyRuntime`. Every part states the network's assumptions in its metadata, so that
    `from_nir(part)` computes what the whole network does.

    Args:
        network: to be spread.
        file: the places, and what it says about nodes.
        inputs: as `SCNetwork.run` takes them, with time; the spikes they cause decide where the
            network is cut. None: every population counts alike.
        user_passes: over `Partitions`, or over `Graph` and then applied to each part once; the
            annotation of the parameter says which. After each, every node must still read what it
            reads in the whole network, through all gates.
        scnir: how chips describe streams, see `SynthesiseReceives`; None if no chip computes with
            streams of bits, as those of `run_chips` do not.
        progress: is told the name of each pass before it runs.

    Raises:
        GraphError: the network breaks a rule; the message names the pass.
        PartitionError: it cannot be spread as asked; the message names the pass and what must give.
        SCConfigError: the inputs do not fit.
        SCDependencyError: the partitioner is needed and not installed.
    """
    own = tuple(_over_partitions(step) for step in user_passes)
    done: list[object] = []

    def apply(step: Callable[[Any], Any], subject: Any) -> Any:
        if progress is not None:
            progress(pass_name(step))
        made = run_pass(step, subject)
        done.append(step)
        return made

    stated = {
        name: getattr(network.assumptions, name)
        for name in ("reset", "reset_when", "cuba_order", "delay_rounding")
    }
    graph: Graph = with_settings(network.flat, stated)
    for step in (
        Validate(file.places, file.nodes, file.splits, network.assumptions),
        ExpandOps(file.splits, network.assumptions),
        SolveTypes(file.places),
        InferPlaces(file.places, file.nodes),
    ):
        graph = apply(step, graph)
    traffic: Mapping[str, float] = {}
    areas: Mapping[str, Mapping[str, Mapping[str, float]]] = {}
    if inputs is not None or limits_area(file.places):
        if progress is not None:
            progress("measuring traffic and areas")
        expanded = from_nir(graph)
        traffic = {} if inputs is None else measure_traffic(expanded, inputs)
        areas = upper_ends(find_areas(expanded, file.places))
    graph = apply(PlaceNodes(file.places, traffic, areas), graph)
    partitions: Partitions = apply(SliceAtWires(file.places), graph)
    rest: tuple[Callable[[Partitions], Partitions], ...] = (
        SynthesiseReceives(scnir),
        BatchWires(),
        DeriveDeadlines(file.tick_ns),
        InsertDeadlineGates(),
        InsertTransmitGates(),
        InsertReceiveGates(),
    )
    for ours in rest:
        partitions = apply(ours, partitions)
    for theirs in own:
        made = apply(theirs, partitions)
        _require_kept(theirs, partitions, made)
        partitions = made
    partitions = apply(ResolveSlots(), partitions)
    stamp = StampMetadata(network.graph.digest, tuple(done), {})
    ending: tuple[Callable[[Partitions], Partitions], ...] = (stamp, VerifyCalls(), VerifyRuntime())
    for final in ending:
        partitions = apply(final, partitions)
    return partitions


def _require_kept(step: object, before: Partitions, after: Partitions) -> None:
    """Refuse what a user's pass may not change, in its name."""
    try:
        if after.whole is not before.whole and after.whole != before.whole:
            raise PartitionError(
                "changes the whole network, which the parts are checked against; change the "
                "network before it is spread."
            )
        VerifyCalls()(after)
        VerifyRuntime().verify_gates(after)
    except PartitionError as error:
        raise type(error)(f"{pass_name(step)}: {error}") from None


def _over_partitions(step: UserPass) -> Callable[[Partitions], Partitions]:
    """A user's pass as one over partitions."""
    function = step if inspect.isroutine(step) else type(step).__call__
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        hints = {}
    taken = [hint for name, hint in hints.items() if name != "return"]
    if taken[:1] == [Partitions]:
        return typing.cast("Callable[[Partitions], Partitions]", step)
    if taken[:1] == [Graph]:
        return PerPart(typing.cast("Callable[[Graph], Graph]", step))
    name = getattr(step, "__name__", type(step).__name__)
    raise PartitionError(
        f"User pass {name!r} does not say what it takes; annotate its parameter as Graph (it is "
        "applied to each part) or as Partitions."
    )
