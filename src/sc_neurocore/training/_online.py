"""Learning forward in time: leaky layers that carry an eligibility per weight, and stacks of them.

Nothing of a past tick is kept, so memory does not grow with the length of a sequence. Source of
the method: e-prop, Bellec et al. 2020, doi:10.1038/s41467-020-17236-y.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._require import require_numeric, require_whole
from sc_neurocore.dynamics import require_finite, require_positive
from sc_neurocore.exceptions import SCConfigError

Array = NDArray[np.float64]
#: Height of the pseudo-derivative at threshold, in units of 1/threshold (Bellec et al. 2020).
GAMMA = 0.3


class OnlineLIFLayer:
    """Leaky integrate-and-fire neurons whose weights know, at any time, what they were part of.

    In a tick, with ``α = exp(-dt/tau_mem)`` and ``κ = exp(-dt/tau_trace)``::

        v ← α·v + W·x - threshold·z        z ← v >= threshold
        x̄ ← α·x̄ + x                        ψ = γ/threshold·max(0, 1 - |v/threshold - 1|)
        e ← κ·e + ψ ⊗ x̄

    ``e`` is the derivative of the filtered spikes ``z̄ ← κ·z̄ + z`` by ``W``, with the
    pseudo-derivative ψ for that of the step, and the reset outside the derivative, as in e-prop. A
    tick reads and writes the eligibility once: memory bandwidth is the limit.

    Args:
        n_inputs: number of inputs.
        n_neurons: number of neurons.
        tau_mem: membrane time constant in ms; the default is the paper's.
        threshold: spike threshold, from rest.
        lr: learning rate.
        tau_trace: time constant in ms of the filter by which spikes are read out; as before.
        dt: tick in ms.
        seed: seed of the initial weights, normal with variance ``threshold²/n_inputs``.

    Attributes:
        weights: ``(n_neurons, n_inputs)``.
        spikes: ``(n_neurons,)`` of the last tick, 0 or 1.
        rates: ``(n_neurons,)`` spikes filtered by ``tau_trace``.
        eligibility: ``(n_neurons, n_inputs)``.

    Raises:
        SCConfigError: a size or a number is outside its range.
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        tau_mem: float = 20.0,
        threshold: float = 1.0,
        lr: float = 1e-3,
        *,
        tau_trace: float = 20.0,
        dt: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.n_inputs = require_whole("n_inputs", n_inputs, 1)
        self.n_neurons = require_whole("n_neurons", n_neurons, 1)
        self.threshold = require_positive("threshold", threshold)
        self.lr = require_rate(lr)
        seed = require_whole("seed", seed, 0)
        self._alpha = decay("tau_mem", tau_mem, dt)
        self._kappa = decay("tau_trace", tau_trace, dt)
        scale = self.threshold / math.sqrt(n_inputs)
        self.weights = np.random.default_rng(seed).normal(0.0, scale, (n_neurons, n_inputs))
        self.reset()

    def reset(self) -> None:
        """Return to rest; the weights stay."""
        self._v, self.spikes, self.rates = np.zeros((3, self.n_neurons))
        self._trace = np.zeros(self.n_inputs)
        self.eligibility = np.zeros((self.n_neurons, self.n_inputs))

    def step(self, x: ArrayLike) -> Array:
        """Advance one tick.

        Args:
            x: ``(n_inputs,)`` spikes or other inputs of the tick.

        Returns:
            ``(n_neurons,)`` spikes, 0 or 1.

        Raises:
            SCConfigError: the inputs are not ``n_inputs`` finite numbers, or a potential or a trace
                of the inputs would become non-finite; nothing has changed.
        """
        given = require_row("x", x, self.n_inputs)
        with np.errstate(all="ignore"):
            v = self._alpha * self._v + self.weights @ given - self.threshold * self.spikes
            trace = self._alpha * self._trace + given
        if not (np.isfinite(v).all() and np.isfinite(trace).all()):
            raise SCConfigError(
                "a potential or a trace became non-finite; begin anew with a smaller lr or inputs"
            )
        self._v, self._trace = v, trace
        self.spikes = (self._v >= self.threshold).astype(np.float64)
        self.rates = self._kappa * self.rates + self.spikes
        near = np.maximum(0.0, 1 - np.abs(self._v / self.threshold - 1))
        self.eligibility *= self._kappa
        self.eligibility += np.outer(GAMMA / self.threshold * near, self._trace)
        return self.spikes.copy()

    def gradient(self, signal: ArrayLike) -> Array:
        """``signal ⊗ e``: what this tick adds to the gradient of the loss by the weights.

        Args:
            signal: ``(n_neurons,)`` derivative of the tick's loss by the neurons' `rates`.

        Raises:
            SCConfigError: the signal is not ``n_neurons`` finite numbers.
        """
        return require_row("signal", signal, self.n_neurons)[:, None] * self.eligibility

    def apply_learning_signal(self, signal: ArrayLike) -> None:
        """Take a step of ``lr`` against `gradient`.

        Raises:
            SCConfigError: the signal is not ``n_neurons`` finite numbers.
        """
        with np.errstate(all="ignore"):
            self.weights -= self.lr * self.gradient(signal)

    def memory_per_step(self) -> int:
        """Numbers that one tick hands to the next, weights apart."""
        return 3 * self.n_neurons + self.n_inputs + self.eligibility.size


class OnlineTrainer:
    """Leaky layers one after the other, trained tick by tick.

    The last layer's `rates` are the output, and the loss of a tick is half their squared distance
    from the target. Its error reaches the hidden layers through fixed random weights, drawn as the
    layers' own are (Nøkland 2016, arXiv:1609.01596; "random e-prop" in Bellec et al. 2020). For one
    layer and a small ``lr`` the steps of a sequence sum up to the gradient of backpropagation
    through time; with hidden layers they do not.

    Args:
        layer_sizes: number of inputs, then of the neurons of each layer.
        tau_mem: membrane time constant in ms.
        threshold: spike threshold, from rest.
        lr: learning rate.
        tau_trace: time constant in ms of `rates`.
        dt: tick in ms.
        seed: seed of all weights.

    Attributes:
        layers: the layers, from the input.

    Raises:
        SCConfigError: a size or a number is outside its range.
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        tau_mem: float = 20.0,
        threshold: float = 1.0,
        lr: float = 1e-3,
        *,
        tau_trace: float = 20.0,
        dt: float = 1.0,
        seed: int = 0,
    ) -> None:
        sizes = list(layer_sizes) if isinstance(layer_sizes, Sequence) else []
        if len(sizes) < 2:
            raise SCConfigError(
                f"layer_sizes is {layer_sizes!r:.60}; give a list of the number of inputs and of "
                "the neurons of at least one layer"
            )
        seed = require_whole("seed", seed, 0)
        self.layers = tuple(
            OnlineLIFLayer(
                a, b, tau_mem, threshold, lr, tau_trace=tau_trace, dt=dt, seed=seed + 2 * i
            )
            for i, (a, b) in enumerate(itertools.pairwise(sizes))
        )
        outputs = sizes[-1]
        self._feedback = [
            np.random.default_rng(seed + 2 * i + 1).normal(
                0.0, 1 / math.sqrt(outputs), (size, outputs)
            )
            for i, size in enumerate(sizes[1:-1])
        ]

    def reset(self) -> None:
        """Return to rest; the weights stay."""
        for layer in self.layers:
            layer.reset()

    def step(self, x: ArrayLike, target: ArrayLike | None = None) -> Array:
        """Advance one tick, and learn from it if there is a target.

        Args:
            x: ``(n_inputs,)`` inputs of the tick.
            target: ``(n_outputs,)`` output to reach.

        Returns:
            ``(n_outputs,)``: the output of the tick, before learning.

        Raises:
            SCConfigError: a row does not fit (nothing has changed), or what learning made of the
                weights became non-finite (they are then of no use).
        """
        last = self.layers[-1]
        wanted = None if target is None else require_row("target", target, last.n_neurons)
        row: ArrayLike = x
        for layer in self.layers:
            row = layer.step(row)
        if wanted is not None:
            error = last.rates - wanted
            for layer, feedback in zip(self.layers, self._feedback, strict=False):
                layer.apply_learning_signal(learning_signal(feedback, error))
            last.apply_learning_signal(error)
        return last.rates.copy()

    def train_sequence(self, inputs: ArrayLike, targets: ArrayLike) -> float:
        """Run a sequence from rest, learning at every tick; returns the mean loss of its ticks.

        Args:
            inputs: ``(T, n_inputs)``.
            targets: ``(T, n_outputs)``.

        Raises:
            SCConfigError: the sequences do not fit (no weight has changed), or a potential or
                the learning signal became non-finite (the weights are then of no use).
        """
        first, last = self.layers[0], self.layers[-1]
        xs, wanted = require_sequences(inputs, first.n_inputs, targets, last.n_neurons)
        return train_on(self, xs, wanted)

    @property
    def n_layers(self) -> int:
        """Number of layers of neurons."""
        return len(self.layers)

    def memory_per_step(self) -> int:
        """Numbers that one tick hands to the next, weights apart; the length plays no part."""
        return sum(layer.memory_per_step() for layer in self.layers)


def learning_signal(feedback: Array, error: Array) -> Array:
    """``feedback·error``; a signal that is not finite is refused before any weight takes it."""
    with np.errstate(all="ignore"):
        signal = np.asarray(feedback @ error)
    if not np.isfinite(signal).all():
        raise SCConfigError("the learning signal became non-finite; begin anew with a smaller lr")
    return signal


class Learner(Protocol):
    """What learns tick by tick."""

    def reset(self) -> None: ...

    def step(self, x: ArrayLike, target: ArrayLike | None = None) -> Array: ...


def train_on(learner: Learner, xs: Array, wanted: Array) -> float:
    """Learn at every tick of a sequence, from rest; mean over ticks of half the squared error."""
    learner.reset()
    errors = [learner.step(x, target) - target for x, target in zip(xs, wanted, strict=True)]
    return float(0.5 * np.square(errors).sum(axis=1).mean())


def decay(name: str, tau: float, dt: float) -> float:
    """``exp(-dt/tau)`` of two positive times."""
    return math.exp(-require_positive("dt", dt) / require_positive(name, tau))


def require_rate(lr: float) -> float:
    """A learning rate of 0 or more."""
    if require_finite("lr", lr) < 0:
        raise SCConfigError(f"lr is {lr:g}; it must be 0 or more")
    return float(lr)


def require_row(name: str, values: ArrayLike, length: int) -> Array:
    """``(length,)`` finite numbers."""
    row = require_numeric(name, values)
    if row.shape != (length,) or not np.isfinite(row).all():
        raise SCConfigError(
            f"{name} has shape {row.shape}; it must be ({length},), of finite numbers"
        )
    return row


def require_sequences(
    inputs: ArrayLike, n_inputs: int, targets: ArrayLike, n_outputs: int
) -> tuple[Array, Array]:
    """Inputs and targets of the same ticks."""
    xs = require_sequence("inputs", inputs, n_inputs)
    ys = require_sequence("targets", targets, n_outputs)
    if len(xs) != len(ys):
        raise SCConfigError(
            f"inputs have {len(xs)} ticks and targets {len(ys)}; give one target for every tick"
        )
    return xs, ys


def require_sequence(name: str, values: ArrayLike, width: int) -> Array:
    """``(T, width)`` finite numbers, at least one row."""
    rows = require_numeric(name, values)
    if rows.ndim != 2 or rows.shape[1] != width or not len(rows) or not np.isfinite(rows).all():
        raise SCConfigError(
            f"{name} have shape {rows.shape}; they must be (T, {width}), T >= 1, of finite numbers"
        )
    return rows
