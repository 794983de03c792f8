"""Passes: frozen dataclasses that turn a valid graph into a valid graph, or cut it into parts."""

from sc_neurocore.ir.passes._run import PartitionsPass, Pass, run_pass, run_passes
from sc_neurocore.ir.passes.break_cycles import BreakCycles
from sc_neurocore.ir.passes.expand_ops import ExpandOps
from sc_neurocore.ir.passes.fold_linear import FoldLinear
from sc_neurocore.ir.passes.infer_places import InferPlaces
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs
from sc_neurocore.ir.passes.solve_types import SolveTypes
from sc_neurocore.ir.passes.validate import Validate

__all__ = [
    "BreakCycles",
    "ExpandOps",
    "FoldLinear",
    "InferPlaces",
    "InferShapes",
    "InlineSubgraphs",
    "PartitionsPass",
    "Pass",
    "SolveTypes",
    "Validate",
    "run_pass",
    "run_passes",
]
