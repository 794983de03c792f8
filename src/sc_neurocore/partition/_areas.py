"""What a population takes of a chip: synthesised and counted, or estimated by the cost model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sc_neurocore.accelerator import (
    INPUT,
    Folding,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
    Quantisation,
    choose_foldings,
    engine_shape,
    quantise,
    write_accelerator,
)
from sc_neurocore.accelerator._normal import real_network
from sc_neurocore.cost import predict
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Place, Places
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.toolchain import Target, get_target, synthesise

#: Resources of a chip; neurons and synapses are counted in the graph.
CHIP_RESOURCES = ("luts", "brams")
#: Share of engines whose figures the intervals of estimates are made to cover.
_CONFIDENCE = 0.99


@dataclass(frozen=True)
class Area:
    """How much of one resource a population with its incoming synapses takes.

    Attributes:
        value: of it.
        low: lower end of the interval; the value if it was measured.
        high: upper end, which is what a placement counts with.
        word: ``measured`` or ``estimated``.
        record: key of the synthesis record in the evidence store; empty for an estimate.
    """

    value: float
    low: float
    high: float
    word: Literal["measured", "estimated"]
    record: str = ""


#: By place, population and resource.
PlaceAreas = Mapping[str, Mapping[str, Mapping[str, Area]]]


def find_areas(
    network: SCNetwork,
    places: Places,
    options: Quantisation | None = None,
    *,
    store: EvidenceStore | None = None,
) -> PlaceAreas:
    """Areas on every chip whose ``luts`` or ``brams`` are limited.

    Each population is taken as an engine of its own, at the cheapest folding for the chip, with
    all that arrives as its input; so the sum over a chip counts what engines share once for each.

    Args:
        network: whose populations are placed.
        places: there are.
        options: of quantisation, with events as input; the defaults if None.
        store: where synthesis records are kept: an engine that has none is synthesised, and every
            figure is measured. None to have every figure estimated.

    Raises:
        SCConfigError: the network has what no engine of ours has, or the cost model does not know
            the chip's family.
        SCDependencyError: Yosys is needed and not installed.
        ToolError: synthesis failed.
    """
    chips = [place for place in places.places.values() if _limited(place)]
    if not chips:
        return {}
    real = real_network(network.normal, network.assumptions)
    integers = quantise(
        network.normal, network.assumptions, options or Quantisation(coding="events")
    )
    names = [layer.id for layer in real.layers]
    engines = [_alone(integers, k) for k in range(len(names))]
    found: dict[str, dict[str, dict[str, Area]]] = {}
    table: dict[str, Mapping[str, Mapping[str, Area]]] = {}
    for chip in chips:
        if chip.target not in found:
            target = get_target(chip.target)
            found[chip.target] = {
                name: _areas(engine, target, store)
                for name, engine in zip(names, engines, strict=True)
            }
        table[chip.name] = found[chip.target]
    return table


def limits_area(places: Places) -> bool:
    """Whether `find_areas` has anything to find."""
    return any(map(_limited, places.places.values()))


def upper_ends(areas: PlaceAreas) -> dict[str, dict[str, dict[str, float]]]:
    """The figures that a placement counts with: measured ones, else the intervals' upper ends."""
    return {
        place: {
            name: {resource: area.high for resource, area in per.items()}
            for name, per in populations.items()
        }
        for place, populations in areas.items()
    }


def _limited(place: Place) -> bool:
    return any(resource in place.capacity for resource in CHIP_RESOURCES)


def _alone(network: IntegerNetwork, number: int) -> IntegerNetwork:
    """One layer as a network: what comes from elsewhere is its input, in one row after another."""
    layer = network.layers[number]
    arriving = [p for p in layer.projections if p.source != number]
    own = [replace(p, source=0) for p in layer.projections if p.source == number]
    if not arriving:
        raise SCConfigError(f"population '{layer.name}' has no input but itself; connect one to it")
    rows = np.concatenate([p.weights for p in arriving])
    projections = (IntegerProjection(INPUT, rows, 0), *own)
    layer = replace(layer, projections=projections)
    if layer.size == 1:
        layer = _doubled(layer)
    coding = InputCoding(len(rows), "events", network.input.bits)
    # A membrane is read at the output only.
    readout = network.readout if number == network.output else "count"
    return replace(network, input=coding, layers=(layer,), output=0, readout=readout)


def _doubled(layer: IntegerLayer) -> IntegerLayer:
    """A neuron twice: an engine chooses among two at least."""
    projections = tuple(
        replace(p, weights=np.tile(p.weights, (1 if p.source == INPUT else 2, 2)))
        for p in layer.projections
    )
    parameters = {name: np.tile(raw, 2) for name, raw in layer.parameters.items()}
    return replace(layer, size=2, parameters=parameters, projections=projections)


def _areas(engine: IntegerNetwork, target: Target, store: EvidenceStore | None) -> dict[str, Area]:
    plan = choose_foldings(engine, target).foldings
    if store is not None:
        return _measured(engine, plan, target, store)
    shape = engine_shape(engine, plan, target.family)
    table = {}
    for resource in CHIP_RESOURCES:
        p = predict(shape, target.family, resource, confidence=_CONFIDENCE)
        table[resource] = Area(p.value, p.low, p.high, "estimated")
    return table


def _measured(
    engine: IntegerNetwork, plan: tuple[Folding, ...], target: Target, store: EvidenceStore
) -> dict[str, Area]:
    rtl = write_accelerator(engine, plan)
    record = synthesise(rtl.sources, rtl.top, target, store=store)
    table = {}
    for resource in CHIP_RESOURCES:
        count = record.result[resource]
        assert isinstance(count, int)
        table[resource] = Area(count, count, count, "measured", record.key)
    return table
