"""The first twelve models against hand-derived values, the literature and LSODA."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq
from scipy.special import erfcx

from sc_neurocore.dynamics import Model, State, simulate
from sc_neurocore.neurons import (
    load_model,
    load_schema,
    protocol_of,
)

Array = NDArray[np.float64]


def spike_times(model: Model, current: float, duration: float) -> Array:
    return simulate(model, current, duration=duration).spike_times()


# Analytic intervals


def test_lif_interval_is_the_logarithm() -> None:
    # From reset, 20·(1 − e^(−t/10)) > 15 at t = 13.863 ms, tick 139; 20 refractory ticks before.
    intervals = np.diff(simulate(load_model("lif"), 2.5, duration=500).spikes.tick)
    assert set(intervals) == {159}
    assert math.ceil(100 * math.log(20 / 5)) + 20 == 159


def test_lif_rheobase_is_the_threshold_over_the_resistance() -> None:
    assert len(spike_times(load_model("lif"), 1.874, 1000)) == 0
    assert len(spike_times(load_model("lif"), 1.876, 1000)) > 0


def test_qif_interval_is_the_arctangent() -> None:
    # (v − V_r)(v − V_t)/15 = ((v + 57.5)² − 7.5²)/15, so 10·dv/dt = (v + 57.5)²/15 + a.
    for current in (0.5, 1.0, 2.0):
        a = 10 * current - 7.5**2 / 15
        s = math.sqrt(15 * a)
        exact = 10 * 15 / s * (math.atan(87.5 / s) - math.atan(-12.5 / s))
        intervals = np.diff(spike_times(load_model("qif"), current, 1000))
        assert exact <= intervals.min() + 1e-6
        assert intervals.max() <= exact + 0.1 + 1e-6
    assert len(spike_times(load_model("qif"), 0.374, 2000)) == 0
    assert len(spike_times(load_model("qif"), 0.376, 2000)) > 0


def test_expif_interval_is_the_quadrature() -> None:
    for current in (0.5, 1.5):

        def slowness(v: float, current: float = current) -> float:
            return 1 / (0.1 * (-65 - v) + 0.348 * math.exp((v + 59.9) / 3.48) + current)

        exact = quad(slowness, -68, -59.9 + 7 * 3.48)[0] + 1.7
        intervals = np.diff(spike_times(load_model("expif"), current, 500))
        assert exact <= intervals.min() + 1e-6
        assert intervals.max() <= exact + 0.025 + 1e-6


@pytest.mark.parametrize(
    ("name", "slope", "sharpness"), [("adex", 30 * 2 / 281, 2.0), ("expif", 0.348, 3.48)]
)
def test_cutting_the_spike_moves_it_less_than_a_hundredth_of_a_ms(
    name: str, slope: float, sharpness: float
) -> None:
    # Beyond the cut-off the exponential alone, dv/dt = slope·e^x with v = sharpness·x, diverges
    # within sharpness/(slope·e^7).
    assert sharpness / (slope * math.exp(7)) < 0.01


# Onset of firing, from the fixed points by hand


def test_adex_loses_rest_in_a_hopf_bifurcation() -> None:
    # Touboul & Brette 2008: at dv/dt's slope g_L·(e^x − 1)/C = 1/tau_w, x = (v − V_T)/Delta_T.
    x = math.log(1 + 281 / 30 / 144)
    v = -50.4 + 2 * x
    onset = 34 * (v + 70.6) - 60 * math.exp(x)
    assert onset == pytest.approx(627.2, abs=0.1)
    assert len(spike_times(load_model("adex"), onset + 5, 2000)) > 0
    settled = simulate(
        load_model("adex"), np.linspace(0, onset - 5, 100_000), ticks=100_000
    )  # a ramp slow enough to follow the rest state
    assert len(settled.spikes) == 0


def test_adex_adapts() -> None:
    intervals = np.diff(spike_times(load_model("adex"), 1000.0, 1000))
    assert all(np.diff(intervals) > -0.06)
    assert intervals[-1] > 2 * intervals[0]


def test_izhikevich_2003_rests_at_minus_70_and_fires_above_its_hopf_point() -> None:
    # 0.04·v² + 5·v + 140 − b·v + I = 0 has the double root at I = 4; the trace vanishes before,
    # at v = −62.25, I = 3.8.
    model = load_model("izhikevich2003")
    rest = simulate(model, 0.0, duration=500, record=["v", "u"])
    np.testing.assert_allclose(rest.states["v"], -70, atol=1e-9)
    assert len(simulate(model, np.linspace(0, 3.7, 50_000)).spikes) == 0
    assert len(spike_times(model, 3.9, 3000)) > 10


def test_izhikevich_2003_firing_patterns() -> None:
    model = load_model("izhikevich2003")
    regular = np.diff(spike_times(model, 10.0, 1000))
    assert regular[0] < 0.5 * regular[-1]
    assert 1000 / regular[-1] == pytest.approx(22, abs=2)
    fast = np.diff(spike_times(model.with_parameters({"a": 0.1, "d": 2.0}), 10.0, 1000))
    assert fast[-1] < 0.6 * regular[-1]
    chattering = np.diff(spike_times(model.with_parameters({"c": -50.0, "d": 2.0}), 10.0, 1000))
    assert chattering[5:].max() > 5 * chattering[5:].min()


def test_izhikevich_2007_rheobase() -> None:
    # With x = v + 60: 0.7·x² − 12·x + I = 0 has a double root at I = 144/2.8 = 51.43 pA.
    model = load_model("izhikevich2007")
    assert len(simulate(model, np.linspace(0, 51.2, 100_000)).spikes) == 0
    assert len(spike_times(model, 52.5, 5000)) > 2


def test_rulkov_onset_of_firing() -> None:
    # The fixed point x = sigma + I − 1 of the branch x <= 0 is stable while
    # alpha/(1 − x)² < 1 − mu (determinant of the Jacobian below 1).
    model = load_model("rulkov")
    for alpha in (4.0, 5.0, 6.0):
        varied = model.with_parameters({"alpha": alpha, "sigma": 0.0, "beta_e": 0.0})
        onset = 2 - math.sqrt(alpha / (1 - 0.001))
        quiet = np.linspace(-0.9, onset - 0.01, 400_000)
        start = State.initial(varied)
        start.values[:, 0] = (-1.9, -1.9 - alpha / 2.9)
        assert len(simulate(varied, quiet, state=start).spikes) == 0
        firing = simulate(varied, onset + 0.03, ticks=50_000, state=start)
        assert len(firing.spikes) > 3


def test_rulkov_bursts_at_alpha_6_and_spikes_alone_at_alpha_4() -> None:
    model = load_model("rulkov").with_parameters({"beta_e": 0.0, "sigma": 0.0})
    bursting = np.diff(simulate(model, 0.0, ticks=20_000).spikes.tick[50:])
    assert bursting.max() > 20 * bursting.min()
    tonic = model.with_parameters({"alpha": 4.0, "sigma": 0.3})
    single = np.diff(simulate(tonic, 0.0, ticks=20_000).spikes.tick[50:])
    assert single.max() < 1.2 * single.min()


# Oscillators: where rest loses stability


def real_part(
    slopes: Callable[[float, Sequence[float], float], Sequence[float]],
    rest: Sequence[float],
    current: float,
) -> float:
    """Largest real part of the eigenvalues of the Jacobian, by central differences."""
    n = len(rest)
    jacobian = np.empty((n, n))
    for j in range(n):
        step = np.zeros(n)
        step[j] = 1e-5
        high, low = slopes(0, rest + step, current), slopes(0, rest - step, current)
        jacobian[:, j] = (np.array(high) - np.array(low)) / 2e-5
    return float(np.linalg.eigvals(jacobian).real.max())


def test_fitzhugh_nagumo_oscillates_between_its_hopf_points() -> None:
    # Trace 1 − v² − 0.08·0.8 = 0 at v = ±0.96747; there I = (v + 0.7)/0.8 − v + v³/3.
    v = math.sqrt(1 - 0.064)
    low, high = ((x + 0.7) / 0.8 - x + x**3 / 3 for x in (-v, v))
    assert (low, high) == pytest.approx((0.33128, 1.41872), abs=1e-5)
    model = load_model("fitzhugh_nagumo")
    for current, oscillates in ((low - 0.02, 0), (low + 0.02, 1), (high - 0.02, 1),
                                (high + 0.02, 0)):  # fmt: skip
        times = spike_times(model, current, 3000)
        assert (times[times > 1500].size > 10) == bool(oscillates)


def test_morris_lecar_onset_agrees_with_rinzel_and_ermentrout() -> None:
    # Rinzel & Ermentrout 1998 give Hopf points near 94 and 212 µA/cm² for these parameters.
    values = {
        "g_Ca": 4.4, "E_Ca": 120.0, "E_K": -84.0, "E_L": -60.0, "V_1": -1.2, "V_2": 18.0,
        "V_3": 2.0, "V_4": 30.0, "phi": 0.04,
    }  # fmt: skip
    model = load_model("morris_lecar").with_parameters(values)

    def amplitude(current: float) -> float:
        late = simulate(model, current, duration=4000, record=["v"]).states["v"][-5000:]
        return float(np.ptp(late))

    # From a start near rest the onset is the Hopf point.
    assert amplitude(85.0) < 1
    assert amplitude(100.0) > 40
    assert amplitude(205.0) > 5
    assert amplitude(220.0) < 1


def test_hodgkin_huxley_rests_at_minus_65() -> None:
    rest = simulate(load_model("hodgkin_huxley"), 0.0, duration=200, record=["v"])
    np.testing.assert_allclose(rest.states["v"], -65.0, atol=0.01)


def test_hodgkin_huxley_fires_repetitively_from_6_3() -> None:
    # Rinzel & Miller 1980: stable cycles from 6.26 µA/cm²; rest loses stability at 9.78.
    model = load_model("hodgkin_huxley")
    silent, firing = (spike_times(model, i, 1500) for i in (6.15, 6.35))
    assert (silent > 1000).sum() == 0
    assert (firing > 1000).sum() > 20


def test_hodgkin_huxley_spike_and_rate() -> None:
    run = simulate(load_model("hodgkin_huxley"), 10.0, duration=500, record=["v"])
    assert run.states["v"].max() == pytest.approx(40, abs=3)
    assert run.states["v"].min() == pytest.approx(-75, abs=2)
    assert 1000 / np.diff(run.spike_times())[-1] == pytest.approx(68, abs=2)


def test_resonate_and_fire_rings_at_its_own_frequency() -> None:
    model = load_model("resonate_and_fire")
    start = State.initial(model)
    start.values[:, 0] = (0.0, 0.5)
    y = simulate(model, 0.0, duration=300, record=["y"], state=start).states["y"][:, 0]
    t = (1 + np.arange(len(y))) * 0.1
    np.testing.assert_allclose(y, 0.5 * np.exp(-0.025 * t) * np.cos(0.25 * t), atol=1e-12)


def test_resonate_and_fire_prefers_pulses_a_period_apart() -> None:
    # A pulse of 0.4 for 2.4 ms lifts x by about 0.95 and then y to 0.8. A period later 53 % of
    # the ringing is left and a second pulse adds up to a spike; half a period later it cancels.
    model = load_model("resonate_and_fire")

    def spikes(gap: float) -> int:
        current = np.zeros(1000)
        for start in (0, round(gap * 10)):
            current[start : start + 24] = 0.4
        return len(simulate(model, current).spikes)

    period = 2 * math.pi / 0.25
    assert spikes(1000) == 0
    assert spikes(period) == 1
    assert spikes(period / 2) == 0


# Noise


def test_stochastic_lif_without_threshold_is_the_ornstein_uhlenbeck_process() -> None:
    model = load_model("stochastic_lif").with_parameters({"V_th": 1000.0})
    run = simulate(model, 1.0, ticks=4000, neurons=500, record=["v"], seed=11)
    late = run.states["v"][1000:]
    assert late.mean() == pytest.approx(-55, abs=0.03)
    assert late.std() == pytest.approx(2.0, rel=0.01)
    lag = 100
    both = ((late[:-lag] + 55) * (late[lag:] + 55)).mean()
    assert both / 4 == pytest.approx(math.exp(-1), abs=0.02)


def test_stochastic_lif_rate_is_siegerts() -> None:
    # Siegert's formula; sampling every dt sees the threshold 0.5826 standard deviations of one
    # increment higher (Broadie, Glasserman & Kou 1997).
    for current in (1.4, 1.6):
        mean = -65 + 10 * current
        threshold = -50 + 0.5826 * 2.0 * math.sqrt(2 * 0.1 / 10)
        low, high = ((v - mean) / (2.0 * math.sqrt(2)) for v in (-65, threshold))
        # exp(x²)·(1 + erf(x)) is erfcx(−x).
        passage = 10 * math.sqrt(math.pi) * quad(lambda x: erfcx(-x), low, high)[0]
        rate = 1000 / (2.0 + passage)
        run = simulate(load_model("stochastic_lif"), current, ticks=30_000, neurons=200, seed=2)
        late = (run.spikes.tick >= 5000).sum()
        assert late / 200 / 2.5 == pytest.approx(rate, rel=0.015)


# An independent integrator, with the equations written out by hand


def _adex(_: float, y: Sequence[float], i: float) -> list[float]:
    v, w = y
    x = min(max((v + 50.4) / 2, -16), 7)
    return [(-30 * (v + 70.6) + 60 * math.exp(x) - w + i) / 281, (4 * (v + 70.6) - w) / 144]


def _expif(_: float, y: Sequence[float], i: float) -> list[float]:
    x = min(max((y[0] + 59.9) / 3.48, -16), 7)
    return [-0.1 * (y[0] + 65) + 0.348 * math.exp(x) + i]


def _fhn(_: float, y: Sequence[float], i: float) -> list[float]:
    v, w = y
    return [v - v**3 / 3 - w + i, 0.08 * (v + 0.7 - 0.8 * w)]


def _hh(_: float, y: Sequence[float], i: float) -> list[float]:
    v, m, h, n = y

    def ratio(x: float) -> float:
        return x / (1 - math.exp(-x)) if abs(x) > 1e-9 else 1.0

    am, bm = ratio((v + 40) / 10), 4 * math.exp(-(v + 65) / 18)
    ah, bh = 0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))
    an, bn = 0.1 * ratio((v + 55) / 10), 0.125 * math.exp(-(v + 65) / 80)
    current = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    return [i - current, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]


def _izhikevich_2003(_: float, y: Sequence[float], i: float) -> list[float]:
    v, u = y
    return [0.04 * v * v + 5 * v + 140 - u + i, 0.02 * (0.2 * v - u)]


def _izhikevich_2007(_: float, y: Sequence[float], i: float) -> list[float]:
    v, u = y
    return [(0.7 * (v + 60) * (v + 40) - u + i) / 100, 0.03 * (-2 * (v + 60) - u)]


def _lif(_: float, y: Sequence[float], i: float) -> list[float]:
    return [(-65 - y[0] + 8 * i) / 10]


def _morris_lecar(_: float, y: Sequence[float], i: float) -> list[float]:
    v, n = y
    m_inf = (1 + math.tanh((v - 10) / 15)) / 2
    n_inf = (1 + math.tanh((v + 1) / 14.5)) / 2
    current = 2 * (v + 50) + 4 * m_inf * (v - 100) + 8 * n * (v + 70)
    return [(i - current) / 20, math.cosh((v + 1) / 29) / 15 * (n_inf - n)]


def _qif(_: float, y: Sequence[float], i: float) -> list[float]:
    return [((y[0] + 65) * (y[0] + 50) / 15 + 10 * i) / 10]


def _resonate_and_fire(_: float, y: Sequence[float], i: float) -> list[float]:
    return [-0.025 * y[0] - 0.25 * y[1] + i, 0.25 * y[0] - 0.025 * y[1]]


Slopes = Callable[[float, Sequence[float], float], list[float]]
Reset = Callable[[Array], Array]


def _to(*values: float | None) -> Reset:
    return lambda y: np.array(
        [old if new is None else new for old, new in zip(y, values, strict=True)]
    )


#: Slopes, index of the state with the threshold, threshold, reset (None: onsets only).
REFERENCE: dict[str, tuple[Slopes, int, float, Reset | None]] = {
    "adex": (_adex, 0, -36.4, lambda y: np.array([-70.6, y[1] + 80.5])),
    "expif": (_expif, 0, -59.9 + 7 * 3.48, _to(-68.0)),
    "fitzhugh_nagumo": (_fhn, 0, 1.0, None),
    "hodgkin_huxley": (_hh, 0, 0.0, None),
    "izhikevich2003": (_izhikevich_2003, 0, 30.0, lambda y: np.array([-65.0, y[1] + 8])),
    "izhikevich2007": (_izhikevich_2007, 0, 35.0, lambda y: np.array([-50.0, y[1] + 100])),
    "lif": (_lif, 0, -50.0, _to(-65.0)),
    "morris_lecar": (_morris_lecar, 0, 0.0, None),
    "qif": (_qif, 0, 30.0, _to(-70.0)),
    "resonate_and_fire": (_resonate_and_fire, 1, 1.0, _to(0.0, 1.0)),
}


def reference_ticks(name: str, model: Model, current: Array) -> Array:
    """Spike ticks by LSODA at relative tolerance 1e-9, thresholds and resets at ends of ticks."""
    slopes, watched, threshold, reset = REFERENCE[name]
    y = np.array([q.value for q in model.states])
    dt, ticks = model.dt, []

    def crossing(_: float, y: Array, __: float) -> float:
        return float(y[watched] - threshold)

    crossing.terminal = reset is not None  # type: ignore[attr-defined]
    crossing.direction = 1  # type: ignore[attr-defined]

    def run(start: float, end: float, i: float, watch: bool) -> tuple[Array, list[float]]:
        result = solve_ivp(
            slopes, (start, end), y, "LSODA", args=(i,), rtol=1e-9, atol=1e-10,
            events=crossing if watch else None,
        )  # fmt: skip
        found = result.t_events[0] if watch else []
        return result.y[:, -1], [float(t) for t in found]

    edges = np.flatnonzero(np.diff(current)) + 1
    for first, last in zip([0, *edges], [*edges, len(current)], strict=True):
        k, i = int(first), float(current[first])
        while k < last:
            y, found = run(k * dt, last * dt, i, True)
            if reset is None or not found:
                ticks += [math.ceil(t / dt - 1e-9) - 1 for t in found]
                break
            k = math.ceil(found[0] / dt - 1e-9)
            if k * dt > found[0]:
                y = run(found[0], k * dt, i, False)[0]
            ticks.append(k - 1)
            y = reset(y)
            k += model.refractory_ticks
    return np.array(ticks)


@pytest.mark.parametrize("name", REFERENCE)
def test_spike_times_are_within_one_tick_of_lsoda_over_500_ms(name: str) -> None:
    model, protocol = load_model(name), protocol_of(load_schema(name))
    for amplitude in (protocol.amplitude, protocol.amplitudes[len(protocol.amplitudes) // 2]):
        current = protocol.current(model.dt, amplitude)
        ours = simulate(model, current).spikes.tick
        theirs = reference_ticks(name, model, current)
        assert len(ours) == len(theirs)
        assert len(ours) > 0
        assert np.abs(ours - theirs).max() <= 1
        if name in ("lif", "resonate_and_fire"):
            np.testing.assert_array_equal(ours, theirs)


def test_hodgkin_huxley_rest_loses_stability_at_9_78() -> None:
    def rest(i: float) -> Array:
        def gates(v: float) -> list[float]:
            found = []
            for slot in (1, 2, 3):
                y = [v, 0.0, 0.0, 0.0]
                gain = _hh(0, y, i)[slot]
                y[slot] = 1.0
                found.append(gain / (gain - _hh(0, y, i)[slot]))
            return found

        v = brentq(lambda v: _hh(0, [v, *gates(v)], i)[0], -80, -40)
        return np.array([v, *gates(v)])

    onset = brentq(lambda i: real_part(_hh, rest(i), i), 5, 15)
    assert onset == pytest.approx(9.78, abs=0.01)
