"""Limits within which the telemetry of a healthy device lies, learned from its twin."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.devices import Inference, Telemetry
from sc_neurocore.digital_twin._answers import Answers, Integers
from sc_neurocore.digital_twin._blocks import most_cut, samples_needed
from sc_neurocore.digital_twin._twin import Twin
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True)
class Bound:
    """Limits of one quantity, both allowed.

    Attributes:
        name: ``clocks``, ``traps``, or ``spikes of`` a layer.
        low: smallest value allowed.
        high: largest value allowed.
    """

    name: str
    low: int
    high: int


@dataclass(frozen=True)
class Excess:
    """A value beyond its bound.

    Attributes:
        bound: that it breaks.
        value: what was observed.
    """

    bound: Bound
    value: int

    def __str__(self) -> str:
        return f"{self.bound.name}: {self.value} is outside {self.bound.low} to {self.bound.high}"


@dataclass(frozen=True)
class TelemetryBounds:
    """A box that holds a healthy inference, with a stated probability.

    The limits are order statistics of what the bit-true model did, cut off in turn from the
    clocks and from each layer's spikes: the blocks cut off are statistically equivalent (J. W.
    Tukey, 1947). Whatever the distribution, the share of future inferences that lies within all
    limits at once is at least Beta-distributed with (n - c + 1, c), for c blocks cut off n samples.

    Attributes:
        clocks: limits of an inference's clocks.
        layer_spikes: limits of each layer's spikes in an inference.
        samples: n, inferences learned from.
        cut: c, blocks cut off.
        coverage: share of inferences within all limits, at least,
        confidence: with this probability over the choice of the samples, if they and the future
            ones are drawn alike.
    """

    clocks: Bound
    layer_spikes: tuple[Bound, ...]
    samples: int
    cut: int
    coverage: float
    confidence: float

    @classmethod
    def learn(
        cls,
        twin: Twin,
        samples: ArrayLike,
        *,
        coverage: float = 0.95,
        confidence: float = 0.95,
        generation: int | None = None,
    ) -> TelemetryBounds:
        """Bounds from the twin's answers to samples.

        Args:
            twin: the bit-true model of the device.
            samples: as for `simulate_network`, drawn like those that the device will see.
            coverage: share of inferences to lie within all limits.
            confidence: probability that they do.
            generation: of the parameters; the newest if None.

        Raises:
            SCConfigError: too few samples for the coverage at that confidence.
        """
        answers = twin.expected(samples, generation)
        names = [layer.name for layer in twin.network.layers]
        return learn_bounds(answers, names, coverage=coverage, confidence=confidence)

    @property
    def traps(self) -> Bound:
        """A healthy device traps nothing."""
        return Bound("traps", 0, 0)

    def check(self, observed: Telemetry | Inference) -> tuple[Excess, ...]:
        """What lies beyond its bound.

        Args:
            observed: state of a board: its traps, and the spikes of its last inference if there is
                one; or what it said of an inference: its clocks and spikes.

        Raises:
            SCConfigError: it counts the spikes of another number of layers.
        """
        if len(observed.layer_spikes) != len(self.layer_spikes):
            raise SCConfigError(
                f"the telemetry counts the spikes of {len(observed.layer_spikes)} layers; the "
                f"bounds are of {len(self.layer_spikes)}"
            )
        pairs = list(zip(self.layer_spikes, observed.layer_spikes, strict=True))
        if isinstance(observed, Inference):
            pairs = [(self.clocks, observed.clocks), *pairs]
        else:
            over = observed.inferences > 0 and not observed.busy
            pairs = [(self.traps, observed.traps), *(pairs if over else [])]
        return tuple(
            Excess(bound, value) for bound, value in pairs if not bound.low <= value <= bound.high
        )

    def as_dict(self) -> dict[str, Any]:
        """The bounds as JSON holds them."""
        return {**asdict(self), "traps": asdict(self.traps)}


def learn_bounds(
    answers: Answers, names: list[str], *, coverage: float, confidence: float
) -> TelemetryBounds:
    """Bounds from answers; see `TelemetryBounds`."""
    for name, value in (("coverage", coverage), ("confidence", confidence)):
        if not (isinstance(value, float) and 0 < value < 1):
            raise SCConfigError(f"{name} is {value!r}; it must lie between 0 and 1")
    metrics = [answers.clocks, *answers.layer_spikes.T]
    number = len(answers)
    per_side = most_cut(number, coverage, confidence) // (2 * len(metrics))
    if per_side < 1:
        needed = samples_needed(2 * len(metrics), coverage, confidence)
        raise SCConfigError(
            f"{number} samples do not bound {len(metrics)} quantities with coverage {coverage:g} "
            f"at confidence {confidence:g}; {needed} do, or ask for less"
        )
    titles = ["clocks", *(f"spikes of {name}" for name in names)]
    bounds = _box(metrics, titles, per_side)
    return TelemetryBounds(
        bounds[0], tuple(bounds[1:]), number, 2 * len(metrics) * per_side, coverage, confidence
    )


def _box(metrics: list[Integers], titles: list[str], per_side: int) -> list[Bound]:
    """Cut ``per_side`` samples off both ends of each metric in turn."""
    left = np.arange(len(metrics[0]))
    bounds = []
    for title, values in zip(titles, metrics, strict=True):
        # Equal values are cut off in the order of the samples, which the values do not decide.
        order = left[np.argsort(values[left], kind="stable")]
        low, high = values[order[per_side - 1]], values[order[-per_side]]
        bounds.append(Bound(title, int(low), int(high)))
        left = np.sort(order[per_side:-per_side])
    return bounds
