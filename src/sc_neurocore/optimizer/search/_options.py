"""What the user asks of a search."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sc_neurocore.build.network import NetworkOptions
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.search._budget import Budget, Objective

_MOST_RUNS, _MOST_TRIALS = 10_000, 100_000


@dataclass(frozen=True)
class SearchOptions:
    """Options of one search.

    Attributes:
        budget: the limits.
        target: device name.
        data: ``digits``, ``mnist`` or an ``.npz`` file; ``None`` for agreement with the float
            network on inputs made up from the seed.
        runs: synthesis runs that may be spent.
        objective: what is made best inside the budget.
        trials: points of the multi-objective search; 0 for the integer programme alone, which
            needs no extra.
        seed: of placement, of made-up inputs and of the search.
        scheduler: address of a Dask scheduler that runs the synthesis, or ``None``.
        timeout_s: limit of each tool run in seconds.
    """

    budget: Budget
    target: str = "ice40-hx8k"
    data: str | None = None
    runs: int = 0
    objective: Objective = "luts"
    trials: int = 96
    seed: int = 1
    scheduler: str | None = None
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        for option, value, low, high in (
            ("--runs", self.runs, 0, _MOST_RUNS),
            ("--trials", self.trials, 0, _MOST_TRIALS),
            ("--seed", self.seed, 0, (1 << 31) - 1),
        ):
            if not low <= value <= high:
                raise SCConfigError(f"{option} is {value}; it must be from {low} to {high}")
        if not 0 < self.timeout_s < math.inf:
            raise SCConfigError(f"--timeout is {self.timeout_s:g}; it must be above 0 and finite")

    def network_options(self) -> NetworkOptions:
        """As `build` takes them, for reading the network."""
        return NetworkOptions(
            target=self.target, data=self.data, seed=self.seed, timeout_s=self.timeout_s
        )
