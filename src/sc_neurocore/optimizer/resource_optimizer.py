"""Fitting given weights to a device, step by step: shorter streams, fewer neurons, fewer bits.

The hardware is the folded engine with stochastic weights (`sc_neurocore.accelerator`) in its
folding of least area. What each step does there: a shorter stream makes accumulators narrower and
inferences faster; a pruned weight alone saves nothing, as every weight of a layer is stored, but a
neuron that no weight reaches or leaves goes; a narrower weight saves memory and logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator import (
    Folding,
    IntegerNetwork,
    simulate_network,
)
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.build.network import Proportion, accuracy_of
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._device import Device, devices, find_device
from sc_neurocore.optimizer._engine_cost import (
    checks_of,
    how_good,
    measured,
    predicted,
    smallest_foldings,
)
from sc_neurocore.optimizer._fit_network import (
    Form,
    Pruned,
    integer_networks,
    is_network,
    oriented,
    output_error,
    pruned,
)
from sc_neurocore.optimizer._interval import BudgetCheck, Figure, Verdict
from sc_neurocore.optimizer._profile import require_positive

__all__ = ["OptimizationResult", "OptimizationStep", "fit_to_target"]

#: What each repetition adds to the threshold of pruning, and the most it may be.
PRUNE_STEP, MOST_PRUNED = 0.05, 0.5
#: Least width of a weight.
LEAST_BITS = 2


@dataclass(frozen=True)
class OptimizationStep:
    """One form of the layers, and what it takes.

    Attributes:
        iteration: 0 for the layers as given.
        bitstream_length: stream clocks per tick.
        prune_threshold: weights below this share of their layer's largest are zero.
        weight_bits: width of a weight.
        sparsity: share of the given weights that are zero or left out.
        neurons: left in each layer.
        foldings: of each layer of the engines.
        luts: predicted, or measured by synthesis.
        ffs: flip-flops.
        brams: block RAMs.
        weight_kilobits: memory of the weights.
        output_error: rms error of the layers' sums against the given weights, relative; executed.
        accuracy: right answers in the evaluation data; None without them.
        accuracy_cost: accuracy of iteration 0 less that of this step; None without data.
        checks: each resource and its verdict.
        verdict: the worst of them.
    """

    iteration: int
    bitstream_length: int
    prune_threshold: float
    weight_bits: int
    sparsity: float
    neurons: tuple[int, ...]
    foldings: tuple[Folding, ...]
    luts: Figure
    ffs: Figure
    brams: Figure
    weight_kilobits: float
    output_error: float
    accuracy: Proportion | None
    accuracy_cost: float | None
    checks: tuple[BudgetCheck, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all resources."""
        order: tuple[Verdict, ...] = ("fits", "may fit", "does not fit")
        return max((check.verdict for check in self.checks), key=order.index)

    @property
    def excess(self) -> float:
        """Largest share of a resource that the upper end of its interval takes."""
        return max(check.used.high / check.limit for check in self.checks)


@dataclass(frozen=True, eq=False)
class OptimizationResult:
    """How far the layers could be fitted.

    Attributes:
        target: name of the device.
        part: the vendor's part.
        fits: whether the upper end of every interval, or a measured synthesis, is within the
            device.
        verdict: one sentence; where nothing fits, the nearest step and what must give.
        steps: every form tried, the given one first.
        final: index of the step that fits, or is nearest to it.
        weights: of that step, (n_inputs, n_neurons) each, pruned.
        notices: what a user should know.
    """

    target: str
    part: str
    fits: bool
    verdict: str
    steps: tuple[OptimizationStep, ...]
    final: int
    weights: tuple[NDArray[np.float64], ...]
    notices: tuple[str, ...] = ()

    @property
    def step(self) -> OptimizationStep:
        """The final step."""
        return self.steps[self.final]

    @property
    def luts_used(self) -> Figure:
        """LUTs of the final step."""
        return self.step.luts

    @property
    def bitstream_length(self) -> int:
        """Length of the final step."""
        return self.step.bitstream_length

    @property
    def weight_bits(self) -> int:
        """Width of the weights of the final step."""
        return self.step.weight_bits

    @property
    def sparsity(self) -> float:
        """Sparsity of the final step."""
        return self.step.sparsity

    def summary(self) -> str:
        """The result for people, a line per step."""
        lines = [f"{self.target} ({self.part}): {self.verdict}"]
        for step in self.steps:
            accuracy = ""
            if step.accuracy is not None:
                low, high = step.accuracy.interval
                accuracy = (
                    f", accuracy {step.accuracy.share:.1%} (executed, {low:.1%} to {high:.1%}, "
                    f"n = {step.accuracy.of}), {100 * (step.accuracy_cost or 0.0):+.1f} points lost"
                )
            lines.append(
                f"  {step.iteration}: length {step.bitstream_length}, pruned below "
                f"{step.prune_threshold:.0%}, {step.weight_bits} bits, sparsity "
                f"{step.sparsity:.1%}; LUTs {step.luts}, flip-flops {step.ffs}, block RAMs "
                f"{step.brams}, weights {step.weight_kilobits:.3g} kbit, output error "
                f"{step.output_error:.2%} (executed){accuracy}: {step.verdict}"
            )
        return "\n".join([*lines, *self.notices])


def fit_to_target(
    layer_sizes: Sequence[tuple[int, int]],
    weights: Sequence[ArrayLike],
    target: str = "ice40",
    max_iterations: int = 10,
    min_bitstream_length: int = 32,
    initial_bitstream_length: int = 256,
    *,
    initial_weight_bits: int = 8,
    evaluation: tuple[ArrayLike, ArrayLike] | None = None,
    threshold: float = 1.0,
    ticks: int = 16,
    measure: bool = False,
    store: EvidenceStore | None = None,
    timeout_s: float = 600.0,
) -> OptimizationResult:
    """Compress layers until they fit a device.

    Step 0 takes the weights as they are. Each repetition halves the stream length down to the
    least, raises the pruning threshold by 5 % of a layer's largest weight up to half of it, and
    takes a bit from the weights down to 2; it ends when a step fits, nothing is left to take, or
    after ``max_iterations`` repetitions. Layers of which each takes what the one before it gives
    are one network of integrate-and-fire neurons; others are an engine each, side by side.

    Args:
        layer_sizes: ``(n_inputs, n_neurons)`` of every layer.
        weights: one array per layer, ``(n_inputs, n_neurons)`` or its transpose; a square one is
            taken for ``(n_inputs, n_neurons)``.
        target: ``ice40``, ``ecp5``, ``artix7``, ``zynq``, or another name in ``devices.toml``.
        max_iterations: most repetitions, at least 1.
        min_bitstream_length: least stream clocks per tick, a power of two.
        initial_bitstream_length: first ones, a power of two up to 65536.
        initial_weight_bits: first width of the weights, 2 to 16.
        evaluation: samples ``(S, n_inputs)`` from 0 to 1 and labels ``(S,)``; gives every step its
            accuracy, by the bit-true simulator. The layers must form a network.
        threshold: of the neurons, in the weights' unit.
        ticks: of an inference.
        measure: synthesise every step with Yosys instead of predicting it.
        store: where measurements are kept; None for the user's.
        timeout_s: limit of each synthesis.

    Raises:
        SCConfigError: sizes, weights or options that do not fit one another.
        SCDependencyError: ``measure`` without Yosys.
    """
    device = find_device(target)
    given = oriented(layer_sizes, weights)
    repetitions = require_whole("max_iterations", max_iterations, 1)
    first = _power_of_two("initial_bitstream_length", initial_bitstream_length)
    least = _power_of_two("min_bitstream_length", min_bitstream_length)
    if least > first:
        raise SCConfigError(
            f"min_bitstream_length is {least} and initial_bitstream_length {first}; the least must "
            "not exceed the first"
        )
    bits = require_whole("initial_weight_bits", initial_weight_bits, LEAST_BITS, 16)
    level = require_positive("threshold", threshold)
    ticks = require_whole("ticks", ticks, 1, 1 << 16)
    chained = is_network(given)
    data = None if evaluation is None else _evaluation(evaluation, given, chained)
    kept = (store or EvidenceStore()) if measure else None

    steps: list[OptimizationStep] = []
    forms: list[tuple[Pruned, tuple[IntegerNetwork, ...]]] = []
    for k in range(repetitions + 1):
        form = Form(
            max(least, first >> k),
            round(min(MOST_PRUNED, PRUNE_STEP * k), 10),
            max(LEAST_BITS, bits - k),
        )
        left = pruned(given, form.prune_threshold, chained=chained)
        networks = integer_networks(
            left.weights, form, chained=chained, threshold=level, ticks=ticks
        )
        base = steps[0].accuracy if steps else None
        steps.append(_step(k, form, given, left, networks, device, data, base, kept, timeout_s))
        forms.append((left, networks))
        exhausted = form == Form(least, MOST_PRUNED, LEAST_BITS)
        if steps[-1].verdict == "fits" or exhausted:
            break
    final = len(steps) - 1
    if steps[-1].verdict != "fits":
        final = min(range(len(steps)), key=lambda i: (steps[i].excess, i))
    left, networks = forms[final]
    fits = steps[final].verdict == "fits"
    notices = [] if chained else [
        "the layers do not feed one another, so each is an engine of its own, side by side"
    ]  # fmt: skip
    if not measure:
        notices += how_good(networks, [smallest_foldings(n, device) for n in networks], device)
    return OptimizationResult(
        device.name, device.part, fits,
        _verdict(steps[final], len(steps), device, networks),
        tuple(steps), final, left.weights, (*notices, *networks[0].notices),
    )  # fmt: skip


def _step(
    iteration: int,
    form: Form,
    given: Sequence[NDArray[np.float64]],
    left: Pruned,
    networks: tuple[IntegerNetwork, ...],
    device: Device,
    data: tuple[NDArray[np.float64], NDArray[np.int64]] | None,
    base: Proportion | None,
    store: EvidenceStore | None,
    timeout_s: float,
) -> OptimizationStep:
    plans = [smallest_foldings(network, device) for network in networks]
    used = (
        predicted(networks, plans, device)
        if store is None
        else measured(networks, plans, device, store, timeout_s)
    )
    accuracy = cost = None
    if data is not None:
        accuracy = accuracy_of(simulate_network(networks[0], data[0]).predictions, data[1])
        cost = (base or accuracy).share - accuracy.share
    layers = [layer for network in networks for layer in network.layers]
    return OptimizationStep(
        iteration=iteration,
        bitstream_length=form.bitstream_length,
        prune_threshold=form.prune_threshold,
        weight_bits=form.weight_bits,
        sparsity=left.sparsity,
        neurons=tuple(layer.size for layer in layers),
        foldings=tuple(folding for plan in plans for folding in plan),
        luts=used["luts"],
        ffs=used["ffs"],
        brams=used["brams"],
        weight_kilobits=sum(layer.synapses * layer.bits for layer in layers) / 1024,
        output_error=output_error(given, left, networks),
        accuracy=accuracy,
        accuracy_cost=cost,
        checks=checks_of(used, device),
    )


def _verdict(
    step: OptimizationStep, count: int, device: Device, networks: tuple[IntegerNetwork, ...]
) -> str:
    how = "measured by synthesis" if step.luts.word == "measured" else "estimated"
    if step.verdict == "fits":
        upper = "" if how != "estimated" else ", at the upper end of every interval"
        return f"fits after {step.iteration} repetitions, {how}{upper}"
    short = [c for c in step.checks if c.verdict != "fits"]
    listed = " and ".join(f"{c.name} {c.used} of {c.limit:g}" for c in short)
    ways = []
    for check in short:
        share = check.limit / check.used.high
        ways.append(f"about {1 - share:.0%} fewer weights by {check.name}")
    larger = sorted((d for d in devices().values() if d.luts > device.luts), key=lambda d: d.luts)
    for other in larger:
        plans = [smallest_foldings(network, other) for network in networks]
        if all(c.verdict == "fits" for c in checks_of(predicted(networks, plans, other), other)):
            ways.append(f"target {other.name}")
            break
    return (
        f"{step.verdict}: of {count} steps the nearest is {step.iteration}, {how}, with {listed}; "
        f"what must give: {', or '.join(ways)}"
    )


def _power_of_two(what: str, value: Any) -> int:
    number = require_whole(what, value, 2, 1 << 16)
    if number & (number - 1):
        below = 1 << (number.bit_length() - 1)
        raise SCConfigError(
            f"{what} is {number}; it must be a power of two, such as {below} or {2 * below}"
        )
    return number


def _evaluation(
    given: Any, weights: Sequence[NDArray[np.float64]], chained: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if not chained:
        raise SCConfigError(
            "evaluation data was given, but the layers do not feed one another, so there is no "
            "network to evaluate; give layers of which each takes what the one before it gives"
        )
    try:
        samples, labels = given
        inputs, truth = np.asarray(samples), np.asarray(labels)
    except (TypeError, ValueError):
        raise SCConfigError("evaluation must be a pair of samples and labels") from None
    if inputs.ndim != 2 or len(inputs) == 0 or truth.shape != (len(inputs),):
        raise SCConfigError(
            f"evaluation has samples of shape {inputs.shape} and labels of shape {truth.shape}; "
            f"they must be (S, {len(weights[0])}) and (S,), S at least 1"
        )
    classes = weights[-1].shape[1]
    if truth.dtype.kind not in "iu" or truth.min() < 0 or truth.max() >= classes:
        raise SCConfigError(f"labels of evaluation must be whole numbers from 0 to {classes - 1}")
    return inputs, truth.astype(np.int64)
