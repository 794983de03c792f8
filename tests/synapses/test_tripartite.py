"""The tripartite synapse: its calcium against SciPy and NEST, and what it hands over."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sc_neurocore.neurons import load_model
from sc_neurocore.synapses import Events, PlasticState, TripartiteSynapse, load_rule

#: Five seconds at 10 Hz, then silence, in ms.
SPIKES = np.arange(500, 10_500, 100)
END = 20_000


def calcium(dt: float, every: float = 100.0) -> np.ndarray:
    """``(samples, 3)``: IP3, Ca and h every 100 ms."""
    state = PlasticState.of(load_rule("tripartite"), [0, 1], [0], 1, dt=dt, engine="interpreted")
    stride, found = round(every / dt), []
    arrivals = np.zeros(round(END / dt), bool)
    # An event of tick k is at its end.
    arrivals[np.round(SPIKES / dt).astype(int) - 1] = True
    for start in range(0, len(arrivals), stride):
        hits = np.flatnonzero(arrivals[start : start + stride])
        state.advance(start, stride, arrivals=Events.of(stride, hits, 0 * hits))
        found.append([float(state.get(x)[0]) for x in ("IP3", "Ca", "h")])
    return np.array(found)


def by_scipy() -> np.ndarray:
    """The same, of the catalogue's Li-Rinzel model and a jump of IP3 by hand, to 1e-10."""
    p = load_model("astrocyte_model").parameter_values

    def flow(_: float, y: np.ndarray) -> list[float]:
        ip3, ca, h = y
        q = p["d_2"] * (ip3 + p["d_1"]) / (ip3 + p["d_3"])
        gate = h * ip3 / (ip3 + p["d_1"]) * ca / (ca + p["d_5"])
        out = (p["v_1"] * gate**3 + p["v_2"]) * (p["c_0"] - (1 + p["c_1"]) * ca)
        pump = p["v_3"] * ca**2 / (p["k_3"] ** 2 + ca**2)
        return [(0.16 - ip3) / 7.142, out - pump, p["a_2"] * (q - (q + ca) * h)]

    rule = load_rule("tripartite")
    y = np.array([next(q.value for q in rule.states if q.name == x) for x in ("IP3", "Ca", "h")])
    found = []
    for t in np.arange(100, END + 100, 100):
        run = solve_ivp(flow, (0, 0.1), y, rtol=1e-10, atol=1e-12, method="LSODA")
        y = run.y[:, -1]
        y[0] += 0.005 * (t in SPIKES)
        found.append(y.copy())
    return np.array(found)


def test_calcium_is_that_of_scipy():
    """First order: half the tick, half the error; and it oscillates, as Li & Rinzel's does."""
    exact = by_scipy()
    assert exact[:, 0].max() > 0.355, "above the Hopf point of De Pittà et al. 2009"
    assert exact[:, 1].max() > 0.4 > 0.08 > exact[0, 1]
    coarse, fine = (np.abs(calcium(dt) - exact).max(axis=0) for dt in (2.0, 1.0))
    assert (fine < [1e-8, 5e-4, 1e-4]).all()
    assert coarse[1:] / fine[1:] == pytest.approx(2.0, rel=0.2)


def test_calcium_is_that_of_nest():
    """`astrocyte_lr_1994`: the same equations and constants, the jump by a weight of 25."""
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 1.0
    rest = {q.name: q.value for q in load_rule("tripartite").states}
    cell = nest.Create(
        "astrocyte_lr_1994", {"Ca_astro": rest["Ca"], "h_IP3R": rest["h"], "delta_IP3": 0.005}
    )
    source = nest.Create("spike_generator", {"spike_times": SPIKES - 1.0})
    nest.Connect(source, cell, syn_spec={"delay": 1.0, "weight": 1.0})
    meter = nest.Create(
        "multimeter", {"record_from": ["IP3", "Ca_astro", "h_IP3R"], "interval": 100.0}
    )
    nest.Connect(meter, cell, syn_spec={"delay": 1.0})
    nest.Simulate(END + 1.0)
    theirs = np.column_stack([meter.events[x] for x in ("IP3", "Ca_astro", "h_IP3R")])
    ours = calcium(1.0)[: len(theirs)]
    np.testing.assert_allclose(ours[:, 0], theirs[:, 0], rtol=1e-9)
    assert (np.abs(ours - theirs[: len(ours)]).max(axis=0) < [1e-9, 5e-4, 1e-4]).all()


def test_constants_are_those_of_the_catalogue():
    """Per s there, per ms here."""
    rule, model = load_rule("tripartite"), load_model("astrocyte_model")
    for q in model.parameters:
        if q.name == "Ca_th":
            continue
        factor = 1000.0 if "s" in q.unit else 1.0
        assert rule.parameter_values[q.name] * factor == pytest.approx(q.value, rel=1e-12), q.name


def test_a_silent_terminal_rests():
    synapse = TripartiteSynapse()
    start = synapse.ca, synapse.ip3
    for _ in range(500):
        assert synapse.step(0) == 0.5
    assert (synapse.ca, synapse.ip3) == pytest.approx(start, rel=1e-6)


def test_an_active_astrocyte_facilitates_and_a_quiet_one_depresses():
    synapse = TripartiteSynapse(
        base_weight=0.6, facilitation=2.0, depression_rate=0.5, w_min=0.2, dt=10.0,
        glut_per_spike=100.0,
    )  # fmt: skip
    # At rest, a spike takes half of what is above w_min.
    assert [synapse.step(1) for _ in range(4)] == pytest.approx([0.4, 0.3, 0.25, 0.225])
    assert synapse.ip3 > 0.5
    for _ in range(1000):
        weight = synapse.step(0)
        assert weight == pytest.approx(0.225 if synapse.ca <= 0.19669 else 0.45)
        if synapse.ca > 0.19669:
            break
    assert synapse.step(1) == pytest.approx(0.45), "twice as much, and no depression"
    synapse.reset()
    assert (synapse.weight, synapse.ip3) == pytest.approx((0.6, 0.16))


def test_bounds_hold():
    assert TripartiteSynapse(0.9, ca_threshold=0.0, facilitation=3.0).effective_weight == 1.0
    assert TripartiteSynapse(0.3, ca_threshold=0.0, facilitation=0.1, w_min=0.2).step(1) == 0.2
