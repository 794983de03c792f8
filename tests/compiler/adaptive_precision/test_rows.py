"""Rows made by hand: the documented fields, and what they refuse."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from sc_neurocore.compiler.adaptive_precision import LayerPrecision, SynapsePrecision
from sc_neurocore.exceptions import SCConfigError

LAYER = (0, "fc1", 256, 0.1, 0.5)
SYNAPSE = (1, "fc1", 2, 3, 8, 128, 0.5, 0.001, 0.02, 0.021)


def test_a_layer_by_position_has_the_documented_dictionary() -> None:
    assert LayerPrecision(*LAYER).to_dict() == {
        "layer_index": 0, "name": "fc1", "bitstream_length": 256, "error_bound": 0.1,
        "sensitivity": 0.5,
    }  # fmt: skip


def test_a_synapse_by_position_has_the_documented_dictionary() -> None:
    assert SynapsePrecision(*SYNAPSE).to_dict() == {
        "layer_index": 1, "layer_name": "fc1", "output_index": 2, "input_index": 3,
        "bit_width": 8, "bitstream_length": 128, "sensitivity": 0.5,
        "quantization_error_bound": 0.001, "stochastic_error_bound": 0.02,
        "total_error_bound": 0.021,
    }  # fmt: skip


def test_a_target_adds_whether_it_is_met() -> None:
    row = dataclasses.replace(SynapsePrecision(*SYNAPSE), target_error=0.01, needed_length=999)
    assert (row.target_met, row.to_dict()["needed_length"]) == (False, 999)
    assert dataclasses.replace(row, target_error=0.021).to_dict()["target_met"] is True
    # An estimate meets no target.
    assert dataclasses.replace(row, target_error=1.0, word="estimated").target_met is False
    assert SynapsePrecision(*SYNAPSE).target_met is None


def test_numbers_of_numpy_become_json() -> None:
    row = LayerPrecision(np.int64(0), "a", np.int32(64), np.float32(0.5), np.float64(1.0))
    assert json.loads(json.dumps(row.to_dict()))["bitstream_length"] == 64


def test_rows_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        LayerPrecision(*LAYER).name = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("layer_index", -1), ("layer_index", True), ("layer_index", 1.0), ("name", ""),
        ("name", 3), ("bitstream_length", 0), ("bitstream_length", 96),
        ("bitstream_length", "64"), ("error_bound", -0.1), ("error_bound", float("nan")),
        ("error_bound", float("inf")), ("error_bound", True), ("sensitivity", -1e-9),
        ("sensitivity", None),
    ],
)  # fmt: skip
def test_a_layer_refuses(field: str, value: Any) -> None:
    with pytest.raises(SCConfigError, match=field) as caught:
        dataclasses.replace(LayerPrecision(*LAYER), **{field: value})
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("layer_index", -1), ("output_index", -1), ("input_index", 0.5), ("layer_name", ""),
        ("bit_width", 0), ("bitstream_length", -4), ("sensitivity", float("inf")),
        ("quantization_error_bound", -1.0), ("stochastic_error_bound", float("nan")),
        ("total_error_bound", 0.0209),
    ],
)  # fmt: skip
def test_a_synapse_refuses(field: str, value: Any) -> None:
    with pytest.raises(SCConfigError, match=field):
        dataclasses.replace(SynapsePrecision(*SYNAPSE), **{field: value})
