"""What folded engines take of a device: predicted by the cost model, or measured by synthesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sc_neurocore.accelerator import (
    FoldingPlan,
    IntegerNetwork,
    choose_foldings,
    write_accelerator,
)
from sc_neurocore.accelerator._shape import engine_shape
from sc_neurocore.cost import predict
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.optimizer._device import Device
from sc_neurocore.optimizer._interval import BudgetCheck, Figure, sum_of
from sc_neurocore.toolchain import Target, synthesise

#: Resources of a device, and their names.
RESOURCES = {"luts": "LUTs", "ffs": "flip-flops", "brams": "block RAMs"}


def plan_foldings(networks: Sequence[IntegerNetwork], device: Device) -> tuple[FoldingPlan, ...]:
    """The cheapest folding of every engine."""
    return tuple(choose_foldings(network, sized_target(device)) for network in networks)


def sized_target(device: Device) -> Target:
    """The toolchain's target with the capacities of one device."""
    return replace(
        device.toolchain_target,
        luts=device.luts, ffs=device.ffs, brams=device.brams, dsps=device.dsps,
    )  # fmt: skip


def predicted(
    networks: Sequence[IntegerNetwork], plans: Sequence[FoldingPlan], device: Device
) -> dict[str, Figure]:
    """Each of `RESOURCES` over all engines, with its interval."""
    shapes = [
        engine_shape(network, plan.foldings, device.family)
        for network, plan in zip(networks, plans, strict=True)
    ]
    found = {}
    for name in RESOURCES:
        each = [predict(shape, device.family, name) for shape in shapes]
        found[name] = sum_of([Figure(p.value, p.low, p.high, "estimated") for p in each])
    return found


def measured(
    networks: Sequence[IntegerNetwork],
    plans: Sequence[FoldingPlan],
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
        rtl = write_accelerator(network, plan.foldings)
        record = synthesise(
            rtl.sources, rtl.top, device.toolchain_target, store=store, timeout_s=timeout_s
        )
        for name in RESOURCES:
            count = record.result[name]
            assert isinstance(count, int)
            totals[name] += count
    return {name: Figure.measured(count) for name, count in totals.items()}


def checks_of(used: dict[str, Figure], device: Device) -> tuple[BudgetCheck, ...]:
    """Every resource against what the device has."""
    return tuple(
        BudgetCheck(RESOURCES[name], figure, getattr(device, name)) for name, figure in used.items()
    )
