"""The algebra of a tick: what is shared is written, and costs, once."""

from sc_neurocore.compiler._algebra import Graph


def test_a_formula_of_shared_nodes_is_written_in_linear_time() -> None:
    graph = Graph({"x": (0.0, 1.0)})
    node = graph.source("x")
    for _ in range(60):  # written out, 2**60 times x
        node = graph.select(graph.compare("<", node, graph.constant(0.5)), node, graph.source("x"))
        node = graph.function("sigmoid", node)
    assert len(graph.text(node)) < 10_000


def test_a_quotient_of_one_variable_is_bounded_by_its_values() -> None:
    """m_inf = a/(a + b) lies in [0, 1], where interval arithmetic gives 600, and its cube 3e8."""
    graph = Graph({"v": (-100.0, 60.0), "w": (1.0, 2.0)})
    v, w = graph.source("v"), graph.source("w")
    a = graph.function("exp", graph.linear([(0.1, v)], 4.0))
    b = graph.function("exp", graph.linear([(-1 / 18, v)], -3.0))
    share = graph.multiply(a, graph.function("recip", graph.linear([(1, a), (1, b)])))
    for node in (share, graph.power(share, 3)):
        low, high = graph.intervals[node]
        assert low >= 0 and 0.99 < high < 1.001
    # Of two variables there is no such curve to follow.
    mixed = graph.multiply(a, graph.function("recip", graph.linear([(1, a), (1, w)])))
    assert graph.intervals[mixed][1] > 1e3


def test_interval_arithmetic_stays_where_it_is_nearly_as_good() -> None:
    graph = Graph({"v": (-1.0, 3.0)})
    v = graph.source("v")
    assert graph.intervals[graph.multiply(v, v)] == (0.0, 9.0)
    assert not graph.observed


def test_a_narrow_window_is_seen() -> None:
    """The product of a rising and a falling step, 0.02 wide in a range of 160."""
    graph = Graph({"v": (-100.0, 60.0)})
    v = graph.source("v")
    up = graph.function("sigmoid", graph.linear([(1000.0, v)], 20_000.0))
    down = graph.function("sigmoid", graph.linear([(-1000.0, v)], -19_980.0))
    assert graph.intervals[graph.multiply(up, down)][1] > 0.9
