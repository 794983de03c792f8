"""A plan's rows grouped by width and length, with bounds as whole numbers rounded outward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler.adaptive_precision._manifest import arrays_of
from sc_neurocore.compiler.adaptive_precision._plan import SynapsePlan
from sc_neurocore.compiler.adaptive_precision._rows import SynapsePrecision
from sc_neurocore.exceptions import SCConfigError

#: Fraction bits of a bound.
FRACTION = 40
#: Fraction bits of ln(2/(1-confidence)).
ODDS_FRACTION = 16
#: Widest weight and longest stream of a module.
_WIDEST, _LONGEST = 52, 2**40
#: Errors and sensitivities of a module are below this.
_LARGEST = 2.0**24


@dataclass(frozen=True)
class TableRow:
    """All synapses of one width and length. Errors in units of ``2^-40``.

    Attributes:
        bit_width: of the weights.
        bitstream_length: of the streams.
        sensitivity: greatest, rounded down.
        quantization: greatest bound, rounded up.
        stochastic: greatest bound, rounded up.
        total: greatest bound, rounded up, and no less than the sum of the two before.
        synapses: how many.
    """

    bit_width: int
    bitstream_length: int
    sensitivity: int
    quantization: int
    stochastic: int
    total: int
    synapses: int


@dataclass(frozen=True)
class FormalTable:
    """What the module holds, and what is claimed of it.

    Attributes:
        rows: in order of width and length.
        max_total: greatest total of all, in units of ``2^-40``.
        signed: whether one bit of each weight is its sign.
        steps: whether the rounding of weights is claimed to be half a step of their grid.
        odds: ``ln(2/(1-confidence))`` in units of ``2^-16``, rounded down, times the square of
            the coding's gain, where the radii are claimed to be Hoeffding's; else None.
    """

    rows: tuple[TableRow, ...]
    max_total: int
    signed: bool
    steps: bool
    odds: int | None

    @property
    def max_length(self) -> int:
        """Longest stream."""
        return max(row.bitstream_length for row in self.rows)

    @property
    def max_width(self) -> int:
        """Widest weight."""
        return max(row.bit_width for row in self.rows)


def formal_table(assignments: Sequence[SynapsePrecision]) -> FormalTable:
    """Group rows, round their bounds outward.

    Raises:
        SCConfigError: there is no row, or a width, length or error beyond what a module can hold.
    """
    found = arrays_of(assignments)
    widest, longest = int(found.bit_widths.max()), int(found.bitstream_lengths.max())
    if widest > _WIDEST or longest > _LONGEST:
        raise SCConfigError(
            f"the plan has weights of {widest} bits and streams of {longest}; a module can hold "
            f"weights up to {_WIDEST} bits and streams up to {_LONGEST}"
        )
    largest = max(float(found.total_error_bounds.max()), float(found.sensitivities.max()))
    if largest >= _LARGEST:
        raise SCConfigError(
            f"the plan has a sensitivity or bound of {largest:g}; a module can hold those below "
            f"{_LARGEST:g}, so scale the sensitivities and the target down"
        )
    lengths, codes = np.unique(found.bitstream_lengths, return_inverse=True)
    keys = found.bit_widths * len(lengths) + codes.reshape(-1)
    kinds, places = np.unique(keys, return_inverse=True)
    places = places.reshape(-1)
    count = np.bincount(places)
    columns = [
        _greatest(values, places, len(kinds))
        for values in (
            found.sensitivities,
            found.quantization_error_bounds,
            found.stochastic_error_bounds,
            found.total_error_bounds,
        )
    ]
    rows = []
    for i, (kind, *values) in enumerate(zip(kinds.tolist(), *columns, strict=True)):
        width, place = divmod(kind, len(lengths))
        s, *bounds = (Fraction(v) * 2**FRACTION for v in values)
        quantization, stochastic, total = map(math.ceil, bounds)
        total = max(total, quantization + stochastic)
        rows.append(
            TableRow(width, int(lengths[place]), math.floor(s), quantization, stochastic, total,
                     int(count[i]))
        )  # fmt: skip
    plan = assignments if isinstance(assignments, SynapsePlan) else None
    odds = None
    if plan is not None and plan.streams.random:
        exact = math.log(2 / (1 - plan.streams.confidence)) * 2**ODDS_FRACTION
        odds = (math.floor(exact) - 1) * plan.streams.gain**2
    codings = {row.coding for row in assignments[:1]}
    return FormalTable(
        rows=tuple(rows),
        max_total=max(row.total for row in rows),
        signed=codings != {"unipolar"} if plan is None else plan.streams.coding != "unipolar",
        steps=plan is not None,
        odds=odds,
    )


def _greatest(values: NDArray[np.float64], places: NDArray[Any], count: int) -> list[float]:
    greatest = np.zeros(count)
    np.maximum.at(greatest, places, values)
    return [float(v) for v in greatest]
