"""The stream blocks of the folded engine: clocks counted by hand, claims by exhaustion, netlists.

The golden models are compared with the RTL, and the claims proven, with those of all other blocks
in ``test_blocks.py``. Here is what a cycle model may rely on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.bitstream import Sobol
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.formal import equivalent, prove_block
from sc_neurocore.hdl.blocks import BLOCKS, Block
from sc_neurocore.hdl.blocks._clocking import EVENT, PLANE, TICK, Clocked, fields
from sc_neurocore.hdl.blocks._encoders import direct_encoder, rate_encoder
from sc_neurocore.hdl.blocks._readouts import (
    Argmax,
    OutputCounter,
    Packer,
    output_counter,
)
from sc_neurocore.hdl.blocks._streams import Fifo, Fork, Merge, stream_fifo, stream_merge
from sc_neurocore.toolchain import get_target, synthesise

STREAMS = {block.module: block for block in BLOCKS if not block.paced}


def traced(model: Clocked, rows: Sequence[dict[str, int]]) -> list[dict[str, int]]:
    """The outputs of a model, clock by clock."""
    seen = []
    for pins in rows:
        seen.append(model.outputs(pins))
        model.clock(pins)
    return seen


def test_a_word_leaves_a_fifo_two_clocks_after_it_came() -> None:
    rows = [{"in_valid": int(k == 0), "in_data": 7, "out_ready": 1} for k in range(4)]
    assert [row["out_valid"] for row in traced(Fifo(8), rows)] == [0, 0, 1, 0]


@pytest.mark.parametrize(("depth", "room"), [(2, 3), (3, 3), (4, 4), (9, 9)])
def test_a_fifo_has_room_for_its_depth(depth: int, room: int) -> None:
    rows = [{"in_valid": 1, "in_data": 7, "out_ready": 0}] * 20
    assert sum(row["in_ready"] for row in traced(Fifo(depth), rows)) == room


def test_a_fifo_passes_one_word_a_clock() -> None:
    rows = [{"in_valid": 1, "in_data": k, "out_ready": 1} for k in range(20)]
    seen = traced(Fifo(2), rows)
    assert all(row["in_ready"] for row in seen)
    assert [row["out_data"] for row in seen[2:]] == list(range(18))


def test_preloaded_words_leave_first_and_take_no_room() -> None:
    rows = [{"in_valid": int(k < 2), "in_data": k, "out_ready": 1} for k in range(7)]
    seen = traced(Fifo(3, 3, 9), rows)
    assert [row["out_data"] for row in seen if row["out_valid"]] == [9, 9, 9, 0, 1]
    assert [row["out_valid"] for row in seen] == [1, 1, 1, 1, 1, 0, 0]


@given(st.lists(st.booleans(), max_size=60), st.lists(st.booleans(), max_size=60), st.data())
def test_a_fifo_keeps_to_its_recurrences(
    offers: list[bool], readies: list[bool], data: st.DataObject
) -> None:
    """With a, f, d the clocks in which word k comes, is fetched, leaves.

    f[k] >= a[k] + 1, f[k] >= d[k - 1], d[k] >= f[k] + 1, a[k] >= f[k - room] + 1, and each as
    early as that and both sides allow.
    """
    depth = data.draw(st.integers(2, 6))
    clocks = max(len(offers), len(readies))
    offers += [False] * (clocks - len(offers))
    readies += [True] * (clocks - len(readies) + 200)
    offers += [False] * 200
    rows = [
        {"in_valid": int(o), "in_data": 0, "out_ready": int(r)}
        for o, r in zip(offers, readies, strict=True)
    ]
    seen = traced(Fifo(depth), rows)
    came = [c for c, row in enumerate(seen) if row["in_ready"] and offers[c]]
    left = [c for c, row in enumerate(seen) if row["out_valid"] and readies[c]]
    room = max(depth, 3) - 1
    fetched: list[int] = []
    a: list[int] = []
    d: list[int] = []
    clock = 0
    while len(a) < len(came):
        k = len(a)
        clock = max(a[-1] + 1 if a else 0, fetched[k - room] + 1 if k >= room else 0)
        a.append(next(c for c in range(clock, len(offers)) if offers[c]))
        fetched.append(max(a[k] + 1, d[k - 1] if k else 0))
        d.append(next(c for c in range(fetched[k] + 1, len(readies)) if readies[c]))
    assert (came, left) == (a, d)


def test_a_fork_lets_the_quick_consumer_go_first() -> None:
    ready = [0b01, 0b01, 0b10, 0b11]
    rows = [{"in_valid": 1, "in_data": k, "out_ready": r} for k, r in enumerate(ready)]
    seen = traced(Fork(2), rows)
    assert [row["out_valid"] for row in seen] == [0b11, 0b10, 0b10, 0b11]
    assert [row["in_ready"] for row in seen] == [0, 0, 1, 1]


def test_a_merge_takes_one_input_after_the_other() -> None:
    """Two inputs with one bit of address: event 1 and TICK each; the second has base 2."""
    event, tick = 0b00_1_1, 0b10_0_0
    rows = [
        {"in_valid": 0b11, "in_data": second << 4 | first, "out_ready": 1}
        for first, second in [(event, event), (tick, event), (event, event), (event, tick)]
    ]
    seen = traced(Merge((0, 2), 1, 2, 1), rows)
    assert [row["in_ready"] for row in seen] == [0b01, 0b01, 0b10, 0b10]
    words = [fields(row["out_data"], 2, 1) for row in seen if row["out_valid"]]
    assert words == [(EVENT, 1, 1), (EVENT, 3, 1), (TICK, 0, 0)]


def test_a_base_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SCConfigError, match="base 16 does not fit into 4 bits of an address"):
        stream_merge((0, 16), 3, 4, 1)


def encoded(block: Block, levels: Sequence[int], clocks: int) -> list[tuple[int, int]]:
    """Clock and word of everything that an encoder puts out, its levels loaded at first."""
    load = np.zeros(clocks, np.int64)
    load[: len(levels)] = 1
    level = np.zeros(clocks, np.int64)
    level[: len(levels)] = levels
    found = block.golden(clocks, {"load": load, "level": level, "out_ready": 1 - 0 * load})
    return [(c, int(found["out_data"][c])) for c in np.flatnonzero(found["out_valid"])]


def test_in_a_period_an_input_spikes_as_often_as_its_level() -> None:
    levels = [0, 1, 7, 16, 15, 8, 3]
    words = encoded(rate_encoder(7, 4, 3, 16), levels, 200)
    counts = np.zeros(9, np.int64)
    for _, data in words:
        kind, address, mask = fields(data, 2, 3)
        if kind == EVENT:
            counts[3 * address : 3 * address + 3] += [mask >> i & 1 for i in range(3)]
    assert counts.tolist() == [*levels, 0, 0]
    assert sum(fields(data, 2, 3)[0] == TICK for _, data in words) == 16


def test_ticks_beyond_the_period_repeat_it() -> None:
    points = Sobol(2, 2).values(7)
    assert points.tolist() == [0, 2, 1, 3, 0, 2, 1]
    words = encoded(rate_encoder(1, 2, 1, 7), [2], 60)
    kinds = [fields(data, 1, 1)[0] for _, data in words]
    assert kinds == [0, 2, 2, 0, 2, 2, 0, 2, 2, 0, 2]


def test_an_encoder_without_stalls_takes_a_clock_for_each_slot() -> None:
    """Loading ends in clock 5; slot 0 reads in 6, is judged in 7 and put out in 8."""
    words = encoded(rate_encoder(6, 4, 2, 3), [16] * 6, 40)
    assert [clock for clock, _ in words] == list(range(8, 8 + 3 * 4))
    silent = encoded(rate_encoder(6, 4, 2, 3), [0] * 6, 40)
    assert [clock for clock, _ in silent] == [11, 15, 19]


def test_the_planes_of_a_tick_add_up_to_the_levels() -> None:
    levels = [0, 16, 5, 9, 15]
    sums = np.zeros(6, np.int64)
    totals = []
    for _, data in encoded(direct_encoder(5, 4, 2, 2), levels, 100):
        kind, address, mask = fields(data, 2, 2)
        if kind == EVENT:
            sums[2 * address : 2 * address + 2] += [mask & 1, mask >> 1]
        elif kind == PLANE:
            sums *= 2
        else:
            totals.append(sums.tolist())
            sums[:] = 0
    assert totals == [[*levels, 0]] * 2


def test_the_packer_in_its_clocks() -> None:
    """Five neurons in groups of two: 1 0 | 0 0 | 1. The last group's TICK waits a clock."""
    rows = [{"enable": 1, "spike": s, "out_ready": 1} for s in (1, 0, 0, 0, 1, 1, 1)]
    seen = traced(Packer(5, 2), rows)
    assert [row["ready"] for row in seen] == [1, 1, 1, 1, 1, 0, 1]
    found = [(c, fields(row["out_data"], 2, 2)) for c, row in enumerate(seen) if row["out_valid"]]
    assert found == [(2, (EVENT, 0, 1)), (5, (EVENT, 2, 1)), (6, (TICK, 0, 0))]


def test_the_counter_in_its_clocks() -> None:
    """Three classes: TICK in clock 1, turns in 2 to 4, decision in 5, done in 6."""
    event, tick = 0b00_01_1, 0b10_00_0
    rows = [{"in_valid": 1, "in_data": data} for data in (event, tick, *[event] * 6)]
    seen = traced(OutputCounter(3, 1, 1, early=True), rows)
    assert [row["done"] for row in seen] == [0, 0, 0, 0, 0, 0, 1, 0]
    assert [row["in_ready"] for row in seen] == [1, 1, 0, 0, 0, 0, 0, 0]
    assert seen[6]["winner"] == 1 and seen[6]["ticks_used"] == 1
    goes_on = traced(OutputCounter(3, 1, 9, early=True), rows)
    assert [row["in_ready"] for row in goes_on] == [1, 1, 0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("remaining", range(4))
def test_it_ends_early_exactly_when_no_continuation_changes_the_winner(remaining: int) -> None:
    for counts in product(range(4), repeat=3):
        counter = OutputCounter(3, 1, 3 + remaining, early=True)
        counter.counts, counter.used = list(counts), 3
        winners = set()
        for more in product(range(remaining + 1), repeat=3):
            final = [a + b for a, b in zip(counts, more, strict=True)]
            winners.add(final.index(max(final)))
        assert counter.settled() == (len(winners) == 1), counts


def test_the_largest_value_is_the_first_of_equal_ones() -> None:
    rows = [{"enable": 1, "value": value} for value in (0b1110, 0b0011, 0b0011, 0)]
    seen = traced(Argmax(3, 4), rows)
    assert [row["winner"] for row in seen][1:] == [0, 1, 1]
    assert [row["done"] for row in seen] == [0, 0, 0, 1]


def test_a_deep_fifo_and_the_levels_are_in_block_ram(store: EvidenceStore) -> None:
    blocks = (stream_fifo(18, 300), rate_encoder(784, 4, 1, 8), direct_encoder(784, 8, 8, 8))
    for block in blocks:
        for target in ("ice40-hx8k", "ecp5-25k"):
            found = synthesise(block.sources, block.module, get_target(target), store=store).result
            assert found["brams"] >= 1, (block.name, target)  # type: ignore[operator]
            assert found["ffs"] < 100, (block.name, target)  # type: ignore[operator]


@pytest.mark.parametrize("target", ["ice40-hx8k", "ecp5-25k"])
@pytest.mark.parametrize(
    "module",
    ["sc_stream_fork", "sc_stream_merge", "sc_spike_packer", "sc_output_counter",
     "sc_membrane_argmax"],
)  # fmt: skip
def test_the_netlist_equals_the_rtl(module: str, target: str, store: EvidenceStore) -> None:
    _equals(STREAMS[module], target, store)


@pytest.mark.parametrize(
    "block", [stream_fifo(4, 4), stream_fifo(4, 4, 1, 8)], ids=lambda b: b.name
)
def test_the_netlist_of_a_small_fifo_equals_the_rtl(block: Block, store: EvidenceStore) -> None:
    _equals(block, "ice40-hx8k", store)


def _equals(block: Block, target: str, store: EvidenceStore) -> None:
    device = get_target(target)
    netlist = store.blob(
        synthesise(block.sources, block.module, device, store=store).key, "netlist.json"
    )
    found = equivalent(block.sources, block.module, netlist, device.family, store=store)
    assert found.result["status"] == "equivalent", found.result["reason"]
    broken = equivalent(
        block.broken(block.faults[0]), block.module, netlist, device.family, store=store
    )
    assert broken.result["status"] == "different"


def test_the_decision_of_ten_classes_is_proven(store: EvidenceStore) -> None:
    block = output_counter(10, 1, 16, early=True)
    proof = prove_block(block, store=store)
    assert proof.holds
    assert proof.assertions == block.assertions == 14
