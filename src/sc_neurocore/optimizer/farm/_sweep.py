"""The jobs of a sweep, drawn from a seed: the same seed always gives the same jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sc_neurocore.optimizer.farm._engine import draw_foldings, draw_network
from sc_neurocore.optimizer.farm._job import Job

#: Devices of the sweep, and whether they are placed.
DEVICES = {"ecp5-85k": True, "ice40-hx8k": True, "xilinx7": False}
#: Every so many-th network is held out.
HELD_OUT_EVERY = 5


def engine_jobs(seed: int, networks: int, *, foldings: int = 2) -> Iterator[Job]:
    """Engines: each network in several foldings, on every device.

    Args:
        seed: of the sweep; network k depends on the seed and k alone.
        networks: how many.
        foldings: of each.
    """
    for number in range(networks):
        rng = np.random.default_rng([seed, number])
        network = draw_network(rng)
        for k in range(foldings):
            chosen = {**network, "foldings": draw_foldings(rng, network)}
            for target, place in DEVICES.items():
                # Nothing of it is placed, and its LUTs follow the same structure: one in two.
                if target == "xilinx7" and k:
                    continue
                yield Job("engine", f"network-{seed}-{number}", chosen, target, place)


def held_out(group: str) -> bool:
    """Whether a group of the sweep is kept for the test, by its number."""
    return int(group.rsplit("-", 1)[1]) % HELD_OUT_EVERY == 0


def names(jobs: Sequence[Job]) -> set[str]:
    """Groups of some jobs."""
    return {job.group for job in jobs}
