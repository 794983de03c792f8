"""Small live designs, and what their boards should answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from accelerator.engines import network, samples
from sc_neurocore.accelerator import Folding, write_device
from sc_neurocore.build.network import LiveBundle

SHAPES = {
    "axi_lite": ((16, 64, 5), {"ticks": 8}, (Folding(1, 2), Folding(1, 2))),
    "wishbone": ((6, 40, 4), {"recurrent": True, "ticks": 8}, (Folding(8, 3), Folding(1, 3))),
    "events": ((12, 10, 3), {"coding": "events", "ticks": 6}, (Folding(2, 3), Folding(1, 2))),
}


@cache
def design(kind: str = "axi_lite", seed: int = 0) -> LiveBundle:
    sizes, options, foldings = SHAPES[kind]
    net = network(sizes, seed=seed, **options)
    made = write_device(net, foldings, "wishbone" if kind == "wishbone" else "axi_lite")
    given = samples(net, 6).astype(np.int64)
    return LiveBundle(Path(kind), net.name, made.digest, net, foldings, made, given)
