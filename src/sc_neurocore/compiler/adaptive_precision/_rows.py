"""Rows of precision plans: one layer, or one synapse."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True)
class LayerPrecision:
    """Length of the streams of one layer.

    Attributes:
        layer_index: of the layer in the plan, from 0.
        name: of the layer.
        bitstream_length: bits of a stream, a power of two.
        error_bound: largest error of one stream's value, at ``confidence`` if there is one.
        sensitivity: what an output errs by, per unit of independent errors of its streams.
        target_error: what ``error_bound`` must not exceed; None if no target was set. The fields
            from here on are None in a row made by hand.
        needed_length: least length that meets the target, before rounding up to a power of two;
            None if it is not known.
        confidence: probability with which the bound of one stream holds; None if it always does.
        word: how the bound is known: ``proven`` or ``estimated``.
        basis: the theorem or count behind it.
        source: of the numbers that the streams are compared with.
        coding: of the weights.
        verdict: one line: the length, or ``infeasible: …`` with what stands against it.

    Raises:
        SCConfigError: a field out of range.
    """

    layer_index: int
    name: str
    bitstream_length: int
    error_bound: float
    sensitivity: float
    target_error: float | None = None
    needed_length: int | None = None
    confidence: float | None = None
    word: str | None = None
    basis: str | None = None
    source: str | None = None
    coding: str | None = None
    verdict: str | None = None

    def __post_init__(self) -> None:
        require_whole("layer_index", self.layer_index, 0)
        _name("name", self.name)
        length = require_whole("bitstream_length", self.bitstream_length, 1)
        if length & (length - 1):
            raise SCConfigError(f"bitstream_length is {length}; it must be a power of two")
        _bound("error_bound", self.error_bound)
        _bound("sensitivity", self.sensitivity)

    @property
    def target_met(self) -> bool | None:
        """Whether the target is met by a proven bound; None without a target."""
        return _met(self.error_bound, self.target_error, self.word)

    def to_dict(self) -> dict[str, Any]:
        """The documented fields, and those of the target that are set, as JSON values."""
        return _as_dict(self, 5)


@dataclass(frozen=True)
class SynapsePrecision:
    """Width of one weight, length of its stream, and what both leave of its value.

    Errors are of the weight as a fraction of the largest weight of its layer, times
    ``sensitivity``.

    Attributes:
        layer_index: of the layer, from 0.
        layer_name: of the layer.
        output_index: row of the weight matrix.
        input_index: column of the weight matrix.
        bit_width: bits of the weight, its sign included.
        bitstream_length: bits of the stream.
        sensitivity: weight of this synapse's errors.
        quantization_error_bound: half a step of the weight's grid, times the sensitivity.
        stochastic_error_bound: largest error of the stream, times the sensitivity.
        total_error_bound: at least the sum of both.
        target_error: what ``total_error_bound`` must not exceed; None if no target was set. The
            fields from here on are None in a row made by hand.
        needed_length: least length that meets the target at this width; None if it is not known,
            or no length does.
        confidence: probability with which this row's bound holds; None if it always does.
        word: how the bound is known: ``proven`` or ``estimated``.
        basis: the theorem or count behind it.
        source: of the numbers that the stream is compared with.
        coding: of the weight.

    Raises:
        SCConfigError: a field out of range, or a total below the sum of its parts.
    """

    layer_index: int
    layer_name: str
    output_index: int
    input_index: int
    bit_width: int
    bitstream_length: int
    sensitivity: float
    quantization_error_bound: float
    stochastic_error_bound: float
    total_error_bound: float
    target_error: float | None = None
    needed_length: int | None = None
    confidence: float | None = None
    word: str | None = None
    basis: str | None = None
    source: str | None = None
    coding: str | None = None

    def __post_init__(self) -> None:
        for name in ("layer_index", "output_index", "input_index"):
            require_whole(name, getattr(self, name), 0)
        _name("layer_name", self.layer_name)
        for name in ("bit_width", "bitstream_length"):
            require_whole(name, getattr(self, name), 1)
        for name in (
            "sensitivity",
            "quantization_error_bound",
            "stochastic_error_bound",
            "total_error_bound",
        ):
            _bound(name, getattr(self, name))
        parts = self.quantization_error_bound + self.stochastic_error_bound
        if self.total_error_bound < parts:
            raise SCConfigError(
                f"total_error_bound is {self.total_error_bound!r}; it must be at least "
                f"{parts!r}, the sum of quantization_error_bound and stochastic_error_bound"
            )

    @property
    def target_met(self) -> bool | None:
        """Whether the target is met by a proven bound; None without a target."""
        return _met(self.total_error_bound, self.target_error, self.word)

    def to_dict(self) -> dict[str, Any]:
        """The documented fields and, with a target, whether it is met and what it needs.

        What all rows share (source, coding, confidence) stands once in the plan's manifest.
        """
        row = _as_dict(self, 10, limit=10)
        if self.target_error is not None:
            row |= {"target_met": self.target_met, "needed_length": self.needed_length}
        return row


def _as_dict(row: Any, documented: int, limit: int | None = None) -> dict[str, Any]:
    names = [f.name for f in fields(row)][:limit]
    values = {n: getattr(row, n) for n in names}
    found = {
        n: _plain(v) for i, (n, v) in enumerate(values.items()) if i < documented or v is not None
    }
    if limit is None and row.target_error is not None:
        found["target_met"] = row.target_met
    return found


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's, which JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value


def _met(bound: float, target: float | None, word: str | None) -> bool | None:
    return None if target is None else bool(bound <= target and word in (None, "proven"))


def _name(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise SCConfigError(f"{name} is {value!r}; it must be a non-empty text")


def _bound(name: str, value: Any) -> None:
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise SCConfigError(f"{name} is {value!r}; it must be a finite number of at least 0")
