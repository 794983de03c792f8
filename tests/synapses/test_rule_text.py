"""What a rule's text may say, and the sentence for what it may not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.dynamics import Quantity
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses import (
    Events,
    PlasticState,
    build_rule,
    describe_rule,
    list_rules,
    load_rule,
)

STATES = (Quantity("w", 0.5), Quantity("x", 0.0), Quantity("y", 0.0))
PLACES = {"w": "synapse", "x": "pre", "y": "post", "m": "shared"}
FINE = {
    "states": STATES, "places": PLACES, "parameters": (Quantity("tau", 20.0),),
    "inputs": (Quantity("m", 0.0),), "equations": "dx/dt = -x/tau; dy/dt = -y/tau",
    "on_pre": "w -= y; x += 1", "on_post": "w += x; y += 1",
}  # fmt: skip


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"on_pre": "y += 1"}, "on_pre assigns 'y', a state at 'post'"),
        ({"on_post": "x += 1"}, "on_post assigns 'x', a state at 'pre'"),
        ({"on_pre": "x += y"}, "reads 'y' at 'post'; a line at 'pre' sees: shared, pre"),
        ({"on_pre": "x += w"}, "reads 'w' at 'synapse'"),
        ({"on_pre": "v = 1"}, "assigns 'v', which is not a state"),
        ({"on_pre": "w += z"}, "unknown name 'z'"),
        ({"on_pre": "x += rand()"}, "draws a random number; only synapses do"),
        ({"on_post": "release = w"}, "only arriving spikes and ticks do"),
        ({"every_tick": "w += m; x = 1"}, "out of order"),
        ({"when": "m > 0"}, "when is given without every_tick"),
        ({"every_tick": "w += m", "when": "x > 0"}, "when reads 'x' at 'pre'"),
        ({"equations": "dx/dt = -w"}, "dx/dt reads 'w' at 'synapse'"),
        ({"equations": "x[n+1] = x"}, "difference equation"),
        ({"equations": "dx/dt = -x; dx/dt = x"}, "defined twice"),
        ({"equations": "k = l; l = 1"}, "read before the line that defines it"),
        ({"equations": "dv/dt = 1"}, "'v' is not a state"),
        ({"places": {"w": "synapse"}}, "'x' has no place"),
        ({"states": (*STATES, Quantity("w", 1.0))}, "declared twice"),
        ({"parameters": (Quantity("dt", 1.0),)}, "'dt' is reserved"),
    ],
)
def test_refusals(change, sentence):
    with pytest.raises(SCConfigError) as caught:
        build_rule(**{**FINE, **change})
    assert sentence in str(caught.value)


def test_unknown_rules_and_files(tmp_path):
    with pytest.raises(SCConfigError, match="did you mean 'stdp_pair'"):
        load_rule("stdp_pairs")
    with pytest.raises(SCConfigError, match="cannot be read"):
        load_rule(tmp_path / "none.toml")
    file = tmp_path / "mine.toml"
    for text, sentence in (
        ("[rule", "not valid TOML"),
        ('schema_version = "2.0"', "reads '1.0'"),
        ('schema_version = "1.0"\n[rule]\nname = "a"\nfoo = 1', "no \\[dynamics\\] table"),
        ('schema_version = "1.0"\nrule = {foo = 1}\ndynamics = {}\nstates = {}', "key 'foo'"),
    ):
        file.write_text(text)
        with pytest.raises(SCConfigError, match=sentence):
            load_rule(file)


def test_a_rule_of_ones_own(tmp_path):
    """A bundled file, copied and changed, is a rule like any other."""
    from importlib.resources import files

    text = files("sc_neurocore.synapses").joinpath("rules", "stdp_pair.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(text.replace("value = 1.05", "value = 2.0"))
    assert load_rule(file).parameter_values["alpha"] == 2.0
    assert len(list_rules()) == len({describe_rule(n).title for n in list_rules()})


def test_ranges_of_values():
    rule = load_rule("stdp_pair")
    with pytest.raises(SCConfigError, match="'tau_plus' of rule 'stdp_pair' is 0; it must be 1"):
        rule.with_parameters({"tau_plus": 0})
    with pytest.raises(SCConfigError, match="no parameter 'tau_pls'; did you mean 'tau_plus'"):
        rule.with_parameters({"tau_pls": 1})
    with pytest.raises(SCConfigError, match="init of 'w'"):
        PlasticState.of(rule, [0, 1], [0], 1, dt=0.1, init={"w": -1.0})
    with pytest.raises(SCConfigError, match="has no input 'z'"):
        PlasticState.of(rule, [0, 1], [0], 1, dt=0.1).advance(0, inputs={"z": 1.0})
    with pytest.raises(SCConfigError, match="targets are 3 to 3"):
        PlasticState.of(rule, [0, 1], [3], 1, dt=0.1)
    with pytest.raises(SCConfigError, match="the run has ticks 0 to 9"):
        Events.of(10, [10], [0])
    with pytest.raises(SCConfigError, match="spikes name 1 to 1"):
        PlasticState.of(rule, [0, 1], [0], 1, dt=0.1).advance(0, 5, spikes=Events.of(5, [1], [1]))


def test_a_state_without_end_is_refused_by_name():
    # The kernel of the pair rule: only numbers differ, so nothing is compiled anew.
    rule = load_rule("stdp_pair")
    state = PlasticState.of(rule, [0, 1], [0], 1, dt=0.1)
    state.values["post"][0, 0] = math.nan
    with pytest.raises(SCConfigError, match="state 'w' of synapse 0 became non-finite at tick 3"):
        state.advance(0, 5, arrivals=Events.of(5, [3], [0]))


@given(
    st.lists(st.integers(0, 399), unique=True, max_size=12),
    st.lists(st.integers(0, 399), unique=True, max_size=12),
    st.booleans(),
)
def test_additive_stdp_is_a_sum_over_pairs(before, after, everyone):
    """Independent of traces: every pair, or the nearest earlier partner, counted one by one."""
    rule = load_rule("stdp_pair").with_parameters({"lr": 1e-3, "all_to_all": float(everyone)})
    state = PlasticState.of(rule, [0, 1], [0], 1, dt=0.5)
    events = (Events.of(400, ticks, [0] * len(ticks)) for ticks in (before, after))
    state.advance(0, 400, arrivals=next(events), spikes=next(events))
    expected = 0.5
    for t in after:
        partners = [s for s in before if s <= t]
        for s in partners if everyone else partners and [max(partners)]:
            expected += 1e-3 * math.exp(-(t - s) * 0.5 / 20)
    for t in before:
        partners = [s for s in after if s < t]
        for s in partners if everyone else partners and [max(partners)]:
            expected -= 1.05e-3 * math.exp(-(t - s) * 0.5 / 20)
    assert state.get("w")[0] == pytest.approx(expected, rel=1e-10)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.4, 1.0]))
def test_weights_keep_their_bounds(seed, mu):
    rng = np.random.default_rng(seed)
    rule = load_rule("stdp_pair").with_parameters({"lr": 0.8, "mu_plus": mu, "mu_minus": mu})
    rows = [0, 3, 6], [0, 1, 1, 0, 1, 0]
    state = PlasticState.of(rule, *rows, 2, dt=1.0, engine="interpreted")
    hits = [Events.of(100, *np.nonzero(rng.random((100, 2)) < 0.3)) for _ in range(2)]
    state.advance(0, 100, arrivals=hits[0], spikes=hits[1])
    assert (state.get("w") >= 0).all() and (state.get("w") <= 1).all()
