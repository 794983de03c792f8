"""Configurations layer by layer: read, refused, and ordered as the network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sc_neurocore.accelerator import Folding
from sc_neurocore.build.network import (
    Configuration,
    LayerConfiguration,
    NetworkOptions,
    read_configuration,
)
from sc_neurocore.exceptions import SCConfigError

MADE = Configuration(
    (
        LayerConfiguration("a", 4, "fixed", 1, 8, 2),
        LayerConfiguration("b", 6, "stochastic", 16, 1, 4),
    ),
    12, "rate", 4,
)  # fmt: skip


def written(path: Path, change: dict[str, Any], layer: dict[str, Any] | None = None) -> Path:
    document = MADE.as_dict() | change
    if layer is not None:
        document["layers"][0] |= layer
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read_configuration(written(tmp_path / "c.json", {})) == MADE
    assert MADE.backend == "hybrid"
    assert MADE.quantisation.weight_bits("b") == 6
    assert MADE.quantisation.layer_length("a") == 1
    assert MADE.quantisation.layer_length("b") == 16


def test_foldings_follow_the_network_whatever_the_order_of_the_file() -> None:
    assert MADE.foldings_of(["b", "a"]) == (Folding(1, 4), Folding(8, 2))
    with pytest.raises(SCConfigError, match="has layers a, b; the network has a, c"):
        MADE.foldings_of(["a", "c"])


@pytest.mark.parametrize(
    ("change", "layer", "message"),
    [
        ({"schema": "v0"}, None, "it has schema 'v0'"),
        ({"extra": 1}, None, "it has unknown 'extra'"),
        ({"layers": []}, None, "'layers' must be a list with an object per layer"),
        ({"layers": [3]}, None, "layers[0] must be an object"),
        ({"ticks": 1.5}, None, "'ticks' is 1.5; it must be a whole number"),
        ({"ticks": True}, None, "'ticks' is True"),
        ({"ticks": 0}, None, "ticks is 0"),
        ({"coding": "morse"}, None, "coding is 'morse'"),
        ({"coding": []}, None, "'coding' is []; it must be a string"),
        ({}, {"bits": 1}, "has bits 1; it must be a whole number from 2 to 16"),
        ({}, {"bits": True}, "has bits True"),
        ({}, {"pe": 0}, "has pe 0; it must be a whole number from 1 to 256"),
        ({}, {"length": 4}, "is fixed and has length 4; it must be 1"),
        ({}, {"backend": "stochastic", "length": 3}, "it must be a power of two"),
        ({}, {"backend": "analog"}, "has backend 'analog'; allowed: fixed, stochastic"),
        ({}, {"name": 5}, "layers[0] has name 5; it must be a string"),
        ({}, {"simd": None}, "has simd None"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_refused(
    tmp_path: Path, change: dict[str, Any], layer: dict[str, Any] | None, message: str
) -> None:
    path = written(tmp_path / "c.json", change, layer)
    with pytest.raises(SCConfigError) as refused:
        read_configuration(path)
    assert message in str(refused.value) and "c.json" in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "nul", "[" * 100_000])
def test_what_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text, encoding="utf-8")
    with pytest.raises(SCConfigError, match=r"c\.json"):
        read_configuration(tmp_path / "c.json")
    with pytest.raises(SCConfigError, match="cannot be read: No such file"):
        read_configuration(tmp_path / "none.json")


@pytest.mark.parametrize(
    "option",
    [{"backend": "hybrid"}, {"weight_bits": 4}, {"pe": 2}, {"ticks": 8}, {"coding": "rate"}],
)
def test_options_that_a_configuration_decides_are_left_out(option: dict[str, Any]) -> None:
    with pytest.raises(SCConfigError, match=f"leave out --{next(iter(option)).replace('_', '-')}"):
        NetworkOptions(configuration=MADE, **option)
