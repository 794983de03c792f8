"""The clock-driven engine against a plain loop over ticks, and against itself cut otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, poisson

from sc_neurocore.network import (
    Bernoulli,
    FixedIndegree,
    Network,
    Normal,
    PoissonInput,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    StepCurrent,
    TimedArray,
    Uniform,
)
from sc_neurocore.network._stimuli import poisson_limits

#: A cell that counts what arrives and never spikes.
COUNTER = {"jumps": "x += e", "dt": 0.1}


def counter(n: int) -> Population:
    from sc_neurocore.dynamics import Quantity, build_model

    model = build_model(
        "dx/dt = 0*x", jumps="x += e", inputs=[Quantity("e", 0.0, kind="event")], dt=0.1
    )
    return Population(model, n)


@settings(max_examples=25, deadline=None)
@given(
    longest=st.integers(1, 130),
    shortest=st.integers(1, 130),
    tick=st.integers(0, 70),
    pieces=st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
def test_an_event_arrives_after_its_delay(
    longest: int, shortest: int, tick: int, pieces: list[int]
) -> None:
    """Also with the longest delay, which must not fall together with the present tick."""
    low, high = sorted((longest, shortest))
    network = Network()
    source = network.add(SpikeSourceArray(1, [0], [tick]))
    target = network.add(counter(2))
    network.add(Projection(source, target, topology=([0, 2], [0, 1], [3.0, 5.0]),
                           delay=[low, high]))  # fmt: skip
    done = 0
    for piece in [*pieces, 300]:
        network.run(f"{piece * 0.1} ms")
        done += piece
        expected = [3.0 * (done > tick + low), 5.0 * (done > tick + high)]
        assert network.state(target, "x").tolist() == expected


def brunel(threads: int, pieces: list[int], extra: bool = False) -> tuple[Any, Any]:
    """A balanced network of 3000, with own weights and delays, run in pieces of some ticks."""
    network = Network(seed=3)
    if extra:
        network.add(Population("iaf_psc_delta", 7, label="bystanders"))
    cells = Population(
        "iaf_psc_delta", 3000,
        {"tau_m": Uniform(19.0, 21.0), "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0}, "cells",
        init={"v": Uniform(0.0, 20.0)},
    )  # fmt: skip
    network.add(cells)
    network.add(Projection(cells, cells, Normal(0.2, 0.05), topology=FixedIndegree(80),
                           delay=Normal("1.5 ms", "0.5 ms", low="0.4 ms"), label="e"))  # fmt: skip
    network.add(Projection(cells, cells, -1.0, 0.007, delay=4, label="i"))
    network.add(PoissonInput(3000, 12_000.0, 0.2), to=cells)
    monitor = network.add(SpikeMonitor(cells))
    for ticks in pieces:
        network.run(f"{ticks * 0.1} ms", threads=threads)
    return monitor.raster_data(), network.state(cells, "v")


@pytest.mark.parametrize(
    ("threads", "pieces", "extra"), [(3, [300], False), (2, [7, 1, 292], False), (1, [300], True)]
)
def test_threads_pieces_and_bystanders_change_nothing(
    threads: int, pieces: list[int], extra: bool
) -> None:
    (tick, neuron), v = brunel(1, [300])
    (other_tick, other_neuron), other_v = brunel(threads, pieces, extra)
    assert len(tick) > 1000
    assert (tick == other_tick).all() and (neuron == other_neuron).all()
    assert (v == other_v).all()


def test_merged_populations_match_a_plain_loop() -> None:
    """Two populations of one model with parameters of their own, coupled: tick by tick by hand."""
    rng = np.random.default_rng(2)
    n, ticks, delay = 30, 600, 5
    tau = np.concatenate([np.full(n, 10.0), rng.uniform(8, 12, n)])
    drive = rng.uniform(400, 700, 2 * n)
    weight = (rng.random((2 * n, 2 * n)) < 0.2) * rng.uniform(-1, 2, (2 * n, 2 * n))
    network = Network()
    a = network.add(Population("iaf_psc_delta", n, {"I": drive[:n]}))
    b = network.add(Population("iaf_psc_delta", n, {"I": drive[n:], "tau_m": tau[n:]}))
    ends = {0: a, 1: b}
    for s in (0, 1):
        for t in (0, 1):
            block = weight[s * n : (s + 1) * n, t * n : (t + 1) * n]
            rows, columns = np.nonzero(block)
            csr = (np.append(0, np.cumsum(np.bincount(rows, minlength=n))), columns,
                   block[rows, columns])  # fmt: skip
            network.add(Projection(ends[s], ends[t], topology=csr, delay=delay))
    monitors = [network.add(SpikeMonitor(p)) for p in (a, b)]
    network.run(ticks * 1e-4)
    v, free = np.full(2 * n, -70.0), np.zeros(2 * n, int)
    spikes = np.zeros((ticks, 2 * n), bool)
    decay = np.exp(-0.1 / tau)
    for k in range(ticks):
        arriving = spikes[k - delay] @ weight if k >= delay else 0.0
        moved = -70 + (v + 70) * decay + drive / 250 * tau * (1 - decay) + arriving
        v = np.where(free <= k, moved, v)
        spikes[k] = (v >= -55) & (free <= k)
        v[spikes[k]] = -70
        free[spikes[k]] = k + 21
    assert spikes.sum() > 200
    for half, monitor in enumerate(monitors):
        found = np.zeros((ticks, n), bool)
        found[monitor.raster_data()] = True
        assert (found == spikes[:, half * n : (half + 1) * n]).all()


@pytest.mark.parametrize("mean", [0.01, 1.0, 2.0, 17.0, 64.0])
def test_poisson_limits_are_the_distribution_function(mean: float) -> None:
    limits = poisson_limits(mean)
    assert (np.diff(limits.astype(float)) >= 0).all()
    exact = poisson.cdf(np.arange(len(limits)), mean)
    assert np.abs(limits / 2**32 - exact).max() < 2**-32
    assert poisson.sf(len(limits), mean) < 2**-32


@pytest.mark.parametrize("rate", [500.0, 20_000.0, 1_500_000.0])
def test_poisson_input_is_poisson(rate: float) -> None:
    """Mean, variance and independence between neurons and ticks, within 5 standard errors."""
    network = Network(seed=1)
    cells = network.add(counter(5000))
    network.add(PoissonInput(5000, rate, 2.0), to=cells)
    network.run(20e-4)
    first = network.state(cells, "x") / 2
    network.run(20e-4)
    second = network.state(cells, "x") / 2 - first
    mean = rate * 20e-4
    for counts in (first, second):
        assert abs(counts.mean() - mean) < 5 * np.sqrt(mean / 5000)
        assert abs(counts.var() - mean) < 5 * np.sqrt((2 * mean**2 + mean) / 5000)
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(5000)
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 5 / np.sqrt(5000)


@pytest.mark.parametrize("mean", [0.0, 0.05, 3.0, 150.0])
def test_poisson_numbers_pass_a_chi_square_test(mean: float) -> None:
    """100 000 numbers of one tick in bins of expected counts above 15."""
    drawn = np.rint(PoissonInput(100_000, mean * 1e4, 2.0, seed=5).get_current(7) / 2).astype(int)
    if mean == 0:
        assert not drawn.any()
        return
    low, high = poisson.ppf([2e-3, 1 - 2e-3], mean).astype(int)
    edges = np.arange(low, high + 1)
    share = np.diff(np.concatenate([[0.0], poisson.cdf(edges, mean), [1.0]]))
    counts = np.bincount(np.searchsorted(edges, drawn), minlength=len(share))
    assert (share * len(drawn) > 15).all()
    assert chisquare(counts, share * len(drawn)).pvalue > 1e-4


def test_currents_from_outside() -> None:
    """Without leak, the integral of the current: by hand."""
    network = Network()
    cells = network.add(Population("dx/dt = I", 2, dt=0.1, params={"I": [0.0, 1.0]}))
    network.add(StepCurrent(3, 8, [10.0, 20.0]), to=cells)
    network.add(TimedArray([1.0, 2.0, 4.0], dt=2e-4), to=cells)
    network.run(1e-3)
    timed = 2 * 1.0 + 2 * 2.0 + 6 * 4.0
    np.testing.assert_allclose(
        network.state(cells, "x"), [0.1 * (5 * 10 + timed), 0.1 * (10 + 5 * 20 + timed)]
    )


def test_a_bystander_changes_no_stream_of_a_second_projection() -> None:
    """Two projections with the same ends are told apart by their own order alone."""

    def second(bystander: bool) -> list[int]:
        network = Network(1)
        a, b = (network.add(Population("iaf_psc_delta", 20, label=x)) for x in "ab")
        if bystander:
            network.add(Projection(b, a, topology=Bernoulli(0.1)))
        network.add(Projection(a, b, topology=Bernoulli(0.5)))
        chosen = network.add(Projection(a, b, topology=Bernoulli(0.5)))
        network.build()
        return list(chosen.csr()[1])

    assert second(True) == second(False)


@pytest.mark.parametrize("engine", ["clock", "event"])
def test_no_sum_depends_on_what_else_is_there_or_came_first(engine: Any) -> None:
    """1e16, −1e16 and 1 arrive from three populations in one tick: the sum tells their order."""

    from sc_neurocore.dynamics import Quantity, build_model

    # Cells that spike in tick 3; what differs keeps them in groups of their own.
    one, other = (
        build_model(
            "dx/dt = 1", threshold="x > 0.399", reset="x = 0", dt=0.1, jumps="x += e",
            inputs=[Quantity("e", 0.0, kind="event")], refractory=refractory,
        )
        for refractory in (0.1, 0.2)
    )  # fmt: skip
    models = {"a": one, "b": other, "c": one, "x": one, "y": other}
    weights = {"a": 1e16, "b": -1e16, "c": 1.0, "s": 0.25}

    def total(labels: str) -> float:
        network = Network()
        target = Population(counter(1).model, 1, label="t")
        for label in labels:
            if label == "t":
                network.add(target)
                continue
            source: Any = SpikeSourceArray(1, [0], [3], label)
            if label in models:
                source = Population(models[label], 1, label=label)
            network.add(source)
            if label in weights:
                network.add(Projection(source, target, weights[label], delay=2))
        network.run("0.9 ms", engine=engine)
        return float(network.state(target, "x")[0])

    expected = total("tabcs")
    assert {total(x) for x in ("scbat", "xtabcs", "btacs", "yxbstac")} == {expected}
    assert expected == 1.25, "by label; a, c, b would give 0.25"


def test_a_step_changes_no_trains() -> None:
    def spikes(stepped: bool) -> float:
        network = Network(1)
        cells = network.add(counter(50))
        if stepped:
            network.add(StepCurrent(0, 1, 0.0), to=cells, port="e")
        network.add(PoissonInput(50, 900.0, 1.0), to=cells)
        network.run("5 ms")
        return float(network.state(cells, "x") @ np.arange(50))

    assert spikes(True) == spikes(False)


def test_labels_name_the_streams() -> None:
    """The same projection under another label, or another seed, is drawn differently."""

    def indices(seed: int, label: str) -> np.ndarray:
        network = Network(seed)
        cells = network.add(counter(50))
        p = network.add(Projection(cells, cells, topology=Bernoulli(0.5), label=label))
        network.build()
        return np.asarray(p.csr()[1][:500])

    base = indices(0, "a")
    assert (indices(0, "a") == base).all()
    assert (indices(0, "b") != base).any()
    assert (indices(1, "a") != base).any()
