"""Back from integers to real numbers, to see what rounding the numbers alone does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._network import IntegerLayer, IntegerNetwork
from sc_neurocore.accelerator._normal import RealLayer, real_network
from sc_neurocore.accelerator._population import Population, in_units
from sc_neurocore.ir import Assumptions, Graph, Neurons


def quantised_graph(graph: Graph, assumptions: Assumptions, network: IntegerNetwork) -> Graph:
    """The graph with the weights and parameters that the integers stand for, in real numbers.

    Executing it instead of the original shows what rounding weights, thresholds and leaks does;
    what is left between it and the integers is the arithmetic of states, and streams.

    Args:
        graph: in normal form, which ``network`` was quantised from.
        assumptions: those of the quantisation.
        network: its integers.
    """
    nodes = dict(graph.nodes)
    real = real_network(graph, assumptions)
    for old, layer in zip(real.layers, network.layers, strict=True):
        held = in_units(old.population, layer.scale, layer.datapath.states[-1].format.fraction)
        for name, changes in _projections(old, held, layer).items():
            nodes[name] = replace(nodes[name], op=replace(nodes[name].op, **changes))
        if isinstance(op := nodes[old.id].op, Neurons):
            parameters = {**op.parameters, **_parameters(op, old.population, held, layer, graph.dt)}
            shaped = {key: np.reshape(value, op.shape or ()) for key, value in parameters.items()}
            nodes[old.id] = replace(nodes[old.id], op=replace(op, parameters=shaped))
    return graph.replace(nodes=nodes)


def _projections(
    old: RealLayer, held: Population, layer: IntegerLayer
) -> dict[str, dict[str, Any]]:
    gain = old.population.gain
    some = np.where(gain == 0, 1.0, gain)
    step = layer.scale
    if layer.backend == "stochastic":
        step *= layer.length / 2.0 ** (layer.bits - 1)
    # The constant drive goes where the neuron has a place for it: its leak potential, or a bias.
    drive = held.drive if held.drive_syn is None else held.drive_syn
    biased = drive is not None and drive.any() and held.kind not in ("lif", "li")
    result: dict[str, dict[str, Any]] = {}
    for p, integers in zip(old.projections, layer.projections, strict=True):
        weight = np.where(gain == 0, 0.0, integers.weights * step / some).T
        bias = drive * layer.scale / some if biased and drive is not None and not result else None
        result.setdefault(p.id, {"weight": weight, "bias": bias})
    return result


def _parameters(
    op: Neurons, p: Population, held: Population, layer: IntegerLayer, dt: float
) -> dict[str, NDArray[np.float64]]:
    """NIR parameters that give the held numbers, with the gain as it was."""
    new: dict[str, Any] = {}
    if held.kind in ("lif", "li"):
        assert held.leak is not None and held.drive is not None
        new["tau"], new["r"] = dt / held.leak, p.gain / held.leak
        new["v_leak"] = held.drive * layer.scale / held.leak
    if held.leak_syn is not None:
        assert held.leak is not None and held.drive is not None
        new["tau_syn"], new["tau_mem"] = dt / held.leak_syn, dt / held.leak
        w_in = np.reshape(op.parameter("w_in"), -1)
        new["r"] = p.gain / (held.leak * held.leak_syn * np.where(w_in == 0, 1.0, w_in))
        new["v_leak"] = held.drive * layer.scale / held.leak
    if held.threshold is not None:
        new["threshold" if p.kind == "threshold" else "v_threshold"] = held.threshold * layer.scale
    if held.reset_to is not None:
        new["v_reset"] = held.reset_to * layer.scale
    return new
