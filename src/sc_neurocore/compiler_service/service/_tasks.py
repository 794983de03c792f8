"""What jobs do: pure functions from files and arguments to files and a value.

They run in the isolated process only; everything that reads what a user uploaded is here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sc_neurocore.build.network import NetworkOptions, build_network, read_network
from sc_neurocore.compiler_service.service._archive import packed, unpacked

Stage = Callable[[str], None]
Task = Callable[[Mapping[str, Any], Path, Path, Stage], dict[str, Any]]

NETWORK, SAMPLES, CURRENT, RECORDING = "network.nir", "samples.npz", "current.nir", "recording"
BUNDLE, REPORT, PAGE = "bundle.tar", "report.json", "report.html"
UPDATE = "update.json"
#: Only drift in time depends on it, and no gate asks for that.
_CLOCK_MHZ = 12.0


def build(arguments: Mapping[str, Any], given: Path, out: Path, on_stage: Stage) -> dict[str, Any]:
    """Build a network; ``bundle.tar``, ``report.json`` and ``report.html`` come out."""
    options = dict(arguments["options"])
    if (given / SAMPLES).exists():
        options["data"] = str(given / SAMPLES)
    chosen = NetworkOptions(**options)
    named = given / f"{arguments['name']}.nir"
    (given / NETWORK).rename(named)
    source = read_network(named, chosen)
    bundle = out.parent / "bundle"
    done = build_network(source, chosen, bundle, on_stage=on_stage)
    (out / BUNDLE).write_bytes(packed(bundle))
    for name in (REPORT, PAGE):
        (out / name).write_bytes((bundle / name).read_bytes())
    report = done.report
    return {
        "sound": done.sound,
        "target": report["target"],
        "backend": report["backend"],
        "ladder": report["ladder"],
        "accuracy": report["accuracy"],
        "evidence": report["evidence"],
        "manifest": json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["files"],
    }


def plan(arguments: Mapping[str, Any], given: Path, out: Path, on_stage: Stage) -> dict[str, Any]:
    """Plan an update of a live device; ``update.json`` comes out if it passes its gates."""
    from sc_neurocore.accelerator import with_weights
    from sc_neurocore.build.network import find_samples, open_live_bundle
    from sc_neurocore.compiler_service.update import GateLimits, plan_update
    from sc_neurocore.datasets import load_dataset
    from sc_neurocore.digital_twin import Recording, Twin

    on_stage("twin of the device")
    bundle = out.parent / "bundle"
    bundle.mkdir()
    unpacked((given / BUNDLE).read_bytes(), bundle)
    live = open_live_bundle(bundle)
    recording = Recording.from_bytes((given / RECORDING).read_bytes())
    network = live.network
    if (given / CURRENT).exists():
        network = with_weights(network, given / CURRENT)
    twin = Twin(live.digest[:32], {recording.generation: network}, live.foldings, _CLOCK_MHZ)
    samples = None
    if (given / SAMPLES).exists():
        classes = network.layers[network.output].size
        data = load_dataset(given / SAMPLES)
        samples = find_samples(data, network.input, network.ticks, classes, 0)
    on_stage("gates")
    planned = plan_update(
        twin,
        given / NETWORK,
        recording,
        device=arguments["device"],
        version=arguments["version"],
        request_id=arguments["update"],
        target_name=arguments["target"],
        samples=None if samples is None else samples.inputs,
        labels=None if samples is None else samples.labels,
        origin=arguments["samples"] or "",
        changed_fields=tuple(arguments["changed_fields"]),
        limits=GateLimits(**arguments["limits"]),
    )
    if planned.update is not None:
        (out / UPDATE).write_text(json.dumps(planned.update.to_dict()), encoding="utf-8")
    return {
        "verdict": planned.verdict,
        "package": planned.package.to_dict(),
        "gates": [gate.to_dict() for gate in planned.gates],
    }


TASKS: Mapping[str, Task] = {"build": build, "plan": plan}
