"""The interpreter gives the bits that the kernels give."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sc_neurocore.dynamics import (
    Model,
    Quantity,
    Simulation,
    State,
    build_model,
    load_kernel,
    simulate,
)
from sc_neurocore.dynamics._interpreter import _text
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons import load_model

EVERYTHING = """
a = where(x > 0.1 and not (y < 0.2 or z >= 0.9), x**3, -abs(x)**1.5)
b = min(exp(x), max(y, -2)) + log(1.5 + abs(z)) + sqrt(abs(y)) + floor(3*z)
c = sin(x) + cos(y) + tanh(z) + sigmoid(a) + exprel(x) + clip(b, -1, 1)/(1.2 + z**2)
x[n+1] = 0.3*c + 0.1*rand() + 0.1*I
y[n+1] = x
z[n+1] = 0.5*y + 0.1*randn() + 0.05*J
"""


def both(model: Model, *args: Any, **options: Any) -> tuple[Simulation, Simulation]:
    names = model.state_names
    return (
        simulate(model, *args, record=names, engine="compiled", **options),
        simulate(model, *args, record=names, engine="interpreted", **options),
    )


def assert_equal(a: Simulation, b: Simulation) -> None:
    for name in a.states:
        np.testing.assert_array_equal(
            a.states[name].view(np.int64), b.states[name].view(np.int64), name
        )
    np.testing.assert_array_equal(a.spikes.tick, b.spikes.tick)
    np.testing.assert_array_equal(a.spikes.neuron, b.spikes.neuron)
    np.testing.assert_array_equal(a.final.values, b.final.values)
    np.testing.assert_array_equal(a.final.refractory, b.final.refractory)
    np.testing.assert_array_equal(a.final.previous, b.final.previous)


def test_every_operation_and_every_kind_of_input() -> None:
    model = build_model(
        EVERYTHING, threshold="x > y and x > 0.5", reset="y = x; x = 0.2*y + 0.01*rand()",
        inputs=[Quantity("I", 0.0), Quantity("J", 0.0)], init={"x": 0.3, "y": 0.1, "z": 0.2},
        method="map", dt=1.0, refractory=2, edge="rising", hold=["y"],
    )  # fmt: skip
    rng = np.random.default_rng(1)
    inputs = {"I": rng.normal(size=(400, 150)), "J": rng.normal(size=(1, 150))}
    compiled, interpreted = both(model, inputs, seed=7)
    assert len(compiled.spikes) > 1000
    assert_equal(compiled, interpreted)
    # Continued from the middle, by the other engine.
    first = simulate(
        model, {"I": inputs["I"][:123], "J": inputs["J"]}, seed=7, engine="interpreted"
    )
    again = {"I": inputs["I"][123:], "J": inputs["J"]}
    rest = simulate(model, again, seed=7, state=first.final, engine="interpreted")
    np.testing.assert_array_equal(rest.final.values, compiled.final.values)


@pytest.mark.parametrize("name", ["adex", "hodgkin_huxley", "lif", "rulkov", "stochastic_lif"])
def test_models_of_the_catalogue(name: str) -> None:
    model = load_model(name)
    drive = model.inputs[0]
    current = np.linspace(drive.low, drive.high, 4000)
    assert_equal(*both(model, current, seed=3))


def test_a_state_that_leaves_the_numbers_is_named_alike() -> None:
    model = build_model("dx/dt = x*x*x + I", init={"x": 1.0}, dt=0.1, method="euler")
    found = []
    for engine in ("compiled", "interpreted"):
        with pytest.raises(SCConfigError) as error:
            simulate(model, [[0.0, 5.0, 1.0]], ticks=100, engine=engine)
        found.append(str(error.value))
    assert found[0] == found[1]


def test_parameters_that_vary() -> None:
    model = load_model("lif")
    compiled, interpreted = both(
        model, 2.5, ticks=2000, parameters={"tau_m": np.linspace(6, 40, 9)},
        state=State.initial(model, 9),
    )  # fmt: skip
    assert len(compiled.spikes) > 0
    assert_equal(compiled, interpreted)


def test_what_the_interpreter_refuses() -> None:
    model = load_model("lif")
    with pytest.raises(SCConfigError) as error:
        simulate(model, 1.0, ticks=1, engine="fast")  # type: ignore[arg-type]
    assert str(error.value) == "engine is 'fast'; allowed: 'compiled', 'interpreted'"
    with pytest.raises(SCConfigError):
        simulate(model, 1.0, ticks=1, engine="interpreted", dtype="float32")


ANOTHER_PROCESS = """
from numba.core import event
from sc_neurocore.dynamics import build_model, simulate

with event.install_recorder("numba:compile") as seen:
    simulate(build_model("dx/dt = I - x"), 1.0, ticks=1, engine="interpreted")
print(len(seen.buffer))
"""


def test_it_is_compiled_once_and_not_at_all_in_the_next_process() -> None:
    # Run here if the cache had it not, and then for one list of types.
    assert len(load_kernel(_text()).py_func.__globals__["execute"].signatures) <= 1
    done = subprocess.run([sys.executable, "-c", ANOTHER_PROCESS], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
