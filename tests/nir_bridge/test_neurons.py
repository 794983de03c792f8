"""Traces of single neurons, derived by hand, for every kind and every assumption.

The numbers are chosen to be exact in binary: dt = 1/4 s, time constants of 1/2 s.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sc_neurocore.ir import Assumptions, Graph, Input, Neurons, Node, Output, Threshold
from sc_neurocore.nir_bridge import Run, SCNetwork

DT = 0.25


def trace(kind: str, drive: list[float], assumed: dict[str, Any], **parameters: float) -> Run:
    op = Neurons(kind, {k: np.array(v) for k, v in parameters.items()})  # type: ignore[arg-type]
    graph = Graph.of(
        "one",
        [Node("in", Input((1,))), Node("cell", op), Node("out", Output((1,)))],
        [("in", "cell"), ("cell", "out")],
        DT,
    )
    network = SCNetwork(graph, Assumptions(dt=DT, **assumed))
    return network.run(np.array(drive)[:, None], record=True)


def check(run: Run, membrane: list[float], spikes: list[int] | None = None) -> None:
    np.testing.assert_array_equal(run.membranes["cell"][:, 0], membrane)
    if spikes is None:
        assert not run.spikes
        np.testing.assert_array_equal(run.output[:, 0], membrane)
    else:
        np.testing.assert_array_equal(run.spikes["cell"][:, 0], spikes)
        np.testing.assert_array_equal(run.output[:, 0], spikes)


LIF = {"tau": 0.5, "r": 2.0, "v_leak": 0.5, "v_threshold": 1.0}


def test_lif_sets_to_v_reset() -> None:
    """v' = v + (0.5 - v)/2 + I: 1.25 spikes; from -0.25: 0.125, then 0.3125, then 1.40625."""
    run = trace("lif", [1, 0, 0, 1], {}, **LIF, v_reset=-0.25)
    check(run, [-0.25, 0.125, 0.3125, -0.25], [1, 0, 0, 1])


def test_lif_without_v_reset_sets_to_zero() -> None:
    check(trace("lif", [1, 0, 0], {}, **LIF), [0.0, 0.25, 0.375], [1, 0, 0])


def test_lif_subtracts() -> None:
    """1.25 - 1 = 0.25; then 0.375; then 0.4375 + 2 = 2.4375 - 1, of which 0.96875 remains."""
    run = trace("lif", [1, 0, 2, 0], {"reset": "subtract"}, **LIF)
    check(run, [0.25, 0.375, 1.4375, 0.96875], [1, 0, 1, 0])


def test_lif_subtracts_in_the_next_tick() -> None:
    """1.25 stays; 0.875 - 1 = -0.125; 0.1875 + 2 = 2.1875 stays; 1.34375 - 1 = 0.34375."""
    assumed = {"reset": "subtract", "reset_when": "next_tick"}
    run = trace("lif", [1, 0, 2, 0], assumed, **LIF)
    check(run, [1.25, -0.125, 2.1875, 0.34375], [1, 0, 1, 0])


def test_lif_sets_in_the_next_tick_whatever_comes_in() -> None:
    run = trace("lif", [1, 9, 1], {"reset_when": "next_tick"}, **LIF, v_reset=-0.25)
    check(run, [1.25, -0.25, 1.125], [1, 0, 1])


def test_a_spike_needs_more_than_the_threshold() -> None:
    check(trace("lif", [0.75], {}, **LIF), [1.0], [0])


def test_if() -> None:
    """v' = v + 2 I / 4, strictly above 1 to spike."""
    run = trace("if", [1, 1, 1, 0], {}, r=2.0, v_threshold=1.0, v_reset=0.25)
    check(run, [0.5, 1.0, 0.25, 0.25], [0, 0, 1, 0])
    run = trace("if", [1, 1, 1, 0], {"reset": "subtract"}, r=2.0, v_threshold=1.0)
    check(run, [0.5, 1.0, 0.5, 0.5], [0, 0, 1, 0])


def test_li_and_i_never_spike() -> None:
    check(trace("li", [1, 0, 0], {}, tau=0.5, r=2.0, v_leak=0.5), [1.25, 0.875, 0.6875])
    check(trace("i", [1, 1, -4], {}, r=2.0), [0.5, 1.0, -1.0])


CUBA = {"tau_syn": 0.5, "tau_mem": 0.5, "r": 2.0, "v_leak": 0.0}


def test_cuba_li_in_both_orders() -> None:
    """i' = i + (w x - i)/2 gives 2, 1, 0.5; v' = v/2 + i' (or i)."""
    check(trace("cuba_li", [1, 0, 0], {}, **CUBA, w_in=4.0), [2.0, 2.0, 1.5])
    run = trace("cuba_li", [1, 0, 0], {"cuba_order": "voltage_first"}, **CUBA, w_in=4.0)
    check(run, [0.0, 2.0, 2.0])


def test_w_in_is_one_when_not_given() -> None:
    check(trace("cuba_li", [4, 0, 0], {}, **CUBA), [2.0, 2.0, 1.5])


@pytest.mark.parametrize(
    ("assumed", "membrane", "spikes"),
    [
        # v = 2 spikes, 0; then 0 + 1; then 0.5 + 0.5.
        ({}, [-0.5, 0.75, 0.875], [1, 0, 0]),
        # 2 - 1.5 = 0.5; 0.25 + 1; 0.625 + 0.5.
        ({"reset": "subtract"}, [0.5, 1.25, 1.125], [1, 0, 0]),
        ({"reset": "subtract", "reset_when": "next_tick"}, [2.0, 0.5, 0.75], [1, 0, 0]),
        ({"cuba_order": "voltage_first"}, [0.0, -0.5, 0.75], [0, 1, 0]),
    ],
)
def test_cuba_lif(assumed: dict[str, Any], membrane: list[float], spikes: list[int]) -> None:
    """The synaptic current is 2, 1, 0.5 and is not reset."""
    parameters = CUBA | {"w_in": 4.0, "v_threshold": 1.5, "v_reset": -0.5}
    check(trace("cuba_lif", [1, 0, 0], assumed, **parameters), membrane, spikes)


def test_threshold_has_no_memory() -> None:
    run = trace("threshold", [0.5, 0.25, 0.75], {}, threshold=0.5)
    np.testing.assert_array_equal(run.output[:, 0], [0, 0, 1])
    assert not run.membranes
    graph = Graph.of(
        "one",
        [Node("in", Input((1,))), Node("t", Threshold(np.array(0.5))), Node("out", Output())],
        [("in", "t"), ("t", "out")],
    )
    np.testing.assert_array_equal(
        SCNetwork(graph).run(np.array([[0.5], [0.25], [0.75]])).output[:, 0], [0, 0, 1]
    )


def test_every_neuron_has_its_own_parameters() -> None:
    op = Neurons("lif", {k: np.full(2, v) for k, v in LIF.items()} | {"tau": np.array([0.5, 1.0])})
    graph = Graph.of(
        "two",
        [Node("in", Input((2,))), Node("cells", op), Node("out", Output())],
        [("in", "cells"), ("cells", "out")],
        DT,
    )
    run = SCNetwork(graph).run(np.array([[1.0, 1.0]]), record=True)
    # 0.5/2 + 2/2 spikes and is set to 0; 0.5/4 + 2/4 does not.
    np.testing.assert_array_equal(run.membranes["cells"], [[0.0, 0.625]])
