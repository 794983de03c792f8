"""The multi-objective search over one parallel stochastic layer's knobs."""

from __future__ import annotations

from typing import Any

from sc_neurocore.optimizer._choices import ACCURACY, LATENCY, LUTS, full_grid
from sc_neurocore.optimizer.search._pareto import Direction, ParetoResult, Point, pareto_search


def parallel_layer_front(
    mac_count: int, family: str, *, clock_mhz: float = 40.0, trials: int = 400, seed: int = 1
) -> ParetoResult:
    """Length, decorrelator, precision and polynomial of a parallel layer, by NSGA-II.

    The objectives are LUTs (estimated), clocks and the accuracy of a product (executed), of
    `SurrogateSCOptimizer`'s own grid. An engine's stochastic layers have neither decorrelator nor
    polynomial: the bits of their streams are those of a counter, every time the same.

    Args:
        mac_count: products of the layer.
        family: of the device.
        clock_mhz: at which power is meant.
        trials: points that are drawn.
        seed: of the draw.

    Raises:
        SCDependencyError: Optuna is not installed.
        SCConfigError: no trial, or a family without a model.
    """
    grid = full_grid(mac_count, family, clock_mhz)
    columns = {
        "length": grid.length.tolist(),
        "decorrelator": grid.decorrelator.tolist(),
        "precision": grid.precision.tolist(),
        "polynomial": grid.polynomial.tolist(),
    }
    rows = {point: i for i, point in enumerate(zip(*columns.values(), strict=True))}

    def evaluate(point: Point) -> tuple[float, float, float] | None:
        i = rows.get(tuple(point.values()))
        if i is None:  # beyond what the area model knows
            return None
        value: Any = grid.value[i]
        return float(value[LUTS]), float(value[LATENCY]), float(value[ACCURACY])

    directions: tuple[Direction, ...] = ("minimize", "minimize", "maximize")
    knobs = {name: tuple(sorted(set(column))) for name, column in columns.items()}
    return pareto_search(knobs, evaluate, directions=directions, trials=trials, seed=seed)
