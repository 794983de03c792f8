"""Spikes per tick, counted by hand on networks of thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, Graph, Input, Node, Output, Threshold
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition import measure_traffic


def network() -> SCNetwork:
    """``copy`` spikes where the input is 1, ``both`` where both inputs are."""
    nodes = [
        Node("in", Input((2,))),
        Node("copy", Threshold(np.full(2, 0.5))),
        Node("sum", Affine(np.ones((1, 2)), np.zeros(1))),
        Node("both", Threshold(np.full(1, 1.5))),
        Node("out", Output((1,))),
    ]
    edges = [("in", "copy"), ("copy", "sum"), ("sum", "both"), ("both", "out")]
    return SCNetwork(Graph.of("net", nodes, edges))


def test_spikes_of_a_series() -> None:
    series = [[1, 1], [1, 0], [0, 0], [1, 1]]
    assert measure_traffic(network(), series) == {"in": 1.25, "copy": 1.25, "both": 0.5}
    assert measure_traffic(network(), {"in": series}) == {"in": 1.25, "copy": 1.25, "both": 0.5}


def test_spikes_of_a_constant_and_of_several_samples() -> None:
    assert measure_traffic(network(), [1, 0], 7) == {"in": 1.0, "copy": 1.0, "both": 0.0}
    batch = [[[1, 1], [1, 1]], [[0, 0], [1, 0]]]
    assert measure_traffic(network(), batch) == {"in": 1.25, "copy": 1.25, "both": 0.5}


def test_inputs_that_do_not_fit() -> None:
    with pytest.raises(SCConfigError, match="A constant input needs the number of steps"):
        measure_traffic(network(), [1, 0])
