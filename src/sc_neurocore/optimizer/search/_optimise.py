"""The search over the configurations of a network, closed on real synthesis runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sc_neurocore.accelerator import Folding, engine_shape, write_accelerator
from sc_neurocore.build.network import Configuration, NetworkSource, accuracy_of
from sc_neurocore.build.network._cosim import switching_energy
from sc_neurocore.build.network._ladder import bit_true_predictions
from sc_neurocore.build.network._source import quantisation_of
from sc_neurocore.cost import Observation, cost_model, layer_luts, predict, shared_brams
from sc_neurocore.datasets import load_dataset
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.optimizer.farm import dask_client
from sc_neurocore.optimizer.search._budget import require_possible
from sc_neurocore.optimizer.search._candidate import (
    SPEED,
    Candidate,
    Switching,
    outside_by,
    predict_all,
    switching_of,
)
from sc_neurocore.optimizer.search._evaluate import Clocks, Evaluator
from sc_neurocore.optimizer.search._measure import Measured, engine_sources, measure_all
from sc_neurocore.optimizer.search._options import SearchOptions
from sc_neurocore.optimizer.search._pareto import require_optuna
from sc_neurocore.optimizer.search._pool import Pool, Stage, explore
from sc_neurocore.optimizer.search._propose import Expected, layer_tables, propose
from sc_neurocore.optimizer.search._result import Round, Search, surprises
from sc_neurocore.optimizer.search._select import (
    best_known,
    confidence_for,
    nearest,
    next_runs,
)
from sc_neurocore.optimizer.search._space import (
    Frame,
    SearchSpace,
    frame_of,
    neighbours,
    network_space,
    require_same_network,
)
from sc_neurocore.toolchain import Target, get_target, require

if TYPE_CHECKING:
    from sc_neurocore.build.network import Proportion
    from sc_neurocore.cost import CostModel

#: Spaces up to this size are looked at whole.
SMALL = 256
#: Runs that are given to a cluster at once.
_BATCH = 4
#: Steps of the descent from the best to the best of its neighbours.
_STEPS = 6


def optimise(
    source: NetworkSource,
    options: SearchOptions,
    *,
    space: SearchSpace | None = None,
    model: CostModel | None = None,
    store: EvidenceStore | None = None,
    on_stage: Callable[[str], None] | None = None,
) -> Search:
    """Search for the best configuration of a network inside a budget.

    Args:
        source: the network.
        options: budget, objective and effort.
        space: what to search; default the full grid of the network.
        model: of cost; default the one that ships.
        store: of evidence; default the user's.
        on_stage: told what runs, for progress.

    Raises:
        SCConfigError: network, data, target and budget do not fit one another.
        SCDependencyError: a tool or an extra is missing.
        ToolError: synthesis failed.
    """
    run = _Run(source, options, model or cost_model(), store or EvidenceStore(),
               on_stage or (lambda _: None))  # fmt: skip
    return run.search(space)


class _Run:
    """One search."""

    def __init__(
        self,
        source: NetworkSource,
        options: SearchOptions,
        model: CostModel,
        store: EvidenceStore,
        stage: Stage,
    ) -> None:
        self.source, self.options, self.model = source, options, model
        self.store, self.stage = store, stage
        self.target: Target = get_target(options.target)
        self.placed = self.target.place_and_route
        self.budget = options.budget.within(self.target)
        stage("data")
        dataset = None if options.data is None else load_dataset(options.data)
        require_possible(
            options.budget, options.objective, self.target, labelled=dataset is not None,
            families=model.families,
        )  # fmt: skip
        stated, self.assumptions = quantisation_of(
            source, options.network_options(), None if dataset is None else dataset.bits
        )
        assert isinstance(stated.bits, int)
        self.stated_bits = stated.bits
        self.frame = Frame(stated.ticks, stated.coding)
        self.evaluator = Evaluator(
            source, dataset, reference=self.frame, input_bits=stated.input_bits, seed=options.seed
        )
        self.input_bits = stated.input_bits
        self.pool = Pool(self.evaluator, self.target.family, stage)
        self.switching: Switching | None = None
        self.confidence = confidence_for(self.budget)
        self.notices: list[str] = []
        #: By metric, how far beyond their intervals measurements have been found.
        self.widening: dict[str, float] = {}

    def search(self, space: SearchSpace | None) -> Search:
        options = self.options
        space = space or network_space(
            self.evaluator.real, bits=self.stated_bits, ticks=self.frame.ticks,
            coding=self.frame.coding, input_bits=self.input_bits,
        )  # fmt: skip
        require_same_network(space, self.evaluator.real)
        if options.trials and space.size > SMALL:
            require_optuna()
        if options.runs and self.target.router is not None:
            require(self.target.router)  # a missing tool is told of now as well
        if options.runs and options.scheduler is not None:
            with dask_client(scheduler=options.scheduler):
                pass  # one that does not answer is told of now, not after the search
        if "power_mw" in (*options.budget.keys, options.objective):
            self.switching = self._switching(space)
        self._gather(space)
        candidates = self._predicted(self.pool.candidates)
        if not candidates:
            raise SCConfigError(
                f"no configuration of '{self.source.name}' can be an engine; "
                "`sc-neurocore build` says why"
            )
        errors = self._errors(candidates[0])
        candidates = self._polished(space, candidates)
        candidates, rounds, stopped = self._spend(space, candidates)
        chosen = best_known(candidates, self.budget, options.objective)
        test, clocks = (None, None) if chosen is None else self._tested(chosen.configuration)
        if self.evaluator.labelled and not self.evaluator.held_out:
            self.notices.append(
                "The data has no training part: configurations were chosen on the test set itself."
            )
        if chosen is not None and clocks is not None:
            self.notices += surprises(options, chosen, test, clocks)
        return Search(
            options, self.budget, self.source, space, tuple(candidates), tuple(rounds), chosen,
            nearest(candidates, self.budget) if chosen is None else None,
            test, clocks, stopped, self.confidence, self.evaluator.measure_of_accuracy,
            errors, (*self.source.network.describe(), *self.assumptions), tuple(self.notices),
        )  # fmt: skip

    def _gather(self, space: SearchSpace) -> None:
        options, family = self.options, self.target.family
        if space.size <= SMALL:
            self.pool.extend(space.configurations(), "configuration")
            return
        self.stage("accuracy of each layer")
        tables = layer_tables(self.evaluator, space, family, self.model)
        expected = self._expected(space)
        self.stage("integer programme")
        proposed = propose(self.evaluator, space, tables, self.budget, options.objective, expected)
        self.pool.extend(proposed, "choice of the integer programme")
        if options.trials:
            explore(
                self.pool, space, family, self.model, placed=self.placed, trials=options.trials,
                seed=options.seed, stage=self.stage,
            )  # fmt: skip

    def _expected(self, space: SearchSpace) -> Expected:
        """What an engine has besides its layers, from its smallest folding."""
        network = self.evaluator.form(space.frames[0], space.best).network
        ones = (Folding(1, 1),) * len(space.layers)
        shape = engine_shape(network, ones)
        smallest = self._predict_shape(shape)
        layers = float(layer_luts(shape.layers, self.target.family, model=self.model).sum())
        return Expected(
            max(0.0, smallest["luts"] - layers),
            float(shared_brams([shape], self.target.family)[0]),
            smallest.get(SPEED) if self.placed else None,
        )

    def _predict_shape(self, shape: Any) -> dict[str, float]:
        metrics = ("luts", "ffs", *((SPEED,) if self.placed else ()))
        return {
            metric: predict(shape, self.target.family, metric, model=self.model).value
            for metric in metrics
        }

    def _predicted(self, candidates: list[Candidate]) -> list[Candidate]:
        return predict_all(
            candidates, self.target.family, self.model, self.confidence, placed=self.placed,
            switching=self.switching, widening=self.widening,
        )  # fmt: skip

    def _polished(self, space: SearchSpace, candidates: list[Candidate]) -> list[Candidate]:
        """Candidates with the neighbours of the best, and theirs if one is better."""
        for _ in range(_STEPS):
            best = best_known(candidates, self.budget, self.options.objective)
            best = best or nearest(candidates, self.budget).candidate
            before = len(candidates)
            self.pool.extend(neighbours(space, best.configuration), "neighbour of the best")
            if len(self.pool.candidates) == before:
                break
            known = {c.configuration: c.measured for c in candidates}
            candidates = self._predicted(
                [replace(c, measured=known.get(c.configuration)) for c in self.pool.candidates]
            )
        return candidates

    def _spend(
        self, space: SearchSpace, candidates: list[Candidate]
    ) -> tuple[list[Candidate], list[Round], str]:
        """Measure where it promises most, learn from it, and again."""
        options, rounds = self.options, list[Round]()
        while len(rounds) < options.runs:
            count = 1 if options.scheduler is None else _BATCH
            arguments = (self.budget, options.objective, self.confidence,
                         min(count, options.runs - len(rounds)))  # fmt: skip
            picked = next_runs(candidates, *arguments)
            if not picked:
                candidates = self._polished(space, candidates)
                picked = next_runs(candidates, *arguments)
            if not picked:
                return candidates, rounds, (
                    f"stopped after {len(rounds)} of {options.runs} runs: no other configuration "
                    "is expected to be inside the budget and better by 0.1 % or more"
                )  # fmt: skip
            number = len(rounds) + 1
            found = self._measured([c for c, _ in picked], f"run {number} of {options.runs}")
            for (candidate, promise), measured in zip(picked, found, strict=True):
                rounds.append(Round(candidate, promise, measured))
            self._learn(picked, found)
            by_configuration = {c.configuration: m for (c, _), m in zip(picked, found, strict=True)}
            candidates = self._predicted(
                [
                    replace(c, measured=by_configuration.get(c.configuration, c.measured))
                    for c in candidates
                ]
            )
        return candidates, rounds, ""

    def _measured(self, candidates: list[Candidate], what: str) -> list[Measured]:
        options, evaluator = self.options, self.evaluator
        designs = [
            engine_sources(evaluator.network(c.configuration), evaluator.foldings(c.configuration))
            for c in candidates
        ]
        found = measure_all(
            designs, self.target, self.store, seed=options.seed, timeout_s=options.timeout_s,
            scheduler=options.scheduler, on_stage=lambda tool: self.stage(f"{what}: {tool}"),
        )  # fmt: skip
        if self.switching is None:
            return found
        return [
            replace(m, power_mw=self._power(c, m)) for c, m in zip(candidates, found, strict=True)
        ]

    def _power(self, candidate: Candidate, measured: Measured) -> float | None:
        """Power of a measured engine, from the switching of this very engine."""
        if measured.fmax_mhz is None:
            return None
        clocks, joules = self._simulated(candidate.configuration, measured.ffs)
        return None if joules is None else 1e3 * joules / (clocks / measured.fmax_mhz * 1e-6)

    def _simulated(self, configuration: Configuration, flip_flops: int) -> tuple[int, float | None]:
        """Clocks and joules of the first inference."""
        counted = self._switched(configuration, flip_flops)
        if counted is None:
            raise SCDependencyError(
                "power is estimated from a simulation of the engine, which needs a simulator and "
                "an input of levels; run `sc-neurocore doctor`, or leave power_mw out"
            )
        clocks, _, energy = counted
        return clocks, None if energy is None else energy.joules

    def _switched(self, configuration: Configuration, flip_flops: int) -> Any:
        evaluator = self.evaluator
        network = evaluator.network(configuration)
        rtl = write_accelerator(network, evaluator.foldings(configuration))
        clocks = evaluator.first_clocks(configuration)
        counted = switching_energy(
            rtl, network, evaluator.first_sample(configuration), clocks, flip_flops=flip_flops,
            family=self.target.family, store=self.store, stage=self.stage,
            timeout_s=self.options.timeout_s,
        )  # fmt: skip
        if counted is None:
            return None
        record, energy = counted
        toggles: Any = record.result["toggles"]
        return clocks, int(toggles), energy

    def _switching(self, space: SearchSpace) -> Switching:
        """Changes per clock and flip-flop at the smallest folding, taken for all."""
        ones = [(n, 1, 1) for n in space.best]
        smallest = space.configuration(space.frames[0], ones)
        network = self.evaluator.network(smallest)
        shape = engine_shape(network, self.evaluator.foldings(smallest))
        flip_flops = round(self._predict_shape(shape)["ffs"])
        self.stage("switching activity")
        counted = self._switched(smallest, flip_flops)
        if counted is None:
            raise SCDependencyError(
                "power is estimated from a simulation of the engine, which needs a simulator and "
                "an input of levels; run `sc-neurocore doctor`, or leave power_mw out"
            )
        clocks, toggles, _ = counted
        found = switching_of(toggles, clocks, flip_flops, self.target.family)
        if found is None:
            raise SCConfigError(
                f"the core voltage of family '{self.target.family}' is not known, so power cannot "
                "be estimated; leave power_mw out"
            )
        return found

    def _learn(self, picked: Any, found: list[Measured]) -> None:
        """Condition the model on what was measured, and widen intervals that were left."""
        for (candidate, _), measured in zip(picked, found, strict=True):
            for metric in ("luts", "ffs", "brams", SPEED):
                figure, value = candidate.predicted.get(metric), getattr(measured, metric)
                if figure is not None and value is not None:
                    factor = outside_by(figure, float(value))
                    if factor > 1.0:
                        self.widening[metric] = self.widening.get(metric, 1.0) * factor
        known = self.model.metrics(self.target.family)
        self.model = self.model.condition(
            [
                Observation(candidate.shape, self.target.family, metric, float(value))
                for (candidate, _), measured in zip(picked, found, strict=True)
                for metric in ("luts", "ffs", "brams", "dsps", SPEED)
                if (value := getattr(measured, metric)) is not None and metric in known
            ]
        )

    def _errors(self, candidate: Candidate) -> Mapping[str, tuple[float, float]]:
        """Held-out errors of the model that ships, by metric."""
        found = {}
        for metric in ("luts", "ffs", "brams", SPEED):
            if metric in candidate.predicted:
                made = predict(candidate.shape, self.target.family, metric, model=self.model)
                found[metric] = (made.median_error, made.p90_error)
        return MappingProxyType(found)

    def _tested(self, configuration: Configuration) -> tuple[Proportion | None, Clocks]:
        """Accuracy and clocks of the chosen on the test set, looked at once."""
        self.stage("test set")
        frame = frame_of(configuration)
        clocks = self.evaluator.final_clocks(configuration)
        samples = self.evaluator.test_samples(frame)
        if samples.labels is None:
            return None, clocks
        _, answers = bit_true_predictions(
            self.evaluator.form_of(configuration), samples.inputs, self.store
        )
        return accuracy_of(answers, samples.labels), clocks
