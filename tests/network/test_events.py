"""The event-driven engine against the clock-driven one, and how much it works."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.event_driven import EventDrivenSimulator
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    Network,
    Normal,
    PoissonInput,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    StateMonitor,
    StepCurrent,
    TimedArray,
    Uniform,
)

#: Model, weights of excitation and inhibition, their ports, and a range of currents that drive it.
CASES = {
    "iaf_psc_delta": (1.0, -1.0, ("spikes", "spikes"), (300.0, 600.0)),
    "iaf_psc_exp": (80.0, -80.0, ("exc", "inh"), (300.0, 600.0)),
    "iaf_psc_alpha": (30.0, -30.0, ("exc", "inh"), (300.0, 600.0)),
    "lif": (20.0, -20.0, ("I", "I"), (1.5, 3.0)),
}


def mixed(
    model: str, seed: int, engine: Literal["clock", "event"]
) -> tuple[Network, list[Population], list[Any]]:
    """Two populations and sources with all kinds of stimuli, weights and delays; two runs."""
    excitation, inhibition, ports, (low, high) = CASES[model]
    rng = np.random.default_rng(seed)
    n, ticks = 40, 2000
    net = Network(seed=seed)
    a = net.add(Population(model, n, {"I": rng.uniform(low, high, n)}, "a",
                           init={"v": Uniform(-75.0, -60.0)}))  # fmt: skip
    b = net.add(Population(model, n, {"V_th": Uniform(-58.0, -52.0)}, "b"))
    given = net.add(SpikeSourceArray(20, rng.integers(0, 20, 150), rng.integers(0, ticks, 150)))
    jitter = Normal("1.5 ms", "0.5 ms", low="0.1 ms")
    weights = Normal(excitation, excitation / 5, low=0)
    net.add(Projection(a, b, weights, 0.2, delay=jitter, port=ports[0]))
    net.add(Projection(a, a, excitation, 0.1, delay=7, port=ports[0]))
    net.add(Projection(b, a, inhibition, 0.1, delay=3, port=ports[1]))
    net.add(Projection(given, b, excitation, 0.3, delay=1, port=ports[0]))
    net.add(StepCurrent(200, 900, low * 1.4), to=b, port="I")
    net.add(TimedArray(rng.uniform(0, low / 2, (40, n)), dt=2.5e-3), to=b, port="I")
    if seed % 2:
        net.add(PoissonInput(n, 800.0, excitation), to=b, port=ports[0])
    monitors = [net.add(SpikeMonitor(p)) for p in (a, b)]
    net.run(0.1403, engine=engine)
    net.run(ticks * 1e-4 - 0.1403)
    return net, [a, b], monitors


@pytest.mark.parametrize(("model", "seed"), [(m, 1 + i) for i, m in enumerate(CASES)])
def test_spikes_are_those_of_the_clock_driven_engine(model: str, seed: int) -> None:
    clock, cells, expected = mixed(model, seed, "clock")
    event, others, found = mixed(model, seed, "event")
    for one, other in zip(expected, found, strict=True):
        assert one.count() > 50
        for x, y in zip(one.raster_data(), other.raster_data(), strict=True):
            assert x.tolist() == y.tolist()
    for p, q in zip(cells, others, strict=True):
        for name in p.model.state_names:
            assert np.abs(clock.state(p, name) - event.state(q, name)).max() < 1e-10


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(5, 25))
@pytest.mark.parametrize("model", CASES)
def test_spikes_are_equal_on_many_networks(model: str, seed: int) -> None:
    test_spikes_are_those_of_the_clock_driven_engine(model, seed)


def probe(model: Any, drive: float, seconds: float, **params: float) -> tuple[list[int], Network]:
    net = Network()
    cells = net.add(Population(model, 3, {"I": drive, **params}))
    monitor = net.add(SpikeMonitor(cells))
    net.run(seconds, 1e-4, engine="event")
    return monitor.spike_trains()[1].tolist(), net


def test_a_driven_neuron_spikes_when_its_formula_says() -> None:
    """lif: v(t) = E + R·I·(1 − exp(−t/τ)) reaches V_th after τ·ln(R·I/(R·I − 15)) ms."""
    ticks, _ = probe("lif", 2.5, 0.2)
    first = int(np.ceil(10 * np.log(20 / 5) / 0.1))  # ticks until the potential has risen by 15
    assert ticks[:3] == [first - 1, 2 * first - 1 + 20, 3 * first - 1 + 40]
    assert probe("lif", 15 / 8 - 1e-6, 1000.0)[0] == []


def test_without_a_leak_the_threshold_is_found_however_far() -> None:
    model = build_model("dv/dt = k*I", threshold="v >= 1", reset="v = v - 1", method="exact",
                        params={"k": 2.0**-24}, dt=0.125)  # fmt: skip
    net = Network()
    cells = net.add(Population(model, 1, {"I": 2.0}))
    monitor = net.add(SpikeMonitor(cells))
    net.run("3500000 ms", engine="event")
    # 2^24/2 ms are 2^26 ticks of 1/8 ms to the threshold; none in 2.8e7. Then with ten times more.
    assert monitor.count() == 0
    net.run("28000000 ms")
    assert monitor.raster_data()[0].tolist() == [2**26 - 1, 2**27 - 1, 3 * 2**26 - 1]
    assert net.counts().updates < 3 * 2**28 / 2**17


def test_silence_costs_nothing() -> None:
    """Two bursts a hundred times further apart cost as many operations, but for skips' digits."""

    def costs(gap: int) -> Any:
        net = Network()
        cells = net.add(Population("iaf_psc_alpha", 50))
        tick = np.concatenate([np.arange(20), gap + np.arange(20)])
        source = net.add(SpikeSourceArray(20, np.tile(np.arange(20), 2), tick))
        net.add(Projection(source, cells, 300.0, 0.5, delay=2, port="exc"))
        net.add(Projection(cells, cells, -40.0, 0.5, delay=15, port="inh"))
        monitor = net.add(SpikeMonitor(cells))
        net.run((gap + 2000) * 1e-4, engine="event")
        return net.counts(), monitor.count()

    (near, spikes), (far, same) = costs(20_000), costs(2_000_000)
    assert spikes == same > 100
    assert (near.ticks, near.updates, near.deliveries) == (far.ticks, far.updates, far.deliveries)
    assert far.steps < 1.05 * near.steps
    assert far.ticks < 1000


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("adex", "model 'adex' has no bounded linear flow"),
        ("stochastic_lif", "draws random numbers"),
        (build_model("dv/dt = v", threshold="v >= 1", reset="v = 0", name="up"), "grow"),
        (build_model("dv/dt = -v", threshold="v >= 1", reset="v = 0", method="euler", name="e"),
         "model 'e' has method 'euler'"),
        (build_model("dv/dt = -v", jumps="v += v*w", threshold="v >= 1", reset="v = 0", name="m",
                     inputs=[Quantity("w", 0.0, kind="event")]), "jump 'v [+]= v[*]w' is not"),
    ],
)  # fmt: skip
def test_models_without_an_exact_flow_are_refused_by_name(model: Any, why: str) -> None:
    net = Network()
    net.add(Population(model, 2))
    with pytest.raises(SCConfigError, match=why) as caught:
        net.run(0.01, engine="event")
    assert "engine='clock'" in str(caught.value)


def test_what_only_the_other_engine_does_is_refused() -> None:
    net = Network()
    cells = net.add(Population("lif", 2, label="cells"))
    net.add(StateMonitor(cells, ["v"]))
    with pytest.raises(SCConfigError, match="states of population 'cells' are monitored"):
        net.run(0.01, engine="event")
    other = Network()
    other.add(Population("lif", 2))
    with pytest.raises(SCConfigError, match="it is 'clock' or 'event'"):
        other.run(0.01, engine="gpu")  # type: ignore[arg-type]
    other.run(0.01, engine="event")
    with pytest.raises(SCConfigError, match="built for engine 'event'"):
        other.run(0.01, engine="clock")


def test_the_documented_simulator() -> None:
    """0 is made to send at 1 ms; 1 hears it 2.5 ms later, spikes, and 2 hears that after 1 ms."""
    net = EventDrivenSimulator(
        3, [(0, 1, 1.5, 2.5), (1, 2, 0.4, 1.0)], threshold=1.0, tau_mem=10.0, refractory=2.0
    )
    net.inject_spikes([(1.0, 0)])
    net.inject_current([(4.0, 2, 0.5)])
    stats = net.run(6.0)
    assert stats.spikes == ((3.5, 1),)
    assert stats.deliveries == 3 and "1 spikes in 6 ms" in stats.summary()
    left = 0.5 * np.exp(-0.5 / 10) + 0.4  # at 4.5 ms, and then for 1.4 ms, to the end of the run
    assert net.voltages[2] == pytest.approx(left * np.exp(-1.4 / 10), rel=1e-12)
    assert net.run(100.0).spikes == ()
    with pytest.raises(SCConfigError, match="reset"):
        net.inject_spikes([(200.0, 0)])
    net.reset()
    assert net.voltages.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(SCConfigError, match="a neuron is 3"):
        net.inject_spikes([(1.0, 3)])
    with pytest.raises(SCConfigError, match=r"a delay is 0\.05 ms"):
        EventDrivenSimulator(2, [(0, 1, 1.0, 0.05)])
