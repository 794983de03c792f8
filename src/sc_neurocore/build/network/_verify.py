"""Run a network bundle's RTL again, memories included, as it lies on disk."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.accelerator import Folding, Quantisation, write_accelerator
from sc_neurocore.build._bundle import MANIFEST, Bundle, BundleError, load_bundle
from sc_neurocore.build.network._cosim import cosim_row, cosimulations
from sc_neurocore.build.network._hardware import Stage
from sc_neurocore.build.network._ladder import integer_form
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._source import read_network
from sc_neurocore.evidence import EvidenceStore, digest


@dataclass(frozen=True)
class NetworkVerification:
    """What a bundle's RTL did when it was run again.

    Attributes:
        changed: files of ``rtl/`` that differ from the manifest.
        cosim: one row per simulator, as in a report.
        cached: whether every run was found in the evidence store.
    """

    changed: tuple[str, ...]
    cosim: tuple[Mapping[str, Any], ...]
    cached: bool

    @property
    def sound(self) -> bool:
        """Whether it was run, and no inference differs from the bit-true simulator."""
        return bool(self.cosim) and not any(run["mismatches"] for run in self.cosim)


def verify_network(
    path: Path | str, *, store: EvidenceStore | None = None, on_stage: Stage | None = None
) -> NetworkVerification:
    """Co-simulate the ``rtl/`` of a bundle, which may have been edited by hand.

    Raises:
        BundleError: anything but ``rtl/`` differs from the manifest, or the top that joins the
            engine to the pins, which no co-simulation runs.
    """
    bundle = load_bundle(path, allow_changed=("rtl/",))
    stage = on_stage or (lambda _: None)
    try:
        options = NetworkOptions(**bundle.manifest["options"])
        quantisation = Quantisation(**bundle.manifest["quantisation"])
        foldings = [
            Folding(index(row["pe"]), index(row["simd"])) for row in bundle.manifest["foldings"]
        ]
        source = read_network(bundle.path / "model" / bundle.manifest["file"], options)
    except (KeyError, TypeError):
        raise BundleError(
            f"{bundle.path / MANIFEST} does not hold the options of a build; build it again"
        ) from None
    stage("quantise")
    inputs, calibration = _samples(bundle)
    form = integer_form(source, quantisation, calibration if calibration.size else None)
    rtl = write_accelerator(form.network, foldings)
    sources = {name: bundle.text(f"rtl/{name}") for name in rtl.sources}
    changed = tuple(
        name
        for name, text in sources.items()
        if digest(text) != bundle.manifest["files"].get(f"rtl/{name}")
    )
    if f"{rtl.top}.sv" in changed:
        raise BundleError(
            f"{bundle.path / 'rtl' / rtl.top}.sv does not match its digest in {MANIFEST}, and "
            f"co-simulation only runs {rtl.engine} inside it; build it again"
        )
    runs = cosimulations(
        form.network,
        foldings,
        inputs,
        store=store or EvidenceStore(),
        stage=stage,
        timeout_s=options.timeout_s,
        sources=sources,
    )
    cached = all(run.cached for run in runs)
    return NetworkVerification(changed, tuple(cosim_row(run) for run in runs), cached)


def _samples(bundle: Bundle) -> tuple[Any, Any]:
    data = (bundle.path / "sim" / "samples.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return file["inputs"], file["calibration"]
