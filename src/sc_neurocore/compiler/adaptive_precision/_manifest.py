"""What is said of a plan as a whole, and its rows, as one document."""

from __future__ import annotations

import json
import math
from collections.abc import ItemsView, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream import Source
from sc_neurocore.compiler.adaptive_precision._plan import SynapsePlan
from sc_neurocore.compiler.adaptive_precision._require import require_positive
from sc_neurocore.compiler.adaptive_precision._rows import SynapsePrecision
from sc_neurocore.compiler.adaptive_precision._synapses import assign_synapse_precisions
from sc_neurocore.evidence import atomic_write
from sc_neurocore.exceptions import SCConfigError

SCHEMA = "sc-neurocore.adaptive_precision_plan.v1"
COST_METRIC = "sum(bit_width * log2(bitstream_length))"
_COST_KIND = "relative cost of a plan, not LUTs: nothing was synthesised"
#: Rows that are written at a time.
_CHUNK = 1 << 14
#: Rows from which on compiled code writes them; loading it takes as long as writing so many.
_MANY = 1 << 14
#: Most characters of a float, and of a whole number.
_FLOAT, _WHOLE = 26, 20


class AssignmentRows(Sequence[dict[str, Any]]):
    """The rows of a plan as dictionaries, made when they are asked for.

    Behaves as the list of ``row.to_dict()``; ``list(rows)`` is that list.
    """

    def __init__(self, plan: Sequence[SynapsePrecision]) -> None:
        self.plan = plan

    def __len__(self) -> int:
        return len(self.plan)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        found = self.plan[index]
        return found.to_dict() if isinstance(found, SynapsePrecision) else _dicts(found)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (row.to_dict() for row in self.plan)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AssignmentRows):
            return self.plan == other.plan
        if isinstance(other, (list, tuple)):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"


class PrecisionManifest(dict[str, Any]):
    """A manifest: a dictionary whose rows are made when they are asked for.

    `json.dumps` writes it as it stands, rows included; `write_precision_manifest` writes it to a
    file without holding the rows in memory.
    """

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Keys and values, the rows as a list: what `json` asks for."""
        plain = {k: list(v) if isinstance(v, AssignmentRows) else v for k, v in super().items()}
        return plain.items()


@dataclass(frozen=True)
class RowArrays:
    """Rows made by hand as arrays, under the names that a plan has for its own."""

    bit_widths: NDArray[np.int64]
    bitstream_lengths: NDArray[np.int64]
    sensitivities: NDArray[np.float64]
    quantization_error_bounds: NDArray[np.float64]
    stochastic_error_bounds: NDArray[np.float64]
    total_error_bounds: NDArray[np.float64]

    @property
    def relative_cost(self) -> float:
        """Sum of width times log2 of length."""
        return float(self.bit_widths @ np.log2(self.bitstream_lengths))


def arrays_of(assignments: Sequence[SynapsePrecision]) -> SynapsePlan | RowArrays:
    """Columns of a plan, whether it is arrays already or a list of rows.

    Raises:
        SCConfigError: there is no row, or something that is none.
    """
    if not len(assignments):
        raise SCConfigError("assignments must not be empty")
    if isinstance(assignments, SynapsePlan):
        return assignments
    for i, row in enumerate(assignments):
        if not isinstance(row, SynapsePrecision):
            raise SCConfigError(
                f"assignments[{i}] is {type(row).__name__}; every row must be a SynapsePrecision"
            )
    return RowArrays(
        np.array([row.bit_width for row in assignments], np.int64),
        np.array([row.bitstream_length for row in assignments], np.int64),
        np.array([row.sensitivity for row in assignments], float),
        np.array([row.quantization_error_bound for row in assignments], float),
        np.array([row.stochastic_error_bound for row in assignments], float),
        np.array([row.total_error_bound for row in assignments], float),
    )


def precision_plan_manifest(assignments: Iterable[SynapsePrecision]) -> PrecisionManifest:
    """The manifest of a plan: the same for the same plan, without times or paths.

    Args:
        assignments: a plan of `assign_synapse_precisions`, or rows made by hand.

    Returns:
        ``schema``, ``granularity``, ``num_synapses``, ``max_total_error_bound``, ``cost_summary``
        and ``assignments``, the rows; with ``target``, ``streams``, ``aggregate`` and ``classes``
        where the plan has them.

    Raises:
        SCConfigError: there is no row.
    """
    rows = assignments if isinstance(assignments, Sequence) else list(assignments)
    found = arrays_of(rows)
    manifest = PrecisionManifest(
        schema=SCHEMA,
        granularity="synapse",
        num_synapses=len(rows),
        max_total_error_bound=float(found.total_error_bounds.max()),
        cost_summary=_costs(found),
    )
    if isinstance(rows, SynapsePlan):
        manifest |= _claims(rows)
    manifest["assignments"] = AssignmentRows(rows)
    return manifest


def auto_tune_synapse_precisions(
    layer_weights: Sequence[ArrayLike],
    *,
    layer_names: Sequence[str] | None = None,
    target_error_percent: float = 0.1,
    min_bits: int = 4,
    max_bits: int = 16,
    min_length: int = 32,
    max_length: int = 4096,
    confidence: float = 0.95,
    source: Source | str | None = None,
    input_source: Source | str | None = None,
    coding: str = "auto",
) -> PrecisionManifest:
    """Choose every synapse's precision for a target in percent, at the least relative cost.

    Arguments as for `assign_synapse_precisions`.

    Returns:
        The plan's manifest, and under ``api_surface`` what was asked and what it costs.

    Raises:
        SCConfigError: an argument out of range, before any row is made.
    """
    percent = require_positive("target_error_percent", target_error_percent)
    plan = assign_synapse_precisions(
        layer_weights,
        layer_names=layer_names,
        target_error=percent / 100,
        min_bits=min_bits,
        max_bits=max_bits,
        min_length=min_length,
        max_length=max_length,
        confidence=confidence,
        source=source,
        input_source=input_source,
        coding=coding,
    )
    manifest = precision_plan_manifest(plan)
    manifest["api_surface"] = {
        "action_id": "auto_tune_adaptive_precision",
        "target_error_percent": percent,
        "target_error_fraction": percent / 100,
        "objective": "minimal_luts_under_error_target",
        **manifest["cost_summary"],
        "target_met": plan.feasible,
        "verdict": plan.verdict,
    }
    return manifest


def _costs(found: SynapsePlan | RowArrays) -> dict[str, Any]:
    widths, lengths = found.bit_widths, found.bitstream_lengths
    cost, longest = found.relative_cost, int(lengths.max())
    uniform = float(widths.sum()) * math.log2(longest)
    return {
        "cost_metric": COST_METRIC,
        "cost_kind": _COST_KIND,
        "estimated_lut_cost": cost,
        "uniform_length_reference_cost": uniform,
        "estimated_lut_savings_vs_uniform_length": uniform - cost,
        "min_bit_width": int(widths.min()),
        "max_bit_width": int(widths.max()),
        "min_bitstream_length": int(lengths.min()),
        "max_bitstream_length": longest,
    }


def _claims(plan: SynapsePlan) -> dict[str, Any]:
    streams, missed = plan.streams, plan.missed
    return {
        "target": {
            "target_error": plan.target_error,
            "local_target_error": plan.local_target,
            "target_met": missed == 0,
            "synapses_above_target": missed,
            "verdict": plan.verdict,
        },
        "streams": {
            "source": str(streams),
            "coding": streams.coding,
            "row_confidence": plan.confidence,
            "simultaneous_confidence": plan.simultaneous_confidence,
        },
        "aggregate": {
            "error_bound": plan.aggregate_error_bound,
            "confidence": plan.confidence,
            "assumes": "independent random streams of all synapses"
            if streams.chance
            else "nothing",
            "root_sum_square": plan.root_sum_square,
        },
        "limits": asdict(plan.limits),
        "layers": plan.layer_summaries(),
        "classes": [
            {**asdict(c), "synapses": n}
            for c, n in zip(plan.classes, plan.class_counts, strict=True)
        ],
    }


def write_precision_manifest(path: str | Path, manifest: PrecisionManifest) -> None:
    """Write a manifest as JSON, whole or not at all, without holding its rows in memory.

    The rows are the last value, one to a line.

    Raises:
        SCConfigError: it cannot be written, or is no manifest.
    """
    rows = manifest.get("assignments")
    if not isinstance(rows, AssignmentRows):
        raise SCConfigError("the manifest has no rows; make it with precision_plan_manifest")
    try:
        atomic_write(Path(path), _parts(manifest, rows))
    except OSError as error:
        raise SCConfigError(f"{path} cannot be written: {error.strerror or error}") from None


def _parts(manifest: PrecisionManifest, rows: AssignmentRows) -> Iterator[bytes]:
    head = {k: manifest[k] for k in manifest if k != "assignments"}
    text = json.dumps(head, indent=1, allow_nan=False)
    yield f'{text[:-2]},\n "assignments": [\n'.encode()
    first = True
    for part in _lines(rows.plan):
        if not first:
            yield b",\n"
        first = False
        yield part
    yield b"\n]}\n"


def _lines(plan: Sequence[SynapsePrecision]) -> Iterator[bytes]:
    """Rows as lines of JSON, joined, some thousands at a time."""
    if isinstance(plan, SynapsePlan) and len(plan) >= _MANY:
        yield from _plan_lines(plan)
        return
    for start in range(0, len(plan), _CHUNK):
        rows = plan[start : start + _CHUNK]
        yield ",\n".join(json.dumps(row, allow_nan=False) for row in _dicts(rows)).encode()


def _dicts(rows: Iterable[SynapsePrecision]) -> list[dict[str, Any]]:
    return [row.to_dict() for row in rows]


def _plan_lines(plan: SynapsePlan) -> Iterator[bytes]:
    """The same rows from columns, compiled: a float has all 17 digits, and the same value."""
    from sc_neurocore.compiler.adaptive_precision._text_kernel import write_rows

    classes = [
        f', "bit_width": {c.bit_width}, "bitstream_length": {c.bitstream_length}, "sensitivity": '
        for c in plan.table.classes
    ]
    heads = _padded([text.encode() for text in classes])
    for index, layer in enumerate(plan.layers):
        pieces = [
            f'{{"layer_index": {index}, "layer_name": {json.dumps(layer.name)}, "output_index": ',
            ', "input_index": ', ', "quantization_error_bound": ', ', "stochastic_error_bound": ',
            ', "total_error_bound": ', ', "target_met": ', ', "needed_length": ', "}",
            "true", "false", "null",
        ]  # fmt: skip
        texts = np.frombuffer("".join(pieces).encode(), np.uint8)
        ends = np.cumsum([len(piece.encode()) for piece in pieces])
        room = texts.size + heads.shape[1] + 4 * _FLOAT + 3 * _WHOLE + 2
        out = np.empty(room * min(_CHUNK, layer.rows.stop - layer.start), np.uint8)
        for start in range(layer.start, layer.rows.stop, _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, layer.rows.stop))
            found = plan.columns(rows)
            columns = (found.sensitivities, found.quantization, found.stochastic, found.total)
            floats = np.stack(columns, axis=1)
            size = write_rows(
                out, texts, ends, heads, found.codes, rows - layer.start, layer.shape[1], floats,
                floats.view(np.uint64), found.met, found.needed,
            )  # fmt: skip
            yield out[:size].tobytes()


def _padded(texts: Sequence[bytes]) -> NDArray[np.uint8]:
    width = max(map(len, texts)) + 1
    return np.frombuffer(b"".join(t.ljust(width, b"\0") for t in texts), np.uint8).reshape(
        -1, width
    )
