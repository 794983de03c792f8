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
    Activity,
    bit_true_predictions,
    recorded_activity,
    reference_predictions,
)
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._plan import TIMED, Plan, plan_network
from sc_neurocore.build.network._proof import prove_blocks
from sc_neurocore.build.network._proportion import Proportion, accuracy_of
from sc_neurocore.build.network._source import NetworkSource
from sc_neurocore.build.network._verdict import dependences, judge, saturations, silences
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
            "notices": [*plan.notices, *saturations(plan, activity), *dependences(correlation)],
        }  # fmt: skip
        report["notices"] += silences(report["spikes"])
        report |= judge(report, plan, hardware, proofs, options, self.target)
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


def _sharing(plan: Plan) -> list[dict[str, Any]]:
    """Which sources the streams of a layer share."""
    return [
        {"layer": layer, "inputs": [str(s) for s in shared.inputs],
         "weights": [[str(s) for s in row] for row in shared.weights]}
        for layer, shared in sharing_plan(plan.form.network).items()
    ]  # fmt: skip


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
