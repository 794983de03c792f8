"""Structural features of blocks: of a parallel stochastic layer by its parts, of others by size."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

from sc_neurocore.cost._shape import BlockShape
from sc_neurocore.exceptions import SCConfigError

#: What `BlockShape` of the kind ``sc_layer`` states.
LAYER_PARAMETERS = (
    "mac_count", "bitstream_length", "precision_bits", "decorrelator", "polynomial",
)  # fmt: skip
_DECORRELATORS = ("none", "shared", "delay", "shuffle", "tracking")
_SECOND = ("shared", "shuffle", "tracking")
_CONSTANT = re.compile(r"\d+'h([0-9a-f]+)")


def block_features(shape: BlockShape) -> dict[str, float]:
    """Features of a block by name.

    Raises:
        SCConfigError: a parameter is missing or of a wrong kind.
    """
    return _layer(shape.parameters) if shape.kind == "sc_layer" else _sizes(shape)


def _layer(parameters: Mapping[str, Any]) -> dict[str, float]:
    missing = [name for name in LAYER_PARAMETERS if name not in parameters]
    if missing:
        raise SCConfigError(f"sc_layer needs the parameter '{missing[0]}'")
    kind = parameters["decorrelator"]
    if kind not in _DECORRELATORS:
        raise SCConfigError(f"decorrelator is {kind!r}; allowed: {', '.join(_DECORRELATORS)}")
    try:
        macs, length, bits = (int(parameters[name]) for name in LAYER_PARAMETERS[:3])
        exponents = [int(e) for e in str(parameters["polynomial"]).split(",")]
    except ValueError:
        raise SCConfigError(
            "sc_layer takes whole numbers, and a polynomial by its exponents, as in 16,14,13,11"
        ) from None
    for name, value in zip(LAYER_PARAMETERS, (macs, length, bits), strict=False):
        if value < 1:
            raise SCConfigError(f"{name} is {value}; it must be 1 or more")
    width, clocks = max(exponents), max(1, (length - 1).bit_length())
    registers = 2 if kind in _SECOND else 1
    return {
        "layer": 1.0,
        "level bits": float(2 * macs * (bits + 1)),
        "comparator bits": float(2 * macs * bits),
        # On ECP5 a comparison of so many bits becomes wide multiplexers, twice as large.
        "comparators of 4 bits": float(2 * macs * (bits == 4)),
        "products": float(macs),
        "products counted": macs * math.log2(macs + 1),
        "total bits": float((macs * length).bit_length()),
        "clock bits": float(clocks),
        "register bits": float(registers * width),
        "taps": float(registers * len(exponents)),
        "delayed": float(macs * (kind == "delay")),
        "shuffled": float(macs * (kind == "shuffle")),
        "tracked": float(macs * (kind == "tracking")),
        "tracked bits": float(macs * (bits + 1) * (kind == "tracking")),
        "unlike comparators": float(macs * bits * (kind != "none")),
    }


def _sizes(shape: BlockShape) -> dict[str, float]:
    """Powers and products of the numbers that a block is made with."""
    numbers = {}
    for name, value in shape.parameters.items():
        constant = _CONSTANT.fullmatch(str(value))
        if constant:  # of a constant the ones count: the taps of a shift register
            numbers[f"ones of {name}"] = float(int(constant[1], 16).bit_count())
        elif isinstance(value, int) or str(value).isdigit():
            numbers[name] = float(value)
    found = {"block": 1.0}
    for name, number in numbers.items():
        found[name] = number
        found[f"{name} log"] = math.log2(number + 1)
        if not name.startswith("ones"):
            found[f"{name} squared"] = number**2
            found[f"2^{name}"] = 2.0 ** min(number, 8.0)  # of so many address bits
    for a, b in itertools.combinations([n for n in numbers if not n.startswith("ones")], 2):
        found[f"{a} x {b}"] = numbers[a] * numbers[b]
    return found
