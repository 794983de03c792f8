"""A virtual board: how fast it is, and what becomes of updates when its link and bus fail.

    python benchmarks/board.py BUNDLE [--faults 10000]

BUNDLE is a live bundle, such as

    sc-neurocore build examples/digits/digits-small.nir --live axi_lite --data digits --no-pnr

The campaign stages, applies, reads back, reverts and discards updates of 40 words while frames are
lost, corrupted, doubled and delayed, writes are lost, corrupted and misdirected behind the link's
checks, and the power fails. After each update all faults are switched off, and the parameters
that are really active are compared with what the program believed. An update that is believed to
be applied and is not, or the other way round, or half of it, is silent; there must be none.
Results go to benchmarks/results/board.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sc_neurocore.accelerator import bank_words
from sc_neurocore.devices import Read, VirtualBoard, Write, update
from sc_neurocore.exceptions import DeviceError

RESULTS = Path(__file__).parent / "results" / "board.json"
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


def campaign(bundle: Path, wanted: int) -> dict[str, object]:
    """Updates under faults until so many were injected."""
    outcomes: Counter[str] = Counter()
    with VirtualBoard.start(bundle, timeout_s=0.012, attempts=40) as board:
        spec, bench = board.design.device.update, board.instruments
        old = bank_words(board.design.network, board.design.foldings)
        bank = min(old, key=lambda name: len(old[name]))
        words = {k: int(old[bank][k]) ^ 1 for k in range(WORDS)}
        new = {**old, bank: old[bank].copy()}
        new[bank][:WORDS] = list(words.values())
        trial = injected = 0
        while injected < wanted:
            bench.set_faults(RATES, seed=trial)
            believed, outcome = attempt(board, {bank: words})
            bench.clear_faults()
            if believed == "unknown":
                with_sense(board)
            state = update.status(board)
            # All banks now and then; the one that is updated always.
            active = update.read_back(board, spec, None if trial % 25 == 0 else [bank])
            really = next(
                (
                    name
                    for name, what in (("old", old), ("new", new))
                    if all(np.array_equal(what[b], active[b]) for b in active)
                ),
                "neither",
            )
            if really == "neither" or believed not in (really, "unknown"):
                outcome = f"SILENT: believed {believed}, is {really}"
            outcomes[outcome] += 1
            if state.applied:
                update.revert(board)
            if not update.status(board).clean:
                update.discard(board)
            if really != "old":  # committed by a write that went astray, and known to be so
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
            "outcomes": dict(outcomes),
            "silent": sum(n for name, n in outcomes.items() if name.startswith("SILENT")),
            "frames": board.link.counters.frames,
            "frames_repeated": board.link.counters.repeats,
            "frames_answered_from_memory": state.repeated,
            "frames_dropped_as_damaged": state.damaged + board.link.counters.damaged,
        }


def attempt(board: VirtualBoard, words: update.Writes) -> tuple[str, str]:
    """One update; what is active by the program's lights, and how it ended."""
    spec = board.design.device.update
    try:
        update.stage(board, spec, words)
    except update.UpdateError:
        return "old", "refused while staged"
    except DeviceError as error:
        return "unknown", f"stopped: {type(error).__name__}"
    try:
        update.apply(board)
    except update.UpdateError:
        return "old", "refused when applied"
    except DeviceError as error:
        return "unknown", f"stopped: {type(error).__name__}"
    return "new", "applied"


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
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "load_before": round(os.getloadavg()[0], 2),
        "speed": speed(options.bundle),
        "campaign": campaign(options.bundle, options.faults),
    }
    results["seconds"] = round(time.perf_counter() - begin, 1)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
