"""What synapses, rules and their files may not be given: one sentence each, and no crash."""

from __future__ import annotations

import math
from importlib.resources import files

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses import (
    BCMSynapse,
    DopamineStdpSynapse,
    Events,
    GapJunction,
    OnlineO1Synapse,
    PairSTDP,
    PlasticState,
    RewardModulatedSTDPSynapse,
    TripartiteSynapse,
    build_online_o1_memory_proof,
    load_rule,
)

PAIR = files("sc_neurocore.synapses").joinpath("rules", "stdp_pair.toml").read_text()


def refused(act) -> str:
    with pytest.raises(SCConfigError) as error:
        act()
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('at = "synapse"', 'at = "dendrite"', "'w' has no place; allowed: post, pre"),
        ('at = "synapse"', "at = 3", "'w' has no place"),
        ("init = 0.5", "init = nan", "[states.w] init is nan; it must be a finite number"),
        ("init = 0.5", "init = true", "[states.w] init is True"),
        ("init = 0.5\n", "", "[states.w] has no 'init'; give it a number"),
        ("value = 20.0\n", "", "[parameters.tau_plus] has no 'value'; give it a number"),
        ("low = 0.0", "low = 5.0", "[states.w] is 0.5; its range is 5 to"),
        ("low = 0.0", "low = nan", "low is nan; it must be a finite number"),
        ('unit = "ms"', 'unit = "furlong_per_blub"', "which is not a unit known to pint"),
        ('unit = "ms"', "unit = 4", "unit is 4; it must be text"),
        ('meaning = "', "meaning = 4 #", "meaning is 4; it must be text"),
        ("keywords = [", "keywords = 5 # [", "[rule] keywords is 5; it must be a list of texts"),
        ("authors = [", 'authors = "S" # [', "authors is 'S'; it must be a list of texts"),
        ("year = 2", 'year = "x" #', "year is 'x'; it must be a whole number of 0 or more"),
        ('name = "stdp_pair"', "name = 5", "[rule] name is 5; it must be text"),
        ('name = "stdp_pair"', 'name = "a b"', "[rule] name is 'a b'; it must be an identifier"),
        ("dx/dt = -x/tau_plus", "dx/dt = -x/tau_plus*t", "unknown name 't'"),
        ("dt = 0.1", 'dt = "a"', "[protocol] dt is 'a'; it must be a number above 0"),
        ("ticks = 2000", "ticks = -2", "[protocol] ticks is -2; it must be a whole number"),
        ("pre = [100", "pre = [-1", "[protocol] pre is [-1"),
        ("[golden]", "[golden]\nfoo = 1.0", "[golden] names 'foo', which the rule does not have"),
        ("[golden]", "inputs = {z = 1}\n[golden]", "[protocol] inputs names 'z'"),
    ],
)
def test_documents(tmp_path, old, new, sentence):
    assert old in PAIR
    file = tmp_path / "mine.toml"
    file.write_text(PAIR.replace(old, new, 1))
    message = refused(lambda: load_rule(file))
    assert sentence in message
    assert message.startswith(str(file))


@pytest.mark.parametrize("source", [None, 3, b"stdp_pair", ["stdp_pair"]])
def test_what_is_no_rule(source):
    assert "give a bundled rule's name or a file's path" in refused(lambda: load_rule(source))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("-x/tau_plus", "x/tau_plus", "dx/dt of rule 'stdp_pair' has the rate 0.05 per ms"),
        ("-x/tau_plus", "-x/(tau_plus - 20)", "has the rate nan per ms"),
        ("value = 20.0", "value = -20.0", "time constants are above 0"),
    ],
)
def test_states_that_grow_by_themselves(tmp_path, old, new, sentence):
    file = tmp_path / "mine.toml"
    text = PAIR.replace("low = 1.0\nhigh = 1000.0", "low = -100.0\nhigh = 1000.0")
    assert old in text and "low = -100.0" in text
    file.write_text(text.replace(old, new, 1))
    assert sentence in refused(lambda: one_synapse(load_rule(file)))


def one_synapse(rule="stdp_pair", indptr=(0, 1), target=(0,), neurons=1, **options):
    rule = load_rule(rule) if isinstance(rule, str) else rule
    options = {"dt": 0.1, "engine": "interpreted", **options}
    return PlasticState.of(rule, indptr, target, neurons, **options)


def weight_of(name: str, **parameters):
    return one_synapse(load_rule(name).with_parameters(parameters))


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: one_synapse(indptr=[0, 1.5]), "indptr hold float64 numbers; they must be whole"),
        (lambda: one_synapse(indptr=[0, 2, 1]), "indptr must rise from 0"),
        (lambda: one_synapse(target=[0.7]), "target hold float64 numbers; they must be whole"),
        (lambda: one_synapse(target=[2**40]), "target name 1099511627776 to 1099511627776"),
        (lambda: one_synapse(target=[1]), "targets are 1 to 1; there are 1 neurons, from 0"),
        (lambda: one_synapse(neurons=1.5), "neurons is 1.5; it must be a whole number from 0"),
        (lambda: one_synapse(rule=7), "rule is 7; give a Rule"),
        (lambda: one_synapse(seed=-1), "seed is -1; it must be a whole number from 0 to"),
        (lambda: one_synapse(dt=-1), "dt is -1; it must be greater than 0"),
        (lambda: one_synapse(engine="gpu"), "engine is 'gpu'; it must be one of compiled"),
        (lambda: one_synapse(engine=["gpu"]), "engine is ['gpu']"),
        (lambda: one_synapse(init=[1]), "init is [1]; give values by the name of a state"),
        (lambda: one_synapse(init={"w": "a"}), "init of 'w' is 'a'; give numbers"),
        (lambda: one_synapse(init={"w": None}), "init of 'w' is None; give numbers"),
        (lambda: one_synapse(init={"w": True}), "init of 'w' is True; give numbers"),
        (lambda: one_synapse(init={"w": math.nan}), "is nan to nan; it must be 0 to 1"),
        (lambda: one_synapse(init={"w": 1.5}), "is 1.5 to 1.5; it must be 0 to 1"),
        (lambda: one_synapse(init={"q": 1.5}), "init names 'q', which is not a state"),
        (lambda: weight_of("stdp_pair", w_max=0.1), "is 0.5 to 0.5; it must be 0 to 0.1"),
        (
            lambda: weight_of("stdp_reward", w_min=0.9, w_max=0.1),
            "give a w_min that does not exceed w_max",
        ),
    ],
)
def test_synapses(act, sentence):
    assert sentence in refused(act)


def advanced(start=0, ticks=1, rule="stdp_pair", **options):
    return lambda: one_synapse(rule).advance(start, ticks, **options)


def events(start, index):
    return Events(np.array(start), np.array(index))


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: Events.of(3, [0.6], [0]), "ticks of events hold float64 numbers"),
        (lambda: Events.of(3, [3], [0]), "the run has ticks 0 to 2"),
        (lambda: Events.of(3, [1], [2**40]), "events name 1099511627776"),
        (lambda: Events.of(-1, [], []), "ticks is -1; it must be a whole number of at least 0"),
        (advanced(0, -1), "ticks is -1; it must be a whole number of at least 0"),
        (advanced(0.5), "start is 0.5; it must be a whole number of at least 0"),
        (advanced(phase="last"), "phase is 'last'; it must be one of arrivals, spikes, both"),
        (advanced(phase=["both"]), "phase is ['both']"),
        (advanced(out=np.zeros((1, 0))), "out must be an array (1, 1) of float64 in C order"),
        (advanced(out=[[0.0]]), "out must be an array (1, 1)"),
        (advanced(out=np.broadcast_to(0.0, (1, 1))), "to write to"),
        (advanced(arrivals=[0]), "arrivals are [0]; give Events, such as Events.of(…)"),
        (advanced(arrivals=events([0, 1], [5])), "arrivals name 5 to 5; allowed: 0 to 0"),
        (advanced(arrivals=events([0, 1], [-1])), "arrivals name -1 to -1"),
        # Unchecked, a kernel would read beyond its arrays.
        (advanced(arrivals=events([0, 7], [0])), "must rise from 0 to the number of events, 1"),
        (advanced(0, 2, spikes=events([0, 3, 1], [0])), "must rise from 0 to the number"),
        (advanced(spikes=events([0.5, 1], [0])), "starts of spikes hold float64 numbers"),
        (advanced(inputs={"z": 1}), "rule 'stdp_pair' has no input 'z'"),
        (advanced(rule="stdp_dopamine", inputs={"dopamine": "a"}), "is 'a'; give numbers"),
        (advanced(rule="stdp_dopamine", inputs={"dopamine": math.nan}), "is nan to nan; it must"),
        (advanced(rule="stdp_dopamine", inputs={"dopamine": 1e300}), "is 1e+300 to 1e+300"),
        (advanced(0, 2, "stdp_dopamine", inputs={"dopamine": [1, 2, 3]}), "has shape (3,)"),
        # Its traces alone would have become NaN, and its weight never have moved again.
        (advanced(rule="stdp_clopath", inputs={"v_post": math.nan}), "'v_post' of rule"),
        (lambda: one_synapse().get(None), "has no state 'None'"),
    ],
)
def test_ticks(act, sentence):
    assert sentence in refused(act)


def test_time_does_not_run_backwards_or_leap():
    """A trace would have decayed by 2**64 ticks; a rule with a tick of its own would miss some."""
    state, ticking = one_synapse(), one_synapse("stdp_dopamine")
    state.advance(0, 10, arrivals=Events.of(10, [5], [0]))
    message = "start is 2; the run is at tick 10, continue there"
    assert refused(lambda: state.advance(2, 3)) == message
    assert "a cell had an event at tick 5" in refused(lambda: state.get("x", 3))
    state.advance(50, 1)
    assert "the run is at tick 50" in refused(lambda: state.advance(49, phase="spikes"))
    state.advance(50, 1, phase="spikes")
    ticking.advance(7, 3)
    assert "the run is at tick 10" in refused(lambda: ticking.advance(50))
    ticking.advance(10, phase="arrivals")
    ticking.advance(10, phase="spikes")
    ticking.advance(11)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: PairSTDP("a"), "state 'w' is 'a'; it must be a finite number"),
        (lambda: PairSTDP(3.0), "is 3 to 3; it must be 0 to 1"),
        (lambda: PairSTDP(tau_plus=-20.0), "'tau_plus' of rule 'stdp_pair' is -20; it must be 1"),
        (lambda: PairSTDP().step(np.array([0, 1]), 0), "pre spike is array([0, 1]); it must be 0"),
        (lambda: PairSTDP().step("1", 0), "pre spike is '1'"),
        (lambda: RewardModulatedSTDPSynapse(w="a"), "w is 'a'; it must be a finite number"),
        (lambda: RewardModulatedSTDPSynapse(w_min=1, w_max=0, w=0.5), "w is 0.5; it must be 1 to"),
        (lambda: DopamineStdpSynapse().step(0, 0, math.nan), "input 'dopamine' is nan"),
        (lambda: BCMSynapse().step(-1, 1), "input 'r_pre' of rule 'bcm' is -1 to -1"),
        (lambda: TripartiteSynapse(2.0), "is 2 to 2; it must be 0 to 1"),
        (lambda: TripartiteSynapse(ca_threshold=-1), "'ca_threshold' of rule 'tripartite' is -1"),
        (lambda: TripartiteSynapse().step(0, 2), "post spike is 2; it must be 0, 1"),
        (lambda: GapJunction().current_matrix([1, 2], [[0, 1], [1]]), "give numbers"),
        (lambda: GapJunction().current_matrix("a", [[0]]), "voltages is 'a'; give numbers"),
        (lambda: OnlineO1Synapse().step(0.5, 0), "pre spike is 0.5; it must be 0, 1"),
        (lambda: OnlineO1Synapse().step(None, 0), "pre spike is None"),
        (lambda: build_online_o1_memory_proof(lengths=(-1,)), "length is -1; it must be a whole"),
    ],
)
def test_single_synapses(act, sentence):
    message = refused(act)
    assert sentence in message
    assert "\n" not in message
