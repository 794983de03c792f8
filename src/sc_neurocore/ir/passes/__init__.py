"""Passes: frozen dataclasses that turn a valid graph into a valid graph."""

from sc_neurocore.ir.passes._run import Pass, run_passes
from sc_neurocore.ir.passes.break_cycles import BreakCycles
from sc_neurocore.ir.passes.fold_linear import FoldLinear
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs

__all__ = ["BreakCycles", "FoldLinear", "InferShapes", "InlineSubgraphs", "Pass", "run_passes"]
