"""The documented event-driven simulator against a loop over ticks, and what it refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.event_driven import EventDrivenSimulator
from sc_neurocore.exceptions import SCConfigError

N, TICKS = 4, 60
times = st.integers(1, TICKS - 1).map(lambda k: k / 2)
neurons = st.integers(0, N - 1)
# Sums of sixteenths are exact, so no potential lies a rounding away from its threshold by chance.
weights = st.integers(-20, 40).map(lambda k: k / 16)


def by_ticks(
    synapses: list[Any], spikes: list[Any], pulses: list[Any], refractory: int
) -> tuple[list[tuple[float, int]], list[float]]:
    """Ticks of 0.5 ms, tau 10 ms, threshold 1, rest 0.125, reset -0.25."""
    arrive: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for time, neuron, jump in pulses:
        arrive[round(2 * time)][neuron] += jump
    v, silent, found = [0.125] * N, [0] * N, []

    def send(tick: int, neuron: int) -> None:
        for source, target, weight, delay in synapses:
            if source == neuron:
                arrive[tick + round(2 * delay)][target] += weight

    for tick in range(TICKS):
        for time, neuron in spikes:
            if round(2 * time) == tick:
                send(tick, neuron)
        for n in range(N):
            if silent[n]:
                silent[n] -= 1
                continue
            v[n] = 0.125 + (v[n] - 0.125) * float(np.exp(-0.05)) + arrive[tick][n]
            if v[n] >= 1:
                found.append((tick / 2, n))
                v[n], silent[n] = -0.25, refractory
                send(tick, n)
    return found, v


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.tuples(neurons, neurons, weights, times), max_size=12),
    st.lists(st.tuples(times, neurons), max_size=8),
    st.lists(st.tuples(times, neurons, weights), min_size=1, max_size=12),
    st.integers(0, 6),
)
def test_spikes_and_potentials_are_those_of_a_loop_over_ticks(
    synapses: list[Any], spikes: list[Any], pulses: list[Any], refractory: int
) -> None:
    net = EventDrivenSimulator(
        N, synapses, threshold=1, tau_mem=10, v_rest=0.125, v_reset=-0.25,
        refractory=refractory / 2, dt=0.5,
    )  # fmt: skip
    net.inject_spikes(spikes)
    net.inject_current(iter(pulses))
    found = [*net.run(TICKS / 8).spikes, *net.run(TICKS / 2 - TICKS / 8).spikes]
    expected, potentials = by_ticks(synapses, spikes, pulses, refractory)
    assert found == expected
    assert net.voltages == pytest.approx(potentials, abs=1e-12)


def pair() -> EventDrivenSimulator:
    """0 drives 1 over 1 ms."""
    return EventDrivenSimulator(2, [(0, 1, 1.5, 1.0)])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: EventDrivenSimulator(0, []), "n_neurons is 0; there are 1 to"),
        (lambda: EventDrivenSimulator(2.5, []), "n_neurons is 2.5; it must be a whole"),
        (lambda: EventDrivenSimulator(True, []), "n_neurons is True"),
        (lambda: EventDrivenSimulator(2, None), "connectivity must be a list of .source, target"),
        (lambda: EventDrivenSimulator(2, [("a", 1, 1, 1)]), "connectivity must be a list"),
        (lambda: EventDrivenSimulator(4, [(1, 1, 1.0)] * 4), "connectivity must be a list"),
        (lambda: EventDrivenSimulator(2, [(0.5, 1, 1, 1)]), "a neuron is 0.5; there are 0 to 1"),
        (lambda: EventDrivenSimulator(2, [(0, -1, 1, 1)]), "a neuron is -1; there are 0 to 1"),
        (lambda: EventDrivenSimulator(2, [(0, 1, np.nan, 1)]), "a weight of nan; it must be fini"),
        (lambda: EventDrivenSimulator(2, [(0, 1, 1, np.inf)]), "a delay of inf; it must be fini"),
        (lambda: EventDrivenSimulator(2, [(0, 1, 1, 1e12)]), "a delay is 1e[+]?12|1000000000000.0"),
        (lambda: EventDrivenSimulator(2, [(0, 1, 1, 1)], dt=0), "dt is 0"),
        (lambda: EventDrivenSimulator(2, [(0, 1, 1, 1)], dt=np.nan), "dt is nan"),
        (lambda: pair().inject_spikes(None), "events must be a list of .time, neuron."),
        (lambda: pair().inject_spikes((1.0, 0)), "events must be a list"),
        (lambda: pair().inject_spikes([(1.0,)]), "events must be a list"),
        (lambda: pair().inject_spikes([(1.0, 0.7)]), "a neuron is 0.7"),
        (lambda: pair().inject_spikes([(np.inf, 0)]), "events has a time of inf"),
        (lambda: pair().inject_spikes([(1e300, 0)]), r"the time of a spike is 1e\+300 ms"),
        (lambda: pair().inject_spikes([(0.25, 0)]), "the time of a spike is 0.25 ms"),
        (lambda: pair().inject_current([(1.0, 0, np.nan)]), "a jump of nan"),
        (lambda: pair().inject_current([(1.0, 0, "a")]), "events must be a list"),
        (lambda: pair().inject_current([(0.0, 0, 1.0)]), "the time of a pulse is 0.0 ms"),
        (lambda: pair().run("3 ms"), "duration is '3 ms'; it must be a finite number"),
        (lambda: pair().run(0), "duration is 0"),
        (lambda: pair().run(0.25), "duration is 0.25 ms, 2.5 ticks of 0.1 ms"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SCConfigError, match=sentence) as error:
        call()
    assert "\n" not in str(error.value)


def test_refused_events_and_runs_leave_nothing_behind() -> None:
    net = pair()
    for bad in ([(1.0, 0), (2.0, 5)], [(1.0, 0), (0.25, 0)]):
        with pytest.raises(SCConfigError):
            net.inject_spikes(bad)
    with pytest.raises(SCConfigError):
        net.run(0.25)
    assert net.run(5.0).deliveries == 0
    net.reset()
    net.inject_spikes([(1.0, 0)])
    assert net.run(5.0).spikes == ((2.0, 1),)


def test_a_potential_that_overflows_is_refused() -> None:
    net = EventDrivenSimulator(2, [(0, 1, 1e308, 1.0)] * 3)
    net.inject_spikes([(1.0, 0)])
    with pytest.raises(SCConfigError, match=r"neuron 1 .* became non-finite"):
        net.run(5.0)
