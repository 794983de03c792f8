"""Rates and populations of the catalogue against what their papers show of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from equilibria import Flow, over, simulate
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons import SiegertTransferFunction, load_model, siegert_rate


def test_wilson_cowan_oscillates_at_medium_drive() -> None:
    """Wilson & Cowan 1972, figure 11: a limit cycle at P = 1.25, none at 0 or at strong drive."""
    run = simulate(
        load_model("wilson_cowan_unit"), {"P": over([0.0, 1.25, 3.0], 8000)}, record=["E", "I"]
    )
    late = {name: run.states[name][4000:] for name in ("E", "I")}
    amplitude = np.ptp(late["E"], axis=0)
    assert amplitude[0] < 1e-6
    assert amplitude[2] < 1e-6
    assert 0.1 < amplitude[1] < 0.3
    # Inhibition peaks after excitation, by less than half a period.
    e, i = (late[name][:, 1] for name in ("E", "I"))
    peaks = [np.flatnonzero((x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:])) for x in (e, i)]
    period = np.diff(peaks[0]).mean()
    assert 0 < (peaks[1][1] - peaks[0][1]) % period < period / 2


def test_jansen_rit_alpha_rhythm_lies_between_its_hopf_points() -> None:
    """Grimbert & Faugeras, Neural Computation 18 (2006) 3052: Hopf points at 89.83 and 315.70
    pulses per second, cycles of about 11 Hz between them; Jansen & Rit 1995 call them alpha."""
    model = load_model("jansen_rit_unit")
    flow = Flow(model)
    high = flow.rest([0.13, 20.0, 14.0, 0.0, 0.0, 0.0], p=315)
    middle = flow.rest(high, p=200)
    low = flow.rest(middle, p=100)
    for near, bounds, published in ((low, (75, 115), 89.83), (high, (300, 330), 315.70)):
        hopf = brentq(lambda p, near=near: flow.growth(near, p=p), *bounds)
        assert hopf == pytest.approx(published, abs=0.01)
    states = simulate(model, over([150.0, 220.0, 300.0], 8000), record=["y1", "y2"]).states
    v = (states["y1"] - states["y2"])[4000:]
    for wave in (v - v.mean(axis=0)).T:
        crossings = np.flatnonzero((wave[:-1] < 0) & (wave[1:] >= 0))
        assert 2000 / np.diff(crossings).mean() == pytest.approx(11, abs=1)


def test_wendling_activities_by_inhibition() -> None:
    """Wendling et al. 2002: with slow and fast inhibition at (25, 15) mV sustained discharges of 3
    to 6 Hz; without fast inhibition, at (15, 0) mV, a quasi-sinusoid of alpha frequency."""
    model = load_model("wendling")
    for b, g, low, high in ((25.0, 15.0, 3, 6), (15.0, 0.0, 9, 13)):
        part = model.with_parameters({"B": b, "G": g})
        states = simulate(part, over([90.0], 8000), record=["y1", "y2", "y3"]).states
        v = (states["y1"] - states["y2"] - states["y3"])[4000:, 0]
        above = v - v.mean()
        crossings = np.flatnonzero((above[:-1] < 0) & (above[1:] >= 0))
        assert np.ptp(v) > 5
        assert low < 2000 / np.diff(crossings).mean() < high


@pytest.mark.parametrize(
    ("slow", "fast", "low", "high"), [(50.0, 15.0, 2, 8), (10.0, 15.0, 8, 13), (5.0, 25.0, 13, 40)]
)
def test_wendling_noise_excites_slow_alpha_and_fast_activity(
    slow: float, fast: float, low: float, high: float
) -> None:
    """Wendling et al. 2002: background, alpha and, with impaired slow inhibition, fast activity of
    low voltage in the beta and low gamma bands. None of them is a cycle: rest is stable, and what
    noise around 90 pulses per second excites is the resonance of the linear response."""
    model = load_model("wendling").with_parameters({"B": slow, "G": fast})
    flow = Flow(model)
    settled = simulate(model, over([90.0], 4000), record=model.state_names).states
    rest = flow.rest([values[-1, 0] for values in settled.values()], p=90.0)
    assert flow.eigenvalues(rest, p=90.0).real.max() < 0
    enters = flow(rest, p=91.0) - flow(rest, p=90.0)
    output = np.isin(model.state_names, "y1") - 1.0 * np.isin(model.state_names, ["y2", "y3"])
    hertz = np.arange(1.0, 80.0, 0.5)
    matrix = 2e-3j * np.pi * hertz[:, None, None] * np.eye(10) - flow.jacobian(rest, p=90.0)
    gain = np.abs(np.linalg.solve(matrix, enters[:, None])[..., 0] @ output)
    assert low < hertz[gain.argmax()] < high


def test_wong_wang_decides_by_evidence() -> None:
    """Wong & Wang 2006, figure 5: chance without coherence, no errors at 51.2 %.

    Between, 1000 trials of a plain Euler-Maruyama integration of the paper's equations gave
    0.784 and 0.940 (a Weibull function of 7.3 % and exponent 1.3).
    """
    trials = 150
    levels = np.array([0.0, 0.064, 0.128, 0.512])
    coherence = np.repeat(levels, trials)
    first = over(30 * (1 + coherence), 12_000)
    second = over(30 * (1 - coherence), 12_000)
    first[:3000] = second[:3000] = 0
    run = simulate(
        load_model("wong_wang_unit"), {"mu1": first, "mu2": second}, record=["S1", "S2"], seed=3
    )
    s1, s2 = (run.states[name] for name in ("S1", "S2"))
    # Before the stimulus neither has decided.
    assert np.maximum(s1[2999], s2[2999]).max() < 0.3
    correct = (s1[-1] > s2[-1]).reshape(len(levels), trials).mean(axis=1)
    expected = np.array([0.5, 0.784, 0.94, 1.0])
    assert np.all(np.abs(correct - expected) <= 3.5 * np.sqrt(expected * (1 - expected) / trials))


def test_montbrio_pazo_roxin_remembers_a_pulse() -> None:
    """Montbrio, Pazo & Roxin 2015, figure 2: a pulse switches from the low to the high rest state.

    At rest v = -Delta/(2*pi*r), so that v*v + eta + J*r - (pi*r)**2 = 0 is a quartic in r.
    """
    model = load_model("ermentrout_kopell_population")
    flow = Flow(model)
    roots = np.roots([-(math.pi**2), 15, -5, 0, 1 / (2 * math.pi) ** 2])
    rates = sorted(roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real)
    assert len(rates) == 3
    current = over([0.0], 12_000)
    current[2000:6000] = 3
    r = simulate(model, current, record=["r"]).states["r"][:, 0]
    assert r[1999] == pytest.approx(rates[0], abs=1e-6)
    assert r[-1] == pytest.approx(rates[2], abs=1e-3)
    focus = flow.eigenvalues(list(flow.rest([rates[2], -0.15])))
    assert focus.real.max() < 0 < abs(focus.imag).min()


def test_sigmoid_rate_relaxes_to_the_logistic() -> None:
    """The solution for a constant input is r = S + (r_0 - S)*exp(-t/tau)."""
    inputs = np.array([-4.0, 4.0, 12.0])
    r = simulate(load_model("sigmoid_rate"), over(inputs, 400), record=["r"]).states["r"]
    goal = 1 / (1 + np.exp(-1.3 * (inputs - 4)))
    t = 0.1 * (1 + np.arange(400))[:, None]
    np.testing.assert_allclose(r, goal * (1 - np.exp(-t / 8)), atol=1e-12)


def test_threshold_linear_rate_is_the_rectifier() -> None:
    inputs = np.linspace(-8, 8, 9)
    r = simulate(load_model("threshold_linear_rate"), over(inputs, 2), record=["r"]).states["r"]
    np.testing.assert_array_equal(r[1], np.maximum(inputs, 0))


def test_larter_breakspear_leaves_rest_as_the_firing_threshold_widens() -> None:
    """Breakspear, Terry & Friston 2003: rest at small delta_V, oscillation and chaos at larger."""
    model = load_model("larter_breakspear")
    amplitude, spread = {}, {}
    for width in (0.5, 0.6, 0.7):
        varied = model.with_parameters({"delta_V": width})
        v = simulate(varied, over([0.3], 20_000), record=["V"]).states["V"][8000:, 0]
        amplitude[width] = np.ptp(v)
        intervals = np.diff(np.flatnonzero((v[:-1] < 0.1) & (v[1:] >= 0.1)))
        spread[width] = np.ptp(intervals) if len(intervals) else 0
    assert amplitude[0.5] < 1e-3
    assert min(amplitude[0.6], amplitude[0.7]) > 0.5
    assert spread[0.6] > 20 * max(1, spread[0.7])


def test_li_rinzel_calcium_oscillates_between_0_355_and_0_637() -> None:
    """De Pitta et al., Journal of Biological Physics 35 (2009) 383: Hopf points of the model."""
    model = load_model("astrocyte_model")
    flow = Flow(model)
    low = brentq(lambda p: flow.growth([0.2, 0.7], IP3=p), 0.3, 0.45)
    high = brentq(lambda p: flow.growth([0.5, 0.5], IP3=p), 0.55, 0.75)
    assert (low, high) == pytest.approx((0.355, 0.637), abs=1e-3)
    calcium = simulate(model, over([0.3, 0.5, 0.8], 12_000), record=["Ca"]).states["Ca"][8000:]
    amplitude = np.ptp(calcium, axis=0)
    assert amplitude[1] > 0.2
    assert max(amplitude[0], amplitude[2]) < 0.05


# Siegert's formula


def by_quadrature(mean: float, std: float) -> float:
    low, high = ((v - mean) / (math.sqrt(2) * std) for v in (0.0, 15.0))
    # exp(x*x)*(1 + erf(x)) is erfcx(-x).
    edges = [low, *(p for p in (-10.0, -1.0, 0.0, 1.0, 3.0, high - 0.1) if low < p < high), high]
    parts = (
        quad(lambda x: erfcx(-x), a, b, epsabs=0, epsrel=1e-12)[0]
        for a, b in zip(sorted(edges), sorted(edges)[1:], strict=False)
    )
    return 1000 / (2 + 10 * math.sqrt(math.pi) * sum(parts))


def test_siegert_rate_is_the_integral() -> None:
    means, stds = np.array([-10.0, 5.0, 14.0, 15.0, 16.0, 40.0]), np.array([2.0, 5.0, 40.0])
    found = siegert_rate(means[:, None], stds)
    for i, mean in enumerate(means):
        for j, std in enumerate(stds):
            assert found[i, j] == pytest.approx(by_quadrature(mean, std), rel=1e-11)


def test_siegert_rate_without_noise_is_the_logarithm() -> None:
    exact = 1000 / (2 + 10 * math.log(20 / 5))
    np.testing.assert_allclose(siegert_rate(20.0, [0.0, 1e-7]), exact, rtol=1e-9)
    np.testing.assert_array_equal(siegert_rate([14.9, 15.0, -1e6], [0.0, 0.0, 1.0]), 0)


def test_siegert_transfer_function_is_the_rate_of_the_stochastic_lif() -> None:
    # Its mean at 1.4 nA is 1 mV below the threshold of 15 mV above rest.
    assert SiegertTransferFunction().step(1.4) == siegert_rate(14.0, 2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"std": -1.0}, "std is -1; it must be 0 or more"),
        ({"mean": math.nan}, "mean and std must be finite numbers"),
        ({"reset": 15.0}, "reset is 15; it must be below the threshold, 15"),
        ({"tau_m": 0.0}, "tau_m is 0; it must be greater than 0"),
        ({"tau_ref": -2.0}, "tau_ref is -2; it must be 0 or more"),
    ],
)
def test_siegert_rate_refuses_what_has_no_rate(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        siegert_rate(**({"mean": 10.0, "std": 2.0} | arguments))  # type: ignore[arg-type]
