"""One choice per layer within shared limits: greedy, annealed, exact, and the brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.optimizer._selection import (
    Problem,
    anneal,
    exact,
    greedy,
    least_excess,
    pruned,
    undominated,
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers = draw(st.integers(1, 4))
    resources = draw(st.integers(1, 3))
    sizes = rng.integers(1, 5, layers)
    costs = tuple(rng.integers(0, 12, (n, resources)).astype(float) for n in sizes)
    values = tuple(rng.integers(0, 20, n) / 4 for n in sizes)
    limits = rng.integers(1, 10 * layers, resources).astype(float)
    if resources > 1 and draw(st.booleans()):
        limits[-1] = math.inf
    return Problem(values, costs, limits)


def best_by_force(problem: Problem) -> float | None:
    every = itertools.product(*(range(len(v)) for v in problem.values))
    return max((problem.value(c) for c in every if problem.within(c)), default=None)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_exact_is_the_brute_force_and_nothing_beats_it(problem: Problem) -> None:
    best = best_by_force(problem)
    found, start = exact(problem), greedy(problem)
    if best is None:
        assert found is None and start is None
        return
    assert found is not None and start is not None
    assert problem.within(found.chosen) and found.value == pytest.approx(best)
    assert found.bound is not None and found.bound >= best - 1e-6 and found.gap is not None
    greedily, way = start
    warm, _ = anneal(problem, greedily, seed=1, steps=300)
    assert all(problem.within(s) for s in way)
    assert problem.within(warm.chosen)
    assert greedily.value <= warm.value + 1e-12 and warm.value <= best + 1e-9
    assert greedily.gap is None


@settings(max_examples=60, deadline=None)
@given(problems())
def test_pruning_loses_no_best_selection(problem: Problem) -> None:
    smaller, kept = pruned(problem)
    assert best_by_force(smaller) == best_by_force(problem)
    for value, cost, rows in zip(problem.values, problem.costs, kept, strict=True):
        assert len(rows) and len(set(rows.tolist())) == len(rows)
        assert cost[rows].shape[0] == value[rows].shape[0]


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_nearest_point_has_the_least_excess(problem: Problem) -> None:
    limited = np.isfinite(problem.limits)

    def excess(chosen: tuple[int, ...]) -> float:
        return float((problem.cost(chosen)[limited] / problem.limits[limited]).max())

    every = itertools.product(*(range(len(v)) for v in problem.values))
    # A millionth of the sum of all shares decides between equals.
    nearest = least_excess(problem)
    assert nearest is not None
    assert excess(nearest) <= min(map(excess, every)) + 1e-4


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_least_of_a_resource_keeps_the_other_limits(problem: Problem) -> None:
    others = np.arange(len(problem.limits)) != 0
    every = [
        c
        for c in itertools.product(*(range(len(v)) for v in problem.values))
        if (problem.cost(c)[others] <= problem.limits[others]).all()
    ]
    found = least_excess(problem, ~others)
    if not every:
        assert found is None
    else:
        assert found is not None
        assert (problem.cost(found)[others] <= problem.limits[others] * (1 + 1e-9)).all()
        least = min(problem.cost(c)[0] for c in every)
        assert problem.cost(found)[0] <= least + 1e-4 * problem.limits[0]


def test_a_limit_is_a_limit_however_large() -> None:
    """One over two millions is over, though the solver's tolerance is a millionth."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        layers, count = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        costs = tuple(rng.integers(1, 4_000_000, (count, 2)).astype(float) for _ in range(layers))
        values = tuple(rng.random(count) for _ in range(layers))
        limits = np.sum([c[rng.integers(count)] for c in costs], axis=0) - 1
        problem = Problem(values, costs, limits)
        best, found = best_by_force(problem), exact(problem)
        if best is None:
            assert found is None
        else:
            assert found is not None and problem.within(found.chosen)
            assert found.value == pytest.approx(best, rel=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 4))
def test_undominated_rows_are_those_of_the_definition(seed: int, count: int, columns: int) -> None:
    points = np.random.default_rng(seed).integers(0, 5, (count, columns)).astype(float)
    kept = undominated(points)

    def beaten(i: int) -> bool:
        return any(
            (points[j] <= points[i]).all() and ((points[j] < points[i]).any() or j < i)
            for j in range(count)
            if j != i
        )

    assert kept.tolist() == [not beaten(i) for i in range(count)]


def trap() -> Problem:
    """One unit of room: 6.6 for 0.6 of it looks best per room, but two of 5 for 0.5 are better."""
    values = (np.array([0.0, 6.6]), np.array([0.0, 5.0]), np.array([0.0, 5.0]))
    costs = (np.array([[0.0], [0.6]]), np.array([[0.0], [0.5]]), np.array([[0.0], [0.5]]))
    return Problem(values, costs, np.array([1.0]))


def test_greed_falls_for_what_the_programme_sees_through() -> None:
    found, start = exact(trap()), greedy(trap())
    assert found is not None and start is not None
    assert start[0].chosen == (1, 0, 0) and start[0].value == 6.6
    assert found.chosen == (0, 1, 1) and found.value == 10.0 and found.gap == pytest.approx(0)


def test_annealing_repeats_itself_and_leaves_the_trap() -> None:
    start = greedy(trap())
    assert start is not None
    one, two = (anneal(trap(), start[0], seed=3, steps=2000)[0] for _ in range(2))
    assert one == two and one.value == 10.0
