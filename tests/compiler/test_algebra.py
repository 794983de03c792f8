"""The algebra of a tick: what is shared is written, and costs, once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler._algebra import Graph
from sc_neurocore.dynamics import parse_expression


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
        assert low >= 0 and 0.99 < high < 1.01
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


@pytest.mark.parametrize(("low", "width"), [(0.0, 0.01), (-100.0, 1e-3), (-1.0, 3e-5)])
def test_a_peak_narrower_than_what_is_looked_at_is_not_cut(low: float, width: float) -> None:
    """x/(x² + k²) is 1/2k at k, and falls off within a few k."""
    graph = Graph({"x": (low, 1000.0)})
    x = graph.source("x")
    below = graph.linear([(1.0, graph.multiply(x, x))], width**2)
    share = graph.multiply(x, graph.function("recip", below))
    assert graph.intervals[share][1] >= 0.5 / width


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_value_is_outside_of_a_narrowed_interval(seed: int) -> None:
    """Products of random functions of one variable, at arguments that no cell ends at."""
    rng = np.random.default_rng(seed)
    graph = Graph({"x": (-3.0, 5.0)})
    x = graph.source("x")
    found = [x, graph.build(parse_expression("where(x > 1.23, x, 0.5)"), {})]
    found += [graph.build(parse_expression(t), {}) for t in ("abs(x - 0.3)", "clip(x, -1, 2)")]
    at = rng.uniform(-3, 5, 2000)
    for _ in range(12):
        a, b = (found[k] for k in rng.integers(len(found), size=2))
        shifted = graph.linear([(float(rng.normal()), a)], float(rng.normal()))
        bounded = graph.function("tanh", shifted)
        name = str(rng.choice(["exp", "sigmoid", "sin", "cos", "exprel", "recip", "floor"]))
        if name == "recip":
            bounded = graph.linear([(1.0, graph.multiply(bounded, bounded))], 1e-6)
        made = graph.multiply(graph.function(name, bounded), b)
        low, high = graph.intervals[made]
        y = graph.evaluate(made, {x: at})
        assert low - 1e-9 * abs(low) <= y.min() and y.max() <= high + 1e-9 * abs(high)
        if max(-low, high) < 1e6:
            found.append(made)
