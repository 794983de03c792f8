"""One immutable graph of a network, its passes, and its stochastic-computing document (SC-NIR)."""

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._graph import Edge, Graph, GraphError, Node, PortType
from sc_neurocore.ir._linear import (
    Affine,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Flatten,
    Scale,
    SumPool2d,
)
from sc_neurocore.ir._ops import (
    DEFAULTS,
    KINDS,
    Delay,
    Input,
    Kind,
    LinearOp,
    Neurons,
    Op,
    Output,
    Projection,
    Shape,
    Signal,
    Subgraph,
    Threshold,
)
from sc_neurocore.ir._shapes import shapes
from sc_neurocore.ir._timing import latency, output_shapes, rest_values, tick_order
from sc_neurocore.ir._verify import verify
from sc_neurocore.ir.passes import (
    BreakCycles,
    FoldLinear,
    InferShapes,
    InlineSubgraphs,
    Pass,
    run_passes,
)

__all__ = [
    "DEFAULTS",
    "KINDS",
    "Affine",
    "Assumptions",
    "AvgPool2d",
    "BreakCycles",
    "Conv1d",
    "Conv2d",
    "Delay",
    "Edge",
    "Flatten",
    "FoldLinear",
    "Graph",
    "GraphError",
    "InferShapes",
    "InlineSubgraphs",
    "Input",
    "Kind",
    "LinearOp",
    "Neurons",
    "Node",
    "Op",
    "Output",
    "Pass",
    "PortType",
    "Projection",
    "Scale",
    "Shape",
    "Signal",
    "Subgraph",
    "SumPool2d",
    "Threshold",
    "latency",
    "output_shapes",
    "rest_values",
    "run_passes",
    "shapes",
    "tick_order",
    "verify",
]
