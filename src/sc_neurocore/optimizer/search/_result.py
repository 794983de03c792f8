"""What a search found, and what its test samples say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sc_neurocore.build.network import NetworkSource, Proportion
from sc_neurocore.optimizer.search._budget import Budget
from sc_neurocore.optimizer.search._candidate import SPEED, Candidate
from sc_neurocore.optimizer.search._evaluate import Clocks
from sc_neurocore.optimizer.search._measure import Measured
from sc_neurocore.optimizer.search._options import SearchOptions
from sc_neurocore.optimizer.search._select import Nearest
from sc_neurocore.optimizer.search._space import SearchSpace


@dataclass(frozen=True, eq=False)
class Round:
    """One measurement of the search.

    Attributes:
        candidate: what was measured, with what was predicted before it was.
        promise: expected improvement for which it was chosen.
        measured: what came of it.
    """

    candidate: Candidate
    promise: float
    measured: Measured


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found.

    Attributes:
        options: what was asked.
        limits: the budget, and what the device has.
        source: the network.
        space: what was searched.
        candidates: every configuration that was executed, with what is known of it.
        rounds: the measurements in their order.
        chosen: the best inside the budget, or ``None``.
        nearest: what must give where there is none.
        test: right answers of the chosen on the test set, once; ``None`` without labels.
        test_clocks: clocks of the chosen over the test samples (or the made-up inputs).
        stopped: why fewer runs were spent than allowed; empty otherwise.
        confidence: of the predictions' intervals.
        accuracy_is: what the candidates' accuracy counts.
        errors: held-out relative errors (median, 90th percentile) of the model by metric.
        assumptions: what file and options leave open.
        notices: what a user should know.
    """

    options: SearchOptions
    limits: Budget
    source: NetworkSource
    space: SearchSpace
    candidates: tuple[Candidate, ...]
    rounds: tuple[Round, ...]
    chosen: Candidate | None
    nearest: Nearest | None
    test: Proportion | None
    test_clocks: Clocks | None
    stopped: str
    confidence: float
    accuracy_is: str
    errors: Mapping[str, tuple[float, float]]
    assumptions: tuple[str, ...]
    notices: tuple[str, ...]

    @property
    def new_runs(self) -> int:
        """Measurements whose runs were not all found in the evidence store."""
        return sum(not r.measured.cached for r in self.rounds)


def surprises(
    options: SearchOptions, chosen: Candidate, test: Proportion | None, clocks: Clocks
) -> list[str]:
    """What the test samples say otherwise than the samples that were chosen by."""
    found = []
    if test is not None and test.interval[1] < chosen.score.interval[0]:
        found.append(
            f"On the test set {100 * test.share:.2f} % are right, on the samples that it was "
            f"chosen by {100 * chosen.score.share:.2f} %, which the network may know from its "
            "training; ask for more with a budget of accuracy above the latter."
        )
    limits = dict(options.budget.limits)
    if test is not None and test.interval[0] < limits.get("accuracy", 0.0):
        low, high = (100 * end for end in test.interval)
        found.append(
            f"The test set does not confirm the budget of accuracy, {limits['accuracy']:g}: "
            f"{100 * test.share:.2f} % of it are right (95 % interval {low:.2f} to {high:.2f} %)."
        )
    speed = chosen.figures.get(SPEED)
    latest = clocks.worst / speed.value if speed is not None and speed.value > 0 else 0.0
    late = "clocks" in limits and clocks.worst > limits["clocks"]
    if late or ("latency_us" in limits and latest > limits["latency_us"]):
        found.append(
            f"The longest inference of the test set takes {clocks.worst} clocks, "
            f"{latest:.4g} µs, which is outside of the budget; of the samples that were timed in "
            f"the search it takes {chosen.clocks.worst}."
        )
    return found
