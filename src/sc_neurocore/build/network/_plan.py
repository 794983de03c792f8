"""Everything that is decided before any tool runs: numbers, samples, back ends, foldings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import (
    INPUT,
    Folding,
    FoldingPlan,
    InputCoding,
    IntegerNetwork,
    choose_backends,
    choose_foldings,
    cycles,
    encode_levels,
    input_spikes,
    quantise,
    simulate_network,
)
from sc_neurocore.accelerator._normal import real_network
from sc_neurocore.build._options import DEFAULT_CLOCK, speed_family
from sc_neurocore.build.network._hardware import Stage, synthesise_engine
from sc_neurocore.build.network._ladder import IntegerForm, integer_form
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._samples import Samples, find_samples
from sc_neurocore.build.network._source import NetworkSource, quantisation_of
from sc_neurocore.datasets import Dataset, load_dataset
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.toolchain import Target

#: Training samples that formats are fitted to, and that back ends are chosen by.
CALIBRATING, _CHOOSING = 256, 512
#: Samples whose activity the foldings are chosen for.
_ACTIVE = 64
#: Samples whose clocks are counted, and foldings tried until none of them takes too long.
TIMED, _ATTEMPTS = 1000, 8


@dataclass(frozen=True, eq=False)
class Plan:
    """What will be built.

    Attributes:
        form: the integers.
        samples: the test set, or made-up levels.
        foldings: one per layer.
        assumptions: sentences about what file and options leave open.
        notices: what a user should know.
        latency_verdict: why the latency that is asked for is not expected; empty otherwise.
    """

    form: IntegerForm
    samples: Samples
    foldings: tuple[Folding, ...]
    assumptions: tuple[str, ...]
    notices: tuple[str, ...]
    latency_verdict: str


def plan_network(
    source: NetworkSource,
    options: NetworkOptions,
    target: Target,
    store: EvidenceStore,
    stage: Stage,
) -> Plan:
    """Decide everything.

    Raises:
        SCConfigError: network, data and options do not fit one another.
        SCCompilerError: the weights do not fit the target.
    """
    stage("data")
    dataset = None if options.data is None else load_dataset(options.data)
    chosen, sentences = quantisation_of(source, options, None if dataset is None else dataset.bits)
    chosen = replace(chosen, live=options.live is not None)
    real = real_network(source.network.normal, source.network.assumptions)
    classes = len(real.layers[real.output].population.gain)
    coding = InputCoding(real.inputs, chosen.coding, chosen.input_bits)
    samples = find_samples(dataset, coding, chosen.ticks, classes, options.seed)
    learnt = training_samples(dataset, coding, chosen.ticks, classes, options.seed)
    calibration = None if learnt is None else learnt.inputs[:CALIBRATING]
    notices: list[str] = []
    stage("quantise")
    if options.backend == "hybrid":
        names = [layer.id for layer in real.layers]
        examples = _examples(samples, learnt, notices)
        chosen = _hybrid(
            source, chosen, names, examples, calibration, target, options, store, stage
        )
        listed = ", ".join(f"'{name}' {chosen.layer_backend(name)}" for name in names)
        notices.append(
            f"The hybrid of least area × time within 0.5 points of fixed point is {listed}."
        )
    form = integer_form(source, chosen, calibration)
    notices += form.network.notices
    stage("folding")
    if options.configuration is not None:
        foldings = options.configuration.foldings_of([layer.id for layer in real.layers])
        verdict = ""
    else:
        foldings, verdict = _foldings(form.network, samples, target, options)
    return Plan(
        form,
        samples,
        foldings,
        (*source.network.describe(), *sentences),
        tuple(notices),
        verdict,
    )


def training_samples(
    dataset: Dataset | None, coding: InputCoding, ticks: int, classes: int, seed: int
) -> Samples | None:
    """The training part of a data set, fitted to a network; ``None`` where there is none.

    Raises:
        SCConfigError: the data does not fit the network.
    """
    if dataset is None or not len(dataset.train_x):
        return None
    learnt = replace(dataset, test_x=dataset.train_x, test_y=dataset.train_y)
    return find_samples(learnt, coding, ticks, classes, seed)


def _examples(samples: Samples, learnt: Samples | None, notices: list[str]) -> Samples:
    """Labelled samples to choose back ends by; the test set only where there is nothing else."""
    if samples.labels is None:
        raise SCConfigError(
            "--backend hybrid chooses each layer's back end by accuracy; give --data with labels"
        )
    if learnt is None:
        notices.append(
            "The data has no training part: back ends were chosen on the test set itself, so its "
            "accuracy flatters the hybrid."
        )
        return samples.first(_CHOOSING)
    return learnt.first(_CHOOSING)


def _hybrid(
    source: NetworkSource,
    chosen: Any,
    names: list[str],
    examples: Samples,
    calibration: NDArray[np.int64] | None,
    target: Target,
    options: NetworkOptions,
    store: EvidenceStore,
    stage: Stage,
) -> Any:
    """The cheapest assignment of back ends by measured area × modelled time."""
    network = source.network

    def mapped(backends: tuple[str, ...]) -> Any:
        return replace(chosen, backend=dict(zip(names, backends, strict=True)))

    def quantised(backends: tuple[Any, ...]) -> IntegerNetwork:
        return quantise(
            network.normal, network.assumptions, mapped(backends), calibration=calibration
        )

    def cost(candidate: IntegerNetwork) -> float:
        kinds = "-".join(layer.backend for layer in candidate.layers)
        stage(f"hybrid: {kinds}")
        foldings, _ = _foldings(candidate, examples, target, options)
        _, record = synthesise_engine(candidate, foldings, target, options, store, lambda _: None)
        some = examples.inputs[:_ACTIVE]
        run = simulate_network(candidate, some, spikes=True)
        assert run.spikes is not None
        clocks = cycles(candidate, foldings, some, run.spikes, run.ticks_used)
        luts = record.result.get("luts")
        return float(np.mean(clocks)) * (luts if isinstance(luts, int) else 1)

    assert examples.labels is not None
    found = choose_backends(quantised, len(names), examples.inputs, examples.labels, cost)
    return mapped(found.best.backends)


def _foldings(
    network: IntegerNetwork, samples: Samples, target: Target, options: NetworkOptions
) -> tuple[tuple[Folding, ...], str]:
    """Foldings, and why the latency that is asked for is not expected to be met."""
    activity = _activity(network, samples)

    def chosen(limit: int | None) -> FoldingPlan:
        return choose_foldings(
            network, target, latency_clocks=limit, activity=activity,
            pe=options.pe, simd=options.simd,
        )  # fmt: skip

    if options.latency_us is None:
        plan = chosen(None)
    else:
        clock = options.clock_mhz or DEFAULT_CLOCK.get(speed_family(target), 40.0)
        plan = _fast_enough(network, samples, max(1, int(options.latency_us * clock)), chosen)
    if not plan.fits and plan.brams > (target.brams or plan.brams):
        raise SCCompilerError(plan.verdict)
    return plan.foldings, plan.verdict


def _fast_enough(
    network: IntegerNetwork,
    samples: Samples,
    limit: int,
    chosen: Callable[[int | None], FoldingPlan],
) -> FoldingPlan:
    """The first folding whose longest inference takes at most so many clocks.

    Foldings are chosen for a mean inference; by how much the longest is longer is only known of a
    folding.
    """
    some = samples.inputs[:TIMED]
    run = simulate_network(network, some, spikes=True)
    assert run.spikes is not None
    wanted = limit
    for _ in range(_ATTEMPTS):
        plan = chosen(wanted)
        longest = int(cycles(network, plan.foldings, some, run.spikes, run.ticks_used).max())
        if longest <= limit or not plan.fits:
            break
        wanted = max(1, min(wanted - 1, wanted * limit // longest))
    return plan


def _activity(network: IntegerNetwork, samples: Samples) -> Mapping[int, float]:
    """Spikes per source, neuron and tick."""
    some = samples.inputs[:_ACTIVE]
    run = simulate_network(network, some, spikes=True)
    assert run.spikes is not None
    rates = {k: float(s.mean()) for k, s in enumerate(run.spikes)}
    if network.input.coding == "direct":
        levels = encode_levels(network.input, some, network.ticks)
        return rates | {INPUT: float(levels.mean()) / 2.0**network.input.bits}
    return rates | {INPUT: float(input_spikes(network, some).mean())}
