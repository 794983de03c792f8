"""Accuracy over imperfect devices: nothing varies where nothing should, and the bound is honest."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    Quantisation,
    float_predictions,
    quantise,
    quantised_graph,
)
from sc_neurocore.build.network import read_network
from sc_neurocore.datasets import load_digits
from sc_neurocore.digital_twin import (
    FPGAMismatchModel,
    MismatchAccuracy,
    mismatch_accuracy,
    mismatch_plot,
    mismatched,
)
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Neurons, Projection
from sc_neurocore.nir_bridge import SCNetwork

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits-small.nir"
SOURCE = read_network(EXAMPLE).network
NETWORK = quantise(SOURCE.normal, SOURCE.assumptions, Quantisation(bits=4))
HELD = quantised_graph(SOURCE.normal, SOURCE.assumptions, NETWORK)
SCANS = load_digits().at_bits(4)
SAMPLES, LABELS = SCANS.test_x[:60].reshape(60, 64).astype(np.int64), SCANS.test_y[:60]
PERFECT = FPGAMismatchModel(quantization_bits=24, weight_cv=0, threshold_cv=0)


def drawn(correct: list[int]) -> MismatchAccuracy:
    return MismatchAccuracy(FPGAMismatchModel(), np.array(correct), 95, 100)


def test_a_perfect_device_is_the_quantised_network() -> None:
    """The weights are multiples of 2⁻⁴ and fit Q12.12, so rounding changes nothing."""
    found = mismatch_accuracy(SOURCE, NETWORK, SAMPLES, LABELS, model=PERFECT, devices=2)
    reference = float_predictions(SCNetwork(HELD, SOURCE.assumptions), NETWORK, SAMPLES)
    assert found.nominal == int((reference == LABELS).sum())
    assert found.correct.tolist() == [found.nominal] * 2 and found.of == 60


def test_weights_and_thresholds_change_as_the_model_says() -> None:
    model = FPGAMismatchModel(seed=5)
    graph = mismatched(HELD, model)
    before, after = (
        [n.op for n in g.nodes.values() if isinstance(n.op, Projection)] for g in (HELD, graph)
    )
    wanted = model.apply_to_network_weights([op.weight for op in before])
    assert len(before) == 2
    for op, weights in zip(after, wanted, strict=True):
        np.testing.assert_array_equal(op.weight, weights)
    layers = [n.op for n in graph.nodes.values() if isinstance(n.op, Neurons)]
    relative = [op.parameters["v_threshold"] for op in layers]
    assert [x.shape for x in relative] == [(32,), (10,)]
    old = [n.op for n in HELD.nodes.values() if isinstance(n.op, Neurons)]
    for x, op in zip(relative, old, strict=True):
        share = x / op.parameter("v_threshold")
        assert len(np.unique(share)) == x.size and abs(share - 1).max() < 0.25
        assert all(
            np.array_equal(value, old_value)
            for key, value, old_value in (
                (k, v, op.parameters[k]) for k, v in layers[old.index(op)].parameters.items()
            )
            if key != "v_threshold"
        )


def test_devices_are_their_seeds() -> None:
    model = FPGAMismatchModel(weight_cv=0.4, threshold_cv=0.4, seed=7)
    three = mismatch_accuracy(SOURCE, NETWORK, SAMPLES, LABELS, model=model, devices=3)
    later = FPGAMismatchModel(weight_cv=0.4, threshold_cv=0.4, seed=9)
    one = mismatch_accuracy(SOURCE, NETWORK, SAMPLES, LABELS, model=later, devices=1)
    assert three.correct[2] == one.correct[0]
    assert three.correct.max() < three.nominal  # 40 % is too much for this network


def test_what_so_many_devices_reach() -> None:
    """Of 59 the worst, of 93 the second worst: the 95/95 ranks of every table."""
    values = list(range(40, 99))
    assert drawn(values).at_least() == 0.40
    assert drawn(values + [99] * 34).at_least() == 0.41
    with pytest.raises(SCConfigError, match=r"58 devices do not say what 0\.95 .* draw 59"):
        drawn(values[:-1]).at_least()


def test_the_plot_has_a_bar_for_each_accuracy() -> None:
    root = ET.fromstring(mismatch_plot(drawn([90] * 30 + [92] * 28 + [97])))
    bars = [x for x in root.iter() if x.tag.endswith("rect")]
    assert len(bars) == 3
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights[0] / heights[1] == pytest.approx(30 / 28, rel=0.01)
    text = "".join(root.itertext())
    assert "no imperfections: 95.00 %" in text
    assert "19 of 20 devices: at least 90.00 %" in text
    few = mismatch_plot(drawn([90] * 5))
    assert "19 of 20" not in few


def test_refusals() -> None:
    with pytest.raises(SCConfigError, match="devices is 0"):
        mismatch_accuracy(SOURCE, NETWORK, SAMPLES, LABELS, devices=0)
    with pytest.raises(SCConfigError, match=r"labels have shape \(59,\) for 60 samples"):
        mismatch_accuracy(SOURCE, NETWORK, SAMPLES, LABELS[:59])
    wide = {
        name: replace(node, op=replace(node.op, weight=100 * node.op.weight))
        if isinstance(node.op, Projection)
        else node
        for name, node in HELD.nodes.items()
    }
    with pytest.raises(SCConfigError, match="do not fit 2 bits"):
        mismatched(HELD.replace(nodes=wide), FPGAMismatchModel(quantization_bits=2))
