"""The integer lanes: bounds, known values, and the same integers as the rule in floats."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl._plasticity import decay, scaled
from sc_neurocore.ir import SCNIROnlineLearning
from sc_neurocore.synapses import (
    Events,
    OnlineO1Config,
    OnlineO1Synapse,
    PairLane,
    PlasticState,
    build_online_o1_memory_proof,
    load_rule,
)


def test_decay_and_scaling_by_hand():
    assert [int(decay(v, 2)) for v in (0, 1, 4, 5, 255, -1, -5)] == [0, 0, 3, 3, 191, 0, -3]
    assert [int(scaled(v, 2)) for v in (0, 3, 4, -3, -4, -9)] == [0, 0, 1, 0, -1, -2]


@given(st.integers(-(2**31), 2**31), st.integers(0, 15))
def test_everything_decays_to_zero(value, shift):
    """A plain arithmetic shift would leave small positive numbers for ever."""
    assert abs(decay(value, shift)) < abs(value) or value == 0
    assert decay(-value, shift) == -decay(value, shift)


def test_one_reward_by_hand():
    """pre at 0: x = 64. post at 1: x = 60, e = 15. Reward 127: w += 1905 >> 6 = 29."""
    synapse = OnlineO1Synapse(weight=100)
    assert synapse.step(1, 0).pre_trace == 64
    assert (synapse.step(0, 1).eligibility, synapse.snapshot().pre_trace) == (15, 60)
    assert synapse.step(0, 0, reward=127).weight == 129
    assert synapse.snapshot().eligibility == 14
    assert synapse.step(0, 0, reward=-127).weight == 102, "127*14 >> 6 = 27"


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(-127, 127)), max_size=60),
    st.integers(0, 255),
)
def test_nothing_leaves_its_width(ticks, weight):
    config = OnlineO1Config()
    synapse = OnlineO1Synapse(config, weight)
    for pre, post, reward in ticks:
        now = synapse.step(pre, post, reward)
        assert 0 <= now.weight <= config.max_weight
        assert 0 <= now.pre_trace <= config.max_trace
        assert 0 <= now.post_trace <= config.max_trace
        assert config.min_eligibility <= now.eligibility <= config.max_eligibility


def test_lane_computes_the_rule():
    """Integers elementwise over 60 synapses are the rule `online_o1` in floats, bit for bit."""
    rng, n, ticks = np.random.default_rng(0), 60, 300
    before, after = rng.random((2, ticks, n)) < 0.15
    reward = np.where(rng.random(ticks) < 0.2, rng.integers(-127, 128, ticks), 0)
    config = OnlineO1Config()
    w, x, y, e = np.full(n, 128), np.zeros(n, int), np.zeros(n, int), np.zeros(n, int)
    for t in range(ticks):
        w, x, y, e = config.step(w, x, y, e, before[t], after[t], int(reward[t]))
    state = PlasticState.of(
        load_rule("online_o1"), np.arange(n + 1), np.arange(n), n, dt=1.0, engine="interpreted"
    )
    state.advance(
        0, ticks, arrivals=Events.of(ticks, *np.nonzero(before)),
        spikes=Events.of(ticks, *np.nonzero(after)), inputs={"reward": reward},
    )  # fmt: skip
    assert np.ptp(w) > 50
    for name, values in {"w": w, "x": x, "y": y, "e": e}.items():
        assert np.array_equal(state.get(name), values), name


def test_memory_does_not_grow():
    proof = build_online_o1_memory_proof()
    assert proof["state_bits"] == 8 + 8 + 8 + 8 == sum(proof["fields"].values())
    assert {row["state_bits"] for row in proof["by_length"]} == {32}
    assert OnlineO1Synapse().state_bit_count == 32


def test_annotation_is_one_of_scnir():
    SCNIROnlineLearning(**OnlineO1Config().to_scnir_annotation())


@pytest.mark.parametrize(
    "options, word",
    [({"trace_bits": 0}, "trace_bits"), ({"increment": 256}, "increment"),
     ({"weight_bits": 8.0}, "whole number")],
)  # fmt: skip
def test_configurations_that_do_not_fit(options, word):
    with pytest.raises(SCConfigError, match=word):
        OnlineO1Config(**options)


def test_a_reward_beyond_its_width_is_refused():
    with pytest.raises(SCConfigError, match="reward is 128"):
        OnlineO1Synapse().step(0, 0, 128)


def test_pair_lane_has_the_window_of_stdp():
    """Potentiation falls with the distance of pre before post, depression of post before pre."""
    lane = PairLane(plus_shift=0, minus_shift=0)

    def change(gap: int) -> int:
        w, x, y = 128, 0, 0
        for t in range(100):
            w, x, y = lane.step(w, x, y, t == 40, t == 40 + gap)
        return int(w) - 128

    later = [change(g) for g in range(30)]
    earlier = [change(-g) for g in range(1, 30)]
    assert later[0] == 64 and later[1] == 60
    assert all(a >= b for a, b in itertools.pairwise(later))
    assert earlier[0] == -60 and all(a <= b for a, b in itertools.pairwise(earlier))
    # The trace decays like exp(-t/16) to within the rounding of one unit per tick.
    assert later[16] == pytest.approx(64 * np.exp(-1), abs=16)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=80), st.integers(0, 255))
def test_pair_lane_keeps_its_width(ticks, w):
    lane, x, y = PairLane(plus_shift=0, minus_shift=0), 0, 0
    for pre, post in ticks:
        w, x, y = lane.step(w, x, y, pre, post)
        assert 0 <= w <= 255 and 0 <= x <= 255 and 0 <= y <= 255
