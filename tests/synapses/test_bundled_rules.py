"""Every bundled rule: its document, its units, its golden run, and its kernel."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sc_neurocore.dynamics import unit_registry
from sc_neurocore.dynamics._units import UnitChecker
from sc_neurocore.synapses import (
    Events,
    PlasticState,
    RuleDocument,
    describe_rule,
    list_rules,
    load_rule,
)

from .interpreter import Interpreter

PAIRS = [(0, 1), (0, 3), (0, 3), (1, 0), (1, 1), (2, 2), (2, 0), (2, 3)]
INDPTR, TARGET = [0, 3, 5, 8, 8], [j for _, j in PAIRS]
TERMINALS, NEURONS = 4, 4


#: Rules that between them have every kind of block that a kernel can have.
COMPILED = ("short_term", "stdp_clopath", "stdp_dopamine", "stdp_pair", "stdp_triplet")

every_rule = pytest.mark.parametrize("name", list_rules())
compiled_rules = pytest.mark.parametrize(
    "name",
    [n if n in COMPILED else pytest.param(n, marks=pytest.mark.exhaustive) for n in list_rules()],
)


def golden_run(document: RuleDocument) -> PlasticState:
    run, rule = document.protocol, document.rule
    ticks = run["ticks"]
    state = PlasticState.of(rule, [0, 1], [0], 1, dt=run["dt"], engine="interpreted")
    state.advance(
        0,
        ticks,
        arrivals=Events.of(ticks, run["pre"], [0] * len(run["pre"])),
        spikes=Events.of(ticks, run["post"], [0] * len(run["post"])),
        inputs=run.get("inputs", {}),
    )
    return state


def drive(name: str, ticks: int, seed: int = 0):
    """Dense random events and inputs around the values at which the rule does something."""
    rng = np.random.default_rng(seed)
    rule = load_rule(name)
    before = rng.random((ticks, TERMINALS)) < 0.12
    after = rng.random((ticks, NEURONS)) < 0.12
    cells = {"pre": TERMINALS, "post": NEURONS, "shared": 1}
    inputs = {}
    for q in rule.inputs:
        shape = (ticks, cells[rule.places[q.name]])
        noise = rng.normal(0, 1, shape)
        if q.name.startswith("v_") and q.unit == "mV":
            inputs[q.name] = -50 + 12 * noise
        elif q.name == "reward":
            inputs[q.name] = np.where(rng.random(shape) < 0.1, np.round(4 * noise), 0.0)
        elif q.name == "dopamine":
            inputs[q.name] = np.where(rng.random(shape) < 0.1, 1.0, 0.0)
        else:
            inputs[q.name] = np.abs(noise)
    return rule, before, after, inputs


def events(hits, lo=0, hi=None):
    part = hits[lo:hi]
    return Events.of(len(part), *np.nonzero(part))


@every_rule
def test_document_is_complete(name):
    document = describe_rule(name)
    rule = document.rule
    assert rule.name == name
    assert document.title and document.authors and document.year and rule.description
    assert document.doi.startswith("10.") or name == "online_o1"
    for q in (*rule.states, *rule.parameters, *rule.inputs):
        assert q.meaning, q.name
        assert math.isfinite(q.low) and math.isfinite(q.high), q.name
    assert set(document.golden) == {q.name for q in rule.states}


@every_rule
def test_units_agree_without_factors(name):
    rule, ms = load_rule(name), unit_registry().parse_units("ms")
    units = {q.name: q.unit for q in (*rule.states, *rule.parameters, *rule.inputs)}
    # What `release` is in, the target's port says; conductances times mV give pA here.
    checker = UnitChecker({**units, "dt": "ms"})
    for name_, expr in rule.odes.items():
        target = unit_registry().parse_units(units[name_] or "dimensionless") / ms
        assert checker.check_as(expr, target, name_) == expr
    for line in (*rule.on_pre, *rule.on_post, *rule.every_tick):
        if line.target != "release":
            target = unit_registry().parse_units(units[line.target] or "dimensionless")
            assert checker.check_as(line.expr, target, line.source) == line.expr


@every_rule
def test_golden_run(name):
    document = describe_rule(name)
    state = golden_run(document)
    for key, value in document.golden.items():
        found = state.get(key, document.protocol["ticks"] - 1)[0]
        assert found == pytest.approx(value, rel=1e-12, abs=1e-300), key


@every_rule
def test_kernel_means_what_the_rule_says(name):
    """Against the slow interpreter: states, what is handed over, multapses, empty rows."""
    ticks, dt = 120, 0.5
    rule, before, after, inputs = drive(name, ticks)
    state = PlasticState.of(rule, INDPTR, TARGET, NEURONS, dt=dt, seed=7, engine="interpreted")
    slow = Interpreter(rule, PAIRS, TERMINALS, NEURONS, dt)
    handed = state.advance(0, ticks, arrivals=events(before), spikes=events(after), inputs=inputs)
    for t in range(ticks):
        row = {k: v[t] for k, v in inputs.items()}
        out = slow.tick(t, np.nonzero(before[t])[0], np.nonzero(after[t])[0], row, 7)
        np.testing.assert_allclose(handed[t], out, rtol=1e-11, atol=1e-13)
    for q in rule.states:
        np.testing.assert_allclose(
            state.get(q.name, ticks - 1), slow.get(q.name), rtol=1e-11, atol=1e-13, err_msg=q.name
        )


@compiled_rules
def test_the_compiled_kernel_is_the_interpreted_one(name):
    """The same bits; so what the tests say of the one holds for the other."""
    ticks = 120
    rule, before, after, inputs = drive(name, ticks)
    compiled, plain = (
        PlasticState.of(rule, INDPTR, TARGET, NEURONS, dt=0.5, seed=7, engine=engine)
        for engine in ("compiled", "interpreted")
    )
    handed = [
        x.advance(0, ticks, arrivals=events(before), spikes=events(after), inputs=inputs)
        for x in (compiled, plain)
    ]
    assert np.array_equal(*handed)
    for q in rule.states:
        assert np.array_equal(compiled.get(q.name), plain.get(q.name)), q.name


@every_rule
def test_cutting_a_run_changes_nothing(name):
    """Calls of any length, and the two phases of a tick apart, give the same bits."""
    ticks = 120
    rule, before, after, inputs = drive(name, ticks, seed=3)
    whole, cut = (
        PlasticState.of(rule, INDPTR, TARGET, NEURONS, dt=0.5, seed=1, engine="interpreted")
        for _ in range(2)
    )
    expected = whole.advance(0, ticks, arrivals=events(before), spikes=events(after), inputs=inputs)
    found = np.zeros_like(expected)
    edges = [0, 1, 2, 40, 97, ticks]
    for lo, hi in itertools.pairwise(edges):
        part = {k: v[lo:hi] for k, v in inputs.items()}
        now, later = events(before, lo, hi), events(after, lo, hi)
        if hi - lo == 1:
            out = cut.advance(lo, arrivals=now, inputs=part, phase="arrivals")
            cut.advance(lo, spikes=later, inputs=part, phase="spikes", out=out)
        else:
            out = cut.advance(lo, hi - lo, arrivals=now, spikes=later, inputs=part)
        found[lo:hi] = out
    assert np.array_equal(expected, found)
    for q in rule.states:
        assert np.array_equal(whole.get(q.name), cut.get(q.name)), q.name
