"""What a bus behind the link's checks loses or changes of an input never gives a wrong answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sc_neurocore.accelerator import simulate_swap
from sc_neurocore.devices import VirtualBoard, Write, update
from sc_neurocore.devices.conformance._bench import Bench
from sc_neurocore.exceptions import BusError, DeviceError

from .designs import design

CONTROL, LEVEL, COUNT = 0x1C, 0x24, 0x38


@pytest.mark.parametrize("kind", ["axi_lite", "events"])
def test_an_answer_is_right_or_there_is_none(start: Callable[..., VirtualBoard], kind: str) -> None:
    """A write in fifty goes wrong, of a dozen or more per inference."""
    board, given = start(kind), design(kind).samples
    golden = [board.run(sample) for sample in given]
    board.instruments.set_faults(
        {"bus.lost": 0.01, "bus.corrupted": 0.01, "bus.misdirected": 0.005}, seed=5
    )
    answered = 0
    for k in range(150):
        i = k % len(given)
        try:
            found = board.run(given[i])
        except BusError:
            board.write(CONTROL, 2)
            continue
        answered += 1
        assert (found.prediction, found.generation) == (golden[i].prediction, 0)
        if kind != "events":  # whose timing is that of the host
            assert found == golden[i]
    assert 100 < answered < 150
    assert sum(board.instruments.state().injected.values()) > 50


def test_levels_that_stand_there_already_do_not_shift_the_sample(board: VirtualBoard) -> None:
    given = design().samples
    golden = board.run(given[0])
    board.transfer([Write(LEVEL, 3)] * 5)
    assert board.run(given[0]) == golden


def test_a_bus_that_takes_no_input_is_said(start: Callable[..., VirtualBoard]) -> None:
    for kind in ("axi_lite", "events"):
        board, sample = start(kind), design(kind).samples[0]
        board.run(sample)
        board.instruments.set_faults({"bus.lost": 1.0})
        what = "did not start" if kind == "events" else "did not take an input"
        with pytest.raises(BusError, match=what):
            board.run(sample)
        board.instruments.clear_faults()
        assert board.telemetry().inferences == 1


def test_a_lost_start_is_not_the_last_answer(board: VirtualBoard) -> None:
    """Levels arrive and no start does: the class that stands there is of another sample."""
    made = design()
    board.run(made.samples[0])
    board._fill([int(level) for level in made.samples[1]])
    board.instruments.set_faults({"bus.lost": 1.0})
    with pytest.raises(BusError, match=r"did not start when it was told to$"):
        board._start(())
    with pytest.raises(BusError, match=r"to; the writes that were to follow may have been done$"):
        board._start([Write(0x18, 1)])
    board.instruments.clear_faults()
    assert board.read(COUNT) == len(made.samples[1])


def test_an_inference_that_is_reset_has_no_answer(board: VirtualBoard) -> None:
    sample = design().samples[0]
    with pytest.raises(BusError, match="did not start"):
        board.run(sample, during=[Write(CONTROL, 2)])
    board._fill([int(level) for level in sample])
    board._start(())
    board.write(CONTROL, 2)
    with pytest.raises(BusError, match="was ended by a reset"):
        board._await(lambda now: bool(now & 2))


def test_an_exchange_happens_at_its_tick_or_is_refused(board: VirtualBoard) -> None:
    bench, tick = Bench.of(board, design(), 1), 4
    writes, spec = bench.writes(bench.old, bench.new), design().device.update
    wanted = simulate_swap(bench.old, bench.new, bench.samples, tick).predictions[0]
    golden, kept = None, 0
    for trial in range(30):
        update.stage(board, spec, writes)
        if golden is not None:
            board.instruments.set_faults({"bus.lost": 0.03, "bus.corrupted": 0.03}, seed=trial)
        try:
            found = update.apply_at(board, bench.samples[0], tick)
            golden, kept = golden or found, kept + 1
            assert found.prediction == wanted
            assert (found.clocks, found.layer_spikes) == (golden.clocks, golden.layer_spikes)
        except DeviceError:
            pass
        board.instruments.clear_faults()
        if update.status(board).applied:
            update.revert(board)
        if not update.status(board).clean:
            update.discard(board)
    assert 5 < kept < 30
