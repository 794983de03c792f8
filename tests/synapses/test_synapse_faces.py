"""The documented classes: one synapse, stepped from Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sc_neurocore.synapses as room
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses import (
    BCMSynapse,
    ClopathSTDP,
    DopamineStdpSynapse,
    Events,
    GapJunction,
    PairSTDP,
    PlasticState,
    RewardModulatedSTDPSynapse,
    ShortTermPlasticitySynapse,
    StochasticSTDPSynapse,
    TripletSTDP,
    describe_rule,
    list_rules,
    load_rule,
)


def test_every_rule_names_a_class_that_exists():
    for name in list_rules():
        face = describe_rule(name).face
        assert not face or hasattr(room, face), name


def test_steps_are_the_ticks_of_the_rule():
    rng = np.random.default_rng(0)
    pre, post = rng.random((2, 300)) < 0.1
    synapse = TripletSTDP(weight=0.4, dt=0.5, a2_plus=1e-3)
    weights = [synapse.step(a, b) for a, b in zip(pre, post, strict=True)]
    rule = load_rule("stdp_triplet").with_initial({"w": 0.4}).with_parameters({"a2_plus": 1e-3})
    state = PlasticState.of(rule, [0, 1], [0], 1, dt=0.5)
    events = [Events.of(300, np.nonzero(x)[0], 0 * np.nonzero(x)[0]) for x in (pre, post)]
    state.advance(0, 300, arrivals=events[0], spikes=events[1])
    assert weights[-1] == state.get("w")[0]
    synapse.reset()
    assert synapse.weight == 0.4 and synapse.step(0, 0) == 0.4


def test_pair_by_hand():
    synapse = PairSTDP(weight=0.5, dt=1.0)
    synapse.step(1, 0)
    assert synapse.step(0, 1) == pytest.approx(0.5 + 0.005 * math.exp(-1 / 20))
    assert synapse.get("x") == pytest.approx(math.exp(-1 / 20))


def test_voltage_rule_by_hand():
    """One tick at -40 mV after a presynaptic spike, from rest; then depression at rest: none."""
    synapse = ClopathSTDP(weight=0.5, dt=0.1)
    synapse.step(1, -70.6)
    u_plus = -70.6 + (1 - math.exp(-0.1 / 7)) * 30.6
    gain = 0.1 * 8e-5 * math.exp(-0.1 / 15) / 15 * (-40 + 45.3) * (u_plus + 70.6)
    assert synapse.step(0, -40.0) == pytest.approx(0.5 + gain, rel=1e-9)


def test_rates_reward_and_dopamine():
    # theta moves to 4 - 3·exp(-1/1000) first.
    theta = 4 - 3 * math.exp(-1e-3)
    assert BCMSynapse(weight=0.5).step(1.0, 2.0) == pytest.approx(0.5 + 1e-3 * 2 * (2 - theta))
    dopamine = DopamineStdpSynapse(lr=0.1)
    dopamine.step(1, 0)
    dopamine.step(0, 1)
    assert dopamine.weight == 0.5
    dopamine.step(0, 0, reward=1.0)
    assert dopamine.step(0, 0) > 0.5
    reward = RewardModulatedSTDPSynapse(w=0.5)
    for _ in range(20):
        reward.process_step(1, 1)
    assert reward.w == 0.5
    reward.apply_reward(1.0)
    assert reward.w > 0.5


def test_output_bits_follow_the_weight():
    synapse = RewardModulatedSTDPSynapse(w=0.25, seed=3)
    bits = [synapse.process_step(1, 0) for _ in range(2000)]
    assert np.mean(bits) == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / 2000))
    assert not any(synapse.process_step(0, 0) for _ in range(50))


def test_binary_synapse_switches():
    synapse = StochasticSTDPSynapse(p_on=1.0, p_off=1.0)
    synapse.process_step(1, 1)
    assert synapse.w == 1.0
    for _ in range(30):
        synapse.process_step(0, 0)
    synapse.process_step(0, 1)
    assert synapse.w == 0.0


def test_depressing_and_facilitating():
    down, up = (
        ShortTermPlasticitySynapse.new_depressing(),
        ShortTermPlasticitySynapse.new_facilitating(),
    )
    for synapse, sign in ((down, -1), (up, 1)):
        out = [synapse.step(t % 20 == 0) for t in range(200)]
        first, second = out[0], out[20]
        assert first == pytest.approx(synapse.rule.parameter_values["u_base"])
        assert sign * (second - first) > 0
        assert out[1] == 0.0


def test_gap_junctions_conserve_charge():
    rng = np.random.default_rng(0)
    v, n = rng.normal(-60, 10, 12), 12
    graph = np.triu(rng.random((n, n)) < 0.4, 1).astype(float)
    ohmic = GapJunction(0.5).current_matrix(v, graph + graph.T)
    assert ohmic.sum() == pytest.approx(0, abs=1e-9)
    assert ohmic[3] == pytest.approx(0.5 * ((graph + graph.T)[3] * (v - v[3])).sum())
    rectifying = GapJunction(0.5, rectification=1.0)
    currents = rectifying.current_matrix(v, graph)
    assert currents.sum() == pytest.approx(0, abs=1e-9)
    expected = sum(
        rectifying.current(v[i], v[3]) * graph[i, 3] - rectifying.current(v[3], v[i]) * graph[3, i]
        for i in range(n)
    )
    assert currents[3] == pytest.approx(expected)
    assert rectifying.current(-70, -60) == 0 and rectifying.current(-60, -70) == 5


def test_two_halves_of_a_junction_carry_one_current():
    """The rule, forward and backward, against the face."""
    for v1, v2 in ((-50.0, -65.0), (-65.0, -50.0)):
        flow = []
        for forward, (source, target) in ((1, (v1, v2)), (-1, (v2, v1))):
            rule = load_rule("gap_junction").with_parameters(
                {"rectification": 0.8, "forward": forward}
            )
            state = PlasticState.of(rule, [0, 1], [0], 1, dt=0.1, engine="interpreted")
            flow.append(float(state.advance(0, inputs={"v_pre": source, "v_post": target})[0, 0]))
        assert flow[0] == pytest.approx(-flow[1])
        assert flow[0] == pytest.approx(GapJunction(0.1, 0.8).current(v1, v2))


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: PairSTDP(tau=3), "no parameter 'tau'"),
        (lambda: PairSTDP().step(2, 0), "pre spike is 2"),
        (lambda: ClopathSTDP().step(0, math.nan), "input 'v_post' is nan"),
        (lambda: GapJunction(-1), "'w'"),
        (
            lambda: GapJunction().current_matrix(np.zeros(2), np.array([[0, 1], [0, 0]])),
            "symmetric",
        ),
        (lambda: RewardModulatedSTDPSynapse(w=2.0), "w is 2"),
    ],
)
def test_refusals(call, sentence):
    with pytest.raises(SCConfigError, match=sentence):
        call()


def test_the_tick_is_kept():
    synapse = PairSTDP()
    synapse.step(0, 0, dt=0.5)
    with pytest.raises(SCConfigError, match=r"steps so far took 0\.5 ms"):
        synapse.step(0, 0, dt=1.0)
