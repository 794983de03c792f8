"""One tick of the datapath stays within the promised error of real arithmetic."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from sc_neurocore.compiler import Compiled, HardwareOptions, compile_model
from sc_neurocore.dynamics import Expr, Model, build_model, program
from sc_neurocore.exceptions import SCCompilerError

from .accuracy import Loss, Near, Undecided, bounded
from .exact import node_values
from .models import designs


def size(expr: Expr) -> int:
    return sum(1 for _ in expr.walk())


def deviations(compiled: Compiled, points: int, rng: random.Random) -> list[tuple[float, float]]:
    """Per random point and state: deviation and what is allowed, in units of the last place."""
    d, model = compiled.datapath, compiled.model
    finest = max(p.format.fraction for p in d.states)
    loss = Loss(
        coefficient=2.0 ** -min(20, max(12, finest + 4)),
        function=compiled.options.function_error,
        comparison=2.0 ** -(finest + 1),
    )
    tick = program(model)
    operations = sum(size(e) for _, e in tick.steps) + sum(map(size, tick.advance.values()))
    ports = (*d.states, *d.inputs, *d.parameters, *d.draws)
    limits = {q.name: (q.low, q.high) for q in model.parameters}
    found = []
    for _ in range(points):
        raw = {
            p.name: rng.choice([p.low, p.high, rng.randint(p.low, p.high)])
            if rng.random() < 0.5
            else rng.randint(p.low, p.high)
            for p in ports
        }
        node = node_values(d, {**raw, "$dither": rng.getrandbits(32), "$refractory": 0})
        env = {k: Near(v, abs(v) * loss.coefficient) for k, v in model.parameter_values.items()}
        env |= {p.name: Near(raw[p.name] * p.format.resolution) for p in ports}
        for p in d.parameters:  # a parameter port saturates to its declared range
            low, high = limits[p.name]
            env[p.name] = Near(min(max(env[p.name].value, low), high))
        try:
            for name, expr in tick.steps:
                env[name] = bounded(expr, env, loss)
            wanted = {p.name: bounded(tick.advance[p.name], env, loss) for p in d.states}
        except Undecided:
            continue
        for i, p in enumerate(d.states):
            ulp = p.format.resolution
            real = min(max(wanted[p.name].value, p.low * ulp), p.high * ulp)
            away = abs(node[d.candidate[i]] * ulp - real)
            allowed = ulp * (1 + operations / 8) + wanted[p.name].error
            found.append((away / ulp, allowed / ulp))
    return found


def check(model: Model, options: HardwareOptions, points: int, rng: random.Random) -> float:
    plain = dataclasses.replace(options, overflow="saturate", pipeline=0, multipliers="parallel")
    found = deviations(compile_model(model, plain), points, rng)
    for away, allowed in found:
        assert away <= allowed, (
            f"{away:.3g} units off, {allowed:.3g} allowed: "
            f"{[e.source for e in model.equations]} {plain}"
        )
    return max((a / b for a, b in found), default=0.0)


def random_model(design: tuple[Model, HardwareOptions], rng: random.Random) -> None:
    try:
        target(check(*design, points=12, rng=rng))
    except SCCompilerError:
        return


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs(), st.integers(0, 2**32))
def test_random_models(design: tuple[Model, HardwareOptions], seed: int) -> None:
    random_model(design, random.Random(seed))


@pytest.mark.exhaustive
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs(), st.integers(0, 2**32))
def test_random_models_many_times(design: tuple[Model, HardwareOptions], seed: int) -> None:
    random_model(design, random.Random(seed))


#: Expressions over v in [-4, 4] and w in [0, 3] that strain one mechanism each.
NASTY = {
    "product": "v*v*w",
    "reciprocal near its pole": "1/(0.001 + w*w)",
    "reciprocal that floors to zero": "1/(0.0001 + abs(v*w))",
    "reciprocal of a negative": "1/(v*w - 13)",
    "reciprocal of a wide range": "1/(1 + (1000*(v - 1.01))**2)",
    "root near zero": "sqrt(abs(v*w))",
    "root of a scaled square": "sqrt(w*w*0.01)",
    "logarithm near zero": "log(0.001 + abs(v*w))",
    "logarithm near one, magnified": "log(1 + w*w*0.001)*100",
    "exponential upwards": "exp(v*w*0.5)",
    "exponential far downwards": "exp(-(1000*(v - 1.01))**2)",
    "gaussian": "exp(-v*v)*10",
    "many turns": "sin(v*w*8)",
    "more turns": "cos(v*100)",
    "flat ends": "tanh(v*w*5)",
    "steep sigmoid": "sigmoid(v*w*20)*5",
    "exprel": "exprel(v*w)",
    "exprel of one variable": "exprel(-v*3)",
    "narrow pulse beside a curve": "where(v > 1.0 and v < 1.002, 5, tanh(v))",
    "jump between curves": "where(v > 1.0, tanh(v) + 1, exp(v/4))",
    "kink in a curve": "abs(tanh(v) - 0.5)*3",
    "clipped curve": "clip(exp(v), 0.2, 0.9)",
    "stairs": "floor(3*tanh(v))",
    "stairs of a product": "floor(v*w)",
    "broken power": "(0.1 + w)**0.3",
    "half power": "(0.1 + w)**-1.5",
    "high power": "v**7*0.001",
    "near-one coefficient": "0.99*v + 1e-5*w",
    "small times large": "1e-6*v*w*1e6",
    "cancelling": "(v - 0.001)*(v + 0.001)*1000",
    "shrunk and magnified": "tanh(w*1e-4)*1e4",
    "removable pole kept away": "v/(1 - exp(-v/10 - 0.5))",
    "choice between curve and line": "min(exp(v), w)",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("fmt", ["Q12.8", "Q12.16"])
def test_nasty_expressions(text: str, fmt: str) -> None:
    model = build_model(
        f"v[n+1] = v; w[n+1] = w; out[n+1] = {text}",
        ranges={"v": (-4.0, 4.0), "w": (0.0, 3.0), "out": (-2000.0, 2000.0)},
    )
    check(model, HardwareOptions(format=fmt), points=300, rng=random.Random(1))


@pytest.mark.parametrize("scale", [1e-3, 1e-6])
def test_small_numbers_are_compared_finely(scale: float) -> None:
    model = build_model(
        "v[n+1] = v; out[n+1] = 0",
        threshold=f"v*{scale} > {scale}",
        reset="out = 1",
        ranges={"v": (-4.0, 4.0), "out": (0.0, 1.0)},
    )
    options = HardwareOptions(pipeline=0, multipliers="parallel")
    d = compile_model(model, options).datapath
    for v in (-1024, 0, 250, 255, 257, 262, 1024):
        node = node_values(d, {"v": v, "out": 0})
        assert node[d.condition] == (v > 256)


def test_a_narrow_peak_is_not_missed_by_its_table() -> None:
    """Sixteen samples a segment see nothing of a peak 0.002 wide; every code does."""
    model = build_model(
        "v[n+1] = v; out[n+1] = exp(-(1000*(v - 1.01))**2)",
        ranges={"v": (-4.0, 4.0), "out": (0.0, 1.0)},
    )
    options = HardwareOptions(format="Q12.16", pipeline=0, multipliers="parallel")
    d = compile_model(model, options).datapath
    peak = round(1.01 * 65536)
    node = node_values(d, {"v": peak, "out": 0})
    assert abs(node[d.candidate[1]] / 65536 - 1) < 2e-3
    for table in d.tables:
        assert table.max_error < 2**-10
