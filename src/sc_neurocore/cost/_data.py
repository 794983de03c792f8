"""The records that the model was learned from, as they are shipped: one design a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from sc_neurocore.cost._shape import BlockShape, EngineShape, LayerShape
from sc_neurocore.exceptions import SCConfigError

FAMILIES = ("ecp5", "ice40", "xilinx")
METRICS = ("luts", "ffs", "brams", "dsps", "fmax_mhz")


@dataclass(frozen=True, eq=False)
class EngineRow:
    """An engine that was synthesised.

    Attributes:
        network: rows of one network never stand on both sides of a split.
        held_out: whether it was never trained on.
        shape: the engine.
        figures: measured, by family and metric.
    """

    network: str
    held_out: bool
    shape: EngineShape
    figures: Mapping[tuple[str, str], float]


@dataclass(frozen=True, eq=False)
class BlockRow:
    """A block that was synthesised.

    Attributes:
        group: as the network of `EngineRow`.
        shape: the block.
        figures: measured, by family and metric.
    """

    group: str
    shape: BlockShape
    figures: Mapping[tuple[str, str], float]


_COLUMNS = [(family, metric) for family in FAMILIES for metric in METRICS]
_NAMES = [f"{family} {metric}" for family, metric in _COLUMNS]
_LAYER = tuple(f.name for f in fields(LayerShape))


def write_engines(rows: Sequence[EngineRow]) -> str:
    """Engines as CSV."""
    table = [
        [r.network, int(r.held_out), json.dumps(_packed(r.shape), separators=(",", ":")),
         *_figures(r.figures)]
        for r in rows
    ]  # fmt: skip
    return _csv(["network", "held out", "shape", *_NAMES], table)


def read_engines(text: str) -> list[EngineRow]:
    """Engines of a CSV file.

    Raises:
        SCConfigError: a line is damaged.
    """
    rows = []
    for number, line in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            shape = _unpacked(json.loads(line["shape"]))
            rows.append(EngineRow(line["network"], line["held out"] == "1", shape, _measured(line)))
        except (KeyError, ValueError, TypeError):
            raise SCConfigError(
                f"engines.csv, line {number}: not a row of the cost model"
            ) from None
    return rows


def write_blocks(rows: Sequence[BlockRow]) -> str:
    """Blocks as CSV."""
    table = [
        [r.group, r.shape.kind, json.dumps(dict(r.shape.parameters), separators=(",", ":")),
         *_figures(r.figures)]
        for r in rows
    ]  # fmt: skip
    return _csv(["group", "kind", "parameters", *_NAMES], table)


def read_blocks(text: str) -> list[BlockRow]:
    """Blocks of a CSV file.

    Raises:
        SCConfigError: a line is damaged.
    """
    rows = []
    for number, line in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            shape = BlockShape(line["kind"], json.loads(line["parameters"]))
            rows.append(BlockRow(line["group"], shape, _measured(line)))
        except (KeyError, ValueError, TypeError):
            raise SCConfigError(f"blocks.csv, line {number}: not a row of the cost model") from None
    return rows


def _packed(shape: EngineShape) -> list[Any]:
    layers = [[int(x) if isinstance(x, bool) else x for x in astuple(y)] for y in shape.layers]
    return [shape.coding, shape.inputs, shape.input_bits, shape.ticks, shape.readout, layers]


def _unpacked(data: Sequence[Any]) -> EngineShape:
    coding, inputs, input_bits, ticks, readout, layers = data
    built = []
    for values in layers:
        named = dict(zip(_LAYER, values, strict=True))
        named |= {name: bool(named[name]) for name in ("doubling", "silent")}
        named["buffers"] = tuple((int(w), int(d)) for w, d in named["buffers"])
        built.append(LayerShape(**named))
    return EngineShape(tuple(built), coding, inputs, input_bits, ticks, readout)


def _figures(figures: Mapping[tuple[str, str], float]) -> list[str]:
    return [f"{figures[c]:.7g}" if c in figures else "" for c in _COLUMNS]


def _measured(line: Mapping[str, str]) -> dict[tuple[str, str], float]:
    return {c: float(line[n]) for c, n in zip(_COLUMNS, _NAMES, strict=True) if line[n]}


def _csv(head: Sequence[str], table: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(table)
    return out.getvalue()
