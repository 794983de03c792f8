"""Bounds of telemetry: order statistics, and the coverage that they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from accelerator.engines import network, samples
from sc_neurocore.accelerator import Folding
from sc_neurocore.digital_twin import Answers, Bound, Excess, TelemetryBounds, Twin, learn_bounds
from sc_neurocore.digital_twin._blocks import coverage_confidence, most_cut, samples_needed
from sc_neurocore.exceptions import SCConfigError

from .devices import DESIGN, ModelDevice


def answers(table: np.ndarray) -> Answers:
    """Clocks in the first column, spikes of layers in the others."""
    zeros = np.zeros(len(table), np.int64)
    return Answers(zeros, table[:, 0], zeros, table[:, 1:])


def test_a_box_by_hand() -> None:
    """With 1 cut off each end: clocks 1 and 9 go first, then of what is left the spikes 3 and 8."""
    clocks = [5, 1, 9, 4, 6, 5]
    spikes = [7, 0, 99, 3, 8, 5]
    found = learn_bounds(answers(np.array([clocks, spikes]).T), ["a"],
                         coverage=0.1, confidence=0.8)  # fmt: skip
    assert found.cut == 4 and most_cut(6, 0.1, 0.8) in (4, 5)
    assert found.clocks == Bound("clocks", 1, 9)
    assert found.layer_spikes == (Bound("spikes of a", 3, 8),)


@given(n=st.integers(1, 300), c=st.integers(1, 300), p=st.floats(0.01, 0.99))
def test_confidence_against_scipy(n: int, c: int, p: float) -> None:
    if c <= n:
        ours = coverage_confidence(n, c, p)
        assert ours == pytest.approx(stats.beta.sf(p, n - c + 1, c), abs=1e-9)
        # At least c of n fall into the share that is left out.
        assert ours == pytest.approx(stats.binom.sf(c - 1, n, 1 - p), abs=1e-9)


@pytest.mark.parametrize(
    ("coverage", "confidence", "number"),
    [(0.95, 0.95, 59), (0.9, 0.95, 29), (0.99, 0.95, 299), (0.95, 0.99, 90)],
)
def test_wilks_numbers(coverage: float, confidence: float, number: int) -> None:
    """The sample sizes that every table of one-sided tolerance limits gives."""
    assert samples_needed(1, coverage, confidence) == number
    assert most_cut(number, coverage, confidence) == 1
    assert most_cut(number - 1, coverage, confidence) == 0


def test_two_sided_limits_need_93_samples() -> None:
    """W. S. Wilks' 95/95 with the smallest and the largest of one quantity."""
    assert samples_needed(2, 0.95, 0.95) == 93


@pytest.mark.parametrize("kind", ["independent", "dependent", "discrete"])
def test_the_promise_holds_whatever_the_distribution(kind: str) -> None:
    """400 times 120 samples: how often the box really covers 0.9 of what comes next."""
    rng = np.random.default_rng(7)

    def draw(n: int) -> np.ndarray:
        x = rng.standard_normal((n, 3))
        if kind == "dependent":
            x[:, 1] = x[:, 0] ** 2 + 0.1 * x[:, 1]
        if kind == "discrete":
            return rng.poisson(2.0, (n, 3))
        return np.rint(10_000 * x).astype(np.int64) + 100_000

    future = draw(20_000)
    held = []
    for _ in range(400):
        found = learn_bounds(answers(draw(120)), ["a", "b"], coverage=0.9, confidence=0.9)
        box = (found.clocks, *found.layer_spikes)
        inside = np.all([(future[:, k] >= b.low) & (future[:, k] <= b.high)
                         for k, b in enumerate(box)], axis=0)  # fmt: skip
        held.append(inside.mean())
    good = sum(x >= 0.9 for x in held)
    # 0.9 promised; what 400 trials may fall short of it by chance, at 1 in 1000.
    assert good >= stats.binom.ppf(0.001, 400, 0.9)
    if kind != "discrete":  # and then not only at least, but exactly: Beta(n - c + 1, c)
        assert stats.kstest(held, stats.beta(120 - 6 + 1, 6).cdf).pvalue > 0.001


def test_learned_from_the_twin() -> None:
    net = network(ticks=6)
    twin = Twin(DESIGN, {0: net}, (Folding(4, 2), Folding(2, 2)), 50.0)
    bounds = TelemetryBounds.learn(twin, samples(net, 150), coverage=0.9, confidence=0.9)
    assert [b.name for b in bounds.layer_spikes] == ["spikes of hidden1", "spikes of output"]
    device = ModelDevice(net, twin.foldings)
    outside = [bool(bounds.check(device.run(x))) for x in samples(net, 100, seed=9)]
    assert 0 < sum(outside) < 25
    healthy = device.telemetry()
    trapped = replace(healthy, traps=5, layer_spikes=(10**6, *healthy.layer_spikes[1:]))
    assert bounds.check(trapped) == (
        Excess(Bound("traps", 0, 0), 5), Excess(bounds.layer_spikes[0], 10**6),
    )  # fmt: skip
    low, high = bounds.layer_spikes[0].low, bounds.layer_spikes[0].high
    assert str(bounds.check(trapped)[1]) == (
        f"spikes of hidden1: 1000000 is outside {low} to {high}"
    )
    # Before the first inference ends there is nothing to count.
    assert bounds.check(replace(trapped, traps=0, inferences=0)) == ()
    assert bounds.check(replace(trapped, traps=0, busy=True)) == ()
    slow = replace(device.run(samples(net, 1)[0]), clocks=bounds.clocks.high + 1)
    assert Excess(bounds.clocks, slow.clocks) in bounds.check(slow)


def test_refusals() -> None:
    net = network(ticks=6)
    twin = Twin(DESIGN, {0: net}, (Folding(4, 2), Folding(2, 2)), 50.0)
    with pytest.raises(SCConfigError, match=r"20 samples do not bound 3 quantities .*; \d+ do"):
        TelemetryBounds.learn(twin, samples(net, 20))
    with pytest.raises(SCConfigError, match=r"coverage is 1\.0; it must lie between 0 and 1"):
        TelemetryBounds.learn(twin, samples(net, 20), coverage=1.0)
    bounds = TelemetryBounds.learn(twin, samples(net, 60), coverage=0.5, confidence=0.5)
    with pytest.raises(SCConfigError, match="counts the spikes of 1 layers; the bounds are of 2"):
        bounds.check(replace(ModelDevice(net, twin.foldings).telemetry(), layer_spikes=(1,)))


def test_the_number_that_a_refusal_names_is_enough_and_no_fewer_is() -> None:
    table = np.arange(300)[:, None] * np.ones((1, 3), np.int64)
    needed = samples_needed(6, 0.95, 0.95)
    found = learn_bounds(answers(table[:needed]), ["a", "b"], coverage=0.95, confidence=0.95)
    assert found.cut == 6 and found.samples == needed
    with pytest.raises(SCConfigError, match=f"; {needed} do, or ask for less"):
        learn_bounds(answers(table[: needed - 1]), ["a", "b"], coverage=0.95, confidence=0.95)
