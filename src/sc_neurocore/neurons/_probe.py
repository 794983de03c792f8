"""What a model does, measured: tags of behaviour from a fixed set of stimuli.

The words are those of Izhikevich, "Which model to use for cortical spiking neurons?", 2004,
doi:10.1109/TNN.2004.832719, and, for the two classes of excitability, of Hodgkin, "The local
electric changes associated with repetitive action in a non-medullated axon", 1948,
doi:10.1113/jphysiol.1948.sp004260. `TAGS` says how each is decided. All runs have the model's
default parameters and start from its initial state; draws come from seed 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Model, Simulation, simulate
from sc_neurocore.neurons._model import model_of
from sc_neurocore.neurons._protocol import Protocol, protocol_of

Array = NDArray[np.float64]

#: Every tag and how it is measured. "To fire steadily" is to spike in the second half of a run
#: at three ticks or more; runs have the protocol's length, at least 500 ms, and five times that
#: for the classes of excitability. Patterns of stochastic models are not judged.
TAGS: Mapping[str, str] = {
    "graded": "it has no threshold: its output is a state",
    "stochastic": "two seeds give different runs of the default protocol",
    "spontaneous": "it fires without input, and goes on",
    "excitable": "it does not fire without input, and fires at some step of the sweep",
    "quiescent": "it fires neither without input nor at any step of the sweep",
    "phasic": "at the protocol's step it fires, but not steadily",
    "tonic": "at the protocol's step it fires steadily, its intervals varying by less than 10 %",
    "adapting": "at the protocol's step it fires without bursts, its last interval longer than "
    "its first one by a fifth or more",
    "bursting": "at the protocol's step, or without input, it fires steadily, and its intervals "
    "fall into short and long ones, two of either or more, apart by a factor of 2.5",
    "class 1": "the rate at the lowest step that makes it fire steadily, found to a part in ten "
    "thousand, is below a tenth of the highest of the sweep",
    "class 2": "that rate is above a quarter of the highest",
    "bistable": "at an input that leaves it silent from its initial state, it fires steadily after "
    "a pulse of the sweep's highest amplitude",
    "resonator": "after a small step (a twentieth of the way to the lowest that makes it fire) "
    "its first state rings: it crosses its final value twice or more, by a fiftieth of its change",
    "rebound": "it does not fire without input, but does within 100 ms (maps: iterations) of the "
    "end of an input at its declared minimum",
}

_SHORTEST = 500.0
_LEVELS = 24
_LONGER = 5
_PULSE = 0.1


def measure(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Measure the behaviour of a model document.

    Returns:
        Tags of `TAGS`, in its order; a model is never both excitable and quiescent.

    Raises:
        SCConfigError: no ``[protocol]`` table, or a run that leaves the finite numbers.
    """
    probe = _Probe(model_of(document), protocol_of(document))
    found = probe.tags()
    return tuple(tag for tag in TAGS if tag in found)


class _Probe:
    """The runs of one model."""

    def __init__(self, model: Model, protocol: Protocol) -> None:
        self.model = model
        self.protocol = replace(protocol, duration=max(_SHORTEST, protocol.duration))
        self.ticks = self.protocol.ticks(model.dt)
        self.half = self.ticks // 2
        self.rest = protocol.rest
        levels = protocol.amplitudes or (protocol.amplitude,)
        self.low, self.high = min(levels), max(levels)

    def tags(self) -> set[str]:
        found = set()
        if self._differs_between_seeds():
            found.add("stochastic")
        if self.model.threshold is None:
            found.add("graded")
        else:
            found |= self._firing()
        if not {"stochastic", "spontaneous"} & found and self.protocol.period is None:
            found |= self._after_pulses(found)
        return found

    def _run(self, currents: Array, seed: int = 0, record: tuple[str, ...] = ()) -> Simulation:
        return simulate(
            self.model, {self.protocol.input: currents}, record=record, seed=seed,
            engine="interpreted",
        )  # fmt: skip

    def _steps(self, amplitudes: Array) -> list[NDArray[np.int64]]:
        """Spike ticks at each height of the protocol's stimulus."""
        dt = self.model.dt
        columns = [self.protocol.current(dt, float(a)) for a in amplitudes]
        spikes = self._run(np.column_stack(columns)).spikes
        return [spikes.tick[spikes.neuron == j] for j in range(len(amplitudes))]

    def _steady(self, ticks: NDArray[np.int64]) -> bool:
        return int((ticks >= self.half).sum()) >= 3

    def _rate(self, ticks: NDArray[np.int64]) -> float:
        """Spikes per tick in the second half, from the mean interval where there is one."""
        late = ticks[ticks >= self.half]
        return (len(late) - 1) / float(late[-1] - late[0]) if len(late) > 1 else 0.0

    def _differs_between_seeds(self) -> bool:
        if not self.model.draws:
            return False
        current = self.protocol.current(self.model.dt)[:, None]
        names = self.model.state_names
        one, other = (self._run(current, seed, names) for seed in (0, 1))
        return any(not np.array_equal(one.states[x], other.states[x]) for x in names)

    def _firing(self) -> set[str]:
        found = set()
        levels = np.linspace(self.low, self.high, _LEVELS)
        quiet, default, *sweep = self._steps(
            np.concatenate([[self.rest, self.protocol.amplitude], levels])
        )
        if self._steady(quiet) or (quiet >= self.half).any():
            found.add("spontaneous")
        else:
            fires = len(default) or any(len(t) for t in sweep)
            found.add("excitable" if fires else "quiescent")
        if self.model.draws:
            return found
        found |= self._pattern(default)
        if "spontaneous" in found and _bursts(quiet[quiet >= self.half]):
            found.add("bursting")
        if "excitable" in found:
            found |= self._excitability(levels, sweep)
        return found

    def _pattern(self, ticks: NDArray[np.int64]) -> set[str]:
        """What the protocol's step leads to."""
        onset = round(self.protocol.onset / self.model.dt)
        ticks = ticks[ticks >= onset]
        if not self._steady(ticks):
            return {"phasic"} if len(ticks) else set()
        late = np.diff(ticks[ticks >= self.half]).astype(float)
        if _bursts(ticks[ticks >= self.half]):
            return {"bursting"}
        found = set()
        if late.std() < 0.1 * late.mean():
            found.add("tonic")
        intervals = np.diff(ticks)
        if intervals[-1] >= 1.2 * intervals[0] + 1:
            found.add("adapting")
        return found

    def _excitability(self, levels: Array, sweep: list[NDArray[np.int64]]) -> set[str]:
        """Class 1 or 2, by closing in on the lowest step that makes the model fire steadily."""
        firing = [self._steady(t) for t in sweep]
        if not any(firing):
            return set()
        first = firing.index(True)
        if first == 0:
            return set()
        highest = max(map(self._rate, sweep))
        # Low rates show in long runs only.
        duration = _LONGER * self.protocol.duration
        probe = _Probe(self.model, replace(self.protocol, duration=duration))
        # A longer run may fire steadily where the shorter did not: start some levels below.
        silent, lowest, ticks = levels[max(0, first - 4)], levels[first], sweep[first]
        for _ in range(3):
            between = np.linspace(silent, lowest, _LEVELS)
            finer = probe._steps(between)
            steady = [probe._steady(t) for t in finer]
            if not any(steady):
                break
            first = steady.index(True)
            if first == 0:
                break
            silent, lowest, ticks = between[first - 1], between[first], finer[first]
        self._onset = float(lowest)
        part = probe._rate(ticks) / highest
        return {"class 1"} if part < 0.1 else {"class 2"} if part > 0.25 else set()

    _onset: float | None = None

    def _after_pulses(self, found: set[str]) -> set[str]:
        """What is left of a pulse: firing, a rebound, ringing."""
        more = set()
        onset = self.high if self._onset is None else self._onset
        if "excitable" in found:
            levels = np.linspace(self.rest, onset, _LEVELS, endpoint=False)
            pulse = np.where(np.arange(self.ticks) < _PULSE * self.ticks, 1.0, 0.0)[:, None]
            spikes = self._run(levels + pulse * (self.high - levels)).spikes
            kept = [self._steady(spikes.tick[spikes.neuron == j]) for j in range(_LEVELS)]
            silent = [not (t >= self.half).any() for t in self._steps(levels)]
            if any(a and b for a, b in zip(kept, silent, strict=True)):
                more.add("bistable")
            low = next(q.low for q in self.model.inputs if q.name == self.protocol.input)
            if np.isfinite(low) and low < self.rest:
                current = np.where(np.arange(self.ticks) < self.half, low, self.rest)
                after = self._run(current[:, None]).spikes.tick - self.half
                within = 100.0 / self.model.dt
                if ((after >= 0) & (after <= within)).any() and not (after < 0).any():
                    more.add("rebound")
        if self._rings(onset):
            more.add("resonator")
        return more

    def _rings(self, onset: float) -> bool:
        step = self.rest + (onset - self.rest) / 20
        current = np.where(np.arange(2 * self.ticks) < self.ticks, self.rest, step)
        run = self._run(current[:, None], record=self.model.state_names[:1])
        if len(run.spikes):
            return False
        x = run.states[self.model.state_names[0]][self.ticks - 1 :, 0]
        change = abs(x[-1] - x[0])
        away = np.sign(np.where(np.abs(x - x[-1]) > change / 50, x - x[-1], 0.0))
        sides = away[away != 0]
        settled = np.ptp(x[-len(x) // 10 :]) < change / 50
        return bool(settled and change > 0 and (np.diff(sides) != 0).sum() >= 2)


def _bursts(ticks: NDArray[np.int64]) -> bool:
    """Whether intervals fall into short and long ones, two of either or more."""
    intervals = np.sort(np.diff(ticks)).astype(float)
    if len(intervals) < 4:
        return False
    ratios = intervals[2:-1] / np.maximum(intervals[1:-2], 1.0)
    return bool(ratios.max() >= 2.5)
