"""What a new network changes of a device, and whether parameter banks can hold that."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sc_neurocore.accelerator import Folding, IntegerNetwork, bank_words, with_weights
from sc_neurocore.compiler_service._contract import (
    LiveUpdateKind,
    LiveUpdatePackage,
    LiveUpdatePolicy,
)
from sc_neurocore.compiler_service.update._words import Words, Writes, difference
from sc_neurocore.digital_twin import Twin
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph, Input, Neurons, Output, Projection
from sc_neurocore.nir_bridge import SCNetwork, from_nir


@dataclass(frozen=True, eq=False)
class Draft:
    """A change, before any gate.

    Attributes:
        package: how the contract classifies it.
        image_fields: changed fields that the device's banks do not hold, so that another image is
            needed; empty for a hot swap.
        why: for a change that needs an image, a sentence; else empty.
        network: the integers of the new network on the device's scales; None if an image is needed.
        before: what the banks hold.
        after: what they will.
        writes: from before to after.
        inverse: back.
    """

    package: LiveUpdatePackage
    image_fields: tuple[str, ...]
    why: str
    network: IntegerNetwork | None
    before: Words
    after: Words
    writes: Writes
    inverse: Writes


def draft_update(
    twin: Twin,
    source: SCNetwork | Graph | Path | str,
    *,
    request_id: str,
    target_name: str,
    changed_fields: Sequence[str] = (),
    policy: LiveUpdatePolicy | None = None,
) -> Draft:
    """Find what a new network changes: the contract's class, and the words of the banks.

    Args:
        twin: of the device; its newest network is what the device has.
        source: the new network, its graph or its NIR file.
        request_id: name of the request.
        target_name: name of the device's kind.
        changed_fields: what else was changed, which the network's file does not show, such as
            ``clock``.
        policy: None for the default one.

    Raises:
        SCConfigError: no such file or field, or a network that changes nothing.
    """
    rules = policy or LiveUpdatePolicy()
    other = source if isinstance(source, SCNetwork) else from_nir(source)
    network, found, why = _compare(twin.network, other)
    fields = tuple(dict.fromkeys((*found, *changed_fields)))
    before = _words_of(twin.network, tuple(twin.foldings))
    after = before if network is None else bank_words(network, twin.foldings)
    writes = difference(before, after)
    if network is not None and not writes:
        fields = tuple(f for f in fields if f != "weights" or f in changed_fields)
        if not fields:
            raise SCConfigError(
                f"network '{other.graph.name}' gives the same integers as the device has; there is "
                "nothing to update"
            )
    kind = rules.classify(fields)
    package = LiveUpdatePackage(
        package_id=f"{request_id}:{kind.value}",
        request_id=request_id,
        target_name=target_name,
        kind=kind,
        changed_fields=fields,
        requires_full_resynthesis=kind is LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED,
        validation_gates=rules.validation_gates,
    )
    # The banks hold weights and nothing else, whatever the policy would allow.
    beyond = tuple(f for f in fields if f != "weights" or network is None)
    return Draft(
        package, beyond, why, None if beyond else network, before, after, writes,
        difference(after, before),
    )  # fmt: skip


@functools.lru_cache(maxsize=16)
def _words_of(network: IntegerNetwork, foldings: tuple[Folding, ...]) -> Words:
    """What the banks hold; a device is planned for more than once with the same parameters."""
    words = bank_words(network, foldings)
    for entries in words.values():
        entries.flags.writeable = False
    return MappingProxyType(words)


def _compare(
    network: IntegerNetwork, other: SCNetwork
) -> tuple[IntegerNetwork | None, tuple[str, ...], str]:
    """The new integers, the fields that changed, and why there are no integers."""
    try:
        return with_weights(network, other), ("weights",), ""
    except SCConfigError as error:
        why = str(error)
    shape = _structure(other.normal)
    own = (
        network.input.size,
        network.layers[network.output].size,
        sorted(layer.size for layer in network.layers),
    )
    fields = []
    if shape[:2] != own[:2]:
        fields.append("io_shape")
    if len(shape[2]) != len(own[2]):
        fields.append("layer_count")
    if not fields:
        fields.append("weights" if _fits_without_weights(network, other) else "hdl")
    return None, tuple(fields), why


def _structure(graph: Graph) -> tuple[int, int, list[int]]:
    """Values per sample, values read, and the sizes of the layers, in order of size."""

    def size(node: str) -> int:
        return math.prod(graph.port_type(node).shape or ())

    exits = graph.nodes_of(Output)
    read = {e.source for n in exits for e in graph.incoming(n.id)}
    layers = {n.id for n in graph.nodes_of(Neurons)}
    layers |= {n for n in read if isinstance(graph.nodes[n].op, Projection)}
    return (
        sum(size(n.id) for n in graph.nodes_of(Input)),
        sum(size(n) for n in read),
        sorted(size(n) for n in layers),
    )


def _fits_without_weights(network: IntegerNetwork, other: SCNetwork) -> bool:
    """Whether the same neurons and connections would fit, were it not for the weights' range."""
    graph = other.normal
    nodes = {
        name: replace(node, op=replace(node.op, weight=np.zeros_like(node.op.weight)))
        if isinstance(node.op, Projection)
        else node
        for name, node in graph.nodes.items()
    }
    try:
        with_weights(network, SCNetwork(graph.replace(nodes=nodes), other.assumptions))
    except SCConfigError:
        return False
    return True
