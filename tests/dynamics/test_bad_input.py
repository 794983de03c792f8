"""Every refusal, by its exact words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sc_neurocore.dynamics import Quantity, Stepper, build_model, parse_expression, simulate
from sc_neurocore.exceptions import EquationError, SCConfigError, UnitMismatchError

LIF = "dv/dt = (-v + R*I)/tau"
VALUES = {"tau": 10.0, "R": 1.0}
ALLOWED = (
    "abs, clip, cos, delay, exp, exprel, floor, log, max, min, rand, randn, "
    "sigmoid, sin, sqrt, sum, tanh, where"
)


def message(kind: type[SCConfigError], equations: str, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        build_model(equations, **options)
    assert type(caught.value) is kind
    return str(caught.value)


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        (
            "dv/dt = (-v + R*I)/taw",
            "unknown name 'taw'; did you mean 'tau'?\n"
            "  dv/dt = (-v + R*I)/taw\n"
            "                     ^^^",
        ),
        ("dv/dt = -v.real", "attribute access is not allowed\n"
         "  dv/dt = -v.real\n           ^^^^^^"),
        (
            "dv/dt = ().__class__",
            "attribute access is not allowed\n  dv/dt = ().__class__\n          ^^^^^^^^^^^^",
        ),
        (
            "dv/dt = open(v)",
            f"call to 'open' is not allowed; allowed: {ALLOWED}\n  dv/dt = open(v)\n          ^^^^",
        ),
        (
            "dv/dt = exq(v)",
            "call to 'exq' is not allowed; did you mean 'exp'?\n  dv/dt = exq(v)\n          ^^^",
        ),
        (
            "dv/dt = __import__('os')",
            f"call to '__import__' is not allowed; allowed: {ALLOWED}\n"
            "  dv/dt = __import__('os')\n          ^^^^^^^^^^",
        ),
        (
            "dv/dt = __import__('os').system('id')",
            "attribute access is not allowed\n"
            "  dv/dt = __import__('os').system('id')\n"
            "          ^^^^^^^^^^^^^^^^^^^^^^^",
        ),
        ("dv/dt = v^2", "'^' is not an operator; write '**' for a power\n"
         "  dv/dt = v^2\n          ^^^"),
        ("dv/dt = (v:=3)", "assignment inside an expression is not allowed\n"
         "  dv/dt = (v:=3)\n           ^^^^"),
        ("dv/dt = [v for v in v]", "listcomp is not allowed here\n"
         "  dv/dt = [v for v in v]\n          ^^^^^^^^^^^^^^"),
        ("dv/dt = 'a'", "str 'a' is not a number\n  dv/dt = 'a'\n          ^^^"),
        ("dv/dt = 1j*v", "complex 1j is not a number\n  dv/dt = 1j*v\n          ^^"),
        ("dv/dt = 1e999", "number is too large\n  dv/dt = 1e999\n          ^^^^^"),
        ("dv/dt = (v + ", "not an expression: '(' was never closed\n  dv/dt = (v +\n          ^"),
        ("dv/dt = v × 2", "only ASCII characters are allowed\n  dv/dt = v × 2\n            ^"),
        ("dv/dt = v > 1", "a condition stands where a number is needed; use where(…, a, b)\n"
         "  dv/dt = v > 1\n          ^^^^^"),
        ("dv/dt = where(v, 1, 2)", "a number stands where a condition is needed\n"
         "  dv/dt = where(v, 1, 2)\n                ^"),
        ("dv/dt = exp(v, v)", "exp() takes 1 arguments, 2 given\n"
         "  dv/dt = exp(v, v)\n          ^^^^^^^^^"),
        ("dv/dt = exp(x=v)", "exp() takes no keyword arguments\n"
         "  dv/dt = exp(x=v)\n          ^^^^^^^^"),
        ("dv/dt = sin(t)", "unknown name 't'; time is not available in equations, drive the model "
         "through an input\n  dv/dt = sin(t)\n              ^"),
        ("dexp/dt = -1", "name 'exp' is reserved by the language; choose another\n"
         "  dexp/dt = -1\n   ^^^"),
        ("dlambda/dt = -1", "name 'lambda' is reserved by the language; choose another\n"
         "  dlambda/dt = -1\n   ^^^^^^"),
        ("hello", "not an equation; write 'dv/dt = …', 'v[n+1] = …' or 'name = …'\n"
         "  hello\n  ^^^^^"),
        ("dv/dt = -v\ndv/dt = v", "'v' is defined twice\n  dv/dt = v\n   ^"),
        ("dv/dt = a; a = b; b = a", "intermediate equations form a cycle: a → b → a\n"
         "   a = b\n       ^"),
        ("dv/dt = -v; x[n+1] = x", "differential and difference equations are mixed; "
         "a model is either 'd…/dt' or '[n+1]'"),
        ("a = 3", "no state equation given; write 'dv/dt = …' or 'v[n+1] = …'"),
        ("# nothing", "no equation given; write for example 'dv/dt = (-v + I)/tau'"),
        ("dv/dt = " + "v+" * 5_000_000 + "v",
         "equations have 10000009 characters; at most 65536 are allowed"),
        ("dv/dt = " + "v+" * 3_000 + "v", "equation has 6009 characters; at most 4096 are allowed; "
         "split it into named intermediate equations"),
        ("dv/dt = " + "(" * 1_500 + "v" + ")" * 1_500,
         "expression nests deeper than 64 brackets; name its parts"),
        ("dv/dt = " + "-" * 3_000 + "v", "expression nests deeper than 64 levels; name its parts"),
        ("\n".join(f"dx{i}/dt = 1" for i in range(300)),
         "300 equations given; at most 256 are allowed"),
        ("d" + "v" * 70 + "/dt = 1", "name 'vvvvvvvvvvvvvvvvvvvv…' has 70 characters; "
         "at most 64 are allowed\n  d" + "v" * 70 + "/dt = 1\n   " + "^" * 70),
    ],
)  # fmt: skip
def test_equations(equations: str, expected: str) -> None:
    assert message(EquationError, equations, params=VALUES) == expected


def test_an_expression_alone_is_bounded_too() -> None:
    with pytest.raises(EquationError, match="expression has 10000001 characters"):
        parse_expression("v+" * 5_000_000 + "v")
    with pytest.raises(EquationError, match="nests deeper than 64 brackets"):
        parse_expression("(" * 2_000 + "v" + ")" * 2_000)
    with pytest.raises(EquationError, match="expression has 20001 characters"):
        parse_expression("(" * 10_000 + "v" + ")" * 10_000)


@pytest.mark.parametrize(
    ("options", "kind", "expected"),
    [
        ({"params": {"tau": 10.0, "R": math.nan}}, SCConfigError,
         "parameter 'R' is nan; it must be a finite number"),
        ({"params": {"tau": math.inf, "R": 1.0}}, SCConfigError,
         "parameter 'tau' is inf; it must be a finite number"),
        ({"params": {"tau": "abc", "R": 1.0}}, SCConfigError,
         "parameter 'tau' is 'abc'; it must be a finite number"),
        ({"params": {"tau": True, "R": 1.0}}, SCConfigError,
         "parameter 'tau' is True; it must be a finite number"),
        ({"params": {"tau": 0.0, "R": 1.0}}, SCConfigError,
         "parameter 'tau' is 0; it must be greater than 0"),
        ({"params": {"tau": -1.0, "R": 1.0}}, SCConfigError,
         "parameter 'tau' is -1; it must be greater than 0"),
        ({"params": VALUES | {"v": 1.0}}, SCConfigError,
         "'v' is both a parameter and the target of an equation; choose another name"),
        ({"inputs": [Quantity("v", 0.0)]}, SCConfigError,
         "'v' is both the target of an equation and an input; choose another name"),
        ({"inputs": [Quantity("R", 0.0)]}, SCConfigError,
         "'R' is both a parameter and an input; choose another name"),
        ({"inputs": [Quantity("I", 0.0)] * 2}, SCConfigError,
         "'I' is an input twice; choose another name"),
        ({"reset": "v = sum(R, 3, R)", "threshold": "v > 1"}, SCConfigError,
         "'R' is both a parameter and an index; choose another name"),
        ({"params": VALUES | {"dt": 1.0}}, EquationError,
         "parameter name 'dt' is reserved by the language; choose another"),
        ({"dt": 0}, SCConfigError, "dt is 0; it must be greater than 0"),
        ({"dt": -0.1}, SCConfigError, "dt is -0.1; it must be greater than 0"),
        ({"dt": math.nan}, SCConfigError, "dt is nan; it must be a finite number"),
        ({"refractory": -1}, SCConfigError, "refractory is -1 ms; it must be 0 or more"),
        ({"refractory": 1e300}, SCConfigError,
         "refractory is 1e+300 ms, 1e+301 ticks of 0.1 ms; at most 2147483647 ticks are allowed"),
        ({"init": {"w": 1}}, SCConfigError, "init names 'w', which is not a state; known: v"),
        ({"hold": ["u"]}, SCConfigError, "hold names 'u', which is not a state; known: v"),
        ({"ranges": {"v": (2, 1)}}, SCConfigError,
         "range of 'v' is [2, 1]; low must not exceed high"),
        ({"reset": "v = 0"}, SCConfigError,
         "reset is given without a threshold; add one, for example 'v > -50'"),
        ({"threshold": "v"}, EquationError, "threshold 'v' is a number, not a condition; "
         "write a comparison such as 'v > -50'\n  v\n  ^"),
        ({"threshold": "v > 1", "reset": "w = 0"}, EquationError,
         "reset assigns 'w', which is not a state; known: v\n  w = 0\n      ^"),
        ({"threshold": "v > 1", "reset": "v == 0"}, EquationError, "reset 'v == 0' is not an "
         "assignment; write for example 'v = -65'\n  v == 0\n  ^^^^^^"),
        ({"edge": "up"}, SCConfigError, "edge is 'up'; allowed: 'level', 'rising'"),
        ({"units": "lax"}, SCConfigError, "units is 'lax'; allowed: 'strict', or leave it out"),
        ({"method": "rk5"}, SCConfigError, "method 'rk5' is unknown; did you mean 'rk4'?"),
        ({"method": "map"}, SCConfigError, "method 'map' does not fit: difference equations take "
         "'map', differential equations any other"),
        ({"name": "../x"}, EquationError, "model name '../x' is not an identifier; "
         "use letters, digits and '_', starting with a letter"),
    ],
)  # fmt: skip
def test_options(options: dict[str, Any], kind: type[SCConfigError], expected: str) -> None:
    assert message(kind, LIF, **({"params": VALUES} | options)) == expected


def test_exact_refuses_a_nonlinear_model() -> None:
    assert message(SCConfigError, "dv/dt = v*v", method="exact") == (
        "method 'exact' needs a model that is linear in its states with constant coefficients; "
        "use 'rk4' or 'exponential_euler'"
    )


@pytest.mark.parametrize(
    ("equations", "threshold", "expected"),
    [
        ("dv/dt = (-v + R*I)/tau : mV", None,
         "unit mismatch: '-v' is in mV, but 'R * I' is in MΩ * mV\n"
         "  dv/dt = (-v + R*I)/tau : mV\n           ^^^^^^^^"),
        ("dv/dt = -v : mV", None, "unit mismatch: 'dv/dt' is in mV / ms, but its right side is in "
         "mV\n  dv/dt = -v : mV\n          ^^"),
        ("dv/dt = -v/tau : mV", "v > 5*ms", "unit mismatch: 'v' is in mV, but '5 * ms' is in ms\n"
         "  v > 5*ms\n  ^^^^^^^^"),
        ("dv/dt = exp(v)/tau : 1", None, None),
        ("dv/dt = exp(v)*mV/tau : mV", None, "unit mismatch: exp() needs a dimensionless argument, "
         "but 'v' is in mV\n  dv/dt = exp(v)*mV/tau : mV\n          ^^^^^^"),
    ],
)  # fmt: skip
def test_units(equations: str, threshold: str | None, expected: str | None) -> None:
    options: dict[str, Any] = {
        "units": "strict", "params": {"tau": "10 ms", "R": "10 Mohm"}, "input_unit": "mV",
        "threshold": threshold,
    }  # fmt: skip
    if expected is None:
        assert build_model(equations, **options).strict_units
    else:
        assert message(UnitMismatchError, equations, **options) == expected


def test_an_unknown_unit() -> None:
    assert message(
        SCConfigError, "dv/dt = -v/tau : furlongs2", params={"tau": "1 ms"}, units="strict"
    ) == ("'v' has unit 'furlongs2', which is not a unit known to pint")


RUN = build_model(LIF, threshold="v > 1", reset="v = 0", params=VALUES, dt=0.5)
TWO = build_model("dv/dt = -v + a + b", inputs=[], params={"a": 1.0, "b": 2.0})
COUPLED = build_model("dv/dt = (w - v)/tau; dw/dt = -v", params={"tau": 1.0})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "the length of the run is missing; give duration (ms) or ticks"),
        ({"duration": 1.0, "ticks": 2}, "give duration or ticks, not both"),
        ({"duration": 0}, "duration is 0; it must be greater than 0"),
        ({"ticks": 0}, "ticks is 0; it must be from 1 to 2147483647"),
        ({"ticks": 5, "neurons": 0}, "neurons is 0; it must be from 1 to 2147483647"),
        ({"ticks": 5, "dtype": "float16"}, "dtype is 'float16'; allowed: 'float64', 'float32'"),
        ({"ticks": 5, "seed": -1}, "seed is -1; it must be from 0 to 2**64 - 1"),
        ({"ticks": 5, "threads": 0}, "threads is 0; it must be 1 or more"),
        ({"ticks": 5, "record": ["w"]}, "record names 'w', which is not a state; known: v"),
        ({"ticks": 5, "parameters": {"taw": 1.0}},
         "model 'neuron' has no parameter 'taw'; did you mean 'tau'?"),
        ({"ticks": 5, "parameters": {"tau": 0.0}},
         "parameter 'tau' is 0; it must be greater than 0"),
        ({"ticks": 5, "parameters": {"tau": [1.0, 0.0]}},
         "parameter 'tau' is 0; it must be greater than 0"),
        ({"ticks": 5, "parameters": {"R": [1.0, math.nan]}},
         "parameter 'R' holds nan; it must be finite"),
        ({"ticks": 5, "parameters": {"R": [[1.0]]}},
         "parameter 'R' has shape (1, 1); give a number or one per neuron"),
        ({"ticks": 5, "current": [1.0, 2.0]}, "input 'I' has 2 ticks, but the run has 5"),
        ({"ticks": 5, "neurons": 4, "current": np.zeros((1, 3))},
         "input 'I' has 3 neurons, but the run has 4"),
        ({"ticks": 5, "current": math.inf}, "input 'I' holds inf; it must be finite"),
        ({"ticks": 5, "current": "x"}, "input 'I' is not an array of numbers"),
        ({"ticks": 5, "current": {"J": 1.0}}, "model 'neuron' has no input 'J'; known: I"),
        ({"ticks": 5, "current": np.zeros((1, 1, 1))},
         "input 'I' has shape (1, 1, 1); give a number, (T,), (T, N) or (1, N)"),
        ({"ticks": 5, "current": 1e300, "dtype": "float32"},
         "input 'I' is 1e+300, beyond the range of float32; use float64"),
        ({"ticks": 10**9, "neurons": 10**6, "record": ["v"]}, "recording 1 states of 1000000 "
         "neurons over 1000000000 ticks needs 7450580.6 GiB, more than this machine has; "
         "record fewer or run in parts"),
    ],
)  # fmt: skip
def test_runs(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        simulate(RUN, **options)
    assert str(caught.value) == expected


def test_runs_of_other_models() -> None:
    with pytest.raises(SCConfigError) as caught:
        simulate(TWO, 1.0, ticks=1)
    assert str(caught.value) == "model 'neuron' has 0 inputs; leave current out"
    with pytest.raises(SCConfigError) as caught:
        simulate(COUPLED, ticks=1, parameters={"tau": [1.0, 2.0]})
    assert str(caught.value) == (
        "parameter 'tau' differs between neurons, but method 'exact' solves the coupled states of "
        "'neuron' for one value; use method 'rk4'"
    )
    start = Stepper(COUPLED).state
    with pytest.raises(SCConfigError) as caught:
        simulate(RUN, ticks=1, state=start)
    assert str(caught.value) == "state holds 2 variables; model 'neuron' has 1"
    with pytest.raises(SCConfigError) as caught:
        simulate(RUN, ticks=1).spike_times(1)
    assert str(caught.value) == "neuron is 1; the run has neurons 0 to 0"


EXC = (Quantity("exc", 0.0, kind="event"),)
G = "dg/dt = -g/5; dv/dt = -v/10"


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        (
            EquationError,
            {"equations": "dg/dt = -g/5 + exc", "jumps": "g += exc"},
            "'exc' is an event input, which jumps alone read; let a jump add it to a state, and "
            "read the state here\n  dg/dt = -g/5 + exc\n                 ^^^",
        ),
        (
            EquationError,
            {"threshold": "g + exc > 1", "jumps": "g += exc"},
            "'exc' is an event input, which jumps alone read; let a jump add it to a state, and "
            "read the state here\n  g + exc > 1\n      ^^^",
        ),
        (
            EquationError,
            {"jumps": "h += exc"},
            "jump assigns 'h', which is not a state; known: g, v\n  h += exc\n       ^^^",
        ),
        (
            EquationError,
            {"jumps": "g += exc*I", "inputs": (*EXC, Quantity("I", 0.0))},
            "'I' is not an event input; jumps read states, parameters and event inputs only; "
            "declare it with kind 'event', or move it to an equation\n"
            "  g += exc*I\n           ^",
        ),
        (
            EquationError,
            {"equations": "z = 2*g; dg/dt = -z", "jumps": "g += exc*z"},
            "'z' is an intermediate equation; jumps read states, parameters and event inputs only"
            "\n  g += exc*z\n           ^",
        ),
        (
            EquationError,
            {"jumps": "g += exc; g"},
            "jump 'g' is not an assignment; write for example 'v = -65'\n   g\n  ^^",
        ),
        (
            EquationError,
            {"jumps": "g += exc*v", "threshold": "v > 1", "reset": "v = 0", "refractory": 1.0},
            "the jump of 'g' reads 'v', which refractoriness holds; hold 'g' too, or neither\n"
            "  g += exc*v\n       ^^^^^",
        ),
        (
            SCConfigError,
            {"jumps": "g += 1"},
            "event input 'exc' has no effect; write a jump that reads it, for example "
            'jumps = "g += exc"',
        ),
        (
            SCConfigError,
            {"jumps": "g += exc", "inputs": (Quantity("exc", 1.0, kind="event"),)},
            "event input 'exc' has the value 1; it is 0 in a tick without events",
        ),
        (
            SCConfigError,
            {"jumps": "g += exc", "inputs": (Quantity("exc", 0.0, kind="spike"),)},  # type: ignore[arg-type]
            "kind of input 'exc' is 'spike'; allowed: 'current', 'event'",
        ),
    ],
)
def test_jumps(kind: type[SCConfigError], options: dict[str, Any], expected: str) -> None:
    equations = options.pop("equations", G)
    options = {"inputs": EXC, **options}
    assert message(kind, equations, **options) == expected


def test_a_jump_has_the_unit_of_its_state() -> None:
    with pytest.raises(UnitMismatchError, match=r"'g' is in nS, but 'exc' is in mV"):
        build_model(
            "dg/dt = -g/(5*ms) : nS", units="strict", jumps="g += exc",
            inputs=[Quantity("exc", 0.0, "mV", kind="event")],
        )  # fmt: skip
    model = build_model(
        "dg/dt = -g/(5*ms) : nS", units="strict", jumps="g += exc",
        inputs=[Quantity("exc", 0.0, "pS", kind="event")],
    )  # fmt: skip
    assert simulate(model, 1000.0, ticks=1, record="g").states["g"][0, 0] == 1.0
