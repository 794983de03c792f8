"""Published figures of the conductance-based cells that burst.

Every run is interpreted: equal to the kernels' bit for bit, without compiling one per model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.special import expit

from sc_neurocore.dynamics import simulate
from sc_neurocore.neurons import load_model

Array = NDArray[np.float64]
Slopes = Callable[[float, Array], list[float]]


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


def test_chay_keizer_bursts_for_seconds_and_spikes_on_with_more_calcium_removal() -> None:
    """Chay & Keizer 1983: bursts of seconds; glucose, as k_Ca, makes the spiking continuous."""
    bursting, continuous = trains("chay_keizer", [0.0] * 2, 5500.0, {"k_Ca": [0.04, 0.08]})
    assert 3000 < bursting[-1] < 5000
    assert np.diff(continuous).max() < 200
    assert continuous[-1] > 5400


def test_sherman_rinzel_keizer_bursts_on_a_plateau() -> None:
    """Sherman, Rinzel & Keizer 1988, figure 5: some twenty spikes on a plateau, then silence."""
    (times,) = trains("sherman_rinzel_keizer", [0.0], 20_000.0)
    first, second = bursts(times, 2000.0)
    assert second[0] - first[0] == pytest.approx(15_400, rel=0.02)
    assert 15 < len(second) < 30
    assert np.diff(second)[-1] > np.diff(second)[1]  # towards a homoclinic end


def test_bertram_bursts_fast() -> None:
    """Bertram et al. 2000, figure 2: with g_s1 = 20 pS bursts follow each other in 2 to 5 s."""
    (times,) = trains("bertram_phantom_burster", [0.0], 8000.0)
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


def test_pinsky_rinzel_bursts_under_weak_and_spikes_under_strong_current() -> None:
    """Pinsky & Rinzel 1994: silent at -0.5, bursts at 0.75, a spike train above 2 µA/cm²."""
    silent, slow, fast = trains("pinsky_rinzel", [-0.5, 0.75, 3.0], 1100.0)
    assert len(silent) == 0
    assert np.diff(slow)[-1] == pytest.approx(495, rel=0.03)
    assert np.diff(fast)[-20:] == pytest.approx(np.median(np.diff(fast)), rel=0.1)


# Independent integration, by LSODA


def crossings(slopes: Slopes, start: Sequence[float], duration: float, level: float) -> Array:
    """Times in ms at which the first state rises through a level."""

    def above(t: float, y: Array) -> float:
        return float(y[0] - level)

    above.direction = 1.0  # type: ignore[attr-defined]
    found = solve_ivp(
        slopes, (0, duration), start, "LSODA", events=above, rtol=1e-6, atol=1e-8, max_step=5.0
    )
    return np.asarray(found.t_events[0])


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
