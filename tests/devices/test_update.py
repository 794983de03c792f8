"""Updates on a board whose bus and memories fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from sc_neurocore.accelerator import bank_words
from sc_neurocore.devices import Operation, VirtualBoard, Write, update
from sc_neurocore.exceptions import DeviceError, LinkError, SCConfigError

from .designs import design

SPEC = design().device.update
OLD = {
    name: words.tolist() for name, words in bank_words(design().network, design().foldings).items()
}
BANK = SPEC.banks[0].name
NEW = {BANK: {k: (w + 1 + k) % 4096 for k, w in enumerate(OLD[BANK])}}


def active(board: VirtualBoard) -> dict[str, list[int]]:
    return {name: words.tolist() for name, words in update.read_back(board, SPEC).items()}


def changed() -> dict[str, list[int]]:
    return {**OLD, BANK: list(NEW[BANK].values())}


def test_the_whole_way(board: VirtualBoard) -> None:
    assert update.stage(board, SPEC, NEW).staged
    assert active(board) == OLD
    assert update.apply(board).applied
    assert active(board) == changed()
    assert update.revert(board).staged
    assert active(board) == OLD
    assert update.apply(board).applied
    assert update.commit(board).clean
    assert active(board) == changed()
    assert board.identify().generation == 3


def test_steps_that_are_not_allowed_now(board: VirtualBoard) -> None:
    for step in (update.apply, update.revert, update.commit):
        with pytest.raises(update.UpdateError, match="its update is clean"):
            step(board)
    update.stage(board, SPEC, {BANK: {0: 1}})
    with pytest.raises(update.UpdateError, match="has an update that is staged"):
        update.stage(board, SPEC, {BANK: {0: 1}})
    update.apply(board)
    with pytest.raises(update.UpdateError, match="revert it"):
        update.discard(board)
    with pytest.raises(SCConfigError, match="nothing to stage"):
        update.stage(board, SPEC, {})
    with pytest.raises(SCConfigError, match="tick"):
        update.apply(board, -1)


class BadBus:
    """A link behind which writes of a register are lost, or go to another one."""

    def __init__(self, board: VirtualBoard, register: str, times: int, becomes: str = "") -> None:
        self.link, self.times = board.link, times
        self.address = board.at(register)
        self.becomes = [board.at(becomes)] if becomes else []

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        done: list[Operation] = []
        for x in operations:
            if isinstance(x, Write) and x.address == self.address and self.times:
                self.times -= 1
                done += [Write(address, x.value) for address in self.becomes]
            else:
                done.append(x)
        return self.link.transfer(done)

    def advance(self, clocks: int) -> None:
        self.link.advance(clocks)


def test_a_tick_that_is_lost_is_told_again(board: VirtualBoard) -> None:
    sample = design().samples[0]
    old, swapped = [], []
    for times in (0, 1):
        update.stage(board, SPEC, NEW)
        old.append(board.run(sample).layer_spikes)
        link = board.link
        board.link = BadBus(board, "APPLY_TICK", times)  # type: ignore[assignment]
        swapped.append(update.apply_at(board, sample, 3).layer_spikes)
        board.link = link
        update.revert(board)
        update.discard(board)
        board.write(board.at("APPLY_TICK"), 7)
    assert old[0] == old[1] and swapped[0] == swapped[1] != old[0]
    update.stage(board, SPEC, NEW)
    board.link = BadBus(board, "APPLY_TICK", 9)  # type: ignore[assignment]
    with pytest.raises(update.UpdateError, match="did not take tick 3"):
        update.apply_at(board, sample, 3)
    board.link = link
    assert update.status(board).staged


def test_a_tick_that_becomes_a_command_is_not_taken_for_an_apply(board: VirtualBoard) -> None:
    """Tick 2 in COMMAND is an apply at once, wherever the inference is."""
    update.stage(board, SPEC, NEW)
    link = board.link
    board.link = BadBus(board, "APPLY_TICK", 1, "COMMAND")  # type: ignore[assignment]
    with pytest.raises(update.UpdateError, match="its update is applied, not staged"):
        update.apply(board, 2)
    board.link = link


def test_power_loss_after_an_apply_brings_the_image_back(board: VirtualBoard) -> None:
    update.stage(board, SPEC, NEW)
    update.apply(board)
    board.instruments.lose_power()
    with pytest.raises(LinkError):
        update.status(board)
    assert update.status(board).clean
    assert active(board) == OLD
    assert board.identify().generation == 0


def test_a_flipped_bit_is_read_back(board: VirtualBoard) -> None:
    memory = board.instruments.state().memories[0]
    assert (memory.bank, memory.bits) == (0, 12)
    board.instruments.flip(0, 17, 4)
    found = update.read_back(board, SPEC, [BANK])[BANK]
    assert np.flatnonzero(found != OLD[BANK]).tolist() == [17]
    assert int(found[17]) == OLD[BANK][17] ^ 16
    assert board.instruments.faults()[-1].what.startswith("memory=0 bank=0 word=17 bit=4")


def test_a_stuck_bit_is_found_in_the_half_that_it_is_in(board: VirtualBoard) -> None:
    half = 512  # words of a half
    board.instruments.stick(0, half + 3, 0, bool(~NEW[BANK][3] & 1))
    update.stage(board, SPEC, NEW)
    assert active(board) == OLD
    update.apply(board)
    found = update.read_back(board, SPEC, [BANK])[BANK]
    assert np.flatnonzero(found != changed()[BANK]).tolist() == [3]
    update.revert(board)
    assert active(board) == OLD
    board.instruments.clear_faults()


@pytest.mark.parametrize("fault", ["bus.lost", "bus.corrupted", "bus.misdirected"])
def test_no_fault_of_the_bus_passes_unseen(start: Callable[..., VirtualBoard], fault: str) -> None:
    """Whatever is done wrong behind the link: old or new parameters, and it is known which."""
    board = start()
    outcomes = {"staged": 0, "refused": 0}
    words = {BANK: dict(list(NEW[BANK].items())[:40])}
    wanted = {**OLD, BANK: list(words[BANK].values()) + OLD[BANK][40:]}
    for seed in range(40):
        board.instruments.set_faults({fault: 0.003}, seed=seed)
        injected = board.instruments.state().injected.get(fault, 0)
        try:
            update.stage(board, SPEC, words)
            outcomes["staged"] += 1
            update.apply(board)
            now = "new"
        except DeviceError:
            outcomes["refused"] += 1
            now = "old"
        board.instruments.clear_faults()
        if now == "old" and board.instruments.state().injected.get(fault, 0) == injected:
            pytest.fail("refused without a fault")
        assert active(board) == (wanted if now == "new" else OLD)
        if update.status(board).applied:
            update.revert(board)
        update.discard(board)
    assert min(outcomes.values()) > 0
    assert active(board) == OLD


def test_reading_back_over_a_bus_that_loses_writes(board: VirtualBoard) -> None:
    for fault in ("bus.lost", "bus.corrupted"):
        board.instruments.set_faults({fault: 0.004}, seed=1)
        try:
            assert active(board) == OLD
        except update.UpdateError as error:
            assert "was" in str(error)
        board.instruments.clear_faults()
