"""Passes: frozen dataclasses that turn a valid graph into a valid graph."""

from sc_neurocore.ir.passes._run import Pass, run_passes
from sc_neurocore.ir.passes.break_cycles import BreakCycles
from sc_neurocore.ir.passes.fold_linear import FoldLinear
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs
from sc_neurocore.ir.passes.place_nodes import (
    PlaceNodes,
    cut_traffic,
    partitioner_cut,
    random_placement,
)

__all__ = [
    "BreakCycles",
    "FoldLinear",
    "InferShapes",
    "InlineSubgraphs",
    "Pass",
    "PlaceNodes",
    "cut_traffic",
    "partitioner_cut",
    "random_placement",
    "run_passes",
]
