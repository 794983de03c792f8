"""A virtual board: how fast it is, and what becomes of updates when its link and bus fail.

    python benchmarks/board.py BUNDLE [--faults 10000]

BUNDLE is a live bundle, such as

    sc-neurocore build examples/digits/digits-small.nir --live axi_lite --data digits --no-pnr

The campaign classifies, stages and applies an update of 40 words (between inferences or at a tick
of one), classifies, reverts or commits, classifies and reads back, while frames are lost,
corrupted, doubled and delayed, writes are lost, corrupted and misdirected behind the link's
checks, and the power fails. Every answer is compared with that without faults. After each update
all faults are switched off, and the parameters that are really active are compared with what the
program believed. A wrong answer, or an update that is believed to be applied and is not, or the
other way round, or half of it, is silent; there must be none.
Results go to benchmarks/results/board.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from machine import processor, write_results
from sc_neurocore.accelerator import bank_words, simulate_network
from sc_neurocore.devices import Inference, Read, VirtualBoard, Write, update
from sc_neurocore.exceptions import DeviceError

RATES = {
    "link.lost": 0.02,
    "link.corrupted": 0.05,
    "link.duplicated": 0.05,
    "link.delayed": 0.02,
    "link.delay_ms": 15,
    "bus.lost": 0.002,
    "bus.corrupted": 0.002,
    "bus.misdirected": 0.002,
    "power.loss": 0.0001,
}
WORDS, SCRATCH = 40, 0x18
SAMPLES, TICK = 2, 4

#: Class, clocks and spikes of the layers.
Answer = tuple[int, int, tuple[int, ...]]


class Silent(Exception):
    """An answer is wrong, and nothing said so."""


def median_s(act: Callable[[], object], times: int = 9) -> float:
    """Median duration in seconds."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[times // 2]


def speed(bundle: Path) -> dict[str, object]:
    """Register operations, clocks, inferences and updates."""
    with VirtualBoard.start(bundle) as board:
        spec, sample = board.design.device.update, board.design.samples[0]
        batch = [Write(SCRATCH, k) if k % 2 else Read(SCRATCH) for k in range(40_000)]
        active = update.read_back(board, spec)
        left, thousand = 1000, {}
        for name, words in active.items():
            taken = min(left, len(words))
            thousand[name] = {k: int(words[k]) ^ 1 for k in range(taken)}
            left -= taken
        staged = []
        for _ in range(9):
            begin = time.perf_counter()
            update.stage(board, spec, thousand)
            staged.append(time.perf_counter() - begin)
            update.discard(board)
        clocks = board.run(sample).clocks
        return {
            "register_operations_per_s": round(
                len(batch) / median_s(lambda: board.transfer(batch))
            ),
            "round_trips_per_s": round(200 / median_s(lambda: [board.read(0) for _ in range(200)])),
            "clocks_per_s": round(500_000 / median_s(lambda: board.step(500_000))),
            "inference_clocks": clocks,
            "inference_s": median_s(lambda: board.run(sample)),
            "words_staged": sum(map(len, thousand.values())),
            "stage_s": sorted(staged)[4],
            "words_read_back": sum(map(len, active.values())),
            "read_back_s": median_s(lambda: update.read_back(board, spec)),
        }


@dataclass(frozen=True)
class Subject:
    """A board, and what it must answer.

    Attributes:
        board: with faults.
        old: what its banks hold at first.
        new: what they hold after the update.
        writes: the update.
        expected: without faults, by ``old``, ``new`` and ``swap`` (from `TICK` on the new ones) and
            sample.
    """

    board: VirtualBoard
    old: Mapping[str, NDArray[np.uint64]]
    new: Mapping[str, NDArray[np.uint64]]
    writes: update.Writes
    expected: Mapping[tuple[str, int], Answer]

    @classmethod
    def of(cls, board: VirtualBoard) -> Subject:
        """Let the board answer without faults, its classes compared with the bit-true model's."""
        network, foldings = board.design.network, board.design.foldings
        old = bank_words(network, foldings)
        bank = min(old, key=lambda name: len(old[name]))
        words = {k: int(old[bank][k]) ^ 1 for k in range(WORDS)}
        new = {**old, bank: old[bank].copy()}
        new[bank][:WORDS] = list(words.values())
        writes, samples = {bank: words}, board.design.samples[:SAMPLES]
        expected = {("old", k): answer(board.run(samples[k])) for k in range(SAMPLES)}
        for k in range(SAMPLES):
            update.stage(board, board.design.device.update, writes)
            expected["swap", k] = answer(update.apply_at(board, samples[k], TICK))
            expected["new", k] = answer(board.run(samples[k]))
            update.revert(board)
            update.discard(board)
        classes = simulate_network(network, samples).predictions.tolist()
        assert classes == [expected["old", k][0] for k in range(SAMPLES)]
        return cls(board, old, new, writes, expected)

    def classify(self, which: str, k: int) -> None:
        """Classify a sample with the parameters that the program believes in."""
        self._compare(which, k, self.board.run(self.board.design.samples[k]))

    def exchange(self, k: int) -> None:
        """Apply what is staged at a tick of an inference."""
        self._compare("swap", k, update.apply_at(self.board, self.board.design.samples[k], TICK))

    def read(self, which: str) -> None:
        """Read the bank that the update is of."""
        held = getattr(self, which)
        for name, found in update.read_back(
            self.board, self.board.design.device.update, list(self.writes)
        ).items():
            if not np.array_equal(found, held[name]):
                raise Silent(f"reads other words of {which} parameters")

    def really(self, banks: list[str] | None) -> str:
        """Which parameters are active, without faults."""
        active = update.read_back(self.board, self.board.design.device.update, banks)
        for name, held in (("old", self.old), ("new", self.new)):
            if all(np.array_equal(held[bank], active[bank]) for bank in active):
                return name
        return "neither"

    def _compare(self, which: str, k: int, found: Inference) -> None:
        if answer(found) != self.expected[which, k]:
            raise Silent(f"answers wrongly with {which} parameters")


def answer(found: Inference) -> Answer:
    """What does not depend on what was before."""
    return found.prediction, found.clocks, found.layer_spikes


def campaign(bundle: Path, wanted: int) -> dict[str, object]:
    """Updates and inferences under faults until so many were injected."""
    outcomes: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    with VirtualBoard.start(bundle, timeout_s=0.012, attempts=40) as board:
        subject, bench = Subject.of(board), board.instruments
        trial = injected = 0
        while injected < wanted:
            bench.set_faults(RATES, seed=trial)
            believed, outcome = attempt(subject, trial, steps)
            bench.clear_faults()
            if believed == "unknown":
                with_sense(board)
            if board.telemetry().busy:
                board.reset()
            board.step(20_000)  # a command that was given last ends
            # All banks now and then; the one that is updated always.
            really = subject.really(None if trial % 25 == 0 else list(subject.writes))
            if really == "neither" or believed not in (really, "unknown"):
                outcome = f"SILENT: believed {believed}, is {really}"
            outcomes[outcome] += 1
            if update.status(board).applied:
                update.revert(board)
            if not update.status(board).clean:
                update.discard(board)
            if subject.really(list(subject.writes)) != "old":  # committed
                board.link.reset()
            injected = sum(bench.state().injected.values())
            trial += 1
        state = bench.state()
        return {
            "rates": RATES,
            "updates": trial,
            "words_per_update": WORDS,
            "injected": dict(state.injected),
            "injected_total": injected,
            "steps_that_succeeded": dict(steps),
            "outcomes": dict(outcomes),
            "silent": sum(n for name, n in outcomes.items() if name.startswith("SILENT")),
            "frames": board.link.counters.frames,
            "frames_repeated": board.link.counters.repeats,
            "frames_answered_from_memory": state.repeated,
            "frames_dropped_as_damaged": state.damaged + board.link.counters.damaged,
        }


def attempt(subject: Subject, trial: int, steps: Counter[str]) -> tuple[str, str]:
    """One update, with inferences before, within and after.

    Returns:
        What is active by the program's lights, and how it ended.
    """
    board, k = subject.board, trial % SAMPLES
    spec = board.design.device.update
    ends = [("revert", update.revert, "old"), ("commit", update.commit, "new")][
        trial // SAMPLES % 2
    ]
    exchange: Callable[[], object] = lambda: update.apply(board)  # noqa: E731
    if trial % 3 == 0:
        exchange = lambda: subject.exchange(k)  # noqa: E731
    plan: list[tuple[str, Callable[[], object], str]] = [
        ("classify", lambda: subject.classify("old", k), "old"),
        ("stage", lambda: update.stage(board, spec, subject.writes), "old"),
        ("apply at a tick" if trial % 3 == 0 else "apply", exchange, "new"),
        ("classify", lambda: subject.classify("new", k), "new"),
        (ends[0], lambda: ends[1](board), ends[2]),
        ("classify", lambda: subject.classify(ends[2], k), ends[2]),
        ("read back", lambda: subject.read(ends[2]), ends[2]),
    ]
    believed = "old"
    for name, act, after in plan:
        try:
            act()
        except Silent as error:
            return "unknown", f"SILENT: {error}"
        except update.UpdateError:
            # A refusal of a stage or an apply says that nothing of it is active.
            return (believed if name in ("stage", "apply") else "unknown"), f"refused: {name}"
        except DeviceError as error:
            return "unknown", f"stopped: {type(error).__name__}"
        believed = after
        steps[name] += 1
    return believed, "whole"


def with_sense(board: VirtualBoard) -> None:
    """Make a link usable whose board may have started again."""
    try:
        board.identify()
    except DeviceError:
        board.identify()


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--faults", type=int, default=10_000)
    options = parser.parse_args()
    begin = time.perf_counter()
    results = {
        "machine": {"cpu": processor(), "cores": os.cpu_count()},
        "load_before": round(os.getloadavg()[0], 2),
        "speed": speed(options.bundle),
        "campaign": campaign(options.bundle, options.faults),
    }
    results["seconds"] = round(time.perf_counter() - begin, 1)
    write_results("board", results)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
