"""Search for what no other point beats in everything: NSGA-II over any grid of knobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.optimizer._selection import undominated

Direction = Literal["minimize", "maximize"]
Point = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """A point that was evaluated.

    Attributes:
        point: value by knob.
        values: of the objectives.
    """

    point: Point
    values: tuple[float, ...]


@dataclass(frozen=True)
class ParetoResult:
    """What a search found.

    Attributes:
        front: points that no other beats in all objectives, by the first objective.
        evaluated: every distinct point in the order of the search, those refused left out.
        refused: how many distinct points could not be evaluated.
    """

    front: tuple[Found, ...]
    evaluated: tuple[Found, ...]
    refused: int


def pareto_search(
    space: Mapping[str, Sequence[Any]],
    evaluate: Callable[[Point], Sequence[float] | None],
    *,
    directions: Sequence[Direction],
    trials: int,
    seed: int = 1,
    first: Sequence[Point] = (),
    population: int = 24,
) -> ParetoResult:
    """Search a grid of knobs for its Pareto front with NSGA-II (Optuna's, seeded).

    A point is evaluated once however often it is drawn, so the same arguments give the same
    result. Nothing is known of the knobs but their values: an engine's layers, or length,
    decorrelator and polynomial of a parallel stream layer.

    Args:
        space: values by knob; booleans, numbers, strings or ``None``.
        evaluate: objectives of a point, or ``None`` where the point is not possible.
        directions: of each objective.
        trials: points that are drawn, 1 or more.
        seed: of the draw.
        first: points to begin with.
        population: of a generation, 2 or more.

    Raises:
        SCDependencyError: Optuna is not installed.
        SCConfigError: an empty space, no trial, a first point outside of the space, or other
            objectives than directions.
    """
    if not space or any(not len(values) for values in space.values()):
        raise SCConfigError("the space has no point; give every knob one value or more")
    if trials < 1 or population < 2:
        raise SCConfigError(
            f"{trials} trials in generations of {population}; there must be 1 and 2 or more"
        )
    for point in first:
        if set(point) != set(space) or any(point[k] not in space[k] for k in space):
            raise SCConfigError(f"the first point {dict(point)} is not in the space")
    optuna = require_optuna()
    found: dict[tuple[Any, ...], tuple[float, ...] | None] = {}

    def objective(trial: Any) -> tuple[float, ...]:
        point = {name: trial.suggest_categorical(name, list(space[name])) for name in space}
        key = tuple(point.values())
        if key not in found:
            values = evaluate(point)
            if values is not None and len(values) != len(directions):
                raise SCConfigError(
                    f"{len(values)} objectives were evaluated for {len(directions)} directions"
                )
            found[key] = None if values is None else tuple(float(v) for v in values)
        known = found[key]
        if known is None:
            raise optuna.TrialPruned
        return known

    sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=population)
    study = optuna.create_study(directions=list(directions), sampler=sampler)
    for point in first:
        study.enqueue_trial(dict(point))
    study.optimize(objective, n_trials=trials)
    evaluated = tuple(
        Found(dict(zip(space, key, strict=True)), values)
        for key, values in found.items()
        if values is not None
    )
    signs = np.array([1.0 if d == "minimize" else -1.0 for d in directions])
    values = np.array([f.values for f in evaluated]).reshape(-1, len(signs))
    kept = np.flatnonzero(undominated(values * signs))
    front = sorted((evaluated[i] for i in kept), key=lambda f: f.values)
    return ParetoResult(tuple(front), evaluated, len(found) - len(evaluated))


def require_optuna() -> Any:
    """Optuna, quiet.

    Raises:
        SCDependencyError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise SCDependencyError(
            "the multi-objective search needs Optuna; run: pip install 'sc-neurocore[optimizer]', "
            "or do without it: --trials 0"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
