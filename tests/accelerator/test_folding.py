"""Folding: what is chosen meets what was asked, and what cannot be is said; hybrid assignments."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    INPUT,
    Folding,
    InputCoding,
    IntegerNetwork,
    IntegerProjection,
    choose_backends,
    choose_foldings,
    memory_blocks,
)
from sc_neurocore.accelerator._layer import integer_layer
from sc_neurocore.accelerator._population import Population
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Assumptions
from sc_neurocore.toolchain import get_target


def _network(*sizes: int, bits: int = 6, backend: str = "fixed", ticks: int = 16, seed: int = 0):
    rng = np.random.default_rng(seed)
    entering = InputCoding(sizes[0], "rate", 4)
    layers = []
    for k, (a, b) in enumerate(pairwise(sizes)):
        half = 1 << (bits - 1)
        ones = np.ones(b)
        p = Population(
            "lif", Assumptions(), ones, ones / 8, 0 * ones, threshold=3 * half * ones,
            reset_to=0 * ones,
        )  # fmt: skip
        w = IntegerProjection(k - 1 if k else INPUT, rng.integers(-half, half, (a, b)), 0)
        layers.append(
            integer_layer(f"layer{k}", p, (w,), coding=entering, bits=bits, ticks=ticks,
                          backend=backend, length=8 if backend == "stochastic" else 1)
        )  # fmt: skip
    return IntegerNetwork("net", entering, tuple(layers), ticks, "count", len(layers) - 1)


def test_memory_blocks_by_hand() -> None:
    assert memory_blocks("ice40", 16, 256) == 1
    assert memory_blocks("ice40", 17, 256) == 2
    assert memory_blocks("ice40", 2, 2048) == 1
    assert memory_blocks("ecp5", 6, 2048) == 1
    assert memory_blocks("ecp5", 72, 600) == 4  # two wide and two deep, or four of 18 x 1024
    with pytest.raises(SCConfigError, match="no known block RAM"):
        memory_blocks("asic", 1, 1)


def test_a_latency_is_met_at_the_least_cost() -> None:
    network, target = _network(784, 128, 10), get_target("ecp5-85k")
    slow = choose_foldings(network, target)
    assert slow.fits and not slow.verdict
    rates = {INPUT: 0.2, 0: 0.1}
    clocks = [
        choose_foldings(network, target, latency_clocks=limit, activity=rates)
        for limit in (200_000, 50_000, 20_000)
    ]
    for plan, limit in zip(clocks, (200_000, 50_000, 20_000), strict=True):
        assert plan.fits and plan.clocks <= limit
    lanes = [plan.foldings[0].pe * plan.foldings[0].simd for plan in clocks]
    assert lanes == sorted(lanes) and lanes[0] < lanes[-1]


def test_expected_clocks_by_hand() -> None:
    # 64 inputs that always spike, one at a time; 8 neurons, 4 at a time: 2 clocks an event.
    network = _network(64, 8, ticks=10)
    plan = choose_foldings(network, get_target("ice40-hx8k"), pe=4, simd=1, activity={INPUT: 1.0})
    assert plan.foldings == (Folding(4, 1),)
    assert plan.clocks == 10 * (64 * 2 + 8 + 6)


def test_the_fastest_within_an_area() -> None:
    network, target = _network(64, 32, 10), get_target("ecp5-25k")
    small = choose_foldings(network, target, luts=900)
    large = choose_foldings(network, target, luts=4000)
    assert small.fits and large.fits and large.clocks < small.clocks
    none = choose_foldings(network, target, luts=10)
    assert not none.fits and "10 LUTs" in none.verdict


def test_what_does_not_fit_is_said_with_what_would() -> None:
    plan = choose_foldings(_network(784, 128, 10), get_target("ice40-hx8k"))
    assert not plan.fits
    # 784 x 128 x 6 + 128 x 10 x 6 bits are 595.5 kbit; 32 blocks of 4 kbit are there.
    assert "596 kbit of weights, 128 kbit of memory" in plan.verdict
    assert f"{plan.brams - 32} more than the 32" in plan.verdict
    assert "pruning 84 % of the neurons before the output" in plan.verdict
    assert "target ecp5-25k" in plan.verdict
    late = choose_foldings(_network(64, 32, 10), get_target("ice40-hx8k"), latency_clocks=20)
    assert not late.fits and "more than the 20 asked for" in late.verdict


def test_a_folding_that_is_asked_for_is_not_called_the_smallest() -> None:
    network, device = _network(64, 128, 10), get_target("ice40-hx8k")
    verdict = choose_foldings(network, device, pe=128).verdict
    assert re.search(r"needs \d+ block RAMs with --pe 128, \d+ more than the 32", verdict)
    assert "what would fit: leaving out --pe 128" in verdict
    assert choose_foldings(network, device).fits


def test_a_device_without_limits_takes_the_cheapest() -> None:
    assert choose_foldings(_network(784, 128, 10), get_target("xilinx7")).fits


@pytest.mark.parametrize("hidden", [300, 600, 1500])
@pytest.mark.parametrize("target", ["ice40-hx8k", "ice40-up5k", "gowin-gw1n9"])
def test_what_is_said_to_fit_fits(hidden: int, target: str) -> None:
    device = get_target(target)
    plan = choose_foldings(_network(64, hidden, 10, bits=8), device)
    if plan.fits:
        return
    bits = re.search(r"weights of (\d+) bits", plan.verdict)
    share = re.search(r"pruning (\d+) %", plan.verdict)
    larger = re.search(r"target (\S+)", plan.verdict)
    assert share and larger
    if bits:
        assert choose_foldings(_network(64, hidden, 10, bits=int(bits[1])), device).fits
    kept = hidden * (100 - int(share[1])) // 100
    assert choose_foldings(_network(64, kept, 10, bits=8), device).fits
    assert choose_foldings(_network(64, hidden, 10, bits=8), get_target(larger[1])).fits


def test_delay_lines_are_counted() -> None:
    network = _network(16, 8, 4)
    first, last = network.layers
    (p,) = last.projections
    late = replace(last, projections=(replace(p, delay=1000),))
    device = get_target("ice40-hx8k")
    plain = choose_foldings(network, device, pe=1, simd=1)
    plan = choose_foldings(replace(network, layers=(first, late)), device, pe=1, simd=1)
    # 1001 ticks of 8 spikes and a mark, 2 + 3 + 1 bits each: 9009 words of 6 bits.
    assert plan.brams - plain.brams == memory_blocks("ice40", 6, 9009)
    endless = replace(last, projections=(replace(p, delay=10**6),))
    plan = choose_foldings(replace(network, layers=(first, endless)), device)
    assert not plan.fits and "block RAMs" in plan.verdict


def test_layers_that_read_the_same_events_take_equally_many() -> None:
    network = _network(64, 32, 10)
    first, second = network.layers
    skip = IntegerProjection(INPUT, np.ones((64, 10), np.int64), 0)
    from dataclasses import replace

    second = replace(second, projections=(*second.projections, skip))
    plan = choose_foldings(replace(network, layers=(first, second)), get_target("ecp5-25k"),
                           latency_clocks=1500)  # fmt: skip
    assert plan.foldings[0].simd == plan.foldings[1].simd


def test_foldings_that_contradict() -> None:
    network, target = _network(8, 4), get_target("ice40-hx8k")
    with pytest.raises(SCConfigError, match="not both"):
        choose_foldings(network, target, latency_clocks=9, luts=9)
    with pytest.raises(SCConfigError, match="pe is 0"):
        choose_foldings(network, target, pe=0)


def test_every_assignment_is_tried_and_the_cheapest_taken() -> None:
    samples = np.random.default_rng(1).integers(0, 17, (40, 8))
    fixed = _network(8, 6, 3)
    labels = None

    def quantised(backends):
        built = _network(8, 6, 3)
        streams = _network(8, 6, 3, backend="stochastic")
        layers = tuple(
            (built if b == "fixed" else streams).layers[k] for k, b in enumerate(backends)
        )
        from dataclasses import replace

        return replace(built, layers=layers)

    from sc_neurocore.accelerator import simulate_network

    labels = simulate_network(fixed, samples).predictions
    prices = {"fixed": 10.0, "stochastic": 4.0}

    def cost(network):
        return sum(prices[layer.backend] for layer in network.layers)

    found = choose_backends(quantised, 2, samples, labels, cost, loss=0.0)
    assert [c.backends for c in found.candidates] == [
        ("fixed", "fixed"), ("fixed", "stochastic"), ("stochastic", "fixed"),
        ("stochastic", "stochastic"),
    ]  # fmt: skip
    assert found.candidates[0].accuracy == 1.0 and found.candidates[0].cost == 20.0
    accurate = [c for c in found.candidates if c.accuracy == 1.0]
    assert found.best.cost == min(c.cost for c in accurate)
    assert all(c.cost is None for c in found.candidates if c.accuracy < 1.0)
    anything = choose_backends(quantised, 2, samples, labels, cost, loss=1.0)
    assert anything.best.backends == ("stochastic", "stochastic")
    with pytest.raises(SCConfigError, match="at most 6"):
        choose_backends(quantised, 7, samples, labels, cost)
    with pytest.raises(SCConfigError, match="one each"):
        choose_backends(quantised, 2, samples, labels[:3], cost)
