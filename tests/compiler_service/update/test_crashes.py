"""An update that dies between any two operations: the device ends old or new, as its journal says.

Every point is enumerated: before every register operation, and before and after every entry of the
journal; the host dies, or the board loses its power, or both; and recovery dies likewise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from sc_neurocore.compiler_service.update import (
    LiveDesign,
    Outcome,
    Update,
    UpdateUnsettledError,
    Words,
    bank_digest,
    enrol,
    execute_update,
    recover,
    standing,
    verify_chain,
)
from sc_neurocore.exceptions import LinkError, SCConfigError

from .board import Board, Crash, Fuse, Log, design_of
from .samples import DEVICE, update_between

IMAGE: Words = {"a": np.array([1, 2], np.uint64), "b": np.array([2**63 + 5], np.uint64)}
FIRST: Words = {"a": np.array([7, 2], np.uint64), "b": np.array([2**63 + 5], np.uint64)}
SECOND: Words = {"a": np.array([7, 9], np.uint64), "b": np.array([6], np.uint64)}


@dataclass
class Scene:
    """A board that was updated once, and a second update.

    Attributes:
        old: what is committed before.
        update: from old to new.
    """

    board: Board
    design: LiveDesign
    log: Log
    old: Words
    new: Words
    update: Update

    def execute(self) -> Outcome:
        return execute_update(self.board, self.design, self.update, self.log)

    def recover(self) -> Outcome:
        return recover(self.board, self.design, self.log, DEVICE)

    def copy(self) -> Scene:
        """The same scene on a fuse of its own."""
        fuse = replace(self.board.fuse, at=None)
        board = self.board.copy(fuse)
        log = Log(fuse, board, list(self.log.sealed))
        return replace(self, board=board, log=log)

    def check(self) -> bool:
        """Whether it is the new one; fails if it is neither, or not what the journal says."""
        active = bank_digest(self.board.active)
        assert active in (bank_digest(self.old), bank_digest(self.new))
        verify_chain(self.log.entries())
        here = standing(self.log.entries(), DEVICE)
        assert here is not None and here.open is None
        assert here.parameters == active
        assert self.board.clean
        is_new = active == bank_digest(self.new)
        assert here.version == (self.update.version if is_new else self.update.version - 1)
        return is_new


NEW = {"second": SECOND, "image": IMAGE}


@functools.cache
def prepared(new: str) -> Scene:
    fuse = Fuse()
    board = Board(IMAGE, fuse)
    log, design = Log(fuse, board), design_of(IMAGE)
    enrol(board, design, log, DEVICE)
    done = execute_update(board, design, update_between(IMAGE, FIRST, 1), log)
    assert done.state == "committed"
    return Scene(board, design, log, FIRST, NEW[new], update_between(FIRST, NEW[new], 2))


def scene() -> Scene:
    return prepared("second").copy()


def faulty() -> Scene:
    """The board answers wrongly with the new parameters."""
    found = scene()
    found.board.wrong = 1
    return found


def to_image() -> Scene:
    """The new parameters are those that the board has when it loses its power."""
    return prepared("image").copy()


def length(make: Callable[[], Scene], act: Callable[[Scene], object]) -> int:
    found = make()
    before = found.board.fuse.steps
    act(found)
    return found.board.fuse.steps - before


def arm(found: Scene, at: int, *, power: bool, host: bool = True) -> None:
    fuse = found.board.fuse
    fuse.at, fuse.power, fuse.host = fuse.steps + at, power, host


def crashed(make: Callable[[], Scene], at: int, *, power: bool) -> Scene:
    found = make()
    arm(found, at, power=power)
    with pytest.raises(Crash):
        found.execute()
    return found


@pytest.mark.parametrize("make", [scene, faulty, to_image])
@pytest.mark.parametrize("power", [False, True])
def test_a_crash_anywhere_leaves_old_or_new(make: Callable[[], Scene], power: bool) -> None:
    total = length(make, Scene.execute)
    assert total > 60
    ends = []
    for at in range(total):
        found = crashed(make, at, power=power)
        outcome = found.recover()
        new = found.check()
        ends.append(new)
        # What recovery says is what the journal says; nothing is left to do.
        assert found.recover().state == "whole"
        if outcome.state != "whole":
            assert outcome.state in ("restored", "committed" if new else "reverted")
    # One point commits: before it always old, from it on always new.
    assert ends == sorted(ends)
    assert (True in ends) is (make is not faulty)


@pytest.mark.parametrize("make", [scene, faulty])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_a_crash_of_the_recovery_of_a_crash(
    make: Callable[[], Scene], first: bool, second: bool
) -> None:
    seen = set()
    for at in range(length(make, Scene.execute)):
        # Recovery writes every register before it counts, so what is in them makes no other state;
        # `test_every_pair_of_crashes` takes them for states of their own.
        left = crashed(make, at, power=first)
        control = left.board.control
        state = (str(control.banks), control.staged, control.applied, control.generation,
                 control.loaded_crc, control.traps, len(left.log.entries()))  # fmt: skip
        if state not in seen:
            seen.add(state)
            pair(make, at, first, second)
    assert len(seen) >= (3 if first else 8)


@pytest.mark.exhaustive
@pytest.mark.parametrize("make", [scene, faulty, to_image])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_every_pair_of_crashes(make: Callable[[], Scene], first: bool, second: bool) -> None:
    for at in range(length(make, Scene.execute)):
        pair(make, at, first, second)


def pair(make: Callable[[], Scene], at: int, first: bool, second: bool) -> None:
    dead = crashed(make, at, power=first)
    for later in range(length(dead.copy, Scene.recover)):
        found = dead.copy()
        arm(found, later, power=second)
        with pytest.raises(Crash):
            found.recover()
        found.recover()
        found.check()


@pytest.mark.parametrize("make", [scene, faulty, to_image])
@pytest.mark.parametrize("power", [False, True])
def test_a_link_that_fails_once_is_settled_at_once(make: Callable[[], Scene], power: bool) -> None:
    """The host lives on, and is told that it cannot know what happened."""
    total = length(make, Scene.execute)
    ends = set()
    for at in range(total):
        found = make()
        arm(found, at, power=power, host=False)
        try:
            outcome = found.execute()
        except Exception as error:
            # Nothing was begun yet: the intent is not in the journal.
            assert len(found.log.entries()) == 4, error
            found.recover()
            found.check()
            continue
        if power:  # what was settled before the power was lost
            found.board.fuse.at = None
            found.recover()
        assert found.check() is (outcome.state == "committed")
        ends.add(outcome.state)
    assert "reverted" in ends


def test_a_weak_cell_is_found_and_the_update_reverted() -> None:
    found = scene()
    found.board.weak = ("a", 1)
    outcome = found.execute()
    assert outcome.state == "reverted"
    assert outcome.reason == "entry 1 of bank 'a' reads 0x8 where 0x9 was written"
    assert not found.check()


def test_a_wrong_answer_is_found_and_the_update_reverted() -> None:
    found = faulty()
    outcome = found.execute()
    assert outcome.state == "reverted"
    assert outcome.reason.startswith("probe 0: the device's class is ")
    assert not found.check()


def test_a_probe_that_does_not_fit_the_design_reverts() -> None:
    found = scene()

    def run(sample: object) -> None:
        raise SCConfigError("the sample has 3 values; the network takes 4")

    found.board.run = run  # type: ignore[assignment, method-assign]
    outcome = found.execute()
    assert (outcome.state, found.check()) == ("reverted", False)
    assert outcome.reason == "the sample has 3 values; the network takes 4"


def test_power_lost_between_updates() -> None:
    found = scene()
    found.execute()
    found.board.power_up()
    outcome = found.recover()
    assert (outcome.state, found.check()) == ("restored", True)
    assert found.log.entries()[-1].content["entry"] == "restored"
    assert found.recover().state == "whole"


def test_a_flipped_bit_is_repaired_and_journalled() -> None:
    found = scene()
    for half in found.board.control.banks[1]:
        half[0] ^= 1 << 40
    with pytest.raises(ValueError, match="was read to hold"):
        found.execute()
    assert found.recover().reason == "1 words were not as committed, and were written again"
    assert not found.check()


def test_an_update_can_be_rolled_back_by_its_own_inverse() -> None:
    found = scene()
    assert found.execute().state == "committed"
    back = found.update.rollback(3)
    done = execute_update(found.board, found.design, back, found.log)
    assert done.state == "committed"
    assert bank_digest(found.board.active) == bank_digest(FIRST)


def test_unreachable_boards_are_left_to_recovery() -> None:
    found = scene()
    total = length(scene, Scene.execute)
    fuse = found.board.fuse

    def dead(board: Board | None) -> None:
        fuse.steps += 1
        if fuse.steps > total:
            raise LinkError("no answer")

    fuse.burn = dead  # type: ignore[method-assign]
    fuse.steps = total // 2
    with pytest.raises(UpdateUnsettledError, match=r"recover it when it answers \(no answer\)"):
        found.execute()
    del fuse.burn
    with pytest.raises(ValueError, match="was begun and not ended"):
        execute_update(found.board, found.design, replace(found.update, version=9), found.log)
    found.recover()
    found.check()
