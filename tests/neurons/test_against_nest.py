"""Neurons of the catalogue against those of NEST, spike for spike or by their statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.stats import ks_2samp

from sc_neurocore.dynamics import Simulation, simulate
from sc_neurocore.neurons import load_model, load_schema, model_of

Trains = list[NDArray[np.int64]]


def run(name: str, currents: ArrayLike, ticks: int, **parameters: float) -> Simulation:
    """One interpreted run at constant currents; it compiles nothing."""
    model = load_model(name).with_parameters(parameters)
    inputs = {"I": np.broadcast_to(np.asarray(currents, np.float64), (ticks, np.size(currents)))}
    return simulate(model, inputs, record=model.state_names, engine="interpreted")


def trains(found: Simulation) -> Trains:
    return [found.spikes.tick[found.spikes.neuron == j] for j in range(found.neurons)]


def in_nest(model: str, cells: int, duration: float, dt: float, **parameters: Any) -> Trains:
    """Ticks of the spikes of ``cells`` of a model; a parameter may be a list, one value a cell."""
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = dt
    currents = parameters.pop("dc", None)
    population = nest.Create(model, cells, parameters)
    if currents is not None:
        source = nest.Create("dc_generator", cells, {"amplitude": currents})
        nest.Connect(source, population, "one_to_one", {"delay": dt})
    recorder = nest.Create("spike_recorder")
    nest.Connect(population, recorder)
    nest.Simulate(duration)
    # A spike of tick k is said to happen at its end.
    ticks = np.rint(np.asarray(recorder.events["times"]) / dt).astype(int) - 1
    senders = np.asarray(recorder.events["senders"]) - population.tolist()[0]
    return [np.sort(ticks[senders == j]) for j in range(cells)]


@pytest.mark.parametrize(("level", "own"), [(4, {"a_v": 0.0}), (5, {})])
def test_every_spike_of_a_generalised_neuron_is_nest_s(level: int, own: dict[str, float]) -> None:
    """`glif_psc` of NEST 3.10 with its defaults, the fit of a cell of the Allen Institute.

    A generator's current reaches a cell of NEST two ticks after the run has begun.
    """
    currents = [260.0, 300.0, 450.0, 600.0]
    expected = in_nest(
        "glif_psc", 4, 600.0, 0.05, dc=currents, spike_dependent_threshold=True,
        after_spike_currents=True, adapting_threshold=level == 5,
    )  # fmt: skip
    found = trains(run("glif", currents, 12_000 - 2, **own))
    assert len(expected[3]) > 30
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours + 2, theirs)


#: The set of the example `gif_population` of NEST.
GIF = {
    "C_m": 83.1, "g_L": 3.7, "E_L": -67.0, "V_m": -67.0, "V_reset": -36.7, "Delta_V": 1.4,
    "V_T_star": -39.6, "lambda_0": 1.0, "t_ref": 4.0, "q_stc": [56.7, -6.9],
    "tau_stc": [57.8, 218.2], "q_sfa": [11.7, 1.8], "tau_sfa": [53.8, 640.0],
}  # fmt: skip


@pytest.mark.parametrize("current", [200.0, 400.0])
def test_a_generalised_neuron_with_escape_noise_fires_as_nest_s_do(current: float) -> None:
    """`gif_psc_exp` of NEST 3.10: rate, its course over a second, and intervals of 100 cells."""
    expected = in_nest("gif_psc_exp", 100, 1000.0, 0.1, **GIF, I_e=current)
    found = trains(run("gif", np.full(100, current), 10_000))
    counts = [np.array([len(t) for t in part]) for part in (found, expected)]
    error = np.hypot(*(c.std() / 10 for c in counts))
    assert abs(counts[0].mean() - counts[1].mean()) < 4 * error
    course = [np.bincount(np.concatenate(t) // 1000, minlength=10) for t in (found, expected)]
    np.testing.assert_allclose(course[0], course[1], atol=4 * np.sqrt(2 * course[1].max()))
    intervals = [np.concatenate([np.diff(t) for t in part]) for part in (found, expected)]
    assert ks_2samp(*intervals).pvalue > 1e-3


def test_without_noise_every_interval_of_a_generalised_neuron_is_nest_s() -> None:
    """With a hard threshold both are deterministic; NEST's is that of a tick before."""
    expected = in_nest("gif_psc_exp", 1, 500.0, 0.05, **GIF | {"I_e": 200.0, "Delta_V": 1e-4})[0]
    document = load_schema("gif")
    document["dynamics"]["dt"] = 0.05
    model = model_of(document).with_parameters({"Delta_V": 1e-4})
    found = simulate(model, {"I": 200.0}, ticks=10_000, engine="interpreted").spikes.tick
    assert len(found) == len(expected) > 8
    np.testing.assert_allclose(np.diff(found), np.diff(expected), atol=1)


def test_every_spike_of_a_multi_timescale_threshold_is_nest_s() -> None:
    """`mat2_psc_exp` of NEST 3.10 with the catalogue's set."""
    currents = [0.4, 0.6, 1.2]
    expected = in_nest(
        "mat2_psc_exp", 3, 1000.0, 0.1, I_e=[1000 * x for x in currents], tau_m=5.0, C_m=100.0,
        t_ref=2.0, tau_1=10.0, tau_2=200.0, alpha_1=37.0, alpha_2=2.0, E_L=-70.0, V_m=-70.0,
        omega=-51.0,
    )  # fmt: skip
    found = trains(run("mat", currents, 10_000))
    assert min(map(len, found)) > 4
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_squid_axon_and_the_adaptive_neuron_keep_nest_s_time() -> None:
    """`hh_psc_alpha` and `aeif_psc_exp` of NEST 3.10, which integrate with their own step.

    A spike of the former is a maximum, here a crossing: the intervals are compared.
    """
    # 100 pF are 10⁻⁴ cm²; NEST's leak reverses at −54.402 mV.
    expected = in_nest("hh_psc_alpha", 2, 200.0, 0.05, I_e=[1000.0, 2000.0])
    found = run("hodgkin_huxley", [10.0, 20.0], round(200 / load_model("hodgkin_huxley").dt),
                E_L=-54.402)  # fmt: skip
    for ours, theirs in zip(trains(found), expected, strict=True):
        times = np.diff(theirs)[1:] * 0.05
        np.testing.assert_allclose(np.diff(ours)[1:] * found.model.dt, times, atol=0.11)
        assert len(times) > 8
    expected = in_nest(
        "aeif_psc_exp", 2, 500.0, 0.05, I_e=[700.0, 1000.0], V_reset=-70.6, gsl_error_tol=1e-9,
    )  # fmt: skip
    for ours, theirs in zip(trains(run("adex", [700.0, 1000.0], 10_000)), expected, strict=True):
        assert len(ours) == len(theirs) > 4
        np.testing.assert_allclose(np.diff(ours), np.diff(theirs), atol=1)
