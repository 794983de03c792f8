"""Plastic projections in a network that runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sc_neurocore.dynamics import Quantity
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    Bernoulli,
    FixedIndegree,
    Network,
    Plasticity,
    PoissonInput,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    WeightMonitor,
)
from sc_neurocore.synapses import build_rule, load_rule

STDP = load_rule("stdp_pair").with_parameters({"lr": 0.02, "w_max": 20.0})


def one_neuron(rule, *, delay=2, spikes=(3, 40), weight=16.0):
    """One source that makes one neuron spike, and that neuron's potential and weight."""
    network = Network()
    source = network.add(SpikeSourceArray(1, [0] * len(spikes), list(spikes)))
    cell = network.add(Population("iaf_psc_delta", 1))
    synapse = network.add(Projection(source, cell, weight, delay=delay, plasticity=rule))
    return network, cell, synapse


def test_one_synapse_by_hand():
    """A spike of tick 3 arrives in tick 5, makes the neuron spike, and the pair counts."""
    network, cell, synapse = one_neuron(STDP)
    monitor = network.add(SpikeMonitor(cell))
    network.run("0.5 ms")
    assert monitor.count() == 0 and synapse.synapses.data[0] == 16.0
    network.run("0.1 ms")
    assert monitor.raster_data()[0].tolist() == [5]
    potentiated = 16.0 + 0.02 * 20.0  # the two are at the synapse in one tick: pre comes first
    assert synapse.synapses.data[0] == pytest.approx(potentiated)
    network.run("3.7 ms")  # up to tick 42, in which the second spike arrives
    later = potentiated - 0.02 * 1.05 * 20.0 * math.exp(-37 * 0.1 / 20)
    assert monitor.raster_data()[0].tolist() == [5, 42], "it was handed the depressed weight, > 15"
    x = 1 + math.exp(-37 * 0.1 / 20)
    assert synapse.synapses.data[0] == pytest.approx(later + 0.02 * 20.0 * x)


def test_a_monitor_sees_the_weight_of_every_tick():
    network, _, synapse = one_neuron(STDP, spikes=(3,))
    monitor = network.add(WeightMonitor(synapse))
    network.run("0.8 ms")
    # Row k is after k + 1 ticks; the pair is made in tick 5.
    assert monitor.weights()[:, 0] == pytest.approx([16.0] * 5 + [16.4] * 3)


def test_weights_are_a_sum_over_pairs():
    """Delays of all lengths, against every pair of the network's own spikes counted alone."""
    rng = np.random.default_rng(0)
    ticks, n, m = 4000, 40, 15
    when, who = np.nonzero(rng.random((ticks, n)) < 0.004)
    network = Network(seed=2)
    source = network.add(SpikeSourceArray(n, who, when))
    cells = network.add(Population("iaf_psc_delta", m, {"I": rng.uniform(300, 420, m)}))
    indptr, indices = np.arange(n + 1) * 6, rng.integers(0, m, 6 * n)
    synapses = network.add(
        Projection(
            source, cells, topology=(indptr, indices, np.full(6 * n, 3.0)),
            delay=rng.integers(1, 60, 6 * n), plasticity=STDP.with_parameters({"lr": 1e-4}),
        )
    )  # fmt: skip
    monitor = network.add(SpikeMonitor(cells))
    network.run(f"{ticks / 10} ms")
    trains = monitor.spike_trains()
    assert monitor.count() > 100
    built, row = synapses.synapses, np.repeat(np.arange(n), 6)
    expected = []
    for i, j, d in zip(row, built.indices, built.delays, strict=True):
        pre, post = when[who == i] + d, trains[j]
        pre = pre[pre < ticks]
        gap = (post[None, :] - pre[:, None]) * 0.1
        up, down = np.exp(-gap[gap >= 0] / 20).sum(), np.exp(gap[gap < 0] / 20).sum()
        expected.append(3.0 + 20.0 * 1e-4 * (up - 1.05 * down))
    np.testing.assert_allclose(built.data, expected, rtol=1e-11)
    assert np.ptp(built.data) > 1e-3
    assert len(set(built.delays)) > 20


def test_interrupting_a_run_changes_nothing():
    def weights(pieces, threads):
        network = Network(seed=4)
        cells = network.add(Population("iaf_psc_delta", 30, {"I": 360.0}))
        network.add(PoissonInput(30, 2000.0, 1.0), to=cells)
        synapses = network.add(
            Projection(cells, cells, 2.0, topology=Bernoulli(0.3), delay=7, plasticity=STDP)
        )
        for piece in pieces:
            network.run(f"{piece} ms", threads=threads)
        return synapses.synapses.data.copy()

    whole = weights([60], 1)
    assert np.ptp(whole) > 0.1
    assert np.array_equal(whole, weights([0.1, 12.3, 47.6], 2))


def test_cells_are_counted_as_the_user_counts_them():
    """Sources without synapses and delays out of order: values still reach their own cells."""
    rule = build_rule(
        states=[Quantity("w", 0.0), Quantity("mark", 0.0), Quantity("own", 0.0)],
        places={"w": "synapse", "mark": "synapse", "own": "pre", "given": "pre"},
        inputs=[Quantity("given", 0.0)], on_pre="own += given\nw = 100*mark + own",
    )  # fmt: skip
    network = Network()
    source = network.add(SpikeSourceArray(3, [0, 1, 2], [1, 1, 1]))
    target = network.add(Population("iaf_psc_delta", 2, {"V_th": 30.0}))
    joined = (np.array([0, 2, 2, 3]), np.array([0, 1, 1]), np.zeros(3))
    p = network.add(Projection(
        source, target, topology=joined, delay=[5, 2, 1],
        plasticity=Plasticity(rule, {"given": [1.0, 2.0, 3.0]},
                              {"mark": [1.0, 2.0, 3.0], "own": [10.0, 20.0, 30.0]}),
    ))  # fmt: skip
    network.run("1 ms")
    found = {(int(t), int(d)): w for t, d, w in zip(p.synapses.indices, p.synapses.delays,
                                                    p.synapses.data, strict=True)}  # fmt: skip
    assert found == {(0, 5): 111.0, (1, 2): 211.0, (1, 1): 333.0}
    wrong = Plasticity(rule, {"given": [1.0, 2.0]})
    network = Network()
    network.add(source), network.add(target)
    network.add(Projection(source, target, topology=joined, plasticity=wrong))
    with pytest.raises(SCConfigError, match="'given' is given for 2 cells at 'pre'; there are 3"):
        network.build()


def test_a_reward_given_per_tick_changes_the_marked_synapse():
    reward = np.zeros(100)
    reward[80] = 1.0
    rule = load_rule("stdp_reward").with_parameters({"w_max": 20.0})
    network, _, synapse = one_neuron(Plasticity(rule, {"reward": reward}), spikes=(3,))
    network.run("7.9 ms")
    assert synapse.synapses.data[0] == 16.0
    network.run("0.5 ms")
    # Marked with a+ in tick 5, rewarded in tick 80.
    expected = 16.0 + 1e-2 * math.exp(-75 * 0.1 / 1000)
    assert synapse.synapses.data[0] == pytest.approx(expected, rel=1e-12)


def test_short_term_depression_hands_over_less():
    rule = load_rule("short_term").with_parameters({"u_base": 0.5, "tau_d": 800.0, "tau_f": 0.1})
    network, cell, _ = one_neuron(rule, spikes=(3, 103), weight=10.0, delay=1)
    network.run("0.5 ms")
    assert network.state(cell, "v")[0] == pytest.approx(-65.0)
    network.run("10 ms")
    x = 1 - 0.5 * math.exp(-10 / 800)
    expected = -70 + 5 * math.exp(-10 / 10) + 5 * x
    assert network.state(cell, "v")[0] == pytest.approx(expected)


def test_electrically_coupled_cells_meet():
    """Two leaky cells: their difference decays with g_L + 2·g, their mean does not feel g."""
    network = Network()
    pair = network.add(Population("dv/dt = (-v + I)/tau", 2, {"tau": 10.0}, init={"v": [1.0, 0.0]}))
    joined = (np.array([0, 1, 2]), np.array([1, 0]), np.array([0.5, 0.5]))
    network.add(Projection(pair, pair, topology=joined, plasticity="gap_junction"))
    network.run("5 ms")
    a, b = network.state(pair, "v")
    assert a - b == pytest.approx(math.exp(-5 / 10 * 2), rel=0.01)
    assert a + b == pytest.approx(math.exp(-5 / 10), rel=1e-9)


def test_what_does_not_fit_is_refused():
    cells = Population("iaf_psc_delta", 2)
    source = SpikeSourceArray(1, [], [])
    with pytest.raises(SCConfigError, match="did you mean 'stdp_pair'"):
        Projection(cells, cells, plasticity="stdp_pairs")
    with pytest.raises(SCConfigError, match="give the name of a rule"):
        Projection(cells, cells, plasticity=3)
    with pytest.raises(SCConfigError, match="no input 'rewards'"):
        Projection(cells, cells, plasticity=Plasticity(load_rule("stdp_reward"), {"rewards": 1}))
    for rule, sentence in (
        ("stdp_pair", "init of 'w' of rule 'stdp_pair' is 5 to 5; it must be 0 to 1"),
        ("bcm", "reads 'r_pre', which is no state of its presynaptic neurons"),
    ):
        network = Network()
        network.add(source)
        network.add(cells)
        network.add(Projection(source, cells, 5.0 if rule == "stdp_pair" else 0.5, plasticity=rule))
        with pytest.raises(SCConfigError) as caught:
            network.build()
        assert sentence in str(caught.value)


@pytest.mark.parametrize("delay", [3, "several"])
def test_a_rule_that_changes_nothing_is_a_static_projection(delay):
    """The same spikes, bit for bit, through the plastic and the static delivery."""
    rasters = []
    for plasticity in (None, STDP.with_parameters({"lr": 0.0})):
        rng = np.random.default_rng(5)
        network = Network(seed=6)
        cells = network.add(Population("iaf_psc_delta", 60, {"I": rng.uniform(340, 400, 60)}))
        network.add(PoissonInput(60, 1000.0, 0.5), to=cells)
        delays = rng.integers(1, 30, 60 * 20) if delay == "several" else delay
        joined = (np.arange(61) * 20, rng.integers(0, 60, 1200), np.full(1200, 0.5))
        network.add(Projection(cells, cells, topology=joined, delay=delays, plasticity=plasticity))
        monitor = network.add(SpikeMonitor(cells))
        network.run("80 ms")
        rasters.append(np.stack(monitor.raster_data()))
    assert rasters[0].shape[1] > 50
    assert np.array_equal(*rasters)


N, INHIBITORY, INDEGREE, RATE, KICK, WEIGHT, MS, SEEDS = 500, 100, 40, 7500.0, 0.2, 0.2, 1000.0, 5


def in_nest(seed: int) -> tuple[float, float, float]:
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=0.1, rng_seed=seed)
    cells = nest.Create("iaf_psc_delta", N, {"tau_minus": 20.0})
    noise = nest.Create("poisson_generator", {"rate": RATE})
    nest.Connect(noise, cells, syn_spec={"weight": KICK, "delay": 0.1})
    nest.CopyModel("stdp_synapse", "plastic", {
        "tau_plus": 20.0, "lambda": 0.01, "alpha": 1.05, "mu_plus": 1.0, "mu_minus": 1.0,
        "Wmax": 2 * WEIGHT,
    })  # fmt: skip
    rule = {"rule": "fixed_indegree", "indegree": INDEGREE}
    e, i = cells[: N - INHIBITORY], cells[N - INHIBITORY :]
    nest.Connect(e, e, rule, {"synapse_model": "plastic", "weight": WEIGHT, "delay": 0.1})
    nest.Connect(i, cells, rule, {"weight": -5 * WEIGHT, "delay": 1.5})
    nest.Connect(e, i, rule, {"weight": WEIGHT, "delay": 1.5})
    recorder = nest.Create("spike_recorder")
    nest.Connect(e, recorder)
    nest.Simulate(MS)
    weights = np.array(nest.GetConnections(synapse_model="plastic").weight)
    return recorder.n_events / len(e), weights.mean(), weights.std()


def in_ours(seed: int) -> tuple[float, float, float]:
    rule = load_rule("stdp_pair").with_parameters(
        {"lr": 0.01, "mu_plus": 1.0, "mu_minus": 1.0, "w_max": 2 * WEIGHT}
    )
    network, drawn = Network(seed=seed), FixedIndegree(INDEGREE)
    e = network.add(Population("iaf_psc_delta", N - INHIBITORY))
    i = network.add(Population("iaf_psc_delta", INHIBITORY))
    for cells in (e, i):
        network.add(PoissonInput(cells.n, RATE, KICK), to=cells)
        network.add(Projection(i, cells, -5 * WEIGHT, topology=drawn, delay=15))
    plastic = network.add(Projection(e, e, WEIGHT, topology=drawn, plasticity=rule))
    network.add(Projection(e, i, WEIGHT, topology=drawn, delay=15))
    monitor = network.add(SpikeMonitor(e))
    network.run(MS / 1000)
    weights = plastic.synapses.data
    return monitor.count() / e.n, weights.mean(), weights.std()


@pytest.mark.exhaustive
def test_a_balanced_network_learns_as_in_nest():
    """Rate, mean and spread of the weights agree over seeds, to four standard errors.

    With delays of one tick it hardly matters that they are axonal here and dendritic there.
    """
    ours = np.array([in_ours(seed) for seed in range(1, SEEDS + 1)])
    theirs = np.array([in_nest(seed) for seed in range(1, SEEDS + 1)])
    error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / SEEDS)
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error).all(), (ours, theirs)
    assert (ours[:, 2] > 1e-3).all(), "weights moved"
