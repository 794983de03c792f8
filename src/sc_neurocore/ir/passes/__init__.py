"""Passes: frozen dataclasses that turn a valid graph into a valid graph."""

from sc_neurocore.ir.passes._run import (
    PartitionsPass,
    Pass,
    pass_name,
    run_pass,
    run_passes,
    uncollected,
)
from sc_neurocore.ir.passes.batch_wires import BatchWires
from sc_neurocore.ir.passes.break_cycles import BreakCycles
from sc_neurocore.ir.passes.derive_deadlines import DeriveDeadlines
from sc_neurocore.ir.passes.expand_ops import ExpandOps
from sc_neurocore.ir.passes.fold_linear import FoldLinear
from sc_neurocore.ir.passes.infer_places import InferPlaces
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs
from sc_neurocore.ir.passes.insert_deadline_gates import InsertDeadlineGates
from sc_neurocore.ir.passes.insert_receive_gates import InsertReceiveGates
from sc_neurocore.ir.passes.insert_transmit_gates import InsertTransmitGates
from sc_neurocore.ir.passes.place_nodes import (
    PlaceNodes,
    cut_traffic,
    partitioner_cut,
    random_placement,
)
from sc_neurocore.ir.passes.resolve_slots import ResolveSlots
from sc_neurocore.ir.passes.slice_at_wires import SliceAtWires
from sc_neurocore.ir.passes.solve_types import SolveTypes
from sc_neurocore.ir.passes.stamp_metadata import StampMetadata
from sc_neurocore.ir.passes.synthesise_receives import SynthesiseReceives
from sc_neurocore.ir.passes.validate import Validate
from sc_neurocore.ir.passes.verify_calls import VerifyCalls
from sc_neurocore.ir.passes.verify_runtime import GATES, GateContract, VerifyRuntime

__all__ = [
    "GATES",
    "BatchWires",
    "BreakCycles",
    "DeriveDeadlines",
    "ExpandOps",
    "FoldLinear",
    "GateContract",
    "InferPlaces",
    "InferShapes",
    "InlineSubgraphs",
    "InsertDeadlineGates",
    "InsertReceiveGates",
    "InsertTransmitGates",
    "PartitionsPass",
    "Pass",
    "PlaceNodes",
    "ResolveSlots",
    "SliceAtWires",
    "SolveTypes",
    "StampMetadata",
    "SynthesiseReceives",
    "Validate",
    "VerifyCalls",
    "VerifyRuntime",
    "cut_traffic",
    "partitioner_cut",
    "pass_name",
    "random_placement",
    "run_pass",
    "run_passes",
    "uncollected",
]
