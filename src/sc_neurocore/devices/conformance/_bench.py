"""What the checks compare a board with: the bit-true model, with two sets of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import (
    CycleModel,
    IntegerNetwork,
    bank_words,
    bank_writes,
    simulate_network,
)
from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices import update
from sc_neurocore.devices._protocol import Device, Inference, Operation, Read, Write


class Difference(Exception):
    """A board did something else than it had to."""


@dataclass(frozen=True, eq=False)
class Bench:
    """One board and what it is compared with.

    Attributes:
        device: the board.
        design: what runs on it.
        samples: some inputs.
        old: the network with the bundle's weights.
        new: the same with each projection's weights in reverse order of their sources; with none,
            where that is the same.
    """

    device: Device
    design: LiveBundle
    samples: NDArray[np.int64]
    old: IntegerNetwork
    new: IntegerNetwork

    @classmethod
    def of(cls, device: Device, design: LiveBundle, samples: int) -> Bench:
        """Prepare the comparison."""
        return cls(
            device, design, design.samples[:samples], design.network, _exchanged(design.network)
        )

    def words(self, network: IntegerNetwork) -> Mapping[str, NDArray[np.uint64]]:
        """Return what the banks hold for a network."""
        return bank_words(network, self.design.foldings)

    def writes(self, source: IntegerNetwork, target: IntegerNetwork) -> update.Writes:
        """Return the words that make one network the other."""
        return bank_writes(self.words(source), self.words(target))

    def at(self, register: str) -> int:
        """Return the address of a register."""
        return self.design.device.registers.register(register).offset

    def read(self, *registers: str) -> list[int]:
        """Read registers."""
        return self.device.transfer([Read(self.at(name)) for name in registers])

    def write(self, **registers: int) -> None:
        """Write registers, in order."""
        operations: list[Operation] = [
            Write(self.at(name.upper()), value) for name, value in registers.items()
        ]
        self.device.transfer(operations)

    def expect(self, what: str, wanted: object, got: object) -> None:
        """Raise `Difference` unless two values are equal."""
        if wanted != got:
            raise Difference(f"{what}: {wanted} expected, {got} found")

    def expect_parameters(self, network: IntegerNetwork) -> int:
        """Compare the active words with a network's; return how many."""
        spec, total = self.design.device.update, 0
        wanted = self.words(network)
        for name, found in update.read_back(self.device, spec).items():
            different = np.flatnonzero(found != wanted[name])
            if len(different):
                k = int(different[0])
                raise Difference(
                    f"entry {k} of bank {name}: {int(wanted[name][k]):#x} expected, "
                    f"{int(found[k]):#x} read back"
                )
            total += len(found)
        return total

    def expect_inferences(self, network: IntegerNetwork) -> list[Inference]:
        """Classify the samples and compare every answer with the bit-true model's."""
        run = simulate_network(network, self.samples, spikes=True)
        assert run.spikes is not None
        model = CycleModel(network, self.design.foldings)
        slots = model.input_slots(self.samples)
        events = network.input.coding == "events"
        found = []
        for i, sample in enumerate(self.samples):
            got = self.device.run(sample)
            self.expect(f"class of sample {i}", int(run.predictions[i]), got.prediction)
            if not events:  # whose timing is that of the host
                used = int(run.ticks_used[i])
                schedule = model.schedule(slots[i], [layer[i] for layer in run.spikes], used)
                self.expect(f"clocks of sample {i}", schedule.done, got.clocks)
                spikes = []
                for k in range(len(network.layers)):
                    stream = model.shape.streams.get(k)
                    if stream is None:
                        spikes.append(0)
                        continue
                    passed = (schedule.edges[k] > 0) & (schedule.edges[k] <= schedule.done)
                    spikes.append(stream.spikes(schedule.words[k][passed]))
                self.expect(f"spikes of sample {i}", tuple(spikes), got.layer_spikes)
            found.append(got)
        return found


def _others(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Other weights of the same range: in reverse order or, if that is the same, none."""
    turned = np.ascontiguousarray(weights[::-1])
    return np.zeros_like(weights) if np.array_equal(turned, weights) else turned


def _exchanged(network: IntegerNetwork) -> IntegerNetwork:
    layers = tuple(
        replace(
            layer,
            projections=tuple(replace(p, weights=_others(p.weights)) for p in layer.projections),
        )
        for layer in network.layers
    )
    return replace(network, layers=layers)
