"""E-prop: a recurrent spiking network that learns at every tick, in memory of a fixed size."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.training._online import (
    Array,
    OnlineLIFLayer,
    learning_signal,
    require_row,
    require_sequence,
    require_sequences,
    train_on,
)


class EpropGradient(NamedTuple):
    """Gradient of the summed loss of a sequence.

    Attributes:
        w_in: ``(n_neurons, n_inputs)``.
        w_rec: ``(n_neurons, n_neurons)``.
        w_out: ``(n_outputs, n_neurons)``.
    """

    w_in: Array
    w_rec: Array
    w_out: Array


class EpropTrainer:
    """One recurrent layer of leaky integrate-and-fire neurons with a linear readout.

    The neurons are those of `OnlineLIFLayer`, which take the spikes of the tick before as inputs
    too. The readout is ``y = W_out·z̄`` with spikes filtered by ``tau_trace``, the loss of a tick
    ``½·|y - target|²``, and the learning signal ``W_outᵀ·(y - target)``: symmetric e-prop of Bellec
    et al. 2020, doi:10.1038/s41467-020-17236-y, without refractoriness, adaptation, regularisation
    of rates and Adam. What a spike does by way of other neurons is left out; so with ``w_rec = 0``
    the gradient is that of backpropagation through time, else an approximation.

    Args:
        n_inputs: number of inputs.
        n_neurons: number of recurrent neurons.
        n_outputs: number of outputs.
        tau_mem: membrane time constant in ms; 20 in the paper.
        tau_trace: time constant in ms of the readout, and so of the eligibility; 20 in the paper.
        threshold: spike threshold, from rest.
        lr: learning rate.
        dt: tick in ms.
        seed: seed of the initial weights: normal, with variance one over the number of weights of
            a neuron, in units of the threshold.

    Raises:
        SCConfigError: a size or a number is outside its range.
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        n_outputs: int,
        tau_mem: float = 20.0,
        tau_trace: float = 20.0,
        threshold: float = 1.0,
        lr: float = 1e-3,
        dt: float = 1.0,
        *,
        seed: int = 0,
    ) -> None:
        self.n_inputs = require_whole("n_inputs", n_inputs, 1)
        self.n_neurons = require_whole("n_neurons", n_neurons, 1)
        self.n_outputs = require_whole("n_outputs", n_outputs, 1)
        self._layer = OnlineLIFLayer(
            self.n_inputs + self.n_neurons, self.n_neurons, tau_mem, threshold, lr,
            tau_trace=tau_trace, dt=dt, seed=seed,
        )  # fmt: skip
        rng = np.random.default_rng([seed, 1])
        self.w_out = rng.normal(0.0, 1 / math.sqrt(n_neurons), (n_outputs, n_neurons))

    @property
    def w_in(self) -> Array:
        """``(n_neurons, n_inputs)`` weights; writing into them changes the network."""
        return self._layer.weights[:, : self.n_inputs]

    @property
    def w_rec(self) -> Array:
        """``(n_neurons, n_neurons)`` weights; writing into them changes the network."""
        return self._layer.weights[:, self.n_inputs :]

    @property
    def spikes(self) -> Array:
        """``(n_neurons,)`` spikes of the last tick, 0 or 1."""
        return self._layer.spikes

    def reset(self) -> None:
        """Return to rest, without eligibility; the weights stay."""
        self._layer.reset()

    def step(self, x: ArrayLike, target: ArrayLike | None = None) -> Array:
        """Advance one tick, and learn from it if there is a target.

        Args:
            x: ``(n_inputs,)`` inputs of the tick.
            target: ``(n_outputs,)`` output to reach.

        Returns:
            ``(n_outputs,)``: the output of the tick, before learning.

        Raises:
            SCConfigError: a row does not fit (nothing has changed), or a potential or the learning
                signal became non-finite (the weights are then of no use).
        """
        given = require_row("x", x, self.n_inputs)
        wanted = None if target is None else require_row("target", target, self.n_outputs)
        y = self._forward(given)
        if wanted is not None:
            error = y - wanted
            signal = learning_signal(self.w_out.T, error)
            with np.errstate(all="ignore"):
                self.w_out -= self._layer.lr * np.outer(error, self._layer.rates)
            self._layer.apply_learning_signal(signal)
        return y

    def gradient(self, inputs: ArrayLike, targets: ArrayLike) -> EpropGradient:
        """Gradient of the summed loss of a sequence from rest, with the weights as they are.

        Args:
            inputs: ``(T, n_inputs)``.
            targets: ``(T, n_outputs)``.

        Raises:
            SCConfigError: the sequences do not fit.
        """
        xs, wanted = require_sequences(inputs, self.n_inputs, targets, self.n_outputs)
        self.reset()
        layer, output = np.zeros_like(self._layer.weights), np.zeros_like(self.w_out)
        for x, target in zip(xs, wanted, strict=True):
            error = self._forward(x) - target
            layer += self._layer.gradient(error @ self.w_out)
            output += np.outer(error, self._layer.rates)
        return EpropGradient(layer[:, : self.n_inputs], layer[:, self.n_inputs :], output)

    def train_sequence(self, inputs: ArrayLike, targets: ArrayLike) -> float:
        """Run a sequence from rest, learning at every tick; returns the mean loss of its ticks.

        Args:
            inputs: ``(T, n_inputs)``.
            targets: ``(T, n_outputs)``.

        Raises:
            SCConfigError: the sequences do not fit (nothing has changed), or a potential or
                the learning signal became non-finite (the weights are then of no use).
        """
        xs, wanted = require_sequences(inputs, self.n_inputs, targets, self.n_outputs)
        return train_on(self, xs, wanted)

    def predict_sequence(self, inputs: ArrayLike) -> Array:
        """Run a sequence from rest without learning.

        Args:
            inputs: ``(T, n_inputs)``.

        Returns:
            ``(T, n_outputs)``.

        Raises:
            SCConfigError: the sequence does not fit.
        """
        xs = require_sequence("inputs", inputs, self.n_inputs)
        self.reset()
        return np.array([self._forward(x) for x in xs])

    def memory_per_step(self) -> int:
        """Numbers that one tick hands to the next, weights apart; the length plays no part."""
        return self._layer.memory_per_step()

    def _forward(self, x: Array) -> Array:
        self._layer.step(np.concatenate([x, self._layer.spikes]))
        with np.errstate(all="ignore"):
            return np.asarray(self.w_out @ self._layer.rates)
