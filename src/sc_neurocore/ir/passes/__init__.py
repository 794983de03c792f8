"""Passes: frozen dataclasses that turn a valid graph into a valid graph."""

from sc_neurocore.ir.passes._run import Pass, run_passes
from sc_neurocore.ir.passes.batch_wires import BatchWires
from sc_neurocore.ir.passes.break_cycles import BreakCycles
from sc_neurocore.ir.passes.derive_deadlines import DeriveDeadlines
from sc_neurocore.ir.passes.fold_linear import FoldLinear
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs
from sc_neurocore.ir.passes.insert_deadline_gates import InsertDeadlineGates
from sc_neurocore.ir.passes.insert_receive_gates import InsertReceiveGates
from sc_neurocore.ir.passes.insert_transmit_gates import InsertTransmitGates
from sc_neurocore.ir.passes.slice_at_wires import SliceAtWires
from sc_neurocore.ir.passes.synthesise_receives import SynthesiseReceives

__all__ = [
    "BatchWires",
    "BreakCycles",
    "DeriveDeadlines",
    "FoldLinear",
    "InferShapes",
    "InlineSubgraphs",
    "InsertDeadlineGates",
    "InsertReceiveGates",
    "InsertTransmitGates",
    "Pass",
    "SliceAtWires",
    "SynthesiseReceives",
    "run_passes",
]
