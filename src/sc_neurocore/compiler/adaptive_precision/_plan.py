"""A plan of synapses: arrays, and rows of them made on demand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._length import grouped
from sc_neurocore.compiler.adaptive_precision._classes import (
    ClassTable,
    Limits,
    PrecisionClass,
)
from sc_neurocore.compiler.adaptive_precision._require import Numbers
from sc_neurocore.compiler.adaptive_precision._rows import SynapsePrecision
from sc_neurocore.compiler.adaptive_precision._streams import Streams

#: Rows that an iteration makes at a time.
_CHUNK = 4096


@dataclass(frozen=True)
class PlanLayer:
    """Place of a layer in a plan.

    Attributes:
        name: of the layer.
        shape: ``(outputs, inputs)``.
        start: row of its first synapse.
    """

    name: str
    shape: tuple[int, int]
    start: int

    @property
    def rows(self) -> slice:
        """Its synapses in the plan."""
        return slice(self.start, self.start + self.shape[0] * self.shape[1])


@dataclass(frozen=True)
class Columns:
    """Some rows of a plan, as arrays of one element per row."""

    codes: NDArray[Any]
    sensitivities: Numbers
    quantization: Numbers
    stochastic: Numbers
    total: Numbers
    met: NDArray[np.bool_]
    needed: NDArray[np.int64]


class SynapsePlan(Sequence[SynapsePrecision]):
    """Rows in layer, output, input order, behaving as a list of `SynapsePrecision`.

    Only the sensitivities and a class per synapse are stored; everything else follows from the
    class. Arrays have one element per row.

    Attributes:
        layers: names, shapes and places of the layers.
        streams: source, coding and confidence.
        limits: widths and lengths that were allowed.
        target_error: of the whole.
        local_target: of one synapse: the target over the root of the number of synapses.
        sensitivities: of the rows.
        table: the classes that synapses can have.
    """

    def __init__(
        self,
        layers: tuple[PlanLayer, ...],
        streams: Streams,
        limits: Limits,
        target_error: float,
        local_target: float,
        table: ClassTable,
        sensitivities: Numbers,
        codes: NDArray[Any],
    ) -> None:
        self.layers, self.streams, self.limits = layers, streams, limits
        self.target_error, self.local_target = target_error, local_target
        self.sensitivities = sensitivities
        self.table, self._codes = table, codes
        for array in (sensitivities, codes):
            array.flags.writeable = False

    # --- as a list

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, index: int) -> SynapsePrecision: ...
    @overload
    def __getitem__(self, index: slice) -> list[SynapsePrecision]: ...
    def __getitem__(self, index: int | slice) -> SynapsePrecision | list[SynapsePrecision]:
        if isinstance(index, slice):
            return self._rows(np.arange(len(self))[index])
        place = range(len(self))[index]
        return self._rows(np.array([place]))[0]

    def __iter__(self) -> Iterator[SynapsePrecision]:
        for start in range(0, len(self), _CHUNK):
            yield from self._rows(np.arange(start, min(start + _CHUNK, len(self))))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SynapsePlan):
            shared = ("layers", "streams", "limits", "target_error", "local_target")
            return all(getattr(self, n) == getattr(other, n) for n in shared) and (
                np.array_equal(self._codes, other._codes)
                and np.array_equal(self.sensitivities, other.sensitivities)
            )
        if isinstance(other, (list, tuple)):
            return len(other) == len(self) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<SynapsePlan of {grouped(len(self))} synapses: {self.verdict}>"

    # --- as arrays

    @property
    def classes(self) -> tuple[PrecisionClass, ...]:
        """Widths and lengths that occur, with their errors per unit of sensitivity."""
        return tuple(c for c, n in zip(self.table.classes, self._counts(), strict=True) if n)

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Synapses of each of `classes`."""
        return tuple(int(n) for n in self._counts() if n)

    @property
    def bit_widths(self) -> NDArray[np.int64]:
        """Width of each weight."""
        widths: NDArray[np.int64] = self.table.whole("bit_width")[self._codes]
        return widths

    @property
    def bitstream_lengths(self) -> NDArray[np.int64]:
        """Length of each stream."""
        lengths: NDArray[np.int64] = self.table.whole("bitstream_length")[self._codes]
        return lengths

    @property
    def quantization_error_bounds(self) -> Numbers:
        """Half a step of each weight's grid, times its sensitivity."""
        return self._errors("quantization")

    @property
    def stochastic_error_bounds(self) -> Numbers:
        """Largest error of each stream, times its sensitivity."""
        return self._errors("stochastic")

    @cached_property
    def total_error_bounds(self) -> Numbers:
        """Sum of both bounds of each row."""
        total = self._errors("quantization")
        total += self._errors("stochastic")
        total.flags.writeable = False
        return total

    @cached_property
    def targets_met(self) -> NDArray[np.bool_]:
        """Which rows meet the local target, by a proven bound."""
        met: NDArray[np.bool_] = self.total_error_bounds <= self.local_target
        if not all(c.proven for c in self.table.classes):
            met &= self.table.flags("proven")[self._codes]
        met.flags.writeable = False
        return met

    @property
    def needed_lengths(self) -> NDArray[np.int64]:
        """Least length with which each row meets its target at its width; 0 where none is known."""
        return self._needed(np.arange(len(self)))

    # --- as one claim

    @property
    def relative_cost(self) -> float:
        """Sum of width times log2 of length: a cost to compare plans by, not LUTs."""
        return float(self._counts() @ self.table.column("cost"))

    @property
    def missed(self) -> int:
        """Rows that miss the local target."""
        return len(self) - int(np.count_nonzero(self.targets_met))

    @property
    def feasible(self) -> bool:
        """Whether every row meets the local target."""
        return self.missed == 0

    @property
    def verdict(self) -> str:
        """One line: that all is met, or ``infeasible: …`` with what stands against it."""
        missed = ~self.targets_met
        count = int(np.count_nonzero(missed))
        if not count:
            at = f" at {100 * self.streams.confidence:g} % each" if self.streams.chance else ""
            return f"target {self.local_target:.3g} met by all {grouped(len(self))} synapses{at}"
        said = (
            f"infeasible: {grouped(count)} of {grouped(len(self))} synapses miss "
            f"{self.local_target:.3g}"
        )
        limits = f"max is {self.limits.max_length}"
        rows = np.flatnonzero(missed)
        if not self.streams.random:
            worst = int(rows[self.total_error_bounds[rows].argmax()])
            found = f"{self.total_error_bounds[worst]:.3g}"
            if not self.table.classes[self._codes[worst]].proven:
                found += ", estimated and not proven,"
            return f"{said}; the worst has {found} with streams of {self.streams}, {limits}"
        needed = self._needed(rows)
        if needed.any():
            said += f"; the worst needs L≥{grouped(int(needed.max()))}, {limits}"
        if not needed.all():
            lost = grouped(int(np.count_nonzero(needed == 0)))
            said += f"; {lost} need weights of more than {self.limits.max_bits} bits"
        return said

    @property
    def confidence(self) -> float | None:
        """Probability with which the bound of any one row holds; None if it always does."""
        return self.streams.confidence if self.streams.chance else None

    @property
    def simultaneous_confidence(self) -> float | None:
        """Probability with which the bounds of all rows hold at once, by the union bound.

        0 where the union bound says nothing, as it does of many rows; None if all always hold.
        """
        if not self.streams.chance:
            return None
        return max(0.0, 1 - len(self) * (1 - self.streams.confidence))

    @property
    def aggregate_error_bound(self) -> float:
        """Bound of the sum of all errors, at the confidence of one row.

        Roundings and errors of sequences add up; radii of random bits as the root of the sum of
        their squares (Hoeffding for a weighted sum of independent bits), if the random streams
        of all synapses are independent.
        """
        s, size = self.sensitivities, len(self.table.classes)
        fixed = self.table.column("quantization") + self.table.column("slack")
        squares = np.bincount(self._codes, np.square(s), size)
        radius = math.sqrt(float(np.square(self.table.column("radius")) @ squares))
        return float(fixed @ np.bincount(self._codes, s, size)) + radius

    @property
    def root_sum_square(self) -> float:
        """Root of the sum of the squares of all bounds: at most the target if every row meets its.

        It bounds no sum; errors that are independent and of either sign add up like this.
        """
        return float(np.linalg.norm(self.total_error_bounds))

    def layer_summaries(self) -> list[dict[str, Any]]:
        """Per layer what its rows have, as JSON values."""
        found = []
        met, totals = self.targets_met, self.total_error_bounds
        widths, lengths = self.bit_widths, self.bitstream_lengths
        for i, layer in enumerate(self.layers):
            rows = layer.rows
            found.append(
                {
                    "layer_index": i,
                    "name": layer.name,
                    "shape": list(layer.shape),
                    "synapses": rows.stop - rows.start,
                    "bit_widths": [int(widths[rows].min()), int(widths[rows].max())],
                    "bitstream_lengths": [int(lengths[rows].min()), int(lengths[rows].max())],
                    "max_total_error_bound": float(totals[rows].max()),
                    "max_output_error_bound": float(self.output_error_bounds(i).max()),
                    "synapses_above_target": int(np.count_nonzero(~met[rows])),
                }
            )
        return found

    def output_error_bounds(self, layer: int) -> Numbers:
        """`aggregate_error_bound` of every output of a layer, ``(outputs,)``.

        With sensitivities of 1 it bounds the error of the output's weighted sum of inputs from 0
        to 1, as a fraction of the layer's largest weight.
        """
        part = self.layers[layer]
        s = self.sensitivities[part.rows].reshape(part.shape)
        codes = self._codes[part.rows].reshape(part.shape)
        fixed = (self.table.column("quantization") + self.table.column("slack"))[codes]
        radii = self.table.column("radius")[codes] * s
        found: Numbers = (fixed * s).sum(axis=1) + np.sqrt(np.square(radii).sum(axis=1))
        return found

    # --- within

    def _counts(self) -> NDArray[np.int64]:
        return np.bincount(self._codes, minlength=len(self.table.classes))

    def _errors(self, name: str) -> Numbers:
        found: Numbers = self.table.column(name)[self._codes]
        found *= self.sensitivities
        return found

    def _needed(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        codes, s = self._codes[rows], self.sensitivities[rows]
        if not self.streams.random:
            lengths = self.table.whole("bitstream_length")[codes]
            total = self.table.column("quantization")[codes] * s
            total += self.table.column("stochastic")[codes] * s
            proven = self.table.flags("proven")[codes]
            return np.where((total <= self.local_target) & proven, lengths, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            fixed = (self.table.column("quantization") + self.table.column("slack"))[codes]
            left = (self.local_target / s - fixed) / self.streams.gain
            odds = math.log(2 / (1 - self.streams.confidence)) / 2
            needed = np.maximum(np.ceil(odds / np.square(left)), 1)
        known = (left > 0) & (needed < 2.0**62)
        return np.where(known, needed, 0).astype(np.int64)

    def columns(self, rows: NDArray[np.intp]) -> Columns:
        """Some rows as arrays; codes are places in the table's classes."""
        codes, s = self._codes[rows], self.sensitivities[rows]
        quantization = self.table.column("quantization")[codes] * s
        stochastic = self.table.column("stochastic")[codes] * s
        total = quantization + stochastic
        proven = self.table.flags("proven")[codes]
        met = (total <= self.local_target) & proven
        return Columns(codes, s, quantization, stochastic, total, met, self._needed(rows))

    def _rows(self, rows: NDArray[np.intp]) -> list[SynapsePrecision]:
        made = []
        found = self.columns(rows)
        shared = [
            {
                "bit_width": c.bit_width, "bitstream_length": c.bitstream_length,
                "word": "proven" if c.proven else "estimated", "basis": c.basis,
                "target_error": self.local_target,
                # An estimate is made as if bits were random, at the confidence asked for.
                "confidence": self.confidence if c.proven else self.streams.confidence,
                "source": str(self.streams), "coding": self.streams.coding,
            }
            for c in self.table.classes
        ]  # fmt: skip
        starts = np.array([layer.start for layer in self.layers])
        indices = np.searchsorted(starts, rows, side="right") - 1
        places = (rows - starts[indices]).tolist()
        columns = (
            indices.tolist(), places, found.codes.tolist(), found.sensitivities.tolist(),
            found.quantization.tolist(), found.stochastic.tolist(), found.total.tolist(),
            found.needed.tolist(),
        )  # fmt: skip
        for index, place, code, s, quantization, stochastic, total, needed in zip(
            *columns, strict=True
        ):
            layer = self.layers[index]
            output, column = divmod(place, layer.shape[1])
            one = object.__new__(SynapsePrecision)  # its fields are sound by construction
            one.__dict__.update(
                shared[code], layer_index=index, layer_name=layer.name, output_index=output,
                input_index=column, sensitivity=s, quantization_error_bound=quantization,
                stochastic_error_bound=stochastic, total_error_bound=total,
                needed_length=needed or None,
            )  # fmt: skip
            made.append(one)
        return made


def plan_layers(names: Sequence[str], shapes: Sequence[tuple[int, int]]) -> tuple[PlanLayer, ...]:
    """Places of layers, one after the other."""
    starts = itertools.accumulate((a * b for a, b in shapes), initial=0)
    return tuple(PlanLayer(*each) for each in zip(names, shapes, starts, strict=False))
