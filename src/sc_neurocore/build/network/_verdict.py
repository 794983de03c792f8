"""What a build says of what it found: how far it climbed, and what the reader should notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sc_neurocore.build._page import number
from sc_neurocore.build.network._hardware import Hardware
from sc_neurocore.build.network._ladder import RUNGS, Activity
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._plan import Plan
from sc_neurocore.build.network._proof import BlockProofs
from sc_neurocore.toolchain import Target


def judge(
    report: Mapping[str, Any],
    plan: Plan,
    hardware: Hardware,
    proofs: BlockProofs,
    options: NetworkOptions,
    target: Target,
) -> dict[str, dict[str, str]]:
    """The ladder, and in a few words what each rung rests on."""
    runs = report["cosim"]
    statuses = (
        _kept(report["accuracy"]),
        _agreement(runs, report["spikes"]),
        _clocked(runs),
        proofs.rung,
        proofs.equivalence_rung,
        _placed(report, plan, hardware, options, target),
    )
    inferences = sum(run["samples"] for run in runs)
    clocks = sum(run["cycles"] for run in runs)
    accuracy = report["accuracy"] or {}
    details = (
        " → ".join(
            f"{100 * accuracy[key]['share']:.2f} %"
            for key in ("float", "quantised", "bit_true")
            if accuracy.get(key)
        ),
        f"{inferences} inferences, every spike of every layer",
        f"{number(clocks)} clocks",
        *proofs.details,
        "" if hardware.fmax_mhz is None else f"{hardware.fmax_mhz:.1f} MHz",
    )  # fmt: skip
    return {
        "ladder": dict(zip(RUNGS, statuses, strict=True)),
        "ladder_details": dict(zip(RUNGS, details, strict=True)),
    }


def _placed(
    report: Mapping[str, Any],
    plan: Plan,
    hardware: Hardware,
    options: NetworkOptions,
    target: Target,
) -> str:
    fmax = hardware.fmax_mhz
    if hardware.layout is None:
        asked = [
            option
            for option, value in (
                ("--clock-mhz", options.clock_mhz),
                ("--latency-us", options.latency_us),
            )
            if value is not None
        ]
        unchecked = f", so {' and '.join(asked)} went unchecked" if asked else ""
        if target.place_and_route:
            return f"not run: place and route was switched off{unchecked}"
        return f"not run: no place-and-route tool exists for {target.name}{unchecked}"
    if options.clock_mhz is not None and fmax is not None and fmax < options.clock_mhz:
        return (
            f"failed: {fmax:.1f} MHz after routing, {options.clock_mhz:g} MHz asked for; lower "
            "--clock-mhz"
        )
    us = report["latency"]["us"]
    if options.latency_us is not None and us is not None and us["worst"] > options.latency_us:
        return f"failed: {us['worst']:.1f} µs at worst, {options.latency_us:g} µs asked for; " + (
            plan.latency_verdict or "fold less with --pe and --simd"
        )
    return "climbed"


def _kept(accuracy: Mapping[str, Any] | None) -> str:
    """The integers answer as well as the float network, as far as the data can tell."""
    if accuracy is None:
        return "not run: no labelled data was given"
    reference, found = accuracy["float"], accuracy["bit_true"]
    if found["high"] < reference["low"]:
        return (
            f"failed: {100 * found['share']:.2f} % where the float network has "
            f"{100 * reference['share']:.2f} %, and the 95 % intervals lie apart"
        )
    return "climbed"


def _agreement(runs: list[dict[str, Any]], spikes: list[dict[str, Any]]) -> str:
    if not runs:
        return "not run: no simulator is installed"
    for run in runs:
        if run["first_mismatch"] is not None:
            return f"failed: {run['simulator']} at {run['first_mismatch']}"
    unequal = next((row["layer"] for row in spikes if not row["equal"]), None)
    return "climbed" if unequal is None else f"failed: spike counts of layer '{unequal}' differ"


def _clocked(runs: list[dict[str, Any]]) -> str:
    if not runs:
        return "not run: no simulator is installed"
    late = next((run for run in runs if not run["cycle_exact"]), None)
    return "climbed" if late is None else f"failed: {late['first_mismatch']}"


def saturations(plan: Plan, activity: Activity) -> list[str]:
    """A notice for every layer whose states left their format."""
    samples = len(activity.predictions)
    return [
        f"{count} updates of a state of layer '{layer.name}' saturated in {samples} samples; the "
        "accuracy includes it."
        for layer, count in zip(plan.form.network.layers, activity.saturations, strict=True)
        if count
    ]  # fmt: skip


def silences(spikes: list[dict[str, Any]]) -> list[str]:
    """A layer that never spikes, of which no rung can tell that its network is wrong."""
    silent = dict.fromkeys(row["layer"] for row in spikes if not row["bit_true"])
    return [
        f"Layer '{name}' sent no spike in the co-simulated inferences: do the tick (--dt), --ticks "
        "and the input's scale suit the network?"
        for name in silent
    ]


def dependences(correlation: list[dict[str, Any]]) -> list[str]:
    """A notice for every layer whose products depend more than the limit."""
    return [
        f"The weights of '{c['layer']}' depend on the spikes of '{c['source']}' by a covariance of "
        f"{c['covariance']:+.4f} ({c['word']}), beyond {c['limit']:g}; the bit-true accuracy holds "
        "what it costs, longer streams (--length) reduce it."
        for c in correlation
        if not c["sound"]
    ]
