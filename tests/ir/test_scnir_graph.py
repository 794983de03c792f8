"""The document of a network: streams, independent sources, delays, hierarchy."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.bitstream import Multiplier, Sobol, check_multipliers
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Affine,
    Assumptions,
    BreakCycles,
    Delay,
    FoldLinear,
    Graph,
    GraphError,
    InferShapes,
    InlineSubgraphs,
    Input,
    Neurons,
    Node,
    Output,
    SCNIRConversionConfig,
    SCNIRCorrelationError,
    SCNIROnlineLearning,
    SCNIRSource,
    SCNIRStreamTransform,
    SCNIRValidationError,
    Subgraph,
    Threshold,
    audit_scnir_hdl_handoff,
    build_scnir_from_graph,
    measure_scnir_correlations,
    run_passes,
    scnir_config_of,
    scnir_from_dict,
    scnir_to_dict,
    write_scnir_handoff,
)

LIF = {"tau": 0.02, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0}


def lif(size: int, kind: Any = "lif") -> Neurons:
    names = {"lif": LIF, "li": {k: v for k, v in LIF.items() if k != "v_threshold"}}[kind]
    return Neurons(kind, {name: np.full(size, value) for name, value in names.items()})


def normal(graph: Graph) -> Graph:
    a = Assumptions(dt=graph.dt)
    return run_passes(graph, (InlineSubgraphs(), InferShapes(), BreakCycles(a), FoldLinear(a)))


def matrix(targets: int, sources: int) -> Affine:
    return Affine(np.arange(1.0, 1 + targets * sources).reshape(targets, sources))


def recurrent() -> Graph:
    """input (3) -> hidden (4), which feeds back on itself -> readout (2)."""
    return normal(
        Graph.of(
            "recurrent",
            [
                Node("input", Input((3,))),
                Node("w1", matrix(4, 3)),
                Node("hidden", lif(4)),
                Node("back", matrix(4, 4)),
                Node("w2", matrix(2, 4)),
                Node("readout", lif(2, "li")),
                Node("output", Output((2,))),
            ],
            [
                ("input", "w1"),
                ("w1", "hidden"),
                ("hidden", "back"),
                ("back", "hidden"),
                ("hidden", "w2"),
                ("w2", "readout"),
                ("readout", "output"),
            ],
        )
    )


def test_populations_and_weights_are_streams() -> None:
    document = build_scnir_from_graph(recurrent())
    assert {s.id: (s.signal_kind, s.encoding, s.delay_steps) for s in document.streams} == {
        "pop.input.spike": ("spiking", "unipolar", 0),
        "pop.hidden.spike": ("spiking", "unipolar", 0),
        "pop.readout.state": ("analogue_state", "bipolar", 0),
        "conn.input_to_hidden.weight": ("weight", "bipolar", 0),
        "conn.hidden_to_hidden.weight": ("weight", "bipolar", 1),
        "conn.hidden_to_readout.weight": ("weight", "bipolar", 0),
    }
    assert document.hierarchy == ()
    assert document == build_scnir_from_graph(recurrent())
    assert scnir_from_dict(scnir_to_dict(document)) == document


def test_interacting_streams_have_different_dimensions() -> None:
    document = build_scnir_from_graph(recurrent())
    # Weights as the accelerator has them, van der Corput; what they multiply is dimension 2.
    for stream in document.streams:
        expected = 1 if stream.signal_kind in ("weight", "analogue_state") else 2
        assert stream.source == SCNIRSource("sobol", 16, 0, expected), stream.id
    checks = measure_scnir_correlations(document)
    assert len(checks) == 3
    for check in checks:
        assert abs(check.scc) < 0.05
    # The measurement is the bitstream core's.
    direct = check_multipliers([Multiplier("m", Sobol(1), Sobol(2))], 256, limit=0.25)[0]
    assert checks[0].scc == direct.scc


@pytest.mark.parametrize("kind", ["sobol", "lfsr", "halton", "random"])
@pytest.mark.parametrize("length", [64, 256, 1024])
def test_every_constraint_holds_whatever_the_kind(kind: Any, length: int) -> None:
    limit = 0.25 if length > 64 else 0.4
    config = SCNIRConversionConfig(length, source_kind=kind, base_seed=77, max_abs_scc=limit)
    document = build_scnir_from_graph(recurrent(), config)
    assert all(check.within for check in measure_scnir_correlations(document))
    kinds = {s.source.kind for s in document.streams}
    assert kinds == {kind}


@pytest.mark.parametrize("kind", ["sobol", "lfsr", "halton", "random"])
def test_a_document_says_how_it_was_made(kind: Any) -> None:
    config = SCNIRConversionConfig(512, 12, 4, source_kind=kind, base_seed=77, max_abs_scc=0.3)
    document = build_scnir_from_graph(recurrent(), config)
    again = scnir_config_of(document)
    assert build_scnir_from_graph(recurrent(), again) == document
    first, *rest = document.streams
    longer = dataclasses.replace(first, bitstream_length=1024)
    with pytest.raises(SCConfigError, match=r"differ in bitstream_length \(512 and 1024\)"):
        scnir_config_of(dataclasses.replace(document, streams=(*rest, longer)))


def test_a_kind_that_cannot_be_independent_is_refused() -> None:
    config = SCNIRConversionConfig(source_kind="counter")
    with pytest.raises(SCNIRCorrelationError, match="no source of kind 'counter'"):
        build_scnir_from_graph(recurrent(), config)


def test_phases_of_a_register_are_the_same_sequence() -> None:
    config = SCNIRConversionConfig(source_kind="lfsr", base_seed=0xACE1)
    document = build_scnir_from_graph(recurrent(), config)
    seeds = {s.signal_kind: s.source.seed for s in document.streams}
    assert seeds["weight"] == 0xACE1
    assert seeds["spiking"] != 0xACE1


def test_delays_of_columns_become_a_vector() -> None:
    delay = Delay(np.array([0.0, 2e-4, 1e-4]))
    nodes = [
        Node("input", Input((3,))),
        Node("delay", delay),
        Node("w", matrix(2, 3)),
        Node("hidden", lif(2)),
        Node("output", Output((2,))),
    ]
    edges = [("input", "delay"), ("delay", "w"), ("w", "hidden"), ("hidden", "output")]
    document = build_scnir_from_graph(normal(Graph.of("delays", nodes, edges)))
    assert document.stream("conn.input_to_hidden.weight").delay_steps == (0, 2, 1)


def test_a_column_with_two_delays_takes_two_streams() -> None:
    nodes = [
        Node("input", Input((2,))),
        Node("delay", Delay(np.array(3e-4))),
        Node("late", matrix(2, 2)),
        Node("now", matrix(2, 2)),
        Node("hidden", lif(2)),
        Node("output", Output((2,))),
    ]
    edges = [
        ("input", "delay"),
        ("delay", "late"),
        ("input", "now"),
        ("late", "hidden"),
        ("now", "hidden"),
        ("hidden", "output"),
    ]
    document = build_scnir_from_graph(normal(Graph.of("delays", nodes, edges)))
    assert {s.id: s.delay_steps for s in document.streams if s.signal_kind == "weight"} == {
        "conn.input_to_hidden.weight": 0,
        "conn.input_to_hidden_2.weight": 3,
    }


def test_a_threshold_is_a_transform() -> None:
    nodes = [
        Node("input", Input((2,))),
        Node("w", matrix(2, 2)),
        Node("step", Threshold(np.array([0.5, 1.5]))),
        Node("output", Output((2,))),
    ]
    edges = [("input", "w"), ("w", "step"), ("step", "output")]
    document = build_scnir_from_graph(normal(Graph.of("step", nodes, edges)))
    stream = document.stream("pop.step.spike")
    assert stream.transforms == (SCNIRStreamTransform((0.5, 1.5)),)


def nested() -> Graph:
    inner = Graph.of(
        "inner",
        [
            Node("in", Input((2,))),
            Node("w", matrix(3, 2)),
            Node("cells", lif(3)),
            Node("out", Output((3,))),
        ],
        [("in", "w"), ("w", "cells"), ("cells", "out")],
    )
    nodes = [
        Node("input", Input((2,))),
        Node("block", Subgraph(inner)),
        Node("w", matrix(1, 3)),
        Node("last", lif(1)),
        Node("output", Output((1,))),
    ]
    edges = [("input", "block"), ("block", "w"), ("w", "last"), ("last", "output")]
    return normal(Graph.of("nested", nodes, edges))


def test_a_nested_graph_is_an_instance_and_a_module(tmp_path: Path) -> None:
    document = build_scnir_from_graph(nested())
    (instance,) = document.hierarchy
    assert (instance.id, instance.module, instance.instance) == (
        "block",
        "block_block",
        "block_block_0",
    )
    assert [(p.name, p.direction, p.stream) for p in instance.ports] == [
        ("spike_0", "input", "pop.input.spike"),
        ("spike_1", "output", "pop.block_cells.spike"),
        ("weight_0", "output", "conn.input_to_block_cells.weight"),
    ]
    write_scnir_handoff(tmp_path / "handoff", document)
    report = audit_scnir_hdl_handoff(tmp_path / "handoff")
    assert report.hierarchy == ("block",)


def test_learning_is_annotated_on_its_stream() -> None:
    rule = SCNIROnlineLearning("stdp", 0.1, -1.0, 1.0)
    config = SCNIRConversionConfig(online_learning={"conn.input_to_hidden.weight": rule})
    document = build_scnir_from_graph(recurrent(), config)
    learning = [s.id for s in document.streams if s.online_learning == rule]
    assert learning == ["conn.input_to_hidden.weight"]
    wrong = SCNIRConversionConfig(online_learning={"pop.hidden.spike": rule})
    with pytest.raises(SCConfigError, match="is no weight stream; there are conn"):
        build_scnir_from_graph(recurrent(), wrong)


def test_a_graph_that_is_not_normal_is_refused() -> None:
    nodes = [Node("input", Input((2,))), Node("w", matrix(2, 2)), Node("output", Output((2,)))]
    graph = Graph.of("plain", nodes, [("input", "w"), ("w", "output")])
    with pytest.raises(GraphError, match="'w' is not of the normal form; run FoldLinear"):
        build_scnir_from_graph(graph)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bitstream_length": 0}, "bitstream_length is 0"),
        ({"data_width": 8, "fraction": 9}, "fraction_bits is 9"),
        ({"accumulator_bits": 4}, "accumulator_bits is 4"),
        ({"source_kind": "sobel"}, "did you mean 'sobol'"),
        ({"source_width": 40}, "width is 40"),
        ({"max_abs_scc": 2}, "max_abs_scc is 2"),
        ({"base_seed": 1 << 16}, "must be below 2^16"),
    ],
)
def test_a_config_out_of_range_is_refused(changes: Mapping[str, Any], message: str) -> None:
    config = SCNIRConversionConfig(**changes)
    with pytest.raises(SCNIRValidationError, match=re.escape(message)):
        build_scnir_from_graph(recurrent(), config)


@given(st.lists(st.text("aA0._-é/ ", min_size=1, max_size=6), min_size=3, max_size=6, unique=True))
def test_any_names_give_a_valid_document(names: list[str]) -> None:
    # Names of nodes are free; ids and HDL names are not, and must stay different.
    first, *cells, last = names
    nodes = [Node(first, Input((1,)))]
    edges, before = [], first
    for index, name in enumerate(cells):
        weights = f"\x00{index}"
        nodes += [Node(weights, matrix(1, 1)), Node(name, lif(1))]
        edges += [(before, weights), (weights, name)]
        before = name
    nodes.append(Node(last, Output((1,))))
    edges.append((before, last))
    document = build_scnir_from_graph(normal(Graph.of("names", nodes, edges)))
    assert len(document.streams) == 2 * len(cells) + 1
