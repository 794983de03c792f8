"""Layers of weights as folded engines: orientation, pruning, integers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import IntegerNetwork, Quantisation, quantise, tick_weights
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Assumptions, Graph, Input, Neurons, Node, Output, Projection

Reals = NDArray[np.float64]

_DT = 1e-3
#: Inputs drawn to measure the error of a layer's sums.
_DRAWN = 256


@dataclass(frozen=True)
class Form:
    """How weights become hardware.

    Attributes:
        bitstream_length: stream clocks per tick.
        prune_threshold: weights below this share of their layer's largest are zero.
        weight_bits: width of a weight.
    """

    bitstream_length: int
    prune_threshold: float
    weight_bits: int


@dataclass(frozen=True, eq=False)
class Pruned:
    """Weights after pruning.

    Attributes:
        weights: of each layer, (n_inputs, n_neurons); neurons before the last layer of a network
            that nothing reaches are left out.
        neurons: which neurons of each layer are left.
        sparsity: share of the given weights that are zero now or left out.
    """

    weights: tuple[Reals, ...]
    neurons: tuple[NDArray[np.intp], ...]
    sparsity: float


def oriented(layer_sizes: Sequence[tuple[int, int]], weights: Sequence[Any]) -> tuple[Reals, ...]:
    """Weights as (n_inputs, n_neurons), whichever way round they are given.

    Raises:
        SCConfigError: not one array per layer, a shape that fits neither way, or numbers that are
            not finite.
    """
    for name, value in (("layer_sizes", layer_sizes), ("weights", weights)):
        if not isinstance(value, Sequence | np.ndarray):
            raise SCConfigError(f"{name} is {value!r}; it must be a list, one item per layer")
    if not len(layer_sizes):
        raise SCConfigError("layer_sizes is empty; give one (n_inputs, n_neurons) per layer")
    if len(weights) != len(layer_sizes):
        raise SCConfigError(
            f"there are {len(weights)} arrays of weights for {len(layer_sizes)} layers; give one "
            "each"
        )
    found = []
    for k, (size, given) in enumerate(zip(layer_sizes, weights, strict=True)):
        try:
            pair = tuple(size)
        except TypeError:
            pair = ()
        if len(pair) != 2:
            raise SCConfigError(f"layer_sizes[{k}] is {size!r}; it must be (n_inputs, n_neurons)")
        n_inputs = require_whole(f"n_inputs of layer {k}", pair[0], 1)
        n_neurons = require_whole(f"n_neurons of layer {k}", pair[1], 1)
        try:
            array = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            raise SCConfigError(f"weights[{k}] is not an array of numbers") from None
        if not np.isfinite(array).all():
            raise SCConfigError(f"weights[{k}] has numbers that are not finite")
        if array.shape == (n_inputs, n_neurons):
            found.append(array)
        elif array.shape == (n_neurons, n_inputs):
            found.append(array.T)
        else:
            raise SCConfigError(
                f"weights[{k}] has shape {array.shape}; it must be (n_inputs, n_neurons) = "
                f"({n_inputs}, {n_neurons}), or ({n_neurons}, {n_inputs})"
            )
    return tuple(found)


def is_network(weights: Sequence[Reals]) -> bool:
    """Whether each layer takes what the one before it gives."""
    return all(a.shape[1] == b.shape[0] for a, b in itertools.pairwise(weights))


def pruned(weights: Sequence[Reals], threshold: float, *, chained: bool) -> Pruned:
    """Leave out small weights and, in a network, neurons that no weight reaches or leaves.

    The engine stores every weight of a layer, so a zero weight alone saves nothing; a neuron does.
    """
    kept = [np.where(np.abs(w) < threshold * np.abs(w).max(initial=0.0), 0.0, w) for w in weights]
    neurons = [np.arange(w.shape[1]) for w in weights]
    if chained:
        for k in range(len(kept) - 1):
            used = np.flatnonzero((kept[k] != 0).any(axis=0) & (kept[k + 1] != 0).any(axis=1))
            if not len(used):
                used = np.array([0])  # a layer has at least one neuron
            kept[k], kept[k + 1], neurons[k] = kept[k][:, used], kept[k + 1][used], used
    given = sum(w.size for w in weights)
    left = sum(int(np.count_nonzero(w)) for w in kept)
    return Pruned(tuple(kept), tuple(neurons), 1 - left / given)


def integer_networks(
    weights: Sequence[Reals], form: Form, *, chained: bool, threshold: float, ticks: int
) -> tuple[IntegerNetwork, ...]:
    """One engine for a network, or one for each layer, with stochastic weights throughout."""
    groups = [list(weights)] if chained else [[w] for w in weights]
    options = Quantisation(
        bits=form.weight_bits, backend="stochastic", length=form.bitstream_length, ticks=ticks
    )
    rules = Assumptions(dt=_DT, reset="subtract")
    return tuple(
        quantise(_graph(f"fit{k}", group, threshold), rules, options)
        for k, group in enumerate(groups)
    )


def _graph(name: str, weights: Sequence[Reals], threshold: float) -> Graph:
    """Integrate-and-fire populations in a row."""
    nodes = [Node("input", Input((weights[0].shape[0],)))]
    for k, w in enumerate(weights):
        nodes.append(Node(f"w{k}", Projection(w.T)))
        parameters = {"r": np.array(1 / _DT), "v_threshold": np.array(threshold)}
        nodes.append(Node(f"layer{k}", Neurons("if", parameters, (w.shape[1],))))
    nodes.append(Node("output", Output((weights[-1].shape[1],))))
    edges = [(a.id, b.id) for a, b in itertools.pairwise(nodes)]
    return Graph.of(name, nodes, edges, dt=_DT)


def output_error(
    weights: Sequence[Reals], left: Pruned, networks: Sequence[IntegerNetwork]
) -> float:
    """Error of the layers' sums against the given weights: rms over rms, executed.

    Inputs are drawn evenly from 0 to 1, from a fixed seed; each layer is taken alone, with the
    streams of all ticks. Neurons that were left out count as zeros.
    """
    rng = np.random.default_rng(0)
    wrong = right = 0.0
    layers = [(network, layer) for network in networks for layer in network.layers]
    for k, (given, (network, layer)) in enumerate(zip(weights, layers, strict=True)):
        integers = layer.projections[0].weights
        streams = tick_weights(integers, layer.bits, layer.length, network.ticks)
        rows = left.neurons[k - 1] if k and len(network.layers) > 1 else np.arange(len(given))
        effective = np.zeros_like(given)
        effective[np.ix_(rows, left.neurons[k])] = streams.mean(axis=0) * layer.scale
        x = rng.random((_DRAWN, len(given)))
        truth = x @ given
        wrong += float(((x @ effective - truth) ** 2).sum())
        right += float((truth**2).sum())
    return float(np.sqrt(wrong / right)) if right else 0.0
