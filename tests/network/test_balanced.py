"""Brunel's balanced network: its numbers, its theory, its states."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    Activity,
    SpikeMonitor,
    brunel_balanced_network,
    brunel_mean_field,
)


@pytest.mark.parametrize(("g", "eta", "rate"), [(6.0, 4.0, 55.8), (5.0, 2.0, 38.0),
                                                (4.5, 0.9, 6.5)])  # fmt: skip
def test_theory_is_that_of_the_paper(g: float, eta: float, rate: float) -> None:
    """Table 1 of Brunel 2000, column "theory"."""
    assert brunel_mean_field(g=g, eta=eta)[0] == pytest.approx(rate, abs=0.06)


def test_variation_is_that_of_passages_in_white_noise() -> None:
    """Cells on their own, as mean field sees them, in Euler steps of 0.04 ms."""
    rate, cv = brunel_mean_field(g=5.0, eta=2.0)
    arriving = 20 * rate / 1000
    mean = 40 + 0.1 * arriving * (1000 - 5 * 250)
    noise = np.sqrt(0.1 * 40 + 0.01 * arriving * (1000 + 25 * 250))
    rng, n, dt = np.random.default_rng(5), 1000, 0.04
    v, held = np.full(n, 10.0), np.zeros(n, int)
    last, gaps = np.full(n, -1), []
    for tick in range(6000):
        step = (mean - v) * dt / 20 + noise * np.sqrt(dt / 20) * rng.standard_normal(n)
        v = np.where(held > 0, 10.0, v + step)
        held -= 1
        fired = np.flatnonzero((v >= 20) & (held < 0))
        gaps.append((tick - last[fired])[last[fired] >= 0])
        v[fired], held[fired], last[fired] = 10.0, 50, tick
    found = np.concatenate(gaps) * dt
    # Steps miss crossings between them, and 240 ms are too short for the longest intervals.
    assert 1000 / found.mean() == pytest.approx(rate, rel=0.08)
    assert found.std() / found.mean() == pytest.approx(cv, rel=0.08)


@pytest.mark.parametrize("eta", [0.0, 0.3, 100.0])
def test_theory_of_silence_and_of_clocks(eta: float) -> None:
    rate, cv = brunel_mean_field(g=5.0, eta=eta)
    assert (rate < 1e-3 and cv == 1.0) if eta < 1 else (rate > 300 and cv < 0.4)


def test_network_has_the_papers_numbers() -> None:
    network = brunel_balanced_network(400, 100, g=5.0, eta=2.0)
    size = network.build(1e-4)
    assert (size.neurons, size.synapses) == (500, 500 * 50)
    weights = sorted({p.weight for p in network.projections})
    assert weights == [-0.5, 0.1]
    # 2 · 20 mV / (0.1 mV · 20 ms) = 20 spikes per ms from outside.
    assert {s.rate_hz for s, _, _ in network.stimuli} == {20_000.0}
    assert all(p.max_delay() == 15 for p in network.projections)


def test_a_small_network_is_its_theory() -> None:
    """1000 cells have a tenth of the paper's sources, so other rates: those of its own theory."""
    network = brunel_balanced_network(800, 200, g=5.0, eta=1.5, seed=4)
    monitor = network.add(SpikeMonitor(network.populations[0]))
    network.run(0.5, 1e-4)
    activity = Activity.of(monitor.raster_data(), 800, 0.1, 500.0, 100.0)
    rate, _ = brunel_mean_field(800, 200, g=5.0, eta=1.5)
    assert activity.rate() == pytest.approx(rate, rel=0.05)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(SCConfigError, match="n_inh is 3; it must be a whole number from 10 on"):
        brunel_balanced_network(100, 3)
    with pytest.raises(SCConfigError, match="both must be 0 or more"):
        brunel_balanced_network(g=-1.0)
    with pytest.raises(SCConfigError, match="both must be 0 or more"):
        brunel_mean_field(eta=-1.0)


def test_numbers_are_taken_in_any_form() -> None:
    network = brunel_balanced_network(100, 20, g="4")  # type: ignore[arg-type]
    assert [p.weight for p in network.projections] == 2 * [0.1, -0.4]
