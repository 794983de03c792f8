"""Layers fitted to devices: the documented call, every step's claims, and what cannot fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer import fit_to_target
from sc_neurocore.optimizer._device import devices, find_device
from sc_neurocore.optimizer._fit_network import Form, integer_networks, output_error, pruned
from sc_neurocore.optimizer._interval import Figure, verdict_of
from sc_neurocore.toolchain import targets

RNG = np.random.default_rng(0)
WIDE = [RNG.normal(size=(64, 300)) * 0.2, RNG.normal(size=(300, 10)) * 0.2]
SIZES = [(64, 300), (300, 10)]


def test_the_documented_example_runs_as_written() -> None:
    result = fit_to_target(layer_sizes=[(32, 16)], weights=[np.ones((32, 16), np.float32)])
    assert result.fits and result.target == "ice40" and result.bitstream_length == 256
    assert len(result.steps) == 1 and result.sparsity == 0.0
    assert result.luts_used.word == "estimated"
    assert result.luts_used.high <= devices()["ice40"].luts
    text = result.summary()
    assert "fits after 0 repetitions, estimated, at the upper end of every interval" in text
    assert "(estimated, " in text and "measured" not in text
    # Weights of one value are exact in any width.
    assert result.step.output_error == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("target", ["ice40", "ecp5", "artix7", "zynq"])
def test_every_documented_target(target: str) -> None:
    result = fit_to_target([(8, 4)], [np.eye(8, 4)], target=target)
    assert result.fits and result.part == find_device(target).part
    assert find_device(target).toolchain_target.name in targets()


def test_each_repetition_takes_a_little_of_everything() -> None:
    result = fit_to_target(SIZES, WIDE)
    assert result.fits and len(result.steps) > 3
    lengths = [s.bitstream_length for s in result.steps]
    assert lengths[:4] == [256, 128, 64, 32] and set(lengths[3:]) == {32}
    assert [s.weight_bits for s in result.steps] == [max(2, 8 - k) for k in range(len(lengths))]
    thresholds = [s.prune_threshold for s in result.steps]
    assert thresholds == pytest.approx([0.05 * k for k in range(len(lengths))])
    for name in ("sparsity", "output_error"):
        values = [getattr(s, name) for s in result.steps]
        assert values == sorted(values)
    kilobits = [s.weight_kilobits for s in result.steps]
    assert kilobits == sorted(kilobits, reverse=True)
    assert all(s.verdict != "fits" for s in result.steps[:-1])
    assert result.step.verdict == "fits" and result.final == len(lengths) - 1
    # What fits does so with every interval's upper end.
    for check in result.step.checks:
        assert check.used.high <= check.limit


def test_weights_either_way_round_are_the_same_layers() -> None:
    one = fit_to_target([(6, 4)], [WIDE[0][:6, :4]])
    two = fit_to_target([(6, 4)], [WIDE[0][:6, :4].T])
    assert one.steps == two.steps
    np.testing.assert_array_equal(one.weights[0], two.weights[0])


def test_a_square_layer_is_taken_as_inputs_by_neurons() -> None:
    square = np.arange(16.0).reshape(4, 4)
    result = fit_to_target([(4, 4)], [square])
    np.testing.assert_array_equal(result.weights[0], square)


def test_evaluation_gives_every_step_its_accuracy_and_cost() -> None:
    rng = np.random.default_rng(1)
    # Four inputs to a class: the class is the group that is lit.
    labels = rng.integers(0, 4, 60)
    samples = 0.1 * rng.random((60, 16))
    for sample, label in zip(samples, labels, strict=True):
        sample[4 * label : 4 * label + 4] += 0.8
    weights = np.kron(np.eye(4), np.ones((4, 1))) - 0.05
    result = fit_to_target([(16, 4)], [weights], evaluation=(samples, labels), threshold=2.0)
    first = result.steps[0]
    assert first.accuracy is not None and first.accuracy.of == 60
    assert first.accuracy.share == 1.0 and first.accuracy_cost == 0.0
    assert "accuracy 100.0% (executed, " in result.summary()
    assert "points lost" in result.summary()


def test_the_accuracy_that_pruning_costs_is_told() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 10, 40)
    result = fit_to_target(SIZES, WIDE, evaluation=(rng.random((40, 64)), labels), max_iterations=2)
    base = result.steps[0].accuracy
    assert base is not None
    for step in result.steps:
        assert step.accuracy is not None and step.accuracy_cost is not None
        assert step.accuracy_cost == pytest.approx(base.share - step.accuracy.share)


def test_what_does_not_fit_says_the_nearest_step_and_what_must_give() -> None:
    result = fit_to_target(SIZES, WIDE, max_iterations=1)
    assert not result.fits and len(result.steps) == 2
    assert result.final == 1 and "of 2 steps the nearest is 1" in result.verdict
    assert "fewer weights by block RAMs" in result.verdict and "target " in result.verdict
    named = result.verdict.split("target ")[1]
    assert fit_to_target(SIZES, WIDE, target=named, max_iterations=1).fits


def test_layers_that_do_not_feed_one_another_stand_side_by_side() -> None:
    alone = [fit_to_target([(8, 6)], [np.eye(8, 6)]), fit_to_target([(5, 4)], [np.eye(5, 4)])]
    both = fit_to_target([(8, 6), (5, 4)], [np.eye(8, 6), np.eye(5, 4)])
    assert both.luts_used.value == pytest.approx(sum(r.luts_used.value for r in alone))
    assert any("each is an engine of its own" in n for n in both.notices)


def test_pruning_drops_neurons_that_nothing_reaches_or_leaves() -> None:
    first = np.array([[1.0, 0.01, 0.9], [0.8, 0.0, 0.7]])
    second = np.array([[1.0, 1.0], [1.0, 1.0], [0.02, 0.01]])
    found = pruned([first, second], 0.1, chained=True)
    assert [w.shape for w in found.weights] == [(2, 1), (1, 2)]
    assert found.neurons[0].tolist() == [0] and found.sparsity == pytest.approx(1 - 4 / 12)
    alone = pruned([first, second], 0.1, chained=False)
    assert [w.shape for w in alone.weights] == [(2, 3), (3, 2)]


def test_output_error_is_that_of_the_weights_by_hand() -> None:
    # Two weights of 2 bits: -2, -1, 0 or 1 of a unit. 1 and -1 are exact, 0.4 becomes 0 or 1.
    weights = [np.array([[1.0, -1.0]])]
    left = pruned(weights, 0.0, chained=True)
    form = Form(256, 0.0, 2)
    nets = integer_networks(left.weights, form, chained=True, threshold=1.0, ticks=16)
    assert output_error(weights, left, nets) == pytest.approx(0.0, abs=1e-12)
    weights = [np.array([[1.0, 0.4]])]
    left = pruned(weights, 0.5, chained=True)
    nets = integer_networks(left.weights, form, chained=True, threshold=1.0, ticks=16)
    # The second output is lost: rms error over rms is 0.4 / sqrt(1 + 0.4²).
    assert output_error(weights, left, nets) == pytest.approx(0.4 / math.sqrt(1.16))


def test_measured_is_what_synthesis_counted(tmp_path) -> None:  # type: ignore[no-untyped-def]
    store = EvidenceStore(tmp_path / "evidence.sqlite")
    weights = [RNG.normal(size=(12, 6))]
    result = fit_to_target([(12, 6)], weights, measure=True, store=store)
    again = fit_to_target([(12, 6)], weights, measure=True, store=store)
    assert result.fits and "measured by synthesis" in result.verdict
    assert result.luts_used.word == "measured" and result.luts_used.low == result.luts_used.high
    assert "estimated" not in result.summary()
    assert again.steps == result.steps
    predicted = fit_to_target([(12, 6)], weights)
    assert predicted.luts_used.value == pytest.approx(result.luts_used.value, rel=0.5)


def test_a_verdict_needs_the_whole_interval() -> None:
    figure = Figure(100.0, 80.0, 130.0, "estimated")
    verdicts = [verdict_of(figure, limit) for limit in (130, 129, 80, 79)]
    assert verdicts == ["fits", "may fit", "may fit", "does not fit"]
    assert verdict_of(Figure.exact(100, "measured"), 100) == "fits"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer_sizes": []}, "layer_sizes is empty"),
        ({"layer_sizes": 3}, "layer_sizes is 3; it must be a list, one item per layer"),
        ({"weights": None}, "weights is None; it must be a list, one item per layer"),
        ({"weights": []}, "there are 0 arrays of weights for 1 layers"),
        ({"weights": [np.ones((3, 5))]}, "weights[0] has shape (3, 5)"),
        ({"weights": [np.full((4, 3), np.nan)]}, "weights[0] has numbers that are not finite"),
        ({"weights": ["x"]}, "weights[0] is not an array of numbers"),
        ({"layer_sizes": [(4,)]}, "layer_sizes[0] is (4,)"),
        ({"layer_sizes": [(4, True)]}, "n_neurons of layer 0 is True"),
        ({"layer_sizes": [(0, 3)]}, "n_inputs of layer 0 is 0"),
        ({"target": "z80"}, "target is 'z80'"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"max_iterations": True}, "max_iterations is True"),
        ({"min_bitstream_length": 48}, "min_bitstream_length is 48; it must be a power of two"),
        ({"initial_bitstream_length": 16}, "min_bitstream_length is 32 and initial"),
        ({"initial_weight_bits": 1}, "initial_weight_bits is 1"),
        ({"threshold": -1.0}, "threshold is -1.0"),
        ({"threshold": math.inf}, "threshold is inf"),
        ({"evaluation": (np.ones((2, 4)), [0])}, "evaluation has samples of shape (2, 4)"),
        ({"evaluation": (np.ones((1, 4)), [3])}, "labels of evaluation must be whole numbers"),
        ({"evaluation": 3}, "evaluation must be a pair"),
        (
            {
                "layer_sizes": [(4, 3), (4, 3)],
                "weights": [np.ones((4, 3))] * 2,
                "evaluation": (np.ones((1, 4)), [0]),
            },
            "so there is no network to evaluate",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(arguments, message: str) -> None:  # type: ignore[no-untyped-def]
    given = {"layer_sizes": [(4, 3)], "weights": [np.ones((4, 3))]} | arguments
    with pytest.raises(SCConfigError) as error:
        fit_to_target(**given)
    assert message in str(error.value)
