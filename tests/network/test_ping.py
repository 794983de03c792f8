"""Pyramidal–interneuron gamma: its cells, its synapses, its rhythm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sc_neurocore.dynamics import evaluate
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import Activity, PINGCircuit
from sc_neurocore.network._ping import _PEAK, _cell

DT = 0.02


def _rates(v: np.ndarray, cell: str) -> tuple[np.ndarray, ...]:
    """Steady m and the rates of h and n, as the book writes them."""
    if cell == "E":
        a_m = 0.32 * (v + 54) / (1 - np.exp(-(v + 54) / 4))
        b_m = 0.28 * (v + 27) / (np.exp((v + 27) / 5) - 1)
        a_h, b_h = 0.128 * np.exp(-(v + 50) / 18), 4 / (1 + np.exp(-(v + 27) / 5))
        a_n = 0.032 * (v + 52) / (1 - np.exp(-(v + 52) / 5))
        return a_m / (a_m + b_m), a_h, b_h, a_n, 0.5 * np.exp(-(v + 57) / 40)
    a_m = 0.1 * (v + 35) / (1 - np.exp(-(v + 35) / 10))
    b_m = 4 * np.exp(-(v + 60) / 18)
    a_h, b_h = 0.07 * np.exp(-(v + 58) / 20), 1 / (1 + np.exp(-0.1 * (v + 28)))
    a_n, b_n = 0.01 * (v + 34) / (1 - np.exp(-0.1 * (v + 34))), 0.125 * np.exp(-(v + 44) / 80)
    return a_m / (a_m + b_m), 5 * a_h, 5 * b_h, 5 * a_n, 5 * b_n


CONSTANTS = {"E": (100, 80, 0.1, 50, -100, -67), "I": (35, 9, 0.1, 55, -90, -65)}
#: Decay of the gate of each cell's synapses, of its trigger so that it peaks after 0.5 ms, and a
#: drive; the triggers by bisection.
GATES = {"E": (3.0, 0.17232, 1.4), "I": (9.0, 0.11631, 1.0)}


def _slopes(cell: str, drive: object, y: np.ndarray, synaptic: object) -> np.ndarray:
    """The book's equations of a cell and its gate."""
    g_na, g_k, g_l, e_na, e_k, e_l = CONSTANTS[cell]
    decay, trigger, _ = GATES[cell]
    v, h, n, q, s = y
    m, a_h, b_h, a_n, b_n = _rates(v, cell)
    ionic = g_na * m**3 * h * (v - e_na) + g_k * n**4 * (v - e_k) + g_l * (v - e_l)
    return np.array([
        drive - ionic + synaptic, a_h * (1 - h) - b_h * h, a_n * (1 - n) - b_n * n,
        5 * (1 + np.tanh(v / 10)) * (1 - q) - q / trigger, 2 * q * (1 - s) - s / decay,
    ])  # fmt: skip


@pytest.mark.parametrize("cell", ["E", "I"])
def test_a_gate_opens_as_high_as_the_books_after_a_spike(cell: str) -> None:
    decay, trigger, drive = GATES[cell]
    after = solve_ivp(lambda t, s: 2 * np.exp(-t / trigger) * (1 - s) - s / decay, (0, 2), [0.0],
                      rtol=1e-9, atol=1e-12, dense_output=True)  # fmt: skip
    fine = np.linspace(0, 2, 20_001)
    assert fine[np.argmax(after.sol(fine)[0])] == pytest.approx(0.5, abs=1e-3)
    run = solve_ivp(lambda t, y: _slopes(cell, drive, y, 0.0), (0, 16), [-66, 0.9, 0.05, 0, 0],
                    rtol=1e-8, atol=1e-10, max_step=0.05)  # fmt: skip
    assert ((run.y[0, 1:] > 0) & (run.y[0, :-1] <= 0)).sum() == 1
    assert run.y[4].max() == pytest.approx(_PEAK[cell], abs=1e-3)


def test_an_event_makes_a_conductance_of_its_weight() -> None:
    """A jump of 1 peaks at 1 after 0.5 ms and decays with the constant asked for."""
    numbers = _cell("I", 3.0, 9.0).parameter_values
    time = np.arange(0, 20, 0.001)
    for kind, decay in (("e", 3.0), ("i", 9.0)):
        jump, rise = numbers[f"scale_{kind}"], numbers[f"tau_rise_{kind}"]
        course = jump * (np.exp(-time / decay) - np.exp(-time / rise))
        assert course.max() == pytest.approx(1, rel=1e-6)
        assert time[np.argmax(course)] == pytest.approx(0.5, abs=2e-3)
        assert numbers[f"tau_decay_{kind}"] == decay


@pytest.mark.parametrize("cell", ["E", "I"])
def test_cells_move_as_the_book_writes_them(cell: str) -> None:
    model = _cell(cell, 3.0, 9.0)
    rng = np.random.default_rng(1)
    for v in (-81.3, -60.2, -41.7, 3.1, 37.9):
        h, n, drive, g_exc, g_inh = (float(x) for x in rng.random(5))
        values = {**model.parameter_values, "v": v, "h": h, "n": n, "I": drive,
                  "decay_e": g_exc, "rise_e": 0.0, "decay_i": g_inh, "rise_i": 0.0}  # fmt: skip
        for equation in model.equations:
            if equation.kind == "let":
                values[equation.target] = float(evaluate(equation.expr, values))
        found = [float(evaluate(model.equation_of(x).expr, values)) for x in ("v", "h", "n")]
        synaptic = -g_exc * v - g_inh * (v + 75)
        wanted = _slopes(cell, drive, np.array([v, h, n, 0.0, 0.0]), synaptic)[:3]
        assert found == pytest.approx(wanted, rel=1e-12)


@pytest.fixture(scope="module")
def circuit() -> PINGCircuit:
    return PINGCircuit(n_e=80, n_i=20, seed=3)


def _late(circuit: PINGCircuit, duration: float) -> dict[str, Activity]:
    rasters = circuit.simulate(duration, DT)
    return {k: Activity.of(rasters[k], circuit.populations[k].n, DT, duration, 60) for k in "EI"}


def test_both_populations_fire_in_gamma_one_after_the_other(circuit: PINGCircuit) -> None:
    late = _late(circuit, 200.0)
    for activity in late.values():
        assert 35 < activity.frequency(20, 100) < 60
        assert activity.correlation(5.0) > 0.3
    # In every cycle the mean I cell follows the mean E cell within a few ms.
    period = 1000 / late["E"].frequency(20, 100)
    mean = {k: np.angle(np.exp(2j * np.pi * a.time / period).mean()) for k, a in late.items()}
    assert 0.5 < (mean["I"] - mean["E"]) / (2 * np.pi) * period % period < 8


def test_steps_are_the_ticks_of_a_run(circuit: PINGCircuit) -> None:
    circuit.reset_state()
    stepped = np.nonzero([circuit.step(DT)[0] for _ in range(250)])
    circuit.reset_state()
    whole = circuit.simulate(250 * DT, DT)["E"]
    assert len(whole[0]) > 5
    assert np.array_equal(stepped[0], whole[0]) and np.array_equal(stepped[1], whole[1])
    circuit.reset_state(seed=9)
    other = circuit.simulate(250 * DT, DT)["E"]
    assert not np.array_equal(other[1], whole[1])


def test_rate_and_frequency_of_a_log() -> None:
    """Half of four cells spike in every 25th ms: 20 Hz each, a rhythm of 40 Hz."""
    log = np.zeros((10_000, 4), bool)
    log[::250, :2] = True
    rate = PINGCircuit.population_rate(log, 0.1, 5.0)
    assert rate.shape == (200,)
    assert np.array_equal(rate[:6], [100, 0, 0, 0, 0, 100])
    assert PINGCircuit.dominant_frequency(log, 0.1, 1.0, 10, 60) == pytest.approx(40, abs=0.5)
    with pytest.raises(SCConfigError, match="give a whole number of ticks"):
        PINGCircuit.population_rate(log, 0.1, 0.25)
    with pytest.raises(SCConfigError, match=r"give \(ticks, cells\)"):
        PINGCircuit.population_rate(log[0])
    with pytest.raises(SCConfigError, match="at most 500 Hz"):
        PINGCircuit.dominant_frequency(log, 0.1, 1.0, 10, 600)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"n_e": 0}, "n_e is 0; it must be a whole number from 1 on"),
    ({"w_IE": -0.1}, "w_IE is -0.1; it must be 0 or more"),
    ({"probability": 1.5}, "probability is 1.5; it must be above 0 and at most 1"),
    ({"tau_i": 0.4}, "tau_i is 0.4 ms; it must be above 0.5"),
    ({"i_drive_e_mean": math.nan}, "i_drive_e_mean"),
])  # fmt: skip
def test_what_is_no_circuit_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        PINGCircuit(**wrong)  # type: ignore[arg-type]


@pytest.mark.exhaustive
def test_jumps_keep_the_rhythm_of_the_books_gates() -> None:
    """The book's program, its gates on presynaptic potentials, by its midpoint method."""
    circuit = PINGCircuit(seed=1)
    ours = _late(circuit, 300.0)
    network = circuit.network
    drive = {k: np.asarray(p.params["I"]) for k, p in circuit.populations.items()}
    weights = {}
    for p in network.projections:
        indptr, indices, data = p.csr()
        matrix = np.zeros((p.source.n, p.target.n))
        matrix[np.repeat(np.arange(p.source.n), np.diff(indptr)), indices] = data
        weights[p.source.label + p.target.label] = matrix / _PEAK[p.source.label]
    fresh = PINGCircuit(seed=1)
    fresh.network.build(DT / 1000)
    start = {k: {x: fresh.network.state(p, x) for x in ("v", "h", "n")}
             for k, p in fresh.populations.items()}  # fmt: skip
    y = {k: np.array([start[k][name] for name in ("v", "h", "n")]
                     + 2 * [np.zeros(p.n)]) for k, p in circuit.populations.items()}  # fmt: skip

    def slopes(y: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = {}
        for k in "EI":
            synaptic = -(y["I"][4] @ weights["I" + k]) * (y[k][0] + 75)
            if "E" + k in weights:
                synaptic -= (y["E"][4] @ weights["E" + k]) * y[k][0]
            found[k] = _slopes(k, drive[k], y[k], synaptic)
        return found

    times: dict[str, list[np.ndarray]] = {"E": [], "I": []}
    for tick in range(round(300 / DT)):
        first = slopes(y)
        half = slopes({k: y[k] + DT / 2 * first[k] for k in "EI"})
        for k in "EI":
            new = y[k] + DT * half[k]
            times[k].append(np.full(((new[0] > 0) & (y[k][0] <= 0)).sum(), tick))
            y[k] = new
    for k, n in (("E", 200), ("I", 50)):
        tick = np.concatenate(times[k])
        book = Activity.of((tick, np.zeros_like(tick)), n, DT, 300, 60)
        assert ours[k].frequency(20, 100) == pytest.approx(book.frequency(20, 100), rel=0.04)
        assert ours[k].rate() == pytest.approx(book.rate(), rel=0.08)


def test_a_log_shorter_than_a_bin_has_no_bin() -> None:
    log = np.zeros((10, 5), np.bool_)
    assert PINGCircuit.population_rate(log).shape == (0,)
    assert math.isnan(PINGCircuit.dominant_frequency(log))


def test_numbers_are_taken_in_any_form() -> None:
    circuit = PINGCircuit(tau_e=np.array(4.0), w_EI="0.2")  # type: ignore[arg-type]
    assert circuit == PINGCircuit(tau_e=4.0, w_EI=0.2)
