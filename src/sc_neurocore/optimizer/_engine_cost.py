"""What folded engines take of a device: predicted by the cost model, or measured by synthesis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from sc_neurocore.accelerator import Folding, IntegerNetwork, write_accelerator
from sc_neurocore.accelerator._shape import engine_shape
from sc_neurocore.cost import predict, predict_many
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.optimizer._device import Device
from sc_neurocore.optimizer._interval import BudgetCheck, Figure, sum_of
from sc_neurocore.toolchain import synthesise

#: Resources of a device, and their names.
RESOURCES = {"luts": "LUTs", "ffs": "flip-flops", "brams": "block RAMs"}
_PES, _SIMDS = (1, 2, 4, 8, 16), (1, 2, 4)


def smallest_foldings(network: IntegerNetwork, device: Device) -> tuple[Folding, ...]:
    """The folding that is predicted to take the least share of the device's scarcest resource.

    The same number of neurons and of sources at once is tried for all layers; a little more than
    one of each may take less, as a word of memory is then as wide as a block.
    """
    widest = max(layer.size for layer in network.layers)
    tried = [
        tuple(Folding(min(pe, layer.size), simd) for layer in network.layers)
        for pe, simd in itertools.product(_PES, _SIMDS)
        if pe < 2 * widest
    ]
    shapes = [engine_shape(network, foldings, device.family) for foldings in tried]
    shares = [
        predict_many(shapes, device.family, name).high / getattr(device, name) for name in RESOURCES
    ]
    # Of equals in the scarcest resource the one that takes least of all together.
    worst, total = np.max(shares, axis=0), np.sum(shares, axis=0)
    return tried[int(np.lexsort((total, worst))[0])]


def predicted(
    networks: Sequence[IntegerNetwork], plans: Sequence[tuple[Folding, ...]], device: Device
) -> dict[str, Figure]:
    """Each of `RESOURCES` over all engines, with its interval.

    Raises:
        SCConfigError: the model has none of the family.
    """
    shapes = [
        engine_shape(network, plan, device.family)
        for network, plan in zip(networks, plans, strict=True)
    ]
    found = {}
    for name in RESOURCES:
        each = [predict(shape, device.family, name) for shape in shapes]
        found[name] = sum_of([Figure(p.value, p.low, p.high, "estimated") for p in each])
    return found


def how_good(
    networks: Sequence[IntegerNetwork], plans: Sequence[tuple[Folding, ...]], device: Device
) -> tuple[str, ...]:
    """How far off the model of LUTs was on other networks, and where it extrapolates."""
    shapes = [
        engine_shape(network, plan, device.family)
        for network, plan in zip(networks, plans, strict=True)
    ]
    each = [predict(shape, device.family, "luts") for shape in shapes]
    outside = sorted({name for p in each for name in p.extrapolates})
    error = (
        f"LUTs on {device.family} are estimated with a median error of {each[0].median_error:.1%}, "
        f"90th percentile {each[0].p90_error:.1%}, on networks that the model was not fitted to"
    )
    beyond = f"the cost model extrapolates in {', '.join(outside)}"
    return (error, beyond) if outside else (error,)


def measured(
    networks: Sequence[IntegerNetwork],
    plans: Sequence[tuple[Folding, ...]],
    device: Device,
    store: EvidenceStore,
    timeout_s: float,
) -> dict[str, Figure]:
    """Each of `RESOURCES` over all engines, as Yosys counts them; repeats come from the store.

    Raises:
        SCDependencyError: Yosys is not installed.
        ToolError: it failed.
    """
    totals = dict.fromkeys(RESOURCES, 0)
    for network, plan in zip(networks, plans, strict=True):
        rtl = write_accelerator(network, plan)
        record = synthesise(
            rtl.sources, rtl.top, device.toolchain_target, store=store, timeout_s=timeout_s
        )
        for name in RESOURCES:
            count = record.result[name]
            assert isinstance(count, int)
            totals[name] += count
    return {name: Figure.exact(count, "measured") for name, count in totals.items()}


def checks_of(used: dict[str, Figure], device: Device) -> tuple[BudgetCheck, ...]:
    """Every resource against what the device has."""
    return tuple(
        BudgetCheck(RESOURCES[name], figure, getattr(device, name)) for name, figure in used.items()
    )
