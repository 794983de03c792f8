"""The algebra of a tick: what is shared is written, and costs, once."""

from sc_neurocore.compiler._algebra import Graph


def test_a_formula_of_shared_nodes_is_written_in_linear_time() -> None:
    graph = Graph({"x": (0.0, 1.0)})
    node = graph.source("x")
    for _ in range(60):  # written out, 2**60 times x
        node = graph.select(graph.compare("<", node, graph.constant(0.5)), node, graph.source("x"))
        node = graph.function("sigmoid", node)
    assert len(graph.text(node)) < 10_000
