"""The candidates of a search: each configuration quantised, simulated and timed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sc_neurocore.accelerator import engine_shape
from sc_neurocore.build.network import Configuration
from sc_neurocore.cost import CostModel
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.search._candidate import SPEED, Candidate, predict_all
from sc_neurocore.optimizer.search._evaluate import Evaluator
from sc_neurocore.optimizer.search._pareto import Direction, Point, pareto_search
from sc_neurocore.optimizer.search._space import (
    Numerics,
    SearchSpace,
    frame_of,
    numerics_of,
)

Stage = Callable[[str], None]


class Pool:
    """Candidates by configuration, in the order in which they came.

    Attributes:
        refused: configurations that no engine of ours has.
    """

    def __init__(self, evaluator: Evaluator, family: str, stage: Stage) -> None:
        """An empty pool.

        Args:
            evaluator: of the network.
            family: of the target.
            stage: told what runs.
        """
        self._evaluator, self._family, self._stage = evaluator, family, stage
        self._known: dict[Configuration, Candidate | None] = {}

    @property
    def candidates(self) -> list[Candidate]:
        """All that can be built."""
        return [c for c in self._known.values() if c is not None]

    @property
    def refused(self) -> int:
        """How many cannot."""
        return len(self._known) - len(self.candidates)

    def add(self, configuration: Configuration) -> Candidate | None:
        """Execute a configuration; ``None`` if no engine can be of it."""
        if configuration not in self._known:
            try:
                self._known[configuration] = self._made(configuration)
            except SCConfigError:
                self._known[configuration] = None
        return self._known[configuration]

    def extend(self, configurations: Iterable[Configuration], what: str) -> None:
        """Execute several."""
        for number, configuration in enumerate(configurations, 1):
            self._stage(f"{what}: {number}")
            self.add(configuration)

    def _made(self, configuration: Configuration) -> Candidate:
        evaluator = self._evaluator
        network = evaluator.network(configuration)
        foldings = evaluator.foldings(configuration)
        return Candidate(
            configuration=configuration,
            shape=engine_shape(network, foldings),
            score=evaluator.score(frame_of(configuration), numerics_of(configuration)),
            clocks=evaluator.clocks(configuration),
            measured=None,
            predicted=MappingProxyType({}),
        )


def knobs_of(space: SearchSpace) -> dict[str, tuple[Any, ...]]:
    """The knobs of a network's space, as `pareto_search` takes them."""
    knobs: dict[str, tuple[Any, ...]] = {"frame": tuple(range(len(space.frames)))}
    for group, members in enumerate(space.groups):
        knobs[f"simd of group {group}"] = space.simds_of(members)
    for layer in space.layers:
        knobs[f"numerics of {layer.name}"] = tuple(range(len(layer.numerics)))
        knobs[f"pe of {layer.name}"] = layer.pes
    return knobs


def configuration_at(space: SearchSpace, point: Point) -> Configuration:
    """The configuration of a point of `knobs_of`."""
    simds = {k: point[f"simd of group {g}"] for g, group in enumerate(space.groups) for k in group}
    rows: list[tuple[Numerics, int, int]] = [
        (layer.numerics[point[f"numerics of {layer.name}"]], point[f"pe of {layer.name}"], simds[k])
        for k, layer in enumerate(space.layers)
    ]
    return space.configuration(space.frames[point["frame"]], rows)


def point_of(space: SearchSpace, configuration: Configuration) -> dict[str, Any]:
    """The point of `knobs_of` that is a configuration."""
    point: dict[str, Any] = {"frame": space.frames.index(frame_of(configuration))}
    for group, members in enumerate(space.groups):
        point[f"simd of group {group}"] = configuration.layers[members[0]].simd
    for layer, own, numerics in zip(
        space.layers, configuration.layers, numerics_of(configuration), strict=True
    ):
        point[f"numerics of {layer.name}"] = layer.numerics.index(numerics)
        point[f"pe of {layer.name}"] = own.pe
    return point


def explore(
    pool: Pool,
    space: SearchSpace,
    family: str,
    model: CostModel,
    *,
    placed: bool,
    trials: int,
    seed: int,
    stage: Stage,
) -> None:
    """Widen a pool by NSGA-II over LUTs, latency (clocks without a router) and accuracy.

    The search begins with what is in the pool.
    """
    done = 0

    def evaluate(point: Point) -> tuple[float, float, float] | None:
        nonlocal done
        done += 1
        stage(f"multi-objective search: {done} of {trials}")
        candidate = pool.add(configuration_at(space, point))
        if candidate is None:
            return None
        figures: Mapping[str, Any] = predict_all(
            [candidate], family, model, 0.9, placed=placed, switching=None
        )[0].predicted
        time = figures["latency_us" if SPEED in figures else "clocks"].value
        return figures["luts"].value, time, candidate.score.share

    directions: tuple[Direction, ...] = ("minimize", "minimize", "maximize")
    first = [point_of(space, c.configuration) for c in pool.candidates[: trials // 2]]
    pareto_search(
        knobs_of(space), evaluate, directions=directions, trials=trials, seed=seed, first=first
    )
