"""The integer programme finds the optimum of its model, as trying everything shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.search import Choice, LayerOptions, Limits, choose_layers
from sc_neurocore.optimizer.search._programme import cost_of, stack_options

TICKS = 16


def drawn(rng: np.random.Generator, count: int) -> LayerOptions:
    return stack_options(
        rng.integers(50, 400, count), rng.integers(1, 6, count), rng.integers(10, 900, count),
        np.round(rng.random(count) ** 4 * 0.1, 4), rng.choice([1, 2, 4], count),
        rng.integers(0, 5, count) * 20,
    )  # fmt: skip


def everything(
    layers: Sequence[LayerOptions], groups: Sequence[Sequence[int]], limits: Limits
) -> list[Choice]:
    """Every allowed choice, by trying all."""
    found = []
    for rows in itertools.product(*(range(len(layer)) for layer in layers)):
        simds = [{int(layers[k].simd[rows[k]]) for k in group} for group in groups]
        if any(len(s) > 1 for s in simds):
            continue
        choice = cost_of(layers, rows, TICKS)
        if all(
            getattr(limits, name) is None or getattr(choice, name) <= getattr(limits, name)
            for name in ("luts", "brams", "clocks", "loss")
        ):
            found.append(choice)
    return found


@pytest.mark.parametrize("seed", range(24))
def test_it_finds_what_trying_everything_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = [drawn(rng, 10) for _ in range(3)]
    groups = [(0, 1), (2,)] if seed % 2 else [(0,), (1,), (2,)]
    goal = ("luts", "clocks", "loss", "brams")[seed % 4]
    limits = Limits(
        luts=float(rng.integers(250, 900)) if goal != "luts" else None,
        brams=9, clocks=float(rng.integers(2000, 9000)), loss=0.05,
    )  # fmt: skip
    best = everything(layers, groups, limits)
    found = choose_layers(layers, groups, TICKS, goal, limits)  # type: ignore[arg-type]
    assert bool(found) == bool(best)
    if found:
        least = min(getattr(choice, goal) for choice in best)
        assert getattr(found[0], goal) == pytest.approx(least, abs=1e-6)


def test_both_verdicts_occur_among_the_drawn() -> None:
    rng = np.random.default_rng(5)
    layers = [drawn(rng, 6) for _ in range(2)]
    assert choose_layers(layers, [(0,), (1,)], TICKS, "luts", Limits())
    assert choose_layers(layers, [(0,), (1,)], TICKS, "luts", Limits(clocks=100)) == ()


def test_the_next_answers_are_the_next_best_of_the_undominated() -> None:
    # One layer, nothing dominates: cheaper is slower.
    layer = stack_options([100, 200, 300], [1, 1, 1], [30, 20, 10], [0, 0, 0], [1, 1, 1], [0] * 3)
    found = choose_layers([layer], [(0,)], TICKS, "luts", Limits(), answers=5)
    assert [choice.rows for choice in found] == [(0,), (1,), (2,)]
    assert [choice.clocks for choice in found] == [30 * 16, 20 * 16, 10 * 16]


def test_the_slowest_layer_sets_the_pace_and_the_encoder_may_be_it() -> None:
    a = stack_options([100], [1], [30], [0], [1], [0])
    b = stack_options([100], [1], [50], [0], [1], [0])
    assert cost_of([a, b], (0, 0), TICKS).clocks == 15 * 50 + 80
    encoded = stack_options([100], [1], [30], [0], [1], [64])
    assert cost_of([encoded, b], (0, 0), TICKS).clocks == 15 * 64 + 80
    (found,) = choose_layers([encoded, b], [(0,), (1,)], TICKS, "clocks", Limits(clocks=1040))
    assert found.clocks == 1040
    assert not choose_layers([encoded, b], [(0,), (1,)], TICKS, "clocks", Limits(clocks=1039))


def test_layers_that_share_a_source_take_the_same_simd() -> None:
    a = stack_options([100, 90], [1, 1], [10, 10], [0, 0], [1, 2], [0, 0])
    b = stack_options([100, 90], [1, 1], [10, 10], [0, 0], [2, 1], [0, 0])
    (free,) = choose_layers([a, b], [(0,), (1,)], TICKS, "luts", Limits())
    (tied,) = choose_layers([a, b], [(0, 1)], TICKS, "luts", Limits())
    assert (free.luts, tied.luts) == (180, 190)
    c = stack_options([90], [1], [10], [0], [4], [0])
    assert choose_layers([a, c], [(0, 1)], TICKS, "luts", Limits()) == ()


def test_without_time_there_is_no_answer_and_with_it_the_gap_is_told() -> None:
    rng = np.random.default_rng(11)
    layers = [drawn(rng, 40) for _ in range(12)]
    groups = [(k,) for k in range(12)]
    limits = Limits(clocks=30_000, loss=0.3)
    (found,) = choose_layers(layers, groups, TICKS, "luts", limits, gap=0.01)
    assert 0 <= found.gap <= 0.01
    with pytest.raises(SCConfigError, match="was not solved within 1e-09 s"):
        choose_layers(layers, groups, TICKS, "luts", limits, seconds=1e-9)


def test_a_layer_needs_an_option() -> None:
    none = stack_options([], [], [], [], [], [])
    with pytest.raises(SCConfigError, match="no option"):
        choose_layers([none], [(0,)], TICKS, "luts", Limits())
