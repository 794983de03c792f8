"""Structural features: by hand, additive, and blind to what hardware does not have."""

from __future__ import annotations

import numpy as np
import pytest

from cost.shapes import engine, layer
from sc_neurocore.cost import FAMILIES
from sc_neurocore.cost._features import (
    ENGINE_FEATURES,
    FEATURES,
    LAYER_FEATURES,
    engine_features,
    layer_features,
)


def _one(shape: object, name: str, family: str = "ecp5") -> float:
    return float(layer_features([shape], family)[0, LAYER_FEATURES.index(name)])  # type: ignore[list-item]


def test_a_layer_by_hand() -> None:
    shape = layer()  # 16 neurons in 4 groups of 4, 64 sources in 32 words of 2, 4-bit weights
    assert _one(shape, "accumulator bits") == 4 * 9
    assert _one(shape, "masked weight bits") == 4 * 2 * 4
    assert _one(shape, "weight tree bits") == 4 * (2 - 1) * (4 + 1)
    assert _one(shape, "neuron choice bits") == 3 * 9
    assert _one(shape, "weight address bits") == 7  # 4 groups x 32 addresses
    assert _one(shape, "event bits") == 2 + 5 + 2
    assert _one(shape, "walk bits") == 2 + 2
    assert _one(shape, "stream bits") == _one(shape, "plane address bits") == 0
    assert _one(shape, "constant bits") == 0  # 32 x 128 bits / 16 exceed the price of a block
    assert _one(shape, "block RAMs") == 1  # the weights; all else is LUT RAM
    # states 14 x 16: 4 cells; accumulators 36 x 4: 9; buffer 9 x 33: 3 columns of 3
    assert _one(shape, "memory cells") == 4 + 9 + 9


def test_a_stochastic_layer_by_hand() -> None:
    shape = layer(backend="stochastic", length=8)
    assert _one(shape, "stream bits") == 8
    assert _one(shape, "stream tree bits") == 4 * 1 * 3
    assert _one(shape, "plane address bits") == 4 * 9  # 4 planes of 128 words
    assert _one(shape, "masked weight bits") == _one(shape, "weight tree bits") == 0
    assert _one(shape, "walk bits") == 2 + 2 + 3


def test_a_layer_in_one_group_keeps_its_sums_in_registers() -> None:
    shape = layer(pe=16)
    assert _one(shape, "accumulators in registers") == 16 * 9
    assert _one(layer(), "accumulators in registers") == 0


@pytest.mark.parametrize("backend", ["fixed", "stochastic"])
def test_a_layer_that_never_spikes_has_no_synapses(backend: str) -> None:
    shape = layer(backend=backend, length=8, parameter_bits=9, silent=True)
    assert _one(shape, "walk bits") > 0 and _one(shape, "layer") == 1
    for name in (
        "lane adder bits", "accumulator bits", "masked weight bits", "weight tree bits",
        "stream bits", "stream tree bits", "neuron choice bits", "weight register bits",
        "weight address bits", "plane address bits", "state register bits", "constant bits",
        "parameter register bits", "block RAMs",
    ):  # fmt: skip
        assert _one(shape, name) == 0, name
    assert _one(shape, "memory cells") == 9  # only the buffer: 3 columns of 3


def test_padding_costs_nothing() -> None:
    wide, exact = layer(size=3, pe=4), layer(size=3, pe=3)
    assert _one(wide, "accumulator bits") == _one(exact, "accumulator bits")
    assert _one(layer(fan_in=3, simd=8), "masked weight bits") == 4 * 3 * 4


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_add_up(family: str) -> None:
    one, two = layer(), layer(size=10, fan_in=16, pe=2, backend="stochastic", length=16)
    both = engine_features([engine(one, two)], family).values[0]
    alone = layer_features([one, two], family).sum(axis=0)
    # The encoder's memory of levels and the registers of what is shared come on top.
    shared = {"registers", "memory cells", "memory choices", "flip-flop memory bits", "block RAMs",
              "block RAM choices"}  # fmt: skip
    for k, name in enumerate(LAYER_FEATURES):
        if name in shared:
            assert both[k] >= alone[k]
        else:
            assert both[k] == pytest.approx(alone[k])


@pytest.mark.parametrize("family", FAMILIES)
def test_engines_together_are_engines_alone(family: str) -> None:
    shapes = [engine(), engine(layer(), layer(pe=1, simd=1)), engine(coding="events"),
              engine(coding="direct", readout="membrane")]  # fmt: skip
    together = engine_features(shapes, family).values
    alone = np.concatenate([engine_features([s], family).values for s in shapes])
    assert np.array_equal(together, alone)
    assert together.shape[1] == len(FEATURES) and (together >= 0).all()


def test_events_need_no_encoder_and_membranes_no_counter() -> None:
    values = engine_features([engine(coding="events", readout="membrane")], "ecp5").values[0]
    named = dict(zip(FEATURES, values, strict=True))
    for name in ("rate lanes", "direct lanes", "scan bits", "sobol bits", "class counts"):
        assert named[name] == 0
    assert named["membrane bits"] == 14 + 2 * 4
    assert set(ENGINE_FEATURES) < set(FEATURES)
