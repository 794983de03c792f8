"""The whole ladder of a network in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore import __version__
from sc_neurocore.accelerator import (
    NetworkCosimulation,
    check_correlation,
    cycles,
    sharing_plan,
    simulate_network,
)
from sc_neurocore.build._build import Build
from sc_neurocore.build._bundle import writing
from sc_neurocore.build._page import number
from sc_neurocore.build.network._bundle import write_network_bundle
from sc_neurocore.build.network._compare import (
    Comparison,
    area_section,
    comparison_section,
    confusion_of,
    rivals_of,
)
from sc_neurocore.build.network._cosim import cosim_row, cosimulations, switching_energy
from sc_neurocore.build.network._hardware import (
    Hardware,
    Stage,
    describe_device,
    describe_hardware,
    implement_engine,
)
from sc_neurocore.build.network._ladder import (
    RUNGS,
    Activity,
    bit_true_predictions,
    recorded_activity,
    reference_predictions,
)
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._plan import TIMED, Plan, plan_network
from sc_neurocore.build.network._proof import BlockProofs, prove_blocks
from sc_neurocore.build.network._proportion import Proportion, accuracy_of
from sc_neurocore.build.network._source import NetworkSource
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.toolchain import Target, get_target, lint

REPORT_SCHEMA = "sc-neurocore.network-report.v1"


def build_network(
    source: NetworkSource,
    options: NetworkOptions,
    out: Path | None = None,
    *,
    store: EvidenceStore | None = None,
    on_stage: Stage | None = None,
) -> Build:
    """Take a network through the ladder.

    Args:
        source: the network.
        options: what to build.
        out: bundle directory to write; it must not exist or be empty.
        store: evidence store; default the user's.
        on_stage: told what runs, for progress.

    Raises:
        SCNeuroError: one sentence; nothing is left behind.
    """
    stage = on_stage or (lambda _: None)
    if out is None:
        return _Run(source, options, store or EvidenceStore(), stage).build(None)
    with writing(out) as scratch:
        done = _Run(source, options, store or EvidenceStore(), stage).build(scratch)
    return replace(done, path=out)


class _Run:
    """One build; the records that it rests on gather in ``records``."""

    def __init__(
        self, source: NetworkSource, options: NetworkOptions, store: EvidenceStore, stage: Stage
    ) -> None:
        self.source, self.options, self.store, self.stage = source, options, store, stage
        self.target: Target = get_target(options.target)
        self.records: dict[str, Record] = {}

    def build(self, root: Path | None) -> Build:
        options, store, stage = self.options, self.store, self.stage
        plan = plan_network(self.source, options, self.target, store, stage)
        network = plan.form.network
        accuracy, confusion = self._accuracy(plan)
        sample = plan.samples.first(options.samples)
        stage("bit-true simulation")
        activity = recorded_activity(plan.form, plan.samples.inputs[:TIMED], store)
        self.records["bit-true activity"] = activity.record
        hardware = implement_engine(network, plan.foldings, self.target, options, store, stage)
        self.records |= hardware.records
        stage("lint")
        linted = lint(
            hardware.design.sources, hardware.design.top, store=store, timeout_s=options.timeout_s
        )
        self.records["lint"] = linted
        runs = cosimulations(
            network, plan.foldings, sample.inputs, store=store, stage=stage,
            timeout_s=options.timeout_s, live=options.live is not None,
        )  # fmt: skip
        if accuracy is not None and runs and sample.labels is not None:
            accuracy["rtl_sample"] = accuracy_of(runs[0].predictions, sample.labels).as_dict()
        proofs = prove_blocks(
            list(hardware.design.sources), self.target, store=store, stage=stage,
            timeout_s=options.timeout_s,
        )  # fmt: skip
        self.records |= proofs.records
        latency, first_cycles = self._latency(plan, activity, hardware)
        energy = switching_energy(
            hardware.rtl, network, plan.samples.inputs[0], first_cycles,
            flip_flops=hardware.flip_flops,
            family=self.target.family, store=store, stage=stage, timeout_s=options.timeout_s,
        )  # fmt: skip
        if energy is not None:
            self.records["toggles"] = energy[0]
        comparison, sweep = self._comparison(plan, accuracy, hardware)
        correlation = self._correlation(plan)
        report: dict[str, Any] = {
            "schema": REPORT_SCHEMA,
            "version": __version__,
            "target": self.target.name,
            "backend": (options.configuration or options).backend,
            "network": describe_network(plan),
            "assumptions": list(plan.assumptions),
            "data": plan.samples.as_dict(network.layers[network.output].size),
            "accuracy": accuracy,
            "confusion": confusion,
            "spikes": _spikes(plan, runs),
            "cosim": [cosim_row(run) for run in runs],
            "formal": proofs.formal,
            "lint": {"warnings": linted.result["warnings"], "tools": linted.version},
            "synthesis": describe_hardware(hardware, network, self.target, options),
            "device": None if hardware.device is None else describe_device(hardware.device),
            "latency": latency,
            "energy": None if energy is None or energy[1] is None else energy[1].as_dict(),
            "correlation": correlation,
            "sharing": _sharing(plan),
            "sweep": sweep,
            "comparison": comparison,
            "notices": [*plan.notices, *_saturations(plan, activity), *_beyond(correlation)],
        }  # fmt: skip
        report["notices"] += _silences(report["spikes"])
        self._judge(report, plan, hardware, proofs)
        cosimulated = {f"cosim.{run.simulator}": run.evidence for run in runs}
        report["evidence"] = cosimulated | {name: r.key for name, r in self.records.items()}
        # What a comparison leaves undecided is asked again each time.
        decided = [r for r in self.records.values() if r.result.get("status") != "unknown"]
        cached = all(r.cached for r in decided) and all(r.cached for r in runs)
        if root is not None:
            write_network_bundle(root, plan, options, hardware, proofs, report, store)
        return Build(report, root, cached)

    def _accuracy(self, plan: Plan) -> tuple[dict[str, Any] | None, list[list[int]] | None]:
        labels = plan.samples.labels
        if labels is None:
            return None, None
        inputs = plan.samples.inputs
        found: dict[str, Any] = {}
        for key, quantised in (("float", False), ("quantised", True)):
            self.stage(f"accuracy: {key}")
            record, answers = reference_predictions(
                plan.form, inputs, quantised=quantised, store=self.store
            )
            found[key] = accuracy_of(answers, labels).as_dict()
            self.records[f"accuracy.{key}"] = record
        self.stage("accuracy: bit-true")
        record, answers = bit_true_predictions(plan.form, inputs, self.store)
        self.records["accuracy.bit_true"] = record
        found["bit_true"] = accuracy_of(answers, labels).as_dict()
        network = plan.form.network
        matrix = confusion_of(answers, labels, network.layers[network.output].size)
        return {**found, "rtl_sample": None, "n": len(labels)}, matrix

    def _latency(
        self, plan: Plan, activity: Activity, hardware: Hardware
    ) -> tuple[dict[str, Any], int]:
        network = plan.form.network
        inputs = plan.samples.inputs[:TIMED]
        self.stage("clocks")
        given = (network, plan.foldings, inputs, activity.spikes, activity.ticks_used)
        early = cycles(*given)
        found: dict[str, Any] = {"cycles": _mean_and_worst(early), "us": None}
        rows = [{"name": "clocks", **found["cycles"]}]
        fmax = hardware.fmax_mhz
        if fmax is not None:
            found["us"] = {key: value / fmax for key, value in found["cycles"].items()}
            rows.append({"name": f"µs at {fmax:.1f} MHz", **found["us"]})
        if network.readout == "count":
            rows[0]["name"] = "clocks, with early decision"
            whole = _mean_and_worst(cycles(*given, early_decision=False))
            found["without_early_decision"] = {"cycles": whole}
            rows.append({"name": "clocks, without early decision", **whole})
        found["ticks"] = float(np.mean(activity.ticks_used))
        found["rows"] = rows
        found["method"] = (
            f"Clocks from start to done over {len(inputs)} samples by the cycle model, whose "
            f"every clock the co-simulation compares; {found['ticks']:.1f} of {network.ticks} "
            "ticks until the class is certain, in the mean. Loading the input takes another "
            f"{network.input.size} clocks"
            + (", beside no inference." if network.input.coding != "events" else ".")
        )
        return found, int(early[0])

    def _correlation(self, plan: Plan) -> list[dict[str, Any]]:
        network = plan.form.network
        if all(layer.backend == "fixed" for layer in network.layers):
            return []
        self.stage("correlation")
        some = plan.samples.inputs[:32]
        run = simulate_network(network, some, spikes=True)
        return [
            {"layer": c.layer, "source": c.source, "covariance": float(c.covariance),
             "scc": float(c.scc), "limit": c.limit, "sound": c.sound, "word": c.word}
            for c in check_correlation(network, some, run)
        ]  # fmt: skip

    def _comparison(
        self, plan: Plan, accuracy: Mapping[str, Any] | None, hardware: Hardware
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        if accuracy is None:
            return None, None
        compared = Comparison(
            plan.form, plan.foldings, plan.samples, self.target, self.options, self.store,
            self.stage,
        )  # fmt: skip
        lengths = compared.lengths()
        rivals = rivals_of(compared, plan.form, lengths)
        area = area_section(compared, rivals) if self.options.place_and_route else []
        self.records |= compared.records
        levels = [("fixed point, bit-true", rivals[0].accuracy)]
        reference = accuracy["float"]
        levels.append(("float", Proportion(reference["correct"], reference["n"])))
        sweep = {
            "length": [{"length": n, **found.as_dict()} for n, found in lengths],
            "levels": [{"name": name, **found.as_dict()} for name, found in levels],
            "area": area,
        }
        return comparison_section(rivals, hardware.fmax_mhz, plan.foldings), sweep

    def _judge(
        self, report: dict[str, Any], plan: Plan, hardware: Hardware, proofs: BlockProofs
    ) -> None:
        """Fill in the ladder, and in a few words what each rung rests on."""
        runs = report["cosim"]
        statuses = (
            _kept(report["accuracy"]),
            _agreement(runs, report["spikes"]),
            _clocked(runs),
            proofs.rung,
            proofs.equivalence_rung,
            self._placed(report, plan, hardware),
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
        report["ladder"] = dict(zip(RUNGS, statuses, strict=True))
        report["ladder_details"] = dict(zip(RUNGS, details, strict=True))

    def _placed(self, report: Mapping[str, Any], plan: Plan, hardware: Hardware) -> str:
        options, fmax = self.options, hardware.fmax_mhz
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
            if self.target.place_and_route:
                return f"not run: place and route was switched off{unchecked}"
            return f"not run: no place-and-route tool exists for {self.target.name}{unchecked}"
        if options.clock_mhz is not None and fmax is not None and fmax < options.clock_mhz:
            return (
                f"failed: {fmax:.1f} MHz after routing, {options.clock_mhz:g} MHz asked for; lower "
                "--clock-mhz"
            )
        us = report["latency"]["us"]
        if options.latency_us is not None and us is not None and us["worst"] > options.latency_us:
            return (
                f"failed: {us['worst']:.1f} µs at worst, {options.latency_us:g} µs asked for; "
                + (plan.latency_verdict or "fold less with --pe and --simd")
            )
        return "climbed"


def _sharing(plan: Plan) -> list[dict[str, Any]]:
    """Which sources the streams of a layer share."""
    return [
        {"layer": layer, "inputs": [str(s) for s in shared.inputs],
         "weights": [[str(s) for s in row] for row in shared.weights]}
        for layer, shared in sharing_plan(plan.form.network).items()
    ]  # fmt: skip


def _beyond(correlation: list[dict[str, Any]]) -> list[str]:
    """A notice for every layer whose products depend more than the limit."""
    return [
        f"The weights of '{c['layer']}' depend on the spikes of '{c['source']}' by a covariance of "
        f"{c['covariance']:+.4f} ({c['word']}), beyond {c['limit']:g}; the bit-true accuracy holds "
        "what it costs, longer streams (--length) reduce it."
        for c in correlation
        if not c["sound"]
    ]


def _spikes(plan: Plan, runs: list[NetworkCosimulation]) -> list[dict[str, Any]]:
    """Spikes of every layer that sends any, in the simulator and in the RTL."""
    return [
        {
            "layer": layer.name,
            "bit_true": run.layer_spikes[layer.name],
            "rtl": run.rtl_spikes[layer.name],
            "equal": run.layer_spikes[layer.name] == run.rtl_spikes[layer.name],
        }
        for run in runs
        for layer in plan.form.network.layers
        if layer.name in run.layer_spikes
    ]


def _mean_and_worst(values: Any) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "worst": float(np.max(values))}


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


def _saturations(plan: Plan, activity: Activity) -> list[str]:
    samples = len(activity.predictions)
    return [
        f"{count} updates of a state of layer '{layer.name}' saturated in {samples} samples; the "
        "accuracy includes it."
        for layer, count in zip(plan.form.network.layers, activity.saturations, strict=True)
        if count
    ]  # fmt: skip


def _silences(spikes: list[dict[str, Any]]) -> list[str]:
    """A layer that never spikes, of which no rung can tell that its network is wrong."""
    silent = dict.fromkeys(row["layer"] for row in spikes if not row["bit_true"])
    return [
        f"Layer '{name}' sent no spike in the co-simulated inferences: do the tick (--dt), --ticks "
        "and the input's scale suit the network?"
        for name in silent
    ]


def describe_network(plan: Plan) -> dict[str, Any]:
    """The ``network`` section of a report."""
    network = plan.form.network
    counted = network.input.coding != "events"
    return {
        "name": plan.form.source.name,
        "module": network.name,
        "sha256": plan.form.source.digest,
        "shape": "-".join(str(n) for n in (network.input.size, *(x.size for x in network.layers))),
        "inputs": network.input.size,
        "neurons": sum(layer.size for layer in network.layers),
        "synapses": network.synapses,
        "ticks": network.ticks,
        "coding": network.input.coding,
        "input_bits": network.input.bits if counted else None,
        "readout": "most spikes" if network.readout == "count" else "largest membrane",
        "layers": [
            {
                "name": layer.name,
                "neurons": layer.size,
                "synapses": layer.synapses,
                "backend": layer.backend,
                "bits": layer.bits,
                "length": layer.length,
                "state": ", ".join(str(p.format) for p in layer.datapath.states),
                "pe": folding.pe,
                "simd": folding.simd,
            }
            for layer, folding in zip(network.layers, plan.foldings, strict=True)
        ],
    }
