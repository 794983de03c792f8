"""Weights over time against NEST on the same random trains.

NEST counts the whole delay ``d`` of a plastic connection as dendritic: a presynaptic spike is at
the synapse when it is fired, a postsynaptic one ``d`` after it was fired. Here the delay is axonal:
the presynaptic spike is late, the postsynaptic one is not. The same pairs meet at the synapse if
the postsynaptic train is given ``d`` later here. Spikes that are at the synapse in the same tick
form no pair in NEST; here the presynaptic one comes first. The trains avoid them.
"""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.synapses import Events, PlasticState, Rule, build_rule, load_rule

DT, TICKS, DELAY = 0.1, 20_000, 10
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}


@pytest.fixture
def nest():
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = DT
    return nest


def trains(seed: int, *, rate: float = 0.004) -> tuple[np.ndarray, np.ndarray]:
    """Ticks at which spikes are at the synapse: presynaptic, then postsynaptic, never together."""
    rng = np.random.default_rng(seed)
    both = rng.random(TICKS) < 2 * rate
    first = rng.random(TICKS) < 0.5
    both[: 5 * DELAY] = False
    return np.nonzero(both & first)[0], np.nonzero(both & ~first)[0]


def run(rule: Rule, before, after, **inputs):
    """Weight at every tick, and what arrivals hand over."""
    state = PlasticState.of(rule, [0, 1], [0], 1, dt=DT, engine="interpreted")
    arriving = Events.of(TICKS, before, np.zeros(len(before)))
    spiking = Events.of(TICKS, after, np.zeros(len(after)))
    out = state.advance(0, TICKS, arrivals=arriving, spikes=spiking, inputs=inputs)
    return out[before, 0], state


def in_nest(nest, model: str, before, after, traces=None, **settings):
    """Weights that NEST hands over at presynaptic spikes."""
    source, target = nest.Create("parrot_neuron", 2)
    if traces is not None:
        target.set(**traces)
    for cell, ticks in ((source, before), (target, after)):
        if ticks is not None:
            times = (np.asarray(ticks) + 1 - DELAY) * DT
            generator = nest.Create("spike_generator", {"spike_times": np.round(times, 1)})
            nest.Connect(generator, cell, syn_spec={"delay": DELAY * DT})
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "plastic", {"weight_recorder": recorder, **settings.pop("common", {})})
    synapse = {"synapse_model": "plastic", "delay": DELAY * DT, **settings}
    synapse["receptor_type"] = 1  # parrots ignore what arrives there
    nest.Connect(source, target, syn_spec=synapse)
    return recorder


def weights(recorder) -> np.ndarray:
    return np.asarray(recorder.events["weights"])


@pytest.mark.parametrize("mu_plus, mu_minus", [(0.0, 0.0), (1.0, 1.0), (0.3, 0.7)])
def test_pair_rule(nest, mu_plus, mu_minus):
    before, after = trains(1)
    recorder = in_nest(
        nest, "stdp_synapse", before, after - DELAY, weight=0.7, tau_plus=17.0, Wmax=1.4,
        mu_plus=mu_plus, mu_minus=mu_minus, alpha=1.1, **{"lambda": 0.02},
        traces={"tau_minus": 33.0},
    )  # fmt: skip
    nest.Simulate(TICKS * DT + 2)
    rule = load_rule("stdp_pair").with_initial({"w": 0.7}).with_parameters(
        {"tau_plus": 17.0, "tau_minus": 33.0, "lr": 0.02, "alpha": 1.1, "w_max": 1.4,
         "mu_plus": mu_plus, "mu_minus": mu_minus}
    )  # fmt: skip
    ours, _ = run(rule, before, after)
    assert np.ptp(ours) > 0.1
    np.testing.assert_allclose(ours, weights(recorder), **TOLERANCE)


def test_triplet_rule(nest):
    before, after = trains(2)
    recorder = in_nest(
        nest, "stdp_triplet_synapse", before, after - DELAY, weight=0.5, Wmax=1.0,
        traces={"tau_minus": 33.7, "tau_minus_triplet": 125.0},
    )  # fmt: skip
    nest.Simulate(TICKS * DT + 2)
    ours, _ = run(load_rule("stdp_triplet"), before, after)
    assert np.ptp(ours) > 0.1
    np.testing.assert_allclose(ours, weights(recorder), **TOLERANCE)


@pytest.mark.parametrize("tau_f", [20.0, 530.0])
def test_short_term_plasticity(nest, tau_f):
    before, _ = trains(3)
    recorder = in_nest(
        nest, "tsodyks2_synapse", before, None, weight=2.0, U=0.3, u=0.3, tau_rec=130.0,
        tau_fac=tau_f,
    )  # fmt: skip
    nest.Simulate(TICKS * DT + 2)
    rule = load_rule("short_term").with_initial({"w": 2.0}).with_parameters(
        {"u_base": 0.3, "tau_d": 130.0, "tau_f": tau_f}
    )  # fmt: skip
    ours, _ = run(rule, before, [])
    theirs = weights(recorder)
    print(ours[:4], theirs[:4])
    np.testing.assert_allclose(ours, theirs, **TOLERANCE)


def test_short_term_plasticity_with_an_active_state(nest):
    before, _ = trains(4)
    recorder = in_nest(
        nest, "tsodyks_synapse", before, None, weight=2.0, U=0.3, tau_rec=130.0, tau_fac=530.0,
        tau_psc=5.0,
    )  # fmt: skip
    nest.Simulate(TICKS * DT + 2)
    rule = load_rule("short_term_three_state").with_initial({"w": 2.0}).with_parameters(
        {"u_base": 0.3, "tau_d": 130.0, "tau_f": 530.0, "tau_psc": 5.0}
    )  # fmt: skip
    ours, _ = run(rule, before, [])
    np.testing.assert_allclose(ours, weights(recorder), **TOLERANCE)


def test_dopamine_rule(nest):
    """NEST updates these synapses once per delivery interval, here 1 ms; it differs by 1e-3 where a
    postsynaptic spike follows a presynaptic one within an interval, so none does here.
    """
    before, after = trains(5)
    latest = before[np.searchsorted(before, after) - 1]
    after = after[after - latest > DELAY]
    reward = np.arange(2003, TICKS, 3517)
    transmitter = nest.Create("volume_transmitter", {"deliver_interval": 1})
    recorder = in_nest(
        nest, "stdp_dopamine_synapse", before, after - DELAY, weight=1.0,
        common={"volume_transmitter": transmitter, "Wmax": 100.0, "Wmin": -100.0, "b": 0.001,
                "A_plus": 0.02, "A_minus": 0.03},
    )  # fmt: skip
    source = nest.Create("parrot_neuron")
    times = np.round((reward + 1 - 2 * DELAY) * DT, 1)
    generator = nest.Create("spike_generator", {"spike_times": times})
    nest.Connect(generator, source, syn_spec={"delay": DELAY * DT})
    nest.Connect(source, transmitter)
    nest.Simulate(TICKS * DT + 2)
    rule = load_rule("stdp_dopamine").with_initial({"w": 1.0}).with_parameters(
        {"a_plus": 0.02, "a_minus": -0.03, "lr": 1.0, "baseline": 0.001, "w_min": -100.0,
         "w_max": 100.0}
    )  # fmt: skip
    dopamine = np.zeros(TICKS)
    dopamine[reward] = 1 / 200.0  # a spike of dopamine adds 1/tau_da
    ours, _ = run(rule, before, after, dopamine=dopamine)
    assert np.ptp(ours) > 0.1
    np.testing.assert_allclose(ours, weights(recorder), **TOLERANCE)


def test_voltage_rule(nest):
    """The weight, given the potentials and low-passes that NEST's neuron recorded.

    The neuron delays its low-passes by the length of a spike before it compares them; the rule is
    therefore given them as inputs. That the rule's own low-passes are those of the neuron but for
    the delay is the second half.
    """
    before, _ = trains(6, rate=0.003)
    kicks, _ = trains(7, rate=0.004)
    lag = 50
    neuron = nest.Create("aeif_psc_delta_clopath", {
        "A_LTD_const": True, "delay_u_bars": lag * DT, "A_LTD": 14e-4, "A_LTP": 8e-4,
    })  # fmt: skip
    generator = nest.Create("spike_generator", {"spike_times": np.round(kicks * DT, 1)})
    nest.Connect(generator, neuron, syn_spec={"weight": 15.0, "delay": DT})
    meter = nest.Create("multimeter", {
        "interval": DT, "record_from": ["V_m", "u_bar_minus", "u_bar_plus"],
    })  # fmt: skip
    nest.Connect(meter, neuron, syn_spec={"delay": DT})
    recorder = nest.Create("weight_recorder")
    nest.CopyModel("clopath_synapse", "plastic", {"weight_recorder": recorder})
    source = nest.Create("parrot_neuron")
    times = np.round((before + 1 - DELAY) * DT, 1)
    nest.Connect(nest.Create("spike_generator", {"spike_times": times}), source,
                 syn_spec={"delay": DELAY * DT})  # fmt: skip
    nest.Connect(source, neuron, syn_spec={
        "synapse_model": "plastic", "weight": 0.5, "Wmax": 3.0, "delay": DELAY * DT,
    })  # fmt: skip
    nest.Simulate(TICKS * DT + 2)
    found = {k: np.asarray(meter.events[k]) for k in ("V_m", "u_bar_minus", "u_bar_plus")}
    assert (found["V_m"] > -45.3).sum() > 100, "the neuron spikes"
    base = load_rule("stdp_clopath").with_parameters({"a_ltd": 14e-4, "a_ltp": 8e-4})
    filters = [q for q in base.states if base.places[q.name] == "post"]
    rule = build_rule(
        states=[q for q in base.states if q not in filters],
        parameters=base.parameters,
        inputs=[*base.inputs, *filters],
        places=base.places,
        equations="dx/dt = -x/tau_x",
        on_pre="; ".join(a.source for a in base.on_pre),
        every_tick="; ".join(a.source for a in base.every_tick),
        when=str(base.when),
    )

    def late(name: str, ticks: int) -> np.ndarray:
        values = found[name]
        return np.concatenate([np.full(ticks, values[0]), values])[:TICKS, None]

    ours, _ = run(
        rule, before, [], v_post=late("V_m", DELAY), u_minus=late("u_bar_minus", DELAY + lag),
        u_plus=late("u_bar_plus", DELAY + lag),
    )  # fmt: skip
    assert np.ptp(ours) > 0.1
    np.testing.assert_allclose(ours, weights(recorder), **TOLERANCE)

    state = PlasticState.of(base, [0], [], 1, dt=DT, engine="interpreted")
    error = {"u_minus": 0.0, "u_plus": 0.0}
    for t in range(3000):
        state.advance(t, inputs={"v_post": found["V_m"][t]})
        for name in error:
            theirs = found[name.replace("u_", "u_bar_")][t + 1]
            error[name] = max(error[name], abs(float(state.get(name)[0]) - theirs))
    assert max(error.values()) < 1.0, "a potential that jumps by 100 mV in a tick of 0.1 ms"
