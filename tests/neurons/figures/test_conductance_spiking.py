"""Published figures of the conductance-based cells that fire single spikes.

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
    currents: ArrayLike,
    duration: float,
    parameters: Mapping[str, ArrayLike] | None = None,
) -> list[Array]:
    """Spike times in ms at each of the constant ``currents``."""
    levels = np.atleast_1d(np.asarray(currents, np.float64))
    run = simulate(
        load_model(name), levels[None, :], duration=duration, parameters=parameters,
        engine="interpreted",
    )  # fmt: skip
    times = (run.spikes.tick + 1) * run.model.dt
    return [times[run.spikes.neuron == j] for j in range(len(levels))]


def counts(trains: Sequence[Array]) -> list[int]:
    return [len(t) for t in trains]


def test_wang_buzsaki_fires_from_0_16_and_at_400_hz_under_20() -> None:
    """Wang & Buzsáki 1996: rheobase about 0.16 µA/cm², 400 Hz at 20 µA/cm² (their figure 1)."""
    assert counts(trains("wang_buzsaki", [0.155, 0.17], 500.0)) == [0, 2]
    (fast,) = trains("wang_buzsaki", 20.0, 100.0)
    assert 1000 / np.diff(fast)[-1] == pytest.approx(400, rel=0.03)


def test_wang_buzsaki_rests_at_minus_64_and_undershoots_little() -> None:
    """Wang & Buzsáki 1996: rest near -64 mV, after-hyperpolarisation some 15 mV below -55 mV."""
    run = simulate(load_model("wang_buzsaki"), [[0.0, 1.0]], duration=100.0, record=["v"],
                   engine="interpreted")  # fmt: skip
    assert run.states["v"][-1, 0] == pytest.approx(-64, abs=0.1)
    assert -72 < run.states["v"][:, 1].min() < -64


def test_traub_miles_fires_by_itself_as_nests_does() -> None:
    """`hh_cond_exp_traub` of NEST 3.10 with its defaults, the benchmark's: every 72.15 ms."""
    (times,) = trains("traub_miles", 0.0, 320.0)
    assert np.diff(times) == pytest.approx([72.15] * 4, abs=0.1)


def test_connor_stevens_fires_slowly_by_its_a_current() -> None:
    """Connor, Walter & McKown 1977: with the A-current rates start low, without they jump.

    Without it the leak is moved to keep rest near -68 mV, as in Dayan & Abbott 2001, chapter 6.
    """
    quiet, slow = trains("connor_stevens", [8.0, 8.5], 500.0)
    assert len(quiet) == 0
    assert 1000 / np.diff(slow)[-1] < 12
    without = trains("connor_stevens", [6.0, 8.0], 300.0, {"g_A": 0.0, "E_L": -70.0})
    assert len(without[0]) <= 1
    assert 1000 / np.diff(without[1])[-1] > 70


def test_pospischil_regular_spiking_adapts() -> None:
    """Pospischil et al. 2008: the M-current lengthens the intervals; without it none lengthens."""
    (adapting,) = trains("pospischil", 2.0, 600.0)
    (steady,) = trains("pospischil", 2.0, 600.0, {"g_M": 0.0})
    lengthened = [intervals[-1] / intervals[1] for intervals in map(np.diff, (adapting, steady))]
    assert lengthened[0] > 1.4
    assert lengthened[1] == pytest.approx(1, abs=0.01)


def test_sst_bursts_on_rebound() -> None:
    """Pospischil et al. 2008: the low-threshold spiking cell bursts after hyperpolarisation."""
    model = load_model("sst")
    ticks, half = round(700 / model.dt), round(500 / model.dt)
    current = np.zeros((ticks, 2))
    current[:half] = -0.6
    run = simulate(
        model, current, parameters={"g_T": [0.4, 0.0]}, record=["v"], engine="interpreted"
    )
    burst = (run.spikes.tick[run.spikes.neuron == 0] + 1) * model.dt
    assert len(burst) >= 2
    assert burst[0] > 500
    assert np.diff(burst).max() < 20
    assert (run.spikes.neuron == 1).sum() == 0


def test_golomb_delays_firing_by_its_d_current() -> None:
    """Golomb et al. 2007, figure 2: prompt without I_d, late at 0.39, clusters at 1.8 mS/cm²."""
    prompt, late = trains("golomb_fs", [3.35, 3.35], 500.0, {"g_d": [0.0, 0.39]})
    assert np.diff(prompt).max() < 30
    assert np.diff(late)[0] > 200
    assert np.diff(late)[2:].max() < 50
    (stutter,) = trains("golomb_fs", 4.0, 1600.0, {"g_d": 1.8})
    gaps = np.diff(stutter)
    assert (gaps > 200).sum() >= 2
    assert np.median(gaps) < 50


def test_destexhe_relay_cell_bursts_on_rebound_and_spikes_alone_from_rest() -> None:
    """Destexhe et al. 1996: bursts on release from hyperpolarisation, else single spikes."""
    model = load_model("destexhe_thalamic")
    ticks, onset = round(700 / model.dt), round(400 / model.dt)
    current = np.zeros((ticks, 2))
    current[:onset, 0] = -0.5
    current[onset:, 1] = 2.0
    run = simulate(model, current, engine="interpreted")
    times = (run.spikes.tick + 1) * model.dt
    burst, tonic = (times[run.spikes.neuron == j] for j in range(2))
    assert len(burst) >= 4
    assert np.diff(burst)[:3].max() < 5  # above 200 Hz
    assert np.diff(tonic)[1:].min() > 30


#: First spikes of NEST 3.10's ht_neuron with its defaults, V_m = -70 mV, in 0.05 ms steps.
NEST_HILL_TONONI = {
    10.0: (29.85, 36.75, 43.7, 50.75, 57.9, 65.25, 72.9, 81.05),
    20.0: (14.8, 20.35, 25.95, 31.55, 37.2, 42.9, 48.7, 54.65),
    60.0: (5.1, 9.1, 13.1, 17.1, 21.1, 25.1, 29.15, 33.25),
}


def test_hill_tononi_fires_as_nests_ht_neuron() -> None:
    """NEST 3.10: spikes within 2 % (this model switches the repolarising current off mid-tick)."""
    for found, expected in zip(
        trains("hill_tononi", list(NEST_HILL_TONONI), 90.0), NEST_HILL_TONONI.values(), strict=True
    ):
        np.testing.assert_allclose(found[:8], expected, rtol=0.02)
