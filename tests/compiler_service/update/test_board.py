"""Updates of the virtual board, which runs the real RTL: planned, signed, executed, recovered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.accelerator import IntegerNetwork, with_weights, write_device
from sc_neurocore.build.network import LiveBundle
from sc_neurocore.compiler_service.update import (
    FileJournal,
    GateLimits,
    LiveDesign,
    Outcome,
    Update,
    enrol,
    execute_update,
    generate_key,
    open_update,
    plan_update,
    recover,
    sign_update,
    standing,
)
from sc_neurocore.devices import VirtualBoard
from sc_neurocore.devices.update import read_back, stage
from sc_neurocore.digital_twin import Twin, bank_digest
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import LinkError

from .test_plan import classifier, integers, samples, twin

NAME = "board-7"
KEY = generate_key()


class Bench:
    """A board that is enrolled, its twin, and a signed update to other weights."""

    def __init__(self, board: VirtualBoard, path: Path) -> None:
        self.board, self.design = board, LiveDesign.of(board.design)
        self.journal = FileJournal(path)
        self.twin = replace(twin(), design=self.design.digest)
        enrol(board, self.design, self.journal, NAME)
        recording = self.twin.record(board, samples(12))
        limits = GateLimits(0.0, 1.0, 1.0)
        self.plan = plan_update(
            self.twin, classifier(4), samples(300), device=NAME, version=1, request_id="req-1",
            target_name="virtual", limits=limits,
        )  # fmt: skip
        assert self.twin.replay(recording).reproduced
        self.package = sign_update(self.plan.require(), KEY)

    @property
    def update(self) -> Update:
        return open_update(self.package, [KEY.public_key()])

    def execute(self, update: Update | None = None) -> Outcome:
        return execute_update(self.board, self.design, update or self.update, self.journal)

    def holds(self) -> str:
        """What the board holds, which must be what its journal says."""
        held = bank_digest(read_back(self.board, self.design.spec))
        here = standing(self.journal.entries(), NAME)
        assert here is not None and here.open is None and here.parameters == held
        return held

    def answers(self, network: IntegerNetwork) -> bool:
        """Whether the board answers as the twin of a network, spike by spike."""
        generation = self.board.identify().generation
        of = Twin(self.design.digest, {generation: network}, self.twin.foldings, 50.0)
        return of.inspect(self.board, samples(3)) is None


@pytest.fixture(scope="module")
def started(store: EvidenceStore) -> Iterator[VirtualBoard]:
    net, foldings = integers(), twin().foldings
    levels = samples(6).astype(np.int64)
    made = write_device(net, foldings)
    design = LiveBundle(Path("net"), net.name, made.digest, net, foldings, made, levels)
    with VirtualBoard.start(design, store=store) as board:
        yield board


@pytest.fixture
def bench(started: VirtualBoard, tmp_path: Path) -> Bench:
    started.instruments.clear_faults()
    started.instruments.lose_power()
    with pytest.raises(LinkError):  # the link tells once that the board started again
        started.identify()
    return Bench(started, tmp_path / "journal.jsonl")


def test_an_update_and_its_rollback(bench: Bench) -> None:
    new = with_weights(integers(), classifier(4))
    done = bench.execute()
    assert (done.state, done.generation) == ("committed", 1)
    assert done.reason == f"{len_of(bench.update)} words and 4 probes are as planned"
    assert bench.holds() == bench.update.result and bench.answers(new)
    back = bench.execute(bench.update.rollback(2))
    assert (back.state, back.generation) == ("committed", 2)
    assert bench.holds() == bench.update.base and bench.answers(integers())
    assert [e.content["entry"] for e in bench.journal.entries()] == [
        "loaded", "intended", "verified", "committed", "intended", "verified", "committed",
    ]  # fmt: skip


def len_of(update: Update) -> int:
    return sum(len(entries) for entries in update.writes.values())


def test_power_lost_after_an_update(bench: Bench) -> None:
    bench.execute()
    bench.board.instruments.lose_power()
    assert bench_recovers(bench).state == "restored"
    assert bench.holds() == bench.update.result
    assert bench.answers(with_weights(integers(), classifier(4)))
    assert bench_recovers(bench).state == "whole"


def bench_recovers(bench: Bench) -> Outcome:
    return recover(bench.board, bench.design, bench.journal, NAME)


def test_a_stuck_bit_is_reverted(bench: Bench) -> None:
    # A bit that the update wants to change, in the half that it is written to.
    (bank, entries), *_ = bench.update.writes.items()
    entry, word = next(iter(entries.items()))
    bit = (word ^ bench.update.inverse[bank][entry]).bit_length() - 1
    index = bench.design.spec.bank_index(bank)
    memory = next(m for m in bench.board.instruments.state().memories if m.bank == index)
    second = memory.words - bench.design.spec.banks[index].entries
    bench.board.instruments.stick(memory.index, second + entry, bit, not word >> bit & 1)
    done = bench.execute()
    assert done.state == "reverted"
    assert done.reason.startswith(f"entry {entry} of bank '{bank}' reads")
    assert bench.holds() == bench.update.base and bench.answers(integers())


def test_a_probe_that_fails_is_reverted(bench: Bench) -> None:
    first, *rest = bench.update.probes
    lies = replace(first, after=replace(first.after, clocks=first.after.clocks + 1))
    done = bench.execute(replace(bench.update, probes=(*rest, lies)))
    assert done.state == "reverted"
    assert done.reason.startswith("probe 3: the device's clocks is")
    assert bench.holds() == bench.update.base and bench.answers(integers())


def test_what_a_dead_host_left_staged_is_dropped(bench: Bench) -> None:
    stage(bench.board, bench.design.spec, bench.update.writes)
    assert bench_recovers(bench).state == "whole"
    assert bench.holds() == bench.update.base
    assert bench.execute().state == "committed"


@pytest.mark.parametrize("fault", ["link.lost", "link.corrupted", "bus.lost", "bus.corrupted"])
def test_faults_on_the_way_are_corrected_or_reverted(bench: Bench, fault: str) -> None:
    bench.board.instruments.set_faults({fault: 0.02}, seed=11)
    try:
        state = bench.execute().state
    finally:
        bench.board.instruments.clear_faults()
    bench_recovers(bench)
    assert bench.holds() == (bench.update.result if state == "committed" else bench.update.base)
