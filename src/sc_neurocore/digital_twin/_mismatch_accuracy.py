"""What a network's accuracy is on devices that vary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore._svg import LEFT, RIGHT, WIDTH, Scale, bottom_axis, frame, standalone, svg
from sc_neurocore.accelerator import IntegerNetwork, float_predictions, quantised_graph
from sc_neurocore.digital_twin._blocks import most_cut, samples_needed
from sc_neurocore.digital_twin._mismatch import FPGAMismatchModel
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph, Neurons, Projection, Threshold
from sc_neurocore.nir_bridge import SCNetwork

_PANEL, _FOOT, _HEAD = 170, 44, 40


@dataclass(frozen=True, eq=False)
class MismatchAccuracy:
    """Accuracy over devices, each with imperfections of its own.

    Attributes:
        model: of the imperfections; its seed is the first device's.
        correct: samples that each device reads rightly, shape (devices,).
        nominal: samples that a device without imperfections reads rightly.
        of: samples.
    """

    model: FPGAMismatchModel
    correct: NDArray[np.int64]
    nominal: int
    of: int

    @property
    def shares(self) -> NDArray[np.float64]:
        """Accuracy of each device, shape (devices,)."""
        return self.correct / self.of

    def at_least(self, share: float = 0.95, confidence: float = 0.95) -> float:
        """Accuracy on these samples that so many of all devices reach.

        An order statistic of the devices drawn, so nothing is assumed of the distribution.

        Args:
            share: of the devices.
            confidence: that they do, over the draw of the devices.

        Raises:
            SCConfigError: too few devices were drawn.
        """
        cut = most_cut(len(self.correct), share, confidence)
        if cut < 1:
            raise SCConfigError(
                f"{len(self.correct)} devices do not say what {share:g} of all reach at confidence "
                f"{confidence:g}; draw {samples_needed(1, share, confidence)}"
            )
        return float(np.sort(self.shares)[cut - 1])


def mismatch_accuracy(
    network: SCNetwork,
    integers: IntegerNetwork,
    samples: ArrayLike,
    labels: ArrayLike,
    *,
    model: FPGAMismatchModel | None = None,
    devices: int = 100,
    progress: Callable[[int, int], None] | None = None,
) -> MismatchAccuracy:
    """Draw devices, and count what each reads rightly.

    Each device is the float reference with the weights and thresholds that the integers stand for,
    quantised and perturbed by the model. Device number i has the model's seed plus i.

    Args:
        network: what was quantised.
        integers: its integers.
        samples: as for `simulate_network`.
        labels: classes, shape (S,).
        model: of the imperfections.
        devices: how many.
        progress: called with the devices done and their number.

    Raises:
        SCConfigError: no samples or no devices, labels of another shape, or a weight that the
            model's format cannot hold.
    """
    model = model or FPGAMismatchModel()
    wanted = np.asarray(labels)
    if wanted.ndim != 1 or len(wanted) != len(np.asarray(samples)) or not len(wanted):
        raise SCConfigError(
            f"labels have shape {wanted.shape} for {len(np.asarray(samples))} samples; give one "
            "class for each of at least one"
        )
    if devices < 1:
        raise SCConfigError(f"devices is {devices}; it must be at least 1")
    held = quantised_graph(network.normal, network.assumptions, integers)

    def correct(graph: Graph) -> int:
        found = float_predictions(SCNetwork(graph, network.assumptions), integers, samples)
        return int((found == wanted).sum())

    counts = []
    for number in range(devices):
        counts.append(correct(mismatched(held, replace(model, seed=model.seed + number))))
        if progress is not None:
            progress(number + 1, devices)
    return MismatchAccuracy(model, np.array(counts, np.int64), correct(held), len(wanted))


def mismatched(graph: Graph, model: FPGAMismatchModel) -> Graph:
    """A graph in normal form as one imperfect device has it: weights and thresholds change.

    Args:
        graph: its matrices count in the order of its nodes, as do its thresholds.
        model: of the device.

    Raises:
        SCConfigError: a weight does not fit the model's format.
    """
    nodes: dict[str, Any] = dict(graph.nodes)
    matrices = {k: n.op.weight for k, n in nodes.items() if isinstance(n.op, Projection)}
    for name, weight in zip(
        matrices, model.apply_to_network_weights(list(matrices.values())), strict=True
    ):
        nodes[name] = replace(nodes[name], op=replace(nodes[name].op, weight=weight))
    thresholds = {k: found for k, n in nodes.items() if (found := _threshold(n.op)) is not None}
    for name, values in zip(
        thresholds, model.apply_to_network_thresholds(list(thresholds.values())), strict=True
    ):
        op = nodes[name].op
        changed = (
            {"threshold": values}
            if isinstance(op, Threshold)
            else {"parameters": {**op.parameters, "v_threshold": values}}
        )
        nodes[name] = replace(nodes[name], op=replace(op, **changed))
    return graph.replace(nodes=nodes)


def _threshold(op: object) -> NDArray[np.float64] | None:
    """A threshold for each neuron."""
    if isinstance(op, Threshold):
        return np.asarray(op.threshold, np.float64)
    if isinstance(op, Neurons) and "v_threshold" in op.parameters:
        values = np.asarray(op.parameters["v_threshold"], np.float64)
        return np.array(np.broadcast_to(values, op.shape or values.shape))
    return None


def mismatch_plot(found: MismatchAccuracy) -> str:
    """How many devices reach which accuracy, as an SVG file.

    Marked are the accuracy without imperfections and what 95 % of all devices reach at least, at
    confidence 95 %, if enough devices were drawn to say so.

    Args:
        found: devices.
    """
    counts = np.bincount(found.correct)
    values = np.flatnonzero(counts)
    share = 100 / found.of
    low, high = min(values[0], found.nominal) - 1, max(values[-1], found.nominal) + 1
    across = Scale(share * low, share * high, LEFT, WIDTH - 2 * RIGHT)
    down = Scale(0.0, float(counts.max()) * 1.08, _HEAD + _PANEL, _HEAD)
    width = max(2.0, 0.8 * float(across(share) - across(0.0)))
    base = float(down(0.0))
    marks = [("s1", found.nominal, f"no imperfections: {share * found.nominal:.2f} %")]
    cut = most_cut(len(found.correct), 0.95, 0.95)
    if cut:
        reached = int(np.sort(found.correct)[cut - 1])
        marks.append(("s2", reached, f"19 of 20 devices: at least {share * reached:.2f} %"))
    parts = [frame(across, _HEAD, _PANEL, down, "devices", "")]
    for value in values:
        x, y = float(across(share * value)), float(down(float(counts[value])))
        parts.append(
            f'<g class="s0"><rect class="key" x="{x - width / 2:.1f}" y="{y:.1f}" '
            f'width="{width:.1f}" height="{base - y:.1f}"/>'
            f"<title>{counts[value]} devices: {share * value:.2f} %</title></g>"
        )
    for row, (colour, place, text) in enumerate(marks):
        at, y = float(across(share * place)), 14 + 15 * row
        anchor, shift = ("end", -6) if at > WIDTH / 2 else ("start", 6)
        parts.append(
            f'<g class="{colour}"><path class="bound" d="M{at:.1f} {y - 8}V{base:g}"/></g>'
            f'<text x="{at + shift:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>'
        )
    title = f"accuracy (%) of {len(found.correct)} devices on {found.of} samples"
    parts.append(bottom_axis(across, base, title))
    return standalone(svg(base + _FOOT, "Accuracy of imperfect devices", parts))
