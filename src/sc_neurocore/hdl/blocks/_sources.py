"""Sources of comparator numbers, and the comparator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sc_neurocore.bitstream import (
    Counter,
    Halton,
    Lfsr,
    Sobol,
    Source,
    encode_thresholds,
)
from sc_neurocore.bitstream._sobol import direction_numbers
from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, constant, whole
from sc_neurocore.hdl.blocks._stimulus import nothing, numbers

_ENABLE = Fault("else if (enable) ", "else ", "moves without enable")


def _source(
    module: str,
    source: Source,
    parameters: Mapping[str, str],
    assertions: int,
    *faults: Fault,
) -> Block:
    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        return {"number": source.values(ticks).astype(np.int64)}

    outputs = {"number": source.width}
    return Block(module, parameters, {}, outputs, nothing, golden, assertions, faults)


def lfsr(source: Lfsr) -> Block:
    """A linear feedback shift register of either form."""
    width = source.width
    parameters = {
        "WIDTH": str(width),
        "TAPS": constant(width, source.feedback.taps),
        "SEED": constant(width, source.seed),
    }
    faults = {
        "fibonacci": Fault("^(number & TAPS)", "~^(number & TAPS)", "the feedback is inverted"),
        "galois": Fault("& TAPS)", "& ~TAPS)", "other bits are inverted"),
    }
    reset = Fault("number <= SEED", "number <= ~SEED", "starts elsewhere")
    form = source.form
    return _source(f"sc_lfsr_{form}", source, parameters, 6, faults[form], reset, _ENABLE)


def sobol(source: Sobol) -> Block:
    """One dimension of the Sobol sequence."""
    width = source.width
    directions = direction_numbers(source.dimension, width)
    parameters = whole(WIDTH=(width, 2, None)) | {
        "DIRECTIONS": constant(
            width * width, sum(v << (k * width) for k, v in enumerate(directions))
        ),
        "SHIFT": constant(width, source.shift),
    }
    return _source(
        "sc_sobol", source, parameters, 5,
        Fault("~tick[WIDTH-2:0] &", "tick[WIDTH-2:0] ^", "adds several direction numbers"),
        Fault("number <= SHIFT", "number <= ~SHIFT", "starts elsewhere"),
    )  # fmt: skip


def counter(source: Counter) -> Block:
    """The counter."""
    return _source(
        "sc_counter", source, whole(WIDTH=(source.width, 1, None)), 3,
        Fault("number + 1'b1", "number - 1'b1", "counts down"), _ENABLE,
    )  # fmt: skip


def van_der_corput(width: int) -> Block:
    """The Halton sequence of base 2."""
    source = Halton(2, width)
    return _source(
        "sc_van_der_corput", source, whole(WIDTH=(width, 1, None)), 4,
        Fault("tick[WIDTH-1-i]", "tick[i]", "does not reverse the bits"),
        Fault(".enable(enable)", ".enable(1'b1)", "moves without enable"),
    )  # fmt: skip


def halton(source: Halton) -> Block:
    """A Halton sequence of another base."""
    base, width, digits = source.base, source.width, source.digits
    parameters = whole(BASE=(base, 2, None), WIDTH=(width, 1, None), DIGITS=(digits, 1, None))
    return _source(
        "sc_halton", source, parameters, 7,
        Fault("+ WIDTH'(over)", "", "the remainders are lost"),
        Fault("c > 0 && c < DIGITS", "c > 1 && c < DIGITS", "one carry is not counted"),
        Fault("sum >= TOTAL", "sum > TOTAL", "lets a remainder reach the divisor"),
    )  # fmt: skip


def comparator(width: int) -> Block:
    """The comparator, as an encoder of thresholds that change with every clock."""
    source = Counter(width)

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        number = source.values(ticks).astype(np.int64)
        near = np.clip(number + rng.integers(-1, 2, ticks), 0, 1 << width)
        threshold = np.where(rng.random(ticks) < 0.5, near, numbers(rng, ticks, 0, 1 << width))
        return {"number": number, "threshold": threshold}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        ticked = enumerate(inputs["threshold"])
        bits = [encode_thresholds(x, 1, source, start=tick)[0] for tick, x in ticked]
        return {"stream": np.array(bits, np.int64)}

    return Block(
        "sc_comparator", whole(WIDTH=(width, 1, None)),
        {"number": width, "threshold": width + 1}, {"stream": 1}, stimulus, golden, 3,
        (
            Fault("number < threshold", "number <= threshold", "one too many"),
            Fault("threshold[WIDTH] || ", "", "cannot represent one"),
        ),
        clocked=False,
    )  # fmt: skip
