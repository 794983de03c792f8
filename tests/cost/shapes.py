"""Shapes worked out by hand."""

from __future__ import annotations

from sc_neurocore.cost import EngineShape, LayerShape


def layer(**changes: object) -> LayerShape:
    values: dict = {
        "size": 16, "fan_in": 64, "bits": 4, "pe": 4, "simd": 2, "backend": "fixed", "length": 1,
        "current_bits": 9, "state_bits": 14, "lane_bits": 100.0,
    }  # fmt: skip
    return LayerShape(**{**values, **changes})


def engine(*layers: LayerShape, **changes: object) -> EngineShape:
    values: dict = {
        "layers": layers or (layer(),), "coding": "rate", "inputs": 64, "input_bits": 4,
        "ticks": 16, "readout": "count",
    }  # fmt: skip
    return EngineShape(**{**values, **changes})
