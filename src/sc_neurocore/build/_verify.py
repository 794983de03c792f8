"""Check a bundle's RTL, as it lies on disk, against the model it was built from."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sc_neurocore.build._build import compile_source, cosimulations
from sc_neurocore.build._bundle import MANIFEST, SEARCH, Bundle, BundleError, load_bundle
from sc_neurocore.build._cosim import Cosimulation
from sc_neurocore.build._options import BuildOptions, hardware_options
from sc_neurocore.build._proof import Proof, prove_sources
from sc_neurocore.build._source import source_of, within_format
from sc_neurocore.evidence import EvidenceStore, digest
from sc_neurocore.toolchain import get_target


@dataclass(frozen=True)
class Verification:
    """What a bundle's RTL did when it was run and proven again.

    Attributes:
        changed: RTL files that differ from the manifest.
        cosim: one run per simulator.
        proof: properties of the RTL on disk.
    """

    changed: tuple[str, ...]
    cosim: tuple[Cosimulation, ...]
    proof: Proof

    @property
    def cached(self) -> bool:
        """Whether every run was found in the evidence store."""
        return self.proof.cached and all(r.cached for r in self.cosim)

    @property
    def sound(self) -> bool:
        """No mismatch, and every property proven."""
        return not any(r.mismatches for r in self.cosim) and self.proof.rung == "climbed"


def _options(bundle: Bundle) -> BuildOptions:
    """The options a bundle was built with."""
    try:
        return BuildOptions(**bundle.manifest["options"])
    except (KeyError, TypeError):
        raise BundleError(
            f"{bundle.path / MANIFEST} does not hold the options of a build; build it again"
        ) from None


def verify_bundle(
    path: Path | str,
    *,
    store: EvidenceStore | None = None,
    on_stage: Callable[[str], None] | None = None,
) -> Verification:
    """Co-simulate and prove the ``rtl/`` of a bundle, which may have been edited by hand.

    Raises:
        BundleError: anything but ``rtl/`` differs from the manifest.
    """
    bundle = load_bundle(path, allow_changed=("rtl/",))
    if bundle.manifest.get("kind") == SEARCH:
        raise BundleError(
            f"'{bundle.path}' is what `sc-neurocore optimise` found, which holds no RTL; build it "
            f"with the command that {bundle.path / 'report.html'} states, and verify that bundle"
        )
    store = store or EvidenceStore()
    stage = on_stage or (lambda _: None)
    source = source_of(tomllib.loads(bundle.text("model/model.toml")))
    options = _options(bundle)
    wanted = hardware_options(options, source.document, get_target(options.target))
    source = within_format(source, wanted.format)
    compiled = compile_source(source, wanted, options.seed)
    sources = {name: bundle.text(f"rtl/{name}") for name in compiled.rtl.sources}
    changed = tuple(
        name
        for name, text in sources.items()
        if digest(text) != bundle.manifest["files"].get(f"rtl/{name}")
    )
    runs = cosimulations(source, compiled, options, store, stage, sources)
    proof = prove_sources(compiled, sources, options, store, stage)
    return Verification(changed, tuple(runs), proof)
