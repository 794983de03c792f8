"""The jobs of a sweep, drawn from a seed: the same seed always gives the same jobs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sc_neurocore.accelerator import INPUT
from sc_neurocore.evidence import canonical_json, digest
from sc_neurocore.optimizer.farm._blocks import swept_blocks
from sc_neurocore.optimizer.farm._engine import draw_foldings, draw_network
from sc_neurocore.optimizer.farm._job import Job
from sc_neurocore.optimizer.farm._sc_layer import draw_layer
from sc_neurocore.toolchain import get_target

#: Devices on which blocks and single layers are synthesised.
SYNTHESISED = ("ice40-hx8k", "ecp5-25k", "xilinx7")
#: Kilobits of a family's block RAM.
_KILOBITS = {"ice40": 4, "ecp5": 18}
#: Most kilobits of weights: synthesis takes minutes for more.
_MOST_KILOBITS = 300
#: Most bits of adders at once in an engine, and in one network of seven.
_WIDEST = (500, 2000)
#: Every so many-th network is held out.
HELD_OUT_EVERY = 5


def engine_jobs(seed: int, networks: int, *, foldings: int = 2) -> Iterator[Job]:
    """Engines: each network in several foldings, the first of which is placed.

    Placing takes three quarters of the time and adds the clock alone, so it is done once for each
    network. 7-series parts, which cannot be placed and take longest to synthesise, and the larger
    ECP5 have a share of the networks.

    Args:
        seed: of the sweep; network k depends on the seed and k alone.
        networks: how many.
        foldings: of each.
    """
    for number in range(networks):
        rng = np.random.default_rng([seed, number])
        widest = _WIDEST[1] if number % 7 == 6 else _WIDEST[0]
        network, group = draw_network(rng), f"network-{seed}-{number}"
        while weight_kilobits(network) > _MOST_KILOBITS:
            network = draw_network(rng)
        ecp5 = "ecp5-85k" if number % 8 == 3 else "ecp5-25k"
        for k in range(foldings):
            chosen = {**network, "foldings": draw_foldings(rng, network)}
            while lane_bits(chosen) > widest:
                chosen = {**network, "foldings": draw_foldings(rng, network)}
            for target in (ecp5, "ice40-hx8k"):
                device = get_target(target)
                if weight_kilobits(network) < _KILOBITS[device.family] * (device.brams or 0):
                    yield Job("engine", group, chosen, target, not k)
            if not k and number % 2:
                yield Job("engine", group, chosen, "xilinx7", False)


def sweep(seed: int, networks: int, layers: int) -> Iterator[Job]:
    """A whole sweep, its kinds in turn, so that one that is broken off has some of each."""
    blocks, alone = block_jobs(), layer_jobs(seed, layers)
    for number, job in enumerate(engine_jobs(seed, networks)):
        yield job
        yield from itertools.islice(alone, number % 4 == 0)
        yield from itertools.islice(blocks, number % 2 == 0)
    yield from alone
    yield from blocks


def layer_jobs(seed: int, layers: int) -> Iterator[Job]:
    """Parallel stochastic layers, on one device of each family; one in three on 7-series."""
    for number in range(layers):
        parameters = draw_layer(np.random.default_rng([seed, number]))
        for target in SYNTHESISED if number % 3 == 1 else SYNTHESISED[:2]:
            yield Job("sc_layer", f"layer-{seed}-{number}", parameters, target, False)


def block_jobs() -> Iterator[Job]:
    """Blocks of the library in their sizes, on one device of each family that can be placed."""
    for block in swept_blocks():
        for target in SYNTHESISED[:2]:
            group = f"{block.module}-{digest(canonical_json(dict(block.parameters)))[:8]}"
            yield Job(block.module, group, dict(block.parameters), target, False)


def lane_bits(network: Mapping[str, Any]) -> int:
    """Bits that the lanes of a folded network add at once, roughly."""
    return sum(
        pe * (10 + simd * (layer["bits"] if layer["backend"] == "fixed" else 2))
        for layer, (pe, simd) in zip(network["layers"], network["foldings"], strict=True)
    )


def weight_kilobits(network: Mapping[str, Any]) -> float:
    """Memory of a drawn network's weights."""
    sizes = {INPUT: network["inputs"]}
    sizes |= {k: layer["size"] for k, layer in enumerate(network["layers"])}
    bits = sum(
        layer["size"] * layer["bits"] * sum(sizes[s] for s, _ in layer["projections"])
        for layer in network["layers"]
    )
    return float(bits) / 1024


def held_out(group: str) -> bool:
    """Whether a group of the sweep is kept for the test, by its number."""
    return int(group.rsplit("-", 1)[1]) % HELD_OUT_EVERY == 0
