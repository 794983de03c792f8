"""The design of a live bundle."""

from __future__ import annotations

from pathlib import Path

from sc_neurocore.devices._design import Design


def open_design(bundle: Path | str | Design) -> Design:
    """Return the design of a live bundle, whose digests are checked.

    Raises:
        BundleError: the bundle is damaged, or not live.
    """
    if isinstance(bundle, Design):
        return bundle
    from sc_neurocore.build.network import open_live_bundle

    live = open_live_bundle(bundle)
    return Design(live.network, live.foldings, live.device, live.samples, live.path)
