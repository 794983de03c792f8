"""The multi-objective search: fronts, repeatability, and knobs of any kind."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.optimizer._choices import ACCURACY, LATENCY, LUTS, full_grid
from sc_neurocore.optimizer._selection import undominated
from sc_neurocore.optimizer.search import parallel_layer_front, pareto_search

SPACE = {
    "bits": (2, 4, 8), "fold": (1, 2, 4, 8), "decorrelator": ("none", "shuffle"),
    "on": (False, True),
}  # fmt: skip


def costs(point: Mapping[str, Any]) -> tuple[float, float]:
    extra = 3 if point["decorrelator"] == "shuffle" else 0
    return point["bits"] * point["fold"] + extra + point["on"], 100 / point["fold"] - extra


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20))
def test_the_front_is_what_nothing_beats(rows: list[tuple[int, int]]) -> None:
    kept = np.flatnonzero(undominated(np.array(rows, float)))
    for i, row in enumerate(rows):
        beaten = any(
            all(a <= b for a, b in zip(other, row, strict=True)) and (other != row or k < i)
            for k, other in enumerate(rows)
        )
        assert (i in kept) == (not beaten)


def test_the_whole_front_of_a_small_grid_is_found_and_repeated() -> None:
    first = pareto_search(SPACE, costs, directions=("minimize", "minimize"), trials=300, seed=4)
    again = pareto_search(SPACE, costs, directions=("minimize", "minimize"), trials=300, seed=4)
    assert first == again
    every = [
        costs({"bits": b, "fold": f, "decorrelator": d, "on": o})
        for b in (2, 4, 8) for f in (1, 2, 4, 8) for d in ("none", "shuffle") for o in (False, True)
    ]  # fmt: skip
    best = sorted({every[i] for i in np.flatnonzero(undominated(np.array(every)))})
    assert [f.values for f in first.front] == best


def test_points_are_evaluated_once_and_refusals_are_counted() -> None:
    seen: list[tuple[Any, ...]] = []

    def evaluate(point: Mapping[str, Any]) -> tuple[float, float] | None:
        seen.append(tuple(point.values()))
        return None if point["on"] else costs(point)

    found = pareto_search(SPACE, evaluate, directions=("minimize", "minimize"), trials=80, seed=1)
    assert len(seen) == len(set(seen)) == len(found.evaluated) + found.refused
    assert found.refused and not any(f.point["on"] for f in found.evaluated)


def test_maximised_objectives_and_first_points() -> None:
    start = {"bits": 8, "fold": 8, "decorrelator": "none", "on": False}
    found = pareto_search(
        SPACE, lambda p: (p["bits"], p["fold"]), directions=("maximize", "maximize"), trials=1,
        first=[start],
    )  # fmt: skip
    assert [(f.point, f.values) for f in found.front] == [(start, (8.0, 8.0))]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": {}}, "the space has no point"),
        ({"space": {"bits": ()}}, "the space has no point"),
        ({"trials": 0}, "0 trials"),
        ({"population": 1}, "generations of 1"),
        ({"first": [{"bits": 3}]}, "is not in the space"),
        ({"directions": ("minimize",)}, "2 objectives were evaluated for 1 directions"),
    ],
)
def test_what_is_no_search_is_refused(change: dict[str, Any], message: str) -> None:
    arguments = {"space": SPACE, "directions": ("minimize", "minimize"), "trials": 3} | change
    with pytest.raises(SCConfigError, match=message):
        pareto_search(evaluate=costs, **arguments)


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SCDependencyError, match=r"pip install 'sc-neurocore\[optimizer\]'"):
        pareto_search(SPACE, costs, directions=("minimize", "minimize"), trials=3)


def test_the_knobs_of_a_parallel_layer_are_searched_alike() -> None:
    found = parallel_layer_front(16, "ice40", trials=400, seed=1)
    assert found == parallel_layer_front(16, "ice40", trials=400, seed=1)
    grid = full_grid(16, "ice40", 40.0)
    every = grid.value[:, [LUTS, LATENCY, ACCURACY]]
    best = {tuple(every[i]) for i in np.flatnonzero(undominated(every * [1, 1, -1]))}
    # The whole grid is known: of its front most is found by a quarter of its points.
    assert len(found.evaluated) < len(grid) / 3
    assert len(best & {f.values for f in found.front}) >= len(best) / 2
