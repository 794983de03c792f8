"""The bundle of a network: what is written, and what `verify` reads again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore import __version__
from sc_neurocore.build._bundle import MANIFEST, SCHEMA, write_files, write_manifest
from sc_neurocore.build.network._driver import driver_files
from sc_neurocore.build.network._hardware import Hardware
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._page import render_network_page
from sc_neurocore.build.network._plan import Plan
from sc_neurocore.build.network._proof import BlockProofs
from sc_neurocore.evidence import EvidenceStore

KIND = "network"


def holds_network(path: Path | str) -> bool:
    """Whether a directory is the bundle of a network; damage is left for others to report."""
    try:
        manifest = json.loads((Path(path) / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") == KIND


def write_network_bundle(
    root: Path,
    plan: Plan,
    options: NetworkOptions,
    hardware: Hardware,
    proofs: BlockProofs,
    report: Mapping[str, Any],
    store: EvidenceStore,
) -> None:
    """Write every file of a bundle into an empty directory."""
    form = plan.form
    files: dict[str, str | bytes] = {
        f"rtl/{name}": text for name, text in hardware.design.sources.items()
    }
    if hardware.device is not None:
        files |= driver_files(hardware.device)
    files[f"model/{form.source.file}"] = form.source.content
    normal = form.source.network.normal
    files["model/graph.txt"] = f"{form.source.network.graph.dump()}\nnormal form\n{normal.dump()}"
    sample = plan.samples.first(options.samples)
    files["sim/samples.npz"] = _arrays(
        inputs=sample.inputs,
        calibration=np.zeros((0,), np.int64) if form.calibration is None else form.calibration,
    )
    files["sim/cosimulation.json"] = json.dumps(report["cosim"], indent=2) + "\n"
    files |= proofs.files
    files["synthesis/netlist.v"] = store.blob(hardware.synthesis.key, "netlist.v")
    bitstream = report["synthesis"]["bitstream"]
    if bitstream is not None and hardware.layout is not None:
        files[bitstream] = store.blob(hardware.layout.key, "bitstream")
    manifest = {
        "schema": SCHEMA,
        "kind": KIND,
        "version": __version__,
        "model": form.source.name,
        "module": hardware.design.top,
        "file": form.source.file,
        "data": report["data"],
        # A path is of this machine, and the samples are in the bundle; what a configuration
        # decides is in quantisation and foldings.
        "options": {
            **asdict(options),
            "data": None if options.data is None else plan.samples.name,
            "configuration": None,
        },
        "quantisation": asdict(form.options),
        "foldings": [asdict(folding) for folding in plan.foldings],
        "seed": options.seed,
        "evidence": report["evidence"],
        "files": write_files(root, files),
    }
    if hardware.device is not None:
        manifest["device"] = {"bus": hardware.device.bus, "digest": hardware.device.digest}
    write_manifest(root, manifest)
    (root / "report.html").write_text(render_network_page(report), encoding="utf-8")
    (root / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _arrays(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
