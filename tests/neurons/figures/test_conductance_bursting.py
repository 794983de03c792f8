"""Published figures of the conductance-based cells that burst.

Every run is interpreted: equal to the kernels' bit for bit, without compiling one per model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from independent import Slopes, crossings
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, exprel

from sc_neurocore.dynamics import simulate
from sc_neurocore.neurons import load_model

Array = NDArray[np.float64]


def trains(
    name: str,
    currents: Sequence[float],
    duration: float,
    parameters: Mapping[str, ArrayLike] | None = None,
) -> list[Array]:
    """Spike times in ms at each of the constant ``currents``."""
    run = simulate(
        load_model(name), np.array(currents)[None, :], duration=duration, parameters=parameters,
        engine="interpreted",
    )  # fmt: skip
    times = (run.spikes.tick + 1) * run.model.dt
    return [times[run.spikes.neuron == j] for j in range(len(currents))]


def bursts(times: Array, gap: float) -> list[Array]:
    """The spike train cut at silences longer than ``gap`` ms."""
    return np.split(times, np.flatnonzero(np.diff(times) > gap) + 1)


def test_chay_doubles_its_period_on_the_way_to_chaos_and_bursts() -> None:
    """Chay 1985: with g_KC from 10 to 11.5 single spikes, doublets, chaos, then bursts."""
    single, double, burst = (
        np.diff(t[t > 6000])
        for t in trains("chay", [0.0] * 3, 13_000.0, {"g_KC": [10.0, 10.7, 11.5]})
    )
    assert np.ptp(single) < 5
    assert np.ptp(double[::2]) < 20
    assert np.ptp(double[1::2]) < 20
    assert abs(double[0] - double[1]) > 300
    assert burst.max() > 5 * burst.min()


# Beta cells, against the programmes of A. Sherman's collection (github.com/artielbm), integrated
# by LSODA: a burst of ours has as many spikes as one of theirs, at the same times.


def chay_keizer(t: float, y: Array) -> list[float]:
    """ChayKeizer/ck.ode."""
    v, m, h, n, c = y
    u, w, phi = v + 50, v + 30, 3 ** ((20 - 6.3) / 10)
    calcium, kinetics = 6.5 * m**3 * h * (100 - v), []
    for x, rise, fall in (
        (m, 1 / exprel(-(u - 25) / 10), 4 * math.exp(-u / 18)),
        (h, 0.07 * math.exp(-u / 20), expit((u - 30) / 10)),
        (n, 0.1 / exprel(-(w - 10) / 10), 0.125 * math.exp(-w / 80)),
    ):
        kinetics.append(phi * (rise * (1 - x) - fall * x))
    potassium = (12 * n**4 + 0.09 * c / (c + 1)) * (-75 - v)
    dc = 0.004 * (3 / (8.9e-4 * 96_487) * calcium - 0.04 * c)
    return [2 * calcium + potassium + 0.04 * (-40 - v), *kinetics, dc]


def sherman_rinzel_keizer(t: float, y: Array) -> list[float]:
    """SRK/srk.ode, without its first pulse."""
    v, n, c = y
    calcium = 1400 * expit((v - 4) / 14) * expit(-(v + 10) / 10) * (v - 110)
    tau = 60 / (math.exp((v + 75) / 65) + math.exp(-(v + 75) / 20))
    potassium = (2500 * n + 30_000 * c / (100 + c)) * (-75 - v)
    dn = 1.6 * (expit((v + 15) / 5.6) - n) / tau
    return [(potassium - calcium) / 5309.3, dn, 0.001 * (-4.506e-6 * calcium - 0.03 * c)]


def phantom_burster(t: float, y: Array) -> list[float]:
    """Phantom_I/phantom.ode, with g_s1 = 20 pS."""
    v, n, s1, s2 = y
    calcium = 280 * expit((v + 22) / 7.5) * (v - 100)
    potassium = (1300 * n + 20 * s1 + 32 * s2) * (v + 80)
    return [
        -(calcium + potassium + 25 * (v + 40)) / 4524,
        1.1 * (expit((v + 9) / 10) - n) / (9.09 * expit(-(v + 9) / 10)),
        (expit((v + 40) / 0.5) - s1) / 1000,
        (expit((v + 42) / 0.4) - s2) / 120_000,
    ]


def as_programmed(name: str, slopes: Slopes, duration: float) -> Array:
    """Spike times in ms without input, which are those of the other programme."""
    model = load_model(name)
    (times,) = trains(name, [0.0], duration)
    level = model.parameter_values["V_th"]
    exact = crossings(slopes, [q.value for q in model.states], duration, level)
    assert len(times) == len(exact) > 10
    np.testing.assert_allclose(times, exact, atol=0.1 * np.diff(exact).min(), rtol=2e-3)
    return times


def test_chay_keizer_bursts_for_seconds_and_spikes_on_with_more_calcium_removal() -> None:
    """Chay & Keizer 1983: bursts of seconds; glucose, as k_Ca, makes the spiking continuous."""
    bursting = as_programmed("chay_keizer", chay_keizer, 5500.0)
    (continuous,) = trains("chay_keizer", [0.0], 5500.0, {"k_Ca": [0.08]})
    assert 1000 < bursting[-1] < 5000
    assert 5500 - continuous[-1] < 2 * np.diff(continuous).max()


def test_sherman_rinzel_keizer_bursts_on_a_plateau() -> None:
    """Sherman, Rinzel & Keizer 1988, figure 5: spikes on a plateau that slow down towards its end,
    a homoclinic orbit."""
    times = as_programmed("sherman_rinzel_keizer", sherman_rinzel_keizer, 20_000.0)
    _, second = bursts(times, 2000.0)
    assert np.diff(second)[-1] > np.diff(second)[1]


def test_bertram_bursts_fast() -> None:
    """Bertram et al. 2000, figure 2: with g_s1 = 20 pS bursts follow each other in 2 to 5 s."""
    times = as_programmed("bertram_phantom_burster", phantom_burster, 8000.0)
    starts = np.array([b[0] for b in bursts(times, 1000.0)])
    assert np.all((np.diff(starts)[1:] > 2000) & (np.diff(starts)[1:] < 5000))
    assert len(starts) >= 4


@pytest.mark.exhaustive
def test_bertram_bursts_at_medium_period() -> None:
    """Bertram et al. 2000, figure 3: with g_s1 = 7 pS the period lies between 10 and 60 s."""
    (times,) = trains("bertram_phantom_burster", [0.0], 160_000.0, {"g_s1": [7.0]})
    starts = np.array([b[0] for b in bursts(times, 1000.0)])
    assert np.all((np.diff(starts)[-2:] > 10_000) & (np.diff(starts)[-2:] < 60_000))


def test_plant_r15_bursts_parabolically() -> None:
    """Plant 1981: spikes start slow, speed up and slow down again within a burst of R15."""
    (times,) = trains("plant_r15", [0.0], 19_700.0)
    burst = bursts(times, 3000.0)[1]
    intervals = np.diff(burst)
    assert len(burst) >= 5
    fastest = int(intervals.argmin())
    assert 0 < fastest < len(intervals) - 1
    assert intervals[-1] > 2 * intervals[fastest]


def test_butera_cell_is_silent_then_bursts_then_spikes_as_its_leak_rises() -> None:
    """Butera et al. 1999: silence at E_L = -65, bursts at -60 and -57.5, spikes at -54 mV."""
    leak = [-65.0, -58.0, -57.5, -54.0]
    silent, slower, faster, tonic = trains("butera_respiratory", [0.0] * 4, 7000.0, {"E_L": leak})
    assert len(silent) == 0
    assert len(bursts(faster, 400.0)) > len(bursts(slower, 400.0)) >= 2
    assert len(bursts(tonic[1:], 400.0)) == 1


def test_pyloric_pacemaker_bursts_every_1_to_2_s() -> None:
    """Prinz, Bucher & Marder 2004: AB/PD cells burst by themselves with periods of 1 to 2 s."""
    (times,) = trains("marder_stg", [0.0], 3500.0)
    found = bursts(times, 300.0)
    assert 1000 < found[2][0] - found[1][0] < 2000
    assert len(found[1]) > 10


def pinsky_rinzel(t: float, y: Array) -> list[float]:
    """The paper's equations, potentials from its zero on, at I_s = 0.75 µA/cm² and I_d = 0."""
    v, w, h, n, s, c, q, ca = y

    def rate(scale: float, x: float, spread: float) -> float:
        return scale * spread / float(exprel(x / spread))

    m = rate(0.32, 13.1 - v, 4)
    m /= m + rate(0.28, v - 40.1, 5)
    fall = 2 * math.exp((6.5 - w) / 27)
    rise = math.exp((w - 10) / 11 - (w - 6.5) / 27) / 18.975 if w <= 50 else fall
    calcium = 10 * s**2 * (w - 140)
    potassium = (15 * c * min(ca / 250, 1) + 0.8 * q) * (w + 15)
    return [
        (1.5 - 30 * m**2 * h * (v - 120) - 15 * n * (v + 15) - 0.1 * v + 4.2 * (w - v)) / 3,
        (-calcium - potassium - 0.1 * w + 4.2 * (v - w)) / 3,
        0.128 * math.exp((17 - v) / 18) * (1 - h) - 4 * expit((v - 40) / 5) * h,
        rate(0.016, 35.1 - v, 5) * (1 - n) - 0.25 * math.exp(0.5 - 0.025 * v) * n,
        1.6 * expit(0.072 * (w - 65)) * (1 - s) - rate(0.02, w - 51.1, 5) * s,
        rise * (1 - c) - (fall - rise) * c,
        min(0.00002 * ca, 0.01) * (1 - q) - 0.001 * q,
        -0.13 * calcium - 0.075 * ca,
    ]


def test_pinsky_rinzel_bursts_under_weak_and_spikes_under_strong_current() -> None:
    """Pinsky & Rinzel 1994: silent at -0.5, bursts at 0.75, a spike train above 2 µA/cm²."""
    silent, slow, fast = trains("pinsky_rinzel", [-0.5, 0.75, 3.0], 1100.0)
    assert len(silent) == 0
    model = load_model("pinsky_rinzel")
    start = np.array([q.value for q in model.states])
    start[:2] += 60
    exact = crossings(pinsky_rinzel, start.tolist(), 1100, model.parameter_values["V_th"] + 60)
    assert len(slow) == len(exact)
    np.testing.assert_allclose(slow, exact, atol=0.5, rtol=2e-3)
    assert np.diff(slow)[-1] > 10 * np.diff(fast)[-1]
    assert np.diff(fast)[-20:] == pytest.approx(np.median(np.diff(fast)), rel=0.1)


def chay_keizer_in_three_variables(t: float, y: Array) -> list[float]:
    """The equations of the authors' programme, with its constants, in high glucose."""
    v, n, c = y
    calcium = 1000 * expit((v + 20) / 12) * (v - 25)
    potassium = (2700 * n + 400 / (1 + (0.5 / c) ** 2) + 178) * (v + 75)
    dc = 0.00025 * (-4.5e-6 * calcium - 0.18 * c)
    return [-(calcium + potassium) / 5300, (expit((v + 16) / 5) - n) / 20, dc]


def test_chay_keizer_in_three_variables_bursts_for_longer_in_glucose() -> None:
    """Sherman & Bertram 2005, figure 2: glucose, as k_PMCA from 0.14 to 0.18, lengthens the bursts
    and shortens the silences between them."""
    parts = []
    for pump in (0.14, 0.18):
        (times,) = trains("chay_keizer_minimal", [0.0], 62_000.0, {"k_PMCA": [pump]})
        first, second = bursts(times, 3000.0)[:2]
        parts.append((first[-1] - first[0]) / (second[0] - first[0]))
    assert parts[0] < 0.3
    assert parts[1] > 0.35
    exact = crossings(chay_keizer_in_three_variables, [-65, 0.00016, 0.1], 45_000, -30)
    times = times[times < 45_000]
    assert len(times) == len(exact)
    np.testing.assert_allclose(times, exact, atol=60)  # less than an interval


def booth_rinzel_kiehn(t: float, y: Array) -> list[float]:
    """The equations of the simEngine programme, with its constants, at 15 µA/cm²."""
    v, w, h, n, m, k, m_d, k_d, plateau, ca, ca_d = y
    sodium = 120 * expit((v + 35) / 7.8) ** 3 * h * (v - 55)
    potassium = (100 * n**4 + 5 * ca / (ca + 0.2)) * (v + 80)
    calcium = 14 * m**2 * k * (v - 80)
    calcium_d = (0.03 * m_d**2 * k_d + 0.33 * plateau) * (w - 80)
    tau_h = 30 / (math.exp((v + 50) / 15) + math.exp(-(v + 50) / 16))
    tau_n = 7 / (math.exp((v + 40) / 40) + math.exp(-(v + 40) / 50))
    return [
        15 - sodium - potassium - calcium - 0.51 * (v + 60) - (v - w),
        -1.1 * ca_d / (ca_d + 0.2) * (w + 80) - calcium_d - 0.51 * (w + 60) - (w - v) / 9,
        (expit(-(v + 55) / 7) - h) / tau_h,
        (expit((v + 28) / 15) - n) / tau_n,
        (expit((v + 30) / 5) - m) / 4,
        (expit(-(v + 45) / 5) - k) / 40,
        (expit((w + 30) / 5) - m_d) / 4,
        (expit(-(w + 45) / 5) - k_d) / 40,
        (expit((w + 40) / 7) - plateau) / 40,
        0.01 * (-0.009 * calcium - 2 * ca),
        0.01 * (-0.009 * calcium_d - 2 * ca_d),
    ]


def test_a_motoneuron_fires_as_its_equations_say() -> None:
    (times,) = trains("booth_rinzel", [15.0], 100.0)
    start = [-60, -60, 0.9, 0, 0, 0.9, 0, 0.9, 0, 0, 0]
    exact = crossings(booth_rinzel_kiehn, start, 100, 0)
    assert len(times) == len(exact) > 4
    np.testing.assert_allclose(times, exact, atol=0.1)


def test_serotonin_makes_a_motoneuron_bistable() -> None:
    """Booth, Rinzel & Kiehn 1997: with less calcium-gated potassium current a pulse leaves the
    dendrite on its plateau and the soma firing; with all of it firing ends with the pulse."""
    model = load_model("booth_rinzel")
    ticks = round(400 / model.dt)
    pulse = np.where(np.arange(ticks) < round(300 / model.dt), 40.0, 0.0)[:, None]
    run = simulate(
        model, pulse, neurons=2, record=["v_d"], engine="interpreted",
        parameters={"g_KCa": [3.136, 5.0], "g_KCa_d": [0.69, 1.1]},
    )  # fmt: skip
    times = (run.spikes.tick + 1) * model.dt
    held, ended = (times[run.spikes.neuron == j] for j in range(2))
    assert held[-1] > 380
    assert ended[-1] < 301
    assert run.states["v_d"][-1, 0] > run.states["v_d"][-1, 1] + 8
