"""The bit-true model beside a device."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.accelerator import (
    CycleModel,
    Folding,
    IntegerNetwork,
    NetworkMismatch,
    bank_digest,
    bank_words,
    encode_levels,
    require_exchangeable,
    simulate_network,
    simulate_swap,
)
from sc_neurocore.devices import Device
from sc_neurocore.digital_twin._answers import Answers, Integers
from sc_neurocore.digital_twin._checkpoint import Checkpoint, require_digest
from sc_neurocore.digital_twin._drift import Drift
from sc_neurocore.digital_twin._expected import Expected, expect
from sc_neurocore.digital_twin._locate import first_difference, first_spike
from sc_neurocore.digital_twin._recording import Recording, Swap
from sc_neurocore.exceptions import DeviceMismatchError, SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.build.network import LiveBundle


@dataclass(frozen=True, eq=False)
class ReplayReport:
    """A recording against the model.

    Attributes:
        compared: inferences replayed.
        different: those whose class, spikes or generation differ from the model's.
        first: the first difference in class, spikes or generation.
        drift: clocks of the device against those of the model.
    """

    compared: int
    different: tuple[int, ...]
    first: NetworkMismatch | None
    drift: Drift

    @property
    def reproduced(self) -> bool:
        """Whether something was replayed, and every class, count and generation is the model's."""
        return self.compared > 0 and not self.different


@dataclass(frozen=True, eq=False)
class Twin:
    """A network that answers as the device must.

    Attributes:
        design: first 128 bits of the design digest, as `Identity.digest`.
        networks: the parameters that the device had, has or will have, by generation; they differ
            in weights and parameters only.
        foldings: of the engine, one per layer.
        clock_mhz: clock of the device, for times.
    """

    design: str
    networks: Mapping[int, IntegerNetwork]
    foldings: tuple[Folding, ...]
    clock_mhz: float

    def __post_init__(self) -> None:
        require_digest("design", self.design, "a twin")
        if not self.networks:
            raise SCConfigError("a twin needs a network of at least one generation")
        if not (math.isfinite(self.clock_mhz) and self.clock_mhz > 0):
            raise SCConfigError(f"the clock of a twin is {self.clock_mhz} MHz; it must be above 0")

    @classmethod
    def of(cls, bundle: LiveBundle, *, clock_mhz: float) -> Twin:
        """The twin of a device that still has the parameters of its bundle.

        Args:
            bundle: of the device.
            clock_mhz: clock of the device.
        """
        return cls(bundle.digest[:32], {0: bundle.network}, bundle.foldings, clock_mhz)

    @property
    def network(self) -> IntegerNetwork:
        """The newest generation."""
        return self.networks[max(self.networks)]

    def at(self, generation: int) -> IntegerNetwork:
        """The network of a generation.

        Raises:
            DeviceMismatchError: the twin does not know it.
        """
        if generation not in self.networks:
            known = ", ".join(str(g) for g in sorted(self.networks))
            raise DeviceMismatchError(
                f"the parameters have generation {generation}; the twin knows {known}; tell it "
                "of the update with `follow`"
            )
        return self.networks[generation]

    def parameters(self, generation: int) -> str:
        """`bank_digest` of a generation.

        Raises:
            DeviceMismatchError: the twin does not know it.
        """
        return self._digest(self.at(generation))

    def follow(self, network: IntegerNetwork, generation: int) -> Twin:
        """The twin of the device after an update.

        Args:
            network: with the new parameters.
            generation: that the device gives them.

        Raises:
            SCConfigError: the network differs in more than weights, or the generation is known with
                others.
        """
        require_exchangeable(self.network, network)
        known = self.networks.get(generation)
        if known is not None and self._digest(known) != self._digest(network):
            raise SCConfigError(f"generation {generation} already has other parameters")
        return replace(self, networks={**self.networks, generation: network})

    def expected(self, samples: ArrayLike, generation: int | None = None) -> Answers:
        """What the device must answer.

        Args:
            samples: as for `simulate_network`.
            generation: of the parameters; the newest if None.
        """
        generation = max(self.networks) if generation is None else generation
        network = self.at(generation)
        run = simulate_network(network, samples, spikes=True)
        levels = encode_levels(network.input, samples, network.ticks)
        return expect(network, CycleModel(network, self.foldings), levels, run, generation).answers

    def record(self, device: Device, samples: ArrayLike, *, swap_tick: int = 0) -> Recording:
        """Run samples on a device and keep what it answers.

        Args:
            device: runs the twin's design.
            samples: as for `simulate_network`.
            swap_tick: first tick of a change of generation within an inference, as its apply was
                told; 0 if changes wait for the end of an inference.

        Raises:
            DeviceMismatchError: another design, or a generation that the twin does not know.
        """
        start = self._generation(device)
        levels = self._levels(samples)
        found = [device.run(sample) for sample in levels]
        swaps, before = [], start
        for position, one in enumerate(found):
            if one.generation != before:
                digest = self.parameters(one.generation)
                swaps.append(Swap(position, swap_tick, one.generation, digest))
                before = one.generation
        answers = Answers.of(found, len(self.network.layers))
        digest = self.parameters(start)
        return Recording(self.design, start, digest, levels, answers, tuple(swaps))

    def replay(self, recording: Recording, *, start: Checkpoint | None = None) -> ReplayReport:
        """Run a recording's samples in the model, and compare every answer.

        Args:
            recording: of a device, or made up for a gate.
            start: state from which to go on; from the first sample if None.

        Raises:
            DeviceMismatchError: the recording is of another design, or of parameters that are not
                the twin's; or the checkpoint is none of the recording.
        """
        self._require_own(recording)
        begin = 0
        if start is not None:
            begin = start.position
            if begin > len(recording) or recording.checkpoint(begin) != start:
                raise DeviceMismatchError(
                    f"the checkpoint at position {begin} is not of this recording"
                )
        different: list[int] = []
        drift, first = [], None
        for position, expected in self._segments(recording, begin):
            end = position + len(expected.answers)
            got = _part(recording.answers, position, end)
            drift.append(got.clocks - expected.answers.clocks)
            wrong = _differing(got, expected.answers)
            different += [position + int(i) for i in wrong]
            if first is None and wrong.size:
                at = int(wrong[0])
                first = first_difference(self.network, position + at, expected.answers, got, at)
        clocks = np.concatenate(drift) if drift else np.zeros(0, np.int64)
        return ReplayReport(
            len(recording) - begin, tuple(different), first, Drift(clocks, self.clock_mhz)
        )

    def reproduce(self, recording: Recording) -> Recording:
        """The recording that the model makes of the same samples and swaps.

        Its checkpoints, against those of the device's recording, are what `ReplayVerifier`
        compares.

        Raises:
            DeviceMismatchError: as for `replay`.
        """
        self._require_own(recording)
        parts = [expected.answers for _, expected in self._segments(recording, 0)]
        return replace(recording, answers=_joined(parts, recording.answers.layers))

    def compare(self, device: Device, samples: ArrayLike) -> NetworkMismatch | None:
        """Run samples on a device, and locate the first answer that is not the model's.

        Class, clocks, spikes of each layer and generation are compared after each inference; clocks
        not if the host sends events, for it decides when the engine gets them.
        Where one differs, ticks are probed in the order of execution until the first wrong spike
        is found; each probe runs the sample once more. What the counts decide alone (a layer that
        never spiked, or has spent all its spikes) is not probed.

        Args:
            device: runs the twin's design and a generation that the twin knows.
            samples: as for `simulate_network`.

        Returns:
            Sample, layer, tick and neuron of the first wrong spike. If every spike is right:
            ``class``, ``cycles``, or ``spikes`` of a layer, that the device reports wrongly; or
            ``generation``.

        Raises:
            DeviceMismatchError: another design, or a generation that the twin does not know.
        """
        return self._search(device, samples, every=False)

    def inspect(self, device: Device, samples: ArrayLike) -> NetworkMismatch | None:
        """As `compare`, but probe every sample, even one whose answer is right.

        This also finds what no count shows, as a spike that another neuron took over.
        """
        return self._search(device, samples, every=True)

    def _search(self, device: Device, samples: ArrayLike, every: bool) -> NetworkMismatch | None:
        generation = self._generation(device)
        network = self.at(generation)
        levels = self._levels(samples)
        run = simulate_network(network, levels, spikes=True)
        expected = expect(network, CycleModel(network, self.foldings), levels, run, generation)
        for index, sample in enumerate(levels):
            got = Answers.of([device.run(sample)], len(network.layers))
            wanted = _part(expected.answers, index, index + 1)
            wrong = _differing(got, wanted).size > 0
            if network.input.coding != "events":  # whose clocks depend on when the host sends them
                wrong = wrong or got.clocks[0] != wanted.clocks[0]
            if int(got.generations[0]) != generation:
                return NetworkMismatch(
                    index, "generation", "", -1, -1, generation, int(got.generations[0])
                )
            if wrong or every:
                found = first_spike(device, network, expected, index, got.layer_spikes[0])
                if found is None and wrong:
                    found = first_difference(network, index, wanted, got, 0)
                if found is not None:
                    return found
        return None

    def _digest(self, network: IntegerNetwork) -> str:
        return bank_digest(bank_words(network, self.foldings))

    def _levels(self, samples: ArrayLike) -> Integers:
        return encode_levels(self.network.input, samples, self.network.ticks)

    def _generation(self, device: Device) -> int:
        """Generation of a device that runs this design."""
        identity = device.identify()
        if identity.digest != self.design:
            raise DeviceMismatchError(
                f"{device.name} runs design {identity.digest}; the twin is of {self.design}"
            )
        self.at(identity.generation)
        return identity.generation

    def _require_own(self, recording: Recording) -> None:
        if recording.design != self.design:
            raise DeviceMismatchError(
                f"the recording is of design {recording.design}; the twin is of {self.design}"
            )
        starts = [(recording.generation, recording.parameters)]
        for generation, digest in [
            *starts,
            *((s.generation, s.parameters) for s in recording.swaps),
        ]:
            if self.parameters(generation) != digest:
                raise DeviceMismatchError(
                    f"the recording says that generation {generation} has parameters "
                    f"{digest[:12]}…; the twin has others"
                )
        # Refuses samples that the network cannot take.
        self._levels(recording.samples)

    def _segments(self, recording: Recording, begin: int) -> Iterator[tuple[int, Expected]]:
        """Positions and expectations of the stretches between swaps, from ``begin`` on."""
        model = CycleModel(self.network, self.foldings)
        generation, position = recording.generation, 0
        stops = [*((s.position, s) for s in recording.swaps), (len(recording), None)]
        for stop, swap in stops:
            old = self.at(generation)
            low = max(position, begin)
            if low < stop:
                levels = recording.samples[low:stop]
                run = simulate_network(old, levels, spikes=True)
                yield low, expect(old, model, levels, run, generation)
            position = stop
            if swap is None:
                return
            generation = swap.generation
            if swap.tick and stop >= begin:
                levels = recording.samples[stop : stop + 1]
                new = self.at(generation)
                run = simulate_swap(old, new, levels, swap.tick, spikes=True)
                yield stop, expect(new, model, levels, run, generation)
            if swap.tick:
                position = stop + 1


def _part(answers: Answers, begin: int, end: int) -> Answers:
    return Answers(
        answers.predictions[begin:end],
        answers.clocks[begin:end],
        answers.generations[begin:end],
        answers.layer_spikes[begin:end],
    )


def _joined(parts: list[Answers], layers: int) -> Answers:
    empty = np.zeros(0, np.int64)
    whole = [Answers(empty, empty, empty, np.zeros((0, layers), np.int64)), *parts]
    return Answers(
        np.concatenate([x.predictions for x in whole]),
        np.concatenate([x.clocks for x in whole]),
        np.concatenate([x.generations for x in whole]),
        np.concatenate([x.layer_spikes for x in whole]),
    )


def _differing(got: Answers, expected: Answers) -> Integers:
    """Indices of answers that differ in more than clocks."""
    wrong = (got.predictions != expected.predictions) | (got.generations != expected.generations)
    wrong |= (got.layer_spikes != expected.layer_spikes).any(axis=1)
    return np.flatnonzero(wrong)
