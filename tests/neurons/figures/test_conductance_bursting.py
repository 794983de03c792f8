"""Published figures of the conductance-based cells that burst.

Every run is interpreted: equal to the kernels' bit for bit, without compiling one per model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

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
