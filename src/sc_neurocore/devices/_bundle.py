"""The live bundle that a board should run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import CycleModel, encode_levels
from sc_neurocore.build.network import LiveBundle, open_live_bundle


def open_bundle(bundle: Path | str | LiveBundle) -> LiveBundle:
    """Return a live bundle, opened if it is not, whose digests are checked.

    Raises:
        BundleError: the bundle is damaged, or not live.
    """
    return bundle if isinstance(bundle, LiveBundle) else open_live_bundle(bundle)


def input_words(design: LiveBundle, sample: NDArray[np.integer[Any]]) -> list[int]:
    """Return what is written to LEVEL for a sample: its levels, or the words of its events.

    Raises:
        SCConfigError: the sample does not fit the network.
    """
    batch = np.asarray(sample)[None]
    if design.network.input.coding == "events":
        slots = CycleModel(design.network, design.foldings).input_slots(batch)[0]
        return [int(word) for word in slots]
    levels = encode_levels(design.network.input, batch, design.network.ticks)
    return [int(level) for level in levels[0]]
