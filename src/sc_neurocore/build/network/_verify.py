"""Run a network bundle's RTL again, memories included, as it lies on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.accelerator import write_accelerator, write_device
from sc_neurocore.build._bundle import MANIFEST, BundleError, load_bundle
from sc_neurocore.build.network._cosim import cosim_row, cosimulations
from sc_neurocore.build.network._hardware import Stage
from sc_neurocore.build.network._reopen import reopen
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
    stage("quantise")
    found = reopen(bundle)
    network, live = found.form.network, found.options.live
    if live is None:
        rtl = write_accelerator(network, found.foldings)
        top, around = rtl.top, {f"{rtl.top}.sv"}
        names = set(rtl.sources)
    else:
        device = write_device(network, found.foldings, live)
        rtl, top, names = device.engine, device.top, set(device.sources)
        around = names - set(rtl.sources)
    sources = {name: bundle.text(f"rtl/{name}") for name in sorted(names)}
    changed = tuple(
        name
        for name, text in sources.items()
        if digest(text) != bundle.manifest["files"].get(f"rtl/{name}")
    )
    if unseen := sorted(around & set(changed)):
        raise BundleError(
            f"{bundle.path / 'rtl' / unseen[0]} does not match its digest in {MANIFEST}, and "
            f"co-simulation only runs {rtl.engine} inside {top}; build it again"
        )
    runs = cosimulations(
        network,
        found.foldings,
        found.inputs,
        store=store or EvidenceStore(),
        stage=stage,
        timeout_s=found.options.timeout_s,
        sources={name: sources[name] for name in rtl.sources},
        live=live is not None,
    )
    cached = all(run.cached for run in runs)
    return NetworkVerification(changed, tuple(cosim_row(run) for run in runs), cached)
