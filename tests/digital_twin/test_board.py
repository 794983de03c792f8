"""The twin beside the RTL: the virtual board runs the device that `write_device` wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accelerator.engines import network, samples
from sc_neurocore.accelerator import (
    Folding,
    IntegerNetwork,
    bank_words,
    bank_writes,
    first_divergence,
    simulate_network,
    write_device,
)
from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices import VirtualBoard
from sc_neurocore.devices.update import (
    apply,
    apply_at,
    commit,
    discard,
    read_back,
    revert,
    stage,
    status,
)
from sc_neurocore.digital_twin import Answers, Recording, Swap, TelemetryBounds, Twin, bank_digest
from sc_neurocore.evidence import EvidenceStore

from .devices import with_weight

FOLDINGS = (Folding(4, 2), Folding(2, 2))
NET = network(recurrent=True)
DEVICE = write_device(NET, FOLDINGS)
SAMPLES = samples(NET, 4)
BUNDLE = LiveBundle(Path(), NET.name, DEVICE.digest, NET, FOLDINGS, DEVICE, SAMPLES)


@pytest.fixture(scope="module")
def started(store: EvidenceStore) -> Iterator[VirtualBoard]:
    with VirtualBoard.start(BUNDLE, store=store) as board:
        yield board


@pytest.fixture
def board(started: VirtualBoard) -> VirtualBoard:
    started.link.reset()  # from its image, so with the parameters of the design
    return started


def twin_of(board: VirtualBoard, net: IntegerNetwork = NET) -> Twin:
    return Twin(board.identify().digest, {board.identify().generation: net}, FOLDINGS, 50.0)


def test_the_twin_of_a_bundle(board: VirtualBoard) -> None:
    twin = Twin.of(BUNDLE, clock_mhz=50.0)
    assert (twin.design, twin.foldings, twin.network) == (DEVICE.digest[:32], FOLDINGS, NET)
    assert twin.compare(board, BUNDLE.samples) is None


def test_every_answer_and_every_spike_is_the_twins(board: VirtualBoard) -> None:
    twin = twin_of(board)
    report = twin.replay(twin.record(board, SAMPLES))
    assert report.reproduced and report.drift.path.tolist() == [0] * len(SAMPLES)
    # The board stops when it is certain; what its layers would still have sent is not counted.
    whole = simulate_network(NET, SAMPLES).layer_spikes
    assert (twin.expected(SAMPLES).layer_spikes < whole).any()
    assert twin.compare(board, SAMPLES) is None
    assert twin.inspect(board, SAMPLES) is None
    bounds = TelemetryBounds.learn(twin, samples(NET, 300, seed=1), coverage=0.9, confidence=0.9)
    assert bounds.check(board.telemetry()) == ()
    board.write(DEVICE.registers.register("COMMAND").offset, 99)  # no such command: a trap
    assert [str(x) for x in bounds.check(board.telemetry())] == ["traps: 8 is outside 0 to 0"]


def flipped(rng: np.random.Generator) -> tuple[IntegerNetwork, int, int, int]:
    """The network with one bit of one weight flipped; which bank, word and bit that is."""
    layer = int(rng.integers(2))
    projection = int(rng.integers(len(NET.layers[layer].projections)))
    weights = NET.layers[layer].projections[projection].weights
    source, target = (int(rng.integers(n)) for n in weights.shape)
    value = ((int(weights[source, target]) + 32) ^ 1 << int(rng.integers(4, 6))) - 32
    wrong = with_weight(NET, layer, source, target, value, projection)
    changes = bank_writes(*(bank_words(n, FOLDINGS) for n in (NET, wrong)))
    ((bank, entries),) = ((name, found) for name, found in changes.items() if found)
    ((word, new),) = entries.items()
    changed = int(bank_words(NET, FOLDINGS)[bank][word]) ^ new
    index = [b.name for b in DEVICE.banks].index(bank)
    assert changed.bit_count() == 1 and DEVICE.banks[index].slices == 1
    return wrong, index, word, changed.bit_length() - 1


def test_a_flipped_bit_of_a_memory_is_located(board: VirtualBoard) -> None:
    """One bit after the other; the place is where two runs of the model part, compared whole."""
    rng = np.random.default_rng(11)
    twin = twin_of(board)
    names = [layer.name for layer in NET.layers]
    right = simulate_network(NET, SAMPLES, spikes=True)
    located = 0
    for _ in range(24):
        wrong, memory, word, bit = flipped(rng)
        run = simulate_network(wrong, SAMPLES, spikes=True)
        true = first_divergence(run, right)
        board.instruments.flip(memory, word, bit)
        found = twin.inspect(board, SAMPLES)
        board.instruments.flip(memory, word, bit)
        if true is None:
            assert found is None
            continue
        ends = min(run.ticks_used[true.sample], right.ticks_used[true.sample])
        if true.tick < ends - 1:  # else an engine may be done before the spike is sent
            located += 1
            assert found is not None and found.what == "spike"
            place = (found.sample, found.tick, names.index(found.layer), found.neuron)
            assert place == tuple(true)
    assert located >= 8
    assert twin.inspect(board, SAMPLES[:1]) is None


@pytest.mark.parametrize("tick", [0, 1, 2, 3, 5, 15])
def test_the_twin_follows_a_live_update(board: VirtualBoard, tick: int) -> None:
    """The weights change in the third of five inferences, at this tick (0: after it)."""
    layer = NET.layers[0]
    first = layer.projections[0]
    turned = replace(layer, projections=(replace(first, weights=first.weights[::-1]),
                                         *layer.projections[1:]))  # fmt: skip
    new = replace(NET, layers=(turned, *NET.layers[1:]))
    twin = twin_of(board).follow(new, 1).follow(NET, 2)
    words = [bank_words(n, FOLDINGS) for n in (NET, new)]
    given_samples = samples(NET, 5)
    before = [board.run(x) for x in given_samples[:2]]
    stage(board, DEVICE.update, bank_writes(*words))
    during = apply_at(board, given_samples[2], tick)
    after = [board.run(x) for x in given_samples[3:]]
    assert status(board).applied and not status(board).pending
    swap = Swap(2, tick, 1, bank_digest(words[1]))
    if tick == 0:  # not before the inference is over; the count is read after that
        swap = Swap(3, 0, 1, bank_digest(words[1]))
        during = replace(during, generation=0)
    recording = Recording(
        twin.design, 0, twin.parameters(0), given_samples,
        Answers.of([*before, during, *after], 2), (swap,),
    )  # fmt: skip
    report = twin.replay(recording)
    assert report.reproduced and report.drift.clocks == 0
    if 0 < tick < 5:
        for other in (NET.ticks, 0):  # as if all of it had run with the old, or with the new
            elsewhere = replace(recording, swaps=(replace(swap, tick=other),))
            assert 2 in twin.replay(elsewhere).different
    assert bank_digest(read_back(board, DEVICE.update)) == twin.parameters(1)
    assert twin.inspect(board, given_samples[:1]) is None
    revert(board)
    discard(board)
    back = twin.record(board, SAMPLES)
    assert back.generation == 2 and twin.replay(back).reproduced
    assert back.checkpoint(4).parameters == twin.parameters(2) == bank_digest(words[0])


def test_an_update_of_a_wrong_word_is_found(board: VirtualBoard) -> None:
    """One weight of what was applied is not what was announced; the twin names its neuron."""
    announced = with_weight(NET, 0, 0, 3, 31)
    applied = with_weight(announced, 0, 0, 4, -announced.layers[0].projections[0].weights[0, 4] - 1)
    twin = twin_of(board).follow(announced, 1)
    stage(board, DEVICE.update, bank_writes(*(bank_words(n, FOLDINGS) for n in (NET, applied))))
    apply(board)
    commit(board)
    true = first_divergence(
        *(simulate_network(n, SAMPLES, spikes=True) for n in (announced, applied))
    )
    found = twin.inspect(board, SAMPLES)
    assert true is not None and found is not None
    assert (found.sample, found.tick, found.layer, found.neuron) == (
        true.sample, true.tick, NET.layers[true.layer].name, true.neuron,
    )  # fmt: skip
    assert found.layer == "hidden1" and found.neuron == 4
