"""Poisson inputs whose rates differ between neurons and change in time."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from scipy.stats import chisquare, kstest, poisson

from sc_neurocore.dynamics import Quantity, build_model, unit_registry
from sc_neurocore.network import Network, PoissonInput, Population, StateMonitor, TimedArray

COUNTER = build_model(
    "dx/dt = 0*x", jumps="x += e", inputs=[Quantity("e", 0.0, kind="event")], dt=0.1
)


def counted(
    rate: Any,
    n: int,
    pieces: tuple[int, ...],
    threads: int = 1,
    engine: Literal["clock", "event"] = "clock",
) -> np.ndarray:
    """Events of every neuron, of weight 0.5, after each piece of some ticks; ``(pieces, n)``."""
    network = Network(seed=11)
    cells = network.add(Population(COUNTER, n, label="cells"))
    network.add(PoissonInput(n, rate, 0.5), to=cells)
    found = []
    for ticks in pieces:
        network.run(f"{ticks / 10} ms", threads=threads, engine=engine)
        found.append(network.state(cells, "x") / 0.5)
    return np.diff(found, axis=0, prepend=0.0)


@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 130.0])
def test_equal_rates_are_the_trains_of_one_rate(mean: float) -> None:
    """130 events are drawn as a sum of three numbers."""
    n, rate = 2500, mean * 1e4
    one = counted(rate, n, (1, 1, 1))
    assert one.mean() == pytest.approx(mean, rel=0.1)
    for same in (
        np.full(n, rate), TimedArray([rate]), TimedArray(np.full((2, n), rate), dt="0.2 ms"),
        f"{mean * 10} kHz", np.full(n, mean * 10) * unit_registry().kHz,
    ):  # fmt: skip
        assert np.array_equal(counted(same, n, (1, 1, 1)), one)


def test_the_counts_of_each_rate_are_poisson() -> None:
    """Chi-square tests over 6000 neurons and four ticks each; p is uniform over 8 rates."""
    means = np.array([0.02, 0.4, 1.0, 3.0, 17.0, 63.9, 64.1, 300.0])
    rates = np.repeat(means * 1e4, 6000)
    drawn = counted(rates, len(rates), (1, 1, 1, 1)).reshape(4, len(means), 6000)
    values = []
    for k, mean in enumerate(means):
        low, high = poisson.ppf([2e-3, 1 - 2e-3], mean).astype(int)
        edges = np.arange(low, max(high, low + 1) + 1)
        share = np.diff(np.concatenate([[0.0], poisson.cdf(edges, mean), [1.0]]))
        sample = drawn[:, k].ravel()
        counts = np.bincount(np.searchsorted(edges, sample), minlength=len(share))
        assert abs(sample.mean() - mean) < 4.5 * np.sqrt(mean / len(sample))
        values.append(chisquare(counts, share * len(sample)).pvalue)
    assert min(values) > 1e-3
    assert kstest(values, "uniform").pvalue > 1e-2


def test_neurons_and_ticks_are_independent() -> None:
    drawn = counted(np.linspace(5e3, 3e4, 8000), 8000, (1, 1))
    expected = np.linspace(0.5, 3.0, 8000)
    rest = (drawn - expected) / np.sqrt(expected)
    for a, b in ((rest[0], rest[1]), (rest[0, :-1], rest[0, 1:]), (rest[0, :4000], rest[0, 4000:])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4.5 / np.sqrt(len(a))


def test_a_rate_holds_over_its_ticks_and_the_last_stays() -> None:
    """Rows of three ticks, for all neurons alike: the mean of a tick, within 5 standard errors."""
    n, rates = 20_000, np.array([0.0, 2e4, 5e3])
    drawn = counted(TimedArray(rates, dt=3e-4), n, (1,) * 12)
    means = np.concatenate([np.repeat(rates, 3), np.full(3, rates[-1])]) * 1e-4
    assert not drawn[:3].any()
    assert (np.abs(drawn.mean(1) - means) <= 5 * np.sqrt(means / n)).all()
    assert (np.abs(drawn.var(1) - means) <= 5 * np.sqrt((2 * means**2 + means) / n)).all()


def test_a_neuron_has_the_rates_of_its_column() -> None:
    rates = np.zeros((4, 3))
    rates[1, 0] = rates[2, 2] = 6e5
    drawn = counted(TimedArray(rates), 3, (1,) * 5)
    assert (drawn > 0).tolist() == (np.vstack([rates, rates[-1]]) > 0).tolist()


@pytest.mark.parametrize("shape", ["own", "timed"])
def test_threads_pieces_and_the_engine_change_no_train(shape: str) -> None:
    n = 3000
    rng = np.random.default_rng(4)
    rate: Any = rng.uniform(0, 2e4, n)
    if shape == "timed":
        rate = TimedArray(rng.uniform(0, 2e4, (9, n)), dt="0.7 ms")
    whole = counted(rate, n, (90,)).sum(0)
    assert whole.mean() == pytest.approx(90, rel=0.05)
    assert np.array_equal(counted(rate, n, (13, 1, 76), threads=3).sum(0), whole)
    assert np.array_equal(counted(rate, n, (90,), engine="event").sum(0), whole)


def test_a_tick_drawn_alone_is_that_of_the_network() -> None:
    rates = np.array([3e4, 0.0, 9e4])
    drive = PoissonInput(3, rates, 2.0, seed=5)
    network = Network()
    cells = network.add(Population(COUNTER, 3))
    network.add(drive, to=cells)
    trace = network.add(StateMonitor(cells, "x"))
    network.run("2 ms")
    steps = np.diff(trace.traces()["x"], axis=0, prepend=0.0)
    assert np.array_equal([drive.get_current(k) for k in range(20)], steps)
    assert steps.sum(0)[1] == 0 < steps.sum(0)[0]
