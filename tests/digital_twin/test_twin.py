"""A device and its twin: what is the same, what differs, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.engines import network, samples
from sc_neurocore.accelerator import (
    Folding,
    NetworkMismatch,
    bank_words,
    cosimulate_network,
    cycles,
    first_divergence,
    simulate_network,
    simulate_swap,
)
from sc_neurocore.devices import Device
from sc_neurocore.digital_twin import Recording, ReplayVerifier, Swap, Twin, bank_digest
from sc_neurocore.digital_twin._expected import expect
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import DeviceError, DeviceMismatchError, SCConfigError

from .devices import DESIGN, ModelDevice, with_weight

FOLDINGS = (Folding(4, 2), Folding(2, 2))


def twin_of(net, foldings=FOLDINGS, generation: int = 0) -> Twin:
    return Twin(DESIGN, {generation: net}, tuple(foldings), 50.0)


def test_a_membrane_is_read_as_in_the_rtl(store: EvidenceStore) -> None:
    """The other read-out is that of the virtual board; this one ends with the last tick."""
    net = network(recurrent=True, readout="membrane")
    given_samples = samples(net, 5)
    expected = twin_of(net).expected(given_samples)
    rtl = cosimulate_network(net, FOLDINGS, given_samples, store=store, simulator="yosys")
    assert rtl.mismatches == 0
    np.testing.assert_array_equal(expected.clocks, rtl.cycles)
    np.testing.assert_array_equal(expected.predictions, rtl.predictions)
    sent = dict(zip((x.name for x in net.layers), expected.layer_spikes.sum(axis=0), strict=True))
    assert {name: sent[name] for name in rtl.rtl_spikes} == rtl.rtl_spikes


def test_clocks_in_which_the_host_sends_events_are_no_difference() -> None:
    net = network(coding="events")
    late = ModelDevice(net, FOLDINGS, clocks=8)
    assert twin_of(net).compare(late, samples(net, 2)) is None
    assert twin_of(net).inspect(late, samples(net, 1)) is None
    wrong = ModelDevice(with_weight(net, 0, 0, 1, 0), FOLDINGS, clocks=8)
    found = twin_of(net).inspect(wrong, samples(net, 4))
    assert found is not None and found.what == "spike"


def test_a_device_with_the_same_parameters_is_its_twin() -> None:
    net = network()
    device: Device = ModelDevice(net, FOLDINGS)
    twin = twin_of(net)
    assert twin.compare(device, samples(net, 6)) is None
    assert device.runs == 6  # nothing was probed
    assert twin.inspect(device, samples(net, 2)) is None


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_one_flipped_weight_is_located_exactly(data: st.DataObject) -> None:
    recurrent = data.draw(st.booleans())
    net = network(recurrent=recurrent, seed=data.draw(st.integers(0, 3)), ticks=8)
    layer = data.draw(st.integers(0, 1))
    projection = data.draw(st.integers(0, len(net.layers[layer].projections) - 1))
    weights = net.layers[layer].projections[projection].weights
    source = data.draw(st.integers(0, weights.shape[0] - 1))
    target = data.draw(st.integers(0, weights.shape[1] - 1))
    bit = data.draw(st.integers(0, net.layers[layer].bits - 1))
    flipped = ((int(weights[source, target]) + 32) ^ (1 << bit)) - 32
    wrong = with_weight(net, layer, source, target, flipped, projection)
    given_samples = samples(net, 3, seed=data.draw(st.integers(0, 5)))

    # Found by comparing two runs of the model whole, spike by spike.
    a, b = (simulate_network(x, given_samples, spikes=True) for x in (wrong, net))
    true = first_divergence(a, b)
    device = ModelDevice(wrong, FOLDINGS)
    found = twin_of(net).inspect(device, given_samples)
    if found is None:
        # What differs, if anything, came after the end of an inference.
        assert true is None or true.tick >= b.ticks_used[true.sample]
        return
    assert true is not None
    if found.what == "spike":
        place = (found.sample, found.tick, net.layers.index(_layer(net, found)), found.neuron)
        assert place == tuple(true)
        assert {found.expected, found.got} == {0, 1}
        assert found.expected == b.spikes[place[2]][place[0], place[1], place[3]]
    else:  # the wrong spike fell into a tick that the other engine did not finish
        assert true.tick >= min(a.ticks_used[true.sample], b.ticks_used[true.sample]) - 1


def _layer(net, found: NetworkMismatch):
    return next(x for x in net.layers if x.name == found.layer)


def test_a_mutation_by_hand() -> None:
    """Input 0 alone drives neuron 1 with 30 a tick, above its threshold of 20, from tick 0 on.

    With a weight of 0 instead, its spike in the first tick is the first that is missing.
    """
    net = network((2, 3, 2), ticks=4, theta=20.0)
    weights = np.zeros((2, 3), np.int64)
    weights[0, 1] = 30
    projection = replace(net.layers[0].projections[0], weights=weights)
    hidden = replace(net.layers[0], projections=(projection,))
    second = replace(net.layers[1].projections[0], weights=np.zeros((3, 2), np.int64))
    net = replace(net, layers=(hidden, replace(net.layers[1], projections=(second,))))
    foldings = (Folding(3, 1), Folding(2, 1))
    device = ModelDevice(with_weight(net, 0, 0, 1, 0), foldings)
    twin = twin_of(net, foldings)
    found = twin.compare(device, [[64, 0]])
    assert found == NetworkMismatch(0, "spike", "hidden1", 0, 1, 1, 0)
    assert str(found) == "sample 0, layer 'hidden1', tick 0, neuron 1: spike expected 1, got 0"
    assert device.runs == 1  # the counts said that no neuron of the layer ever spiked


def test_probes_stop_at_the_first_wrong_spike() -> None:
    net = network(ticks=8)
    wrong = with_weight(net, 1, 3, 2, -net.layers[1].projections[0].weights[3, 2] - 1)
    given_samples = samples(net, 6)
    device = ModelDevice(wrong, FOLDINGS)
    found = twin_of(net).compare(device, given_samples)
    assert found is not None and found.what == "spike"
    before = found.sample + 1
    layer = [x.name for x in net.layers].index(found.layer)
    assert device.runs <= before + found.tick * len(net.layers) + layer + 1


@pytest.mark.parametrize(
    ("fault", "what"), [({"clocks": 3}, "cycles"), ({"prediction": 9}, "class")]
)
def test_wrong_reports_of_right_spikes_are_told_apart(fault: dict, what: str) -> None:
    net = network()
    found = twin_of(net).compare(ModelDevice(net, FOLDINGS, **fault), samples(net, 2))
    assert found is not None
    assert (found.sample, found.what, found.tick, found.neuron) == (0, what, -1, -1)


def test_a_wrong_counter_is_named() -> None:
    net = network(ticks=6)

    class Miscounting(ModelDevice):
        def run(self, sample):
            one = super().run(sample)
            return replace(one, layer_spikes=(one.layer_spikes[0] + 1, *one.layer_spikes[1:]))

    found = twin_of(net).compare(Miscounting(net, FOLDINGS), samples(net, 1))
    assert found is not None
    assert (found.what, found.layer, found.got - found.expected) == ("spikes", "hidden1", 1)


def test_a_probe_of_another_size_is_refused() -> None:
    net = network()

    class Short(ModelDevice):
        def probe(self, sample, layer, tick):
            return super().probe(sample, layer, tick)[:-1]

    with pytest.raises(DeviceError, match="answers 15 neurons for layer 'hidden1', which has 16"):
        twin_of(net).inspect(Short(net, FOLDINGS), samples(net, 1))


def test_another_design_or_generation_is_refused() -> None:
    net = network()
    twin = twin_of(net)
    with pytest.raises(DeviceMismatchError, match=f"runs design {'f' * 32}; the twin is of"):
        twin.compare(ModelDevice(net, FOLDINGS, design="f" * 32), samples(net, 1))
    with pytest.raises(DeviceMismatchError, match="generation 3; the twin knows 0"):
        twin.record(ModelDevice(net, FOLDINGS, generation=3), samples(net, 1))


# Replay -------------------------------------------------------------------------------------------


def test_a_recording_is_reproduced() -> None:
    net = network()
    twin = twin_of(net)
    recording = twin.record(ModelDevice(net, FOLDINGS), samples(net, 8))
    report = twin.replay(recording)
    assert report.reproduced and report.first is None and report.compared == 8
    assert report.drift.clocks == 0 and report.drift.within(0.0)
    half = twin.replay(recording, start=recording.checkpoint(5))
    assert half.reproduced and half.compared == 3
    assert not twin.replay(recording, start=recording.checkpoint(8)).reproduced  # nothing compared


def test_replay_names_the_first_wrong_answer() -> None:
    net = network()
    twin = twin_of(net)
    wrong = with_weight(net, 0, 2, 5, 31)
    recording = twin.record(ModelDevice(wrong, FOLDINGS), samples(net, 8))
    a, b = (twin_of(x).expected(samples(net, 8)) for x in (net, wrong))
    differ = (a.layer_spikes != b.layer_spikes).any(axis=1) | (a.predictions != b.predictions)
    report = twin.replay(recording)
    assert report.different == tuple(np.flatnonzero(differ)) and report.different
    assert report.first is not None and report.first.sample == report.different[0]
    assert report.first.what == "spikes"
    at = report.first.sample
    k = [x.name for x in net.layers].index(report.first.layer)
    assert report.first.expected == a.layer_spikes[at, k]
    assert report.first.got == b.layer_spikes[at, k]


def test_checkpoints_of_a_device_and_of_its_twin_part_where_they_do() -> None:
    net = network()
    twin = twin_of(net)
    wrong = with_weight(net, 0, 2, 5, 31)
    for device, same in ((net, True), (wrong, False)):
        recording = twin.record(ModelDevice(device, FOLDINGS), samples(net, 8))
        mine = twin.reproduce(recording)
        verifier = ReplayVerifier()
        for position in range(9):
            verifier.record_run_a(recording.checkpoint(position))
            verifier.record_run_b(mine.checkpoint(position))
        assert verifier.compared_count() == 9
        assert verifier.is_deterministic() is same
        if not same:
            first = np.flatnonzero(
                (mine.answers.layer_spikes != recording.answers.layer_spikes).any(axis=1)
                | (mine.answers.clocks != recording.answers.clocks)
            )[0]
            # The checkpoint after the first wrong answer is the first that differs.
            assert verifier.first_divergence_index() == first + 1


@pytest.mark.parametrize("tick", [0, 3])
def test_the_twin_follows_an_update_at_its_tick(tick: int) -> None:
    old = network(ticks=8)
    hidden = old.layers[0].projections[0]
    new = replace(old, layers=(
        replace(old.layers[0], projections=(replace(hidden, weights=hidden.weights[::-1]),)),
        old.layers[1],
    ))  # fmt: skip
    given_samples = samples(old, 7)
    twin = twin_of(old, generation=4).follow(new, 5)

    class Swapping(ModelDevice):
        """Has the new parameters from tick `tick` of the fourth inference on."""

        def _expected(self, sample):
            self.runs += 1
            if self.runs > 3:
                self.network, self.generation = new, 5
            begin = tick if self.runs == 4 else 0
            run = simulate_swap(old, self.network, sample[None], begin, spikes=True)

            return expect(self.network, self.model, sample[None], run, self.generation)

    device = Swapping(old, FOLDINGS, generation=4)
    recording = twin.record(device, given_samples, swap_tick=tick)
    assert recording.swaps == (Swap(3, tick, 5, bank_digest(bank_words(new, FOLDINGS))),)
    assert recording.answers.generations.tolist() == [4, 4, 4, 5, 5, 5, 5]
    assert twin.replay(recording).reproduced
    # Whether a swap at another tick would answer the same, is what the recording can tell.
    told = 0
    for other in range(9):
        elsewhere = replace(recording, swaps=(replace(recording.swaps[0], tick=other),))
        run = simulate_swap(old, new, given_samples[3:4], other, spikes=True)
        wanted = expect(new, device.model, given_samples[3:4], run, 5).answers
        same = (
            wanted.predictions[0] == recording.answers.predictions[3]
            and wanted.layer_spikes[0].tolist() == recording.answers.layer_spikes[3].tolist()
        )
        assert twin.replay(elsewhere).different == (() if same else (3,))
        told += not same
    assert told >= 3
    # Positions count, from whichever checkpoint the replay goes on.
    for position in range(8):
        again = twin.replay(recording, start=recording.checkpoint(position))
        assert not again.different and again.compared == 7 - position
    assert recording.checkpoint(3).generation == 4
    assert recording.checkpoint(4).generation == 5


def test_drift_in_clocks_and_time() -> None:
    """3 clocks late in each of 8 inferences are 24 clocks, at 50 MHz 0.48 µs."""
    net = network()
    twin = twin_of(net)
    recording = twin.record(ModelDevice(net, FOLDINGS, clocks=3), samples(net, 8))
    report = twin.replay(recording)
    assert report.reproduced  # answers are right; time is another matter
    assert report.drift.clocks == 24
    assert report.drift.microseconds == pytest.approx(0.48)
    assert report.drift.within(0.48) and not report.drift.within(0.47)
    assert report.drift.first_beyond(0.2) == 3  # 12 clocks are 0.24 µs
    with pytest.raises(SCConfigError, match="max_drift_us is -1"):
        report.drift.within(-1.0)


def test_a_foreign_recording_is_refused() -> None:
    net = network()
    twin = twin_of(net)
    recording = twin.record(ModelDevice(net, FOLDINGS), samples(net, 3))
    with pytest.raises(DeviceMismatchError, match="the recording is of design"):
        twin.replay(replace(recording, design="e" * 32))
    with pytest.raises(DeviceMismatchError, match="generation 0 has parameters aaaaaaaaaaaa…"):
        twin.replay(replace(recording, parameters="a" * 64))
    other = Recording.from_bytes(recording.to_bytes())
    other.answers.clocks[1] += 1
    with pytest.raises(DeviceMismatchError, match="checkpoint at position 2 is not of this"):
        twin.replay(recording, start=other.checkpoint(2))
    assert twin.replay(recording, start=other.checkpoint(1)).reproduced


def test_only_weights_may_follow() -> None:
    net = network()
    with pytest.raises(SCConfigError, match="differ in more than weights"):
        twin_of(net).follow(network((8, 12, 4)), 1)
    with pytest.raises(SCConfigError, match="generation 0 already has other parameters"):
        twin_of(net).follow(with_weight(net, 0, 2, 5, -1), 0)
    assert twin_of(net).follow(net, 0).at(0) is net


def test_clocks_are_those_of_the_cycle_model() -> None:
    net = network(recurrent=True)
    given_samples = samples(net, 4)
    run = simulate_network(net, given_samples, spikes=True)
    wanted = cycles(net, FOLDINGS, given_samples, run.spikes, run.ticks_used)
    np.testing.assert_array_equal(twin_of(net).expected(given_samples).clocks, wanted)
