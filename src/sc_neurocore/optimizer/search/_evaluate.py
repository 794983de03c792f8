"""What a configuration answers and how long it takes: executed by the bit-true simulator.

Arithmetic decides the answers, folding only the clocks; so every arithmetic is quantised and
simulated once, whatever its foldings.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import (
    INPUT,
    Coding,
    Folding,
    InputCoding,
    IntegerNetwork,
    cycles,
    encode_levels,
    float_predictions,
    input_spikes,
    simulate_network,
)
from sc_neurocore.accelerator._normal import RealNetwork, real_network
from sc_neurocore.build.network import (
    Configuration,
    LayerConfiguration,
    NetworkSource,
    Proportion,
    Samples,
    accuracy_of,
    find_samples,
)
from sc_neurocore.build.network._ladder import IntegerForm, integer_form
from sc_neurocore.build.network._plan import CALIBRATING, TIMED, training_samples
from sc_neurocore.datasets import Dataset
from sc_neurocore.optimizer.search._space import Frame, Numerics, frame_of, numerics_of

#: Samples that configurations are chosen by, and levels that are made up where there is no data.
CHOOSING, MADE_UP = 1000, 256
#: Samples that are timed while searching: the first so many for the mean, and as many of those
#: that took the most clocks at the reference for the longest.
_MEAN, _LONGEST = 64, 64
_KEPT = 128
T = TypeVar("T")


@dataclass(frozen=True)
class Clocks:
    """Clocks of an inference over the samples at hand.

    Attributes:
        mean: of them.
        worst: the longest.
        samples: how many.
    """

    mean: float
    worst: int
    samples: int


@dataclass(frozen=True, eq=False)
class _Run:
    """One arithmetic, executed on the samples that are timed."""

    spikes: tuple[NDArray[np.uint8], ...]
    ticks_used: NDArray[np.int64]


class Evaluator:
    """Accuracy and clocks of configurations of one network, each executed once.

    Attributes:
        source: the network.
        real: its populations.
        labelled: whether accuracy is of labels; else it is agreement with the float network on
            levels made up from the seed.
        held_out: whether configurations are chosen on other samples than the test set.
    """

    def __init__(
        self,
        source: NetworkSource,
        dataset: Dataset | None,
        *,
        reference: Frame,
        input_bits: int,
        seed: int,
    ) -> None:
        """Fit data and network to one another.

        Args:
            source: the network.
            dataset: labelled samples, or ``None``.
            reference: whose float answers stand for labels where there are none.
            input_bits: levels are 0 to 2**input_bits.
            seed: of levels made up.

        Raises:
            SCConfigError: data and network do not fit one another.
        """
        self.source, self._dataset, self._seed = source, dataset, seed
        self.real: RealNetwork = real_network(source.network.normal, source.network.assumptions)
        self._input_bits, self._reference = input_bits, reference
        self.labelled = dataset is not None
        self.held_out = dataset is not None and bool(len(dataset.train_x))
        self._classes = len(self.real.layers[self.real.output].population.gain)
        self._samples: dict[tuple[Coding, int], Samples] = {}
        self._forms: OrderedDict[object, IntegerForm] = OrderedDict()
        self._runs: OrderedDict[object, _Run] = OrderedDict()
        self._scores: dict[object, Proportion] = {}
        self._clocks: dict[Configuration, Clocks] = {}
        self._timed: NDArray[np.int64] | None = None
        self._float: NDArray[np.int64] | None = None
        self.simulations = 0

    @property
    def names(self) -> list[str]:
        """Names of the layers."""
        return [layer.id for layer in self.real.layers]

    @property
    def measure_of_accuracy(self) -> str:
        """What `score` counts, in words."""
        if not self.labelled:
            return (
                f"agreement with the float network's class on {MADE_UP} inputs made up at random "
                f"(seed {self._seed}); it is no accuracy on data"
            )
        part = "training part" if self.held_out else "test set itself, which flatters the choice"
        return f"right answers on the first {CHOOSING} samples of the {part}"

    def form(self, frame: Frame, numerics: tuple[Numerics, ...]) -> IntegerForm:
        """The integers of an arithmetic.

        Raises:
            SCConfigError: the network has what no accelerator of that arithmetic has.
        """
        return self._kept(self._forms, (frame, numerics), lambda: self._form(frame, numerics))

    def form_of(self, configuration: Configuration) -> IntegerForm:
        """The integers of a configuration, and what they follow from."""
        return self.form(frame_of(configuration), numerics_of(configuration))

    def network(self, configuration: Configuration) -> IntegerNetwork:
        """The integers of a configuration."""
        return self.form_of(configuration).network

    def foldings(self, configuration: Configuration) -> tuple[Folding, ...]:
        """The foldings of a configuration, in the order of the network."""
        return configuration.foldings_of(self.names)

    def score(self, frame: Frame, numerics: tuple[Numerics, ...]) -> Proportion:
        """Right answers on the samples to choose by; see `measure_of_accuracy`."""
        key = (frame, numerics)
        if key not in self._scores:
            samples = self._choosing(frame)
            network = self.form(frame, numerics).network
            self.simulations += 1
            found = simulate_network(network, samples.inputs).predictions
            truth = samples.labels if samples.labels is not None else self._float_classes()
            self._scores[key] = accuracy_of(found, truth)
        return self._scores[key]

    def clocks(self, configuration: Configuration) -> Clocks:
        """Mean and longest inference of the samples that are timed while searching."""
        if configuration not in self._clocks:
            timed = self._timed_samples()
            found = self._cycles(configuration, timed)
            self._clocks[configuration] = Clocks(
                float(found[:_MEAN].mean()), int(found.max()), len(timed)
            )
        return self._clocks[configuration]

    def first_sample(self, configuration: Configuration) -> NDArray[np.int64]:
        """The first of the samples that are timed."""
        sample: NDArray[np.int64] = self._choosing(frame_of(configuration)).inputs[0]
        return sample

    def first_clocks(self, configuration: Configuration) -> int:
        """Clocks of the first of the samples that are timed."""
        return int(self._cycles(configuration, self._timed_samples())[0])

    def final_clocks(self, configuration: Configuration) -> Clocks:
        """Mean and longest inference over the test samples (as many as `build` times)."""
        network = self.network(configuration)
        inputs = self.test_samples(frame_of(configuration)).inputs[:TIMED]
        run = simulate_network(network, inputs, spikes=True)
        assert run.spikes is not None
        found = cycles(network, self.foldings(configuration), inputs, run.spikes, run.ticks_used)
        return Clocks(float(found.mean()), int(found.max()), len(found))

    def test_samples(self, frame: Frame) -> Samples:
        """The test set, or the made-up levels."""
        if self._dataset is None:
            return self._choosing(frame)
        coding = InputCoding(self.real.inputs, frame.coding, self._input_bits)
        return find_samples(self._dataset, coding, frame.ticks, self._classes, self._seed)

    def activity(self, frame: Frame, numerics: tuple[Numerics, ...]) -> dict[int, float]:
        """Spikes per source, neuron and tick."""
        run = self._run(frame, numerics)
        network = self.form(frame, numerics).network
        some = self._choosing(frame).inputs[:_MEAN]
        rates = {k: float(s[:_MEAN].mean()) for k, s in enumerate(run.spikes)}
        if frame.coding == "direct":
            levels = encode_levels(network.input, some, frame.ticks)
            return rates | {INPUT: float(levels.mean()) / 2.0**network.input.bits}
        return rates | {INPUT: float(input_spikes(network, some).mean())}

    def _form(self, frame: Frame, numerics: tuple[Numerics, ...]) -> IntegerForm:
        made = Configuration(
            tuple(_layer(name, n) for name, n in zip(self.names, numerics, strict=True)),
            frame.ticks, frame.coding, self._input_bits,
        )  # fmt: skip
        learnt = self._learnt(frame)
        calibration = None if learnt is None else learnt.inputs[:CALIBRATING]
        return integer_form(self.source, made.quantisation, calibration)

    def _learnt(self, frame: Frame) -> Samples | None:
        coding = InputCoding(self.real.inputs, frame.coding, self._input_bits)
        return training_samples(self._dataset, coding, frame.ticks, self._classes, self._seed)

    def _choosing(self, frame: Frame) -> Samples:
        key = (frame.coding, frame.ticks if frame.coding == "events" else 0)
        if key not in self._samples:
            self._samples[key] = self._examples(frame)
        return self._samples[key]

    def _examples(self, frame: Frame) -> Samples:
        if self._dataset is None:
            return made_up(self.real.inputs, frame, self._input_bits, self._seed)
        learnt = self._learnt(frame)
        return (learnt or self.test_samples(frame)).first(CHOOSING)

    def _float_classes(self) -> NDArray[np.int64]:
        """What the float network answers, in the frame that file and user state."""
        if self._float is None:
            frame = self._reference
            plain = self.form(frame, (Numerics(8, 1),) * len(self.real.layers)).network
            samples = self._choosing(frame)
            self._float = np.asarray(
                float_predictions(self.source.network, plain, samples.inputs), np.int64
            )
        return self._float

    def _timed_samples(self) -> NDArray[np.int64]:
        """Indices of the samples that are timed, chosen once by the reference frame."""
        if self._timed is None:
            numerics = (Numerics(8, 1),) * len(self.real.layers)
            network = self.form(self._reference, numerics).network
            inputs = self._choosing(self._reference).inputs
            run = simulate_network(network, inputs, spikes=True)
            assert run.spikes is not None
            ones = (Folding(1, 1),) * len(self.real.layers)
            taken = cycles(network, ones, inputs, run.spikes, run.ticks_used)
            longest = np.argsort(-taken, kind="stable")[:_LONGEST]
            first = np.arange(min(_MEAN, len(inputs)))
            self._timed = np.concatenate([first, np.setdiff1d(longest, first)])
        return self._timed

    def _run(self, frame: Frame, numerics: tuple[Numerics, ...]) -> _Run:
        def run() -> _Run:
            inputs = self._choosing(frame).inputs[self._timed_samples()]
            found = simulate_network(self.form(frame, numerics).network, inputs, spikes=True)
            assert found.spikes is not None
            return _Run(found.spikes, found.ticks_used)

        return self._kept(self._runs, (frame, numerics), run)

    def _cycles(self, configuration: Configuration, timed: NDArray[np.int64]) -> NDArray[np.int64]:
        frame, numerics = frame_of(configuration), numerics_of(configuration)
        run = self._run(frame, numerics)
        return cycles(
            self.form(frame, numerics).network,
            self.foldings(configuration),
            self._choosing(frame).inputs[timed],
            run.spikes,
            run.ticks_used,
        )

    def _kept(self, kept: OrderedDict[object, T], key: object, make: Callable[[], T]) -> T:
        """The latest of a kind, which a whole search's would fill the memory with."""
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
        kept[key] = made = make()
        if len(kept) > _KEPT:
            kept.popitem(last=False)
        return made


def made_up(size: int, frame: Frame, input_bits: int, seed: int) -> Samples:
    """Levels, or spikes, drawn from a seed: squares of uniform numbers, many small and few large.

    Args:
        size: inputs of the network.
        frame: ticks and coding.
        input_bits: levels are 0 to 2**input_bits.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    if frame.coding == "events":
        inputs = rng.random((MADE_UP, frame.ticks, size)) < rng.random((MADE_UP, 1, size)) ** 2
        return Samples(f"random spikes, seed {seed}", inputs.astype(np.int64), None)
    top = 1 << input_bits
    inputs = np.floor(rng.random((MADE_UP, size)) ** 2 * (top + 1))
    return Samples(f"random levels, seed {seed}", inputs.astype(np.int64), None)


def _layer(name: str, numerics: Numerics) -> LayerConfiguration:
    return LayerConfiguration(name, numerics.bits, numerics.backend, numerics.length, 1, 1)
