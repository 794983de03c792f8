"""Runs: continuation, threads, number types, recording, kernels on disk, rates, the reference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.dynamics import (
    Model,
    Simulation,
    State,
    build_model,
    fi_curve,
    program,
    reference,
    simulate,
)
from sc_neurocore.dynamics._kernel import kernel_source
from sc_neurocore.dynamics._sheet import Layout
from sc_neurocore.exceptions import SCConfigError

NOISY = build_model(
    "dv/dt = (-v + I + 2*xi)/tau : 1\ndw/dt = (v - w)/20",
    threshold="v > 1", reset="v = 0; w += 1 + rand()", params={"tau": 10.0}, dt=0.1, refractory=1.0,
)  # fmt: skip
LIF = build_model(
    "dv/dt = (-v + I)/tau", threshold="v > 1", reset="v = 0", params={"tau": 10.0}, refractory=2.0
)


def same(a: Simulation, b: Simulation) -> None:
    np.testing.assert_array_equal(a.spikes.tick, b.spikes.tick)
    np.testing.assert_array_equal(a.spikes.neuron, b.spikes.neuron)
    np.testing.assert_array_equal(a.final.values, b.final.values)
    np.testing.assert_array_equal(a.final.refractory, b.final.refractory)
    assert a.final.tick == b.final.tick


def test_ten_runs_of_100_ticks_are_one_run_of_1000() -> None:
    drive = np.random.default_rng(0).uniform(0, 3, (1000, 1))
    whole = simulate(NOISY, drive, neurons=5, seed=9, record=["v"])
    state: State | None = None
    parts = []
    for k in range(10):
        parts.append(
            simulate(
                NOISY, drive[100 * k : 100 * k + 100], neurons=5, seed=9, record=["v"], state=state
            )
        )
        state = parts[-1].final
    assert state is not None
    np.testing.assert_array_equal(whole.states["v"], np.concatenate([p.states["v"] for p in parts]))
    np.testing.assert_array_equal(whole.spikes.tick, np.concatenate([p.spikes.tick for p in parts]))
    np.testing.assert_array_equal(whole.final.values, state.values)
    assert whole.time == pytest.approx(np.concatenate([p.time for p in parts]))
    assert len(whole.spikes) > 20


def test_threads_and_progress_do_not_change_the_result() -> None:
    neurons = 5000
    drive = np.linspace(0, 3, neurons)[None, :]
    one = simulate(NOISY, drive, ticks=60, seed=1)
    same(one, simulate(NOISY, drive, ticks=60, seed=1, threads=3))
    done: list[tuple[int, int]] = []
    watched = simulate(
        NOISY, drive, ticks=60, seed=1, threads=2, progress=lambda *at: done.append(at)
    )
    same(one, watched)
    assert done == [(k, 60) for k in range(1, 61)]
    assert np.all(np.diff(one.spikes.tick * neurons + one.spikes.neuron) > 0)


def test_a_neuron_does_not_depend_on_its_neighbours() -> None:
    drive = np.linspace(0, 3, 1500)[None, :]
    many = simulate(NOISY, drive, ticks=100, seed=4)
    few = simulate(NOISY, drive[:, :7], ticks=100, seed=4)
    np.testing.assert_array_equal(many.final.values[:, :7], few.final.values)


def test_the_given_state_is_not_changed() -> None:
    start = State.initial(NOISY, 3)
    before = start.values.copy()
    simulate(NOISY, 5.0, ticks=50, state=start)
    np.testing.assert_array_equal(start.values, before)
    assert not start.refractory.any()


def test_seeds_differ() -> None:
    a, b = (simulate(NOISY, ticks=50, seed=s).final.values for s in (0, 1))
    assert not np.array_equal(a, b)


def test_float32_stays_close_to_float64() -> None:
    a, b = (simulate(LIF, 1.5, duration=100, dtype=d, record=["v"]) for d in ("float64", "float32"))
    assert b.states["v"].dtype == np.float32
    assert a.spikes.tick == pytest.approx(b.spikes.tick, abs=1)
    until = int(a.spikes.tick[0])
    np.testing.assert_allclose(a.states["v"][:until], b.states["v"][:until], rtol=1e-5)


@pytest.mark.parametrize("neurons", [1, 7, 8, 9, 1023, 1024, 1025])
def test_every_block_length_gives_every_neuron(neurons: int) -> None:
    run = simulate(LIF, 3.0, ticks=200, neurons=neurons)
    assert run.spike_counts.tolist() == [run.spike_counts[0]] * neurons
    assert run.spike_counts[0] == 3


def test_parameters_as_numbers_or_per_neuron_agree() -> None:
    taus = [5.0, 10.0, 20.0]
    together = simulate(LIF, 2.0, ticks=300, parameters={"tau": taus}, record=["v"])
    for n, tau in enumerate(taus):
        alone = simulate(LIF, 2.0, ticks=300, parameters={"tau": tau}, record=["v"])
        np.testing.assert_array_equal(together.states["v"][:, n], alone.states["v"][:, 0])
        np.testing.assert_array_equal(together.spike_times(n), alone.spike_times())
        assert alone.model.parameter_values["tau"] == tau


def test_inputs_over_ticks_neurons_or_both_agree() -> None:
    over_time = np.repeat(np.linspace(0, 3, 200)[:, None], 3, axis=1)
    a = simulate(LIF, over_time)
    b = simulate(LIF, over_time[:, 0], neurons=3)
    same(a, b)
    same(simulate(LIF, np.full((1, 3), 2.0), ticks=90), simulate(LIF, 2.0, ticks=90, neurons=3))


def test_several_inputs_by_name_rest_at_their_value() -> None:
    from sc_neurocore.dynamics import Quantity

    model = build_model(
        "x[n+1] = a + 10*b", inputs=[Quantity("a", 1.0), Quantity("b", 2.0)], dt=1.0
    )
    assert simulate(model, ticks=1).final.values[0, 0] == 21
    assert simulate(model, {"b": 3.0}, ticks=1).final.values[0, 0] == 31


def test_time_axis() -> None:
    run = simulate(LIF, 2.0, duration=50.0, record=["v"])
    assert run.ticks == 500
    assert run.time[[0, -1]] == pytest.approx([0.1, 50.0])
    first = run.spikes.tick[0]
    assert run.spike_times()[0] == pytest.approx(10 * np.log(2), abs=0.1)
    assert run.states["v"][first, 0] == 0
    assert run.states["v"][first - 1, 0] <= 1


def test_rates() -> None:
    currents = [0.5, 1.5, 4.0]
    rates = fi_curve(LIF, currents, 1000.0)
    periods = [2 + 10 * np.log(i / (i - 1)) for i in currents[1:]]
    assert rates[0] == 0
    assert rates[1:] == pytest.approx([1000 / p for p in periods], rel=0.02)
    late = fi_curve(LIF, currents, 1000.0, discard=500.0)
    assert late == pytest.approx(rates, abs=3)
    with pytest.raises(SCConfigError) as caught:
        fi_curve(LIF, currents, 10.0, discard=10.0)
    assert str(caught.value) == "discard is 10 ms; it must be from 0 to below the duration, 10 ms"


def test_a_kernel_is_written_once_and_repaired(tmp_path: Path) -> None:
    script = (
        "from sc_neurocore.dynamics import build_model, simulate\n"
        "m = build_model('dv/dt = 3*v - v + I', dt=0.25)\n"
        "print(simulate(m, 1.0, ticks=3).final.values[0, 0].hex())"
    )
    environment = os.environ | {"SC_NEUROCORE_CACHE": str(tmp_path)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True
        )
        assert not done.stderr
        return done.stdout

    first = run()
    files = sorted((tmp_path / "kernels").rglob("*.*"))
    assert run() == first
    assert sorted((tmp_path / "kernels").rglob("*.*")) == files
    assert sorted(f.suffix for f in files) == [".nbc", ".nbi", ".py"]
    module = next(f for f in files if f.suffix == ".py")
    text = module.read_text()
    module.write_text(text[:200])
    assert run() == first
    assert module.read_text() == text


def test_an_unwritable_cache_is_no_obstacle(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    script = (
        "from sc_neurocore.dynamics import build_model, simulate\n"
        "print(simulate(build_model('x[n+1] = x + 1'), ticks=3).final.values)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"SC_NEUROCORE_CACHE": str(blocked)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "[[3.]]\n"


def test_kernels_hold_no_user_text_and_no_numbers() -> None:
    def text(model: Model) -> str:
        return kernel_source(program(model), Layout("float64", (), ("tick",), False)).text

    a = build_model("dpeculiar/dt = (-peculiar + I)/tau_odd", params={"tau_odd": 12.5}, dt=0.1)
    b = build_model("dv/dt = (-v + I)/tau", params={"tau": 3.0}, dt=0.7)
    assert text(a) == text(b)
    assert "peculiar" not in text(a)
    assert "12.5" not in text(a)


def test_importing_dynamics_imports_no_compiler() -> None:
    script = (
        "import sys, sc_neurocore.dynamics\n"
        "print([m for m in ('numba', 'scipy', 'pint', 'llvmlite') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"


QIF = build_model(
    "dv/dt = (v**2 + I)/tau", threshold="v > 20", reset="v = -20", params={"tau": 10.0}, dt=0.05,
    method="rk4", refractory=1.0, init={"v": -1.0},
)  # fmt: skip
RELAXATION = build_model(
    "dv/dt = v - v**3/3 - w + I\ndw/dt = 0.08*(v + 0.7 - 0.8*w)",
    threshold="v > 1", edge="rising", dt=0.1, method="rk4", init={"v": -1.2, "w": -0.6},
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "current"), [(LIF, 1.3), (QIF, 2.0), (RELAXATION, 0.5)], ids=["lif", "qif", "fhn"]
)
def test_spike_times_are_within_a_tick_of_the_reference(model: Model, current: float) -> None:
    exact = reference(model, current, duration=500.0)
    run = simulate(model, current, duration=500.0)
    assert len(run.spikes) == len(exact.spikes) > 5
    assert np.abs(run.spikes.tick - exact.spikes.tick).max() <= 1


def test_the_reference_follows_a_changing_input_and_holds_states() -> None:
    drive = np.repeat([0.0, 2.0, 0.5, 3.0], 100)
    exact, run = (f(LIF, drive, record=["v"]) for f in (reference, simulate))
    np.testing.assert_array_equal(run.spikes.tick, exact.spikes.tick)
    np.testing.assert_allclose(run.states["v"], exact.states["v"], atol=1e-7)
    assert run.final.refractory == exact.final.refractory


def test_what_has_no_reference() -> None:
    with pytest.raises(SCConfigError) as caught:
        reference(build_model("x[n+1] = x"), ticks=3)
    assert str(caught.value) == "model 'neuron' is a map; simulate() is already exact for it"
    with pytest.raises(SCConfigError) as caught:
        reference(NOISY, ticks=3)
    assert str(caught.value) == "model 'neuron' draws random numbers; a reference needs none"
    with pytest.raises(SCConfigError) as caught:
        reference(LIF, np.zeros((4, 2)))
    assert str(caught.value) == "input 'I' has 2 neurons; a reference has one"
