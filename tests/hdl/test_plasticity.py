"""The integers of the plasticity lanes, by hand; their hardware is among the blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.formal import prove_block
from sc_neurocore.hdl import OnlineO1Config, PairLane
from sc_neurocore.hdl.blocks import BLOCKS, Fault
from sc_neurocore.hdl.blocks._plasticity import online_o1, stdp

State = tuple[int, ...]


def _run(step: Callable[..., tuple[Any, ...]], state: State, *ticks: State) -> list[State]:
    """The states after each tick."""
    states = [state]
    for given in ticks:
        states.append(tuple(int(value) for value in step(*states[-1], *given)))
    return states[1:]


def test_pairs_of_spikes_by_hand() -> None:
    """A trace of 64 loses 4, then 60 loses ceil(60/16) = 4; the weight moves by trace >> 4."""
    found = _run(PairLane().step, (100, 0, 0), (1, 0), (0, 0), (0, 1), (1, 0), (1, 1))
    assert found == [
        (100, 64, 0),
        (100, 60, 0),
        (103, 56, 64),  # + 56 >> 4
        (100, 116, 60),  # 52 + 64; - 60 >> 4
        (107, 172, 120),  # 108 + 64; - 56 >> 4, + 172 >> 4
    ]


def test_a_pair_lane_saturates_at_each_step() -> None:
    lane = PairLane(plus_shift=0, minus_shift=0)
    assert _run(lane.step, (250, 255, 255), (0, 1)) == [(255, 239, 255)]
    assert _run(lane.step, (5, 255, 255), (1, 0)) == [(0, 255, 239)]
    # 5 - 16 is 0, and 0 + 64 is 64: not 5 - 16 + 64.
    assert _run(lane.step, (5, 0, 17), (1, 1)) == [(64, 64, 79)]


def test_reward_acts_on_the_eligibility_before() -> None:
    """Credit 60 >> 2 = 15 loses ceil(15/64) = 1; 100·15/64 = 23.4, 100·14/64 = 21.9."""
    found = _run(
        OnlineO1Config().step, (100, 0, 0, 0),
        (1, 0, 127), (0, 1, 127), (0, 0, 100), (0, 0, -100), (1, 0, 0),
    )  # fmt: skip
    assert found == [
        (100, 64, 0, 0),
        (100, 60, 64, 15),
        (123, 56, 60, 14),  # + 1500 >> 6
        (102, 52, 56, 13),  # - 1400 >> 6
        (102, 112, 52, -1),  # 13 - 1 - 52 >> 2
    ]


def test_an_online_lane_saturates_and_forgets_to_zero() -> None:
    config = OnlineO1Config(credit_shift=0)
    assert _run(config.step, (250, 255, 255, 120), (0, 1, 127)) == [(255, 239, 255, 127)]
    assert _run(config.step, (3, 255, 255, -120), (1, 0, 127)) == [(0, 255, 239, -127)]
    state: State = (9, 255, 255, -127)
    for _ in range(300):
        (after,) = _run(config.step, state, (0, 0, 0))
        assert np.all(np.abs(after[1:]) <= np.abs(state[1:]))
        state = after
    assert state == (9, 0, 0, 0)


@pytest.mark.parametrize("module", ["sc_stdp", "sc_online_o1"])
def test_a_trace_that_never_ends_is_refuted(module: str, store: EvidenceStore) -> None:
    """The part that a trace loses is rounded up: rounded down, a small trace would stay."""
    block = next(block for block in BLOCKS if block.module == module)
    fault = Fault(" - BITS'(|(trace & DROPPED))", "", "keeps small traces")
    inside = {"sc_trace.sv": fault.break_(block.sources["sc_trace.sv"])}
    assert prove_block(block, store=store, sources=block.sources | inside).refuted


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: PairLane(trace_bits=4), "increment is 64; it must be a whole number from 0 to 15"),
        (lambda: PairLane(0), "weight_bits is 0; it must be a whole number from 1 to 31"),
        (
            lambda: OnlineO1Config(eligibility_bits=1),
            "eligibility_bits is 1; it must be a whole number from 2 to 16",
        ),
        (
            lambda: stdp(PairLane(), 256),
            "INITIAL is 256; it must be a whole number from 0 to 255",
        ),
        (
            lambda: online_o1(OnlineO1Config(), -1),
            "INITIAL is -1; it must be a whole number from 0 to 255",
        ),
    ],
)
def test_what_a_lane_excludes_is_refused(build: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SCConfigError, match=f"^{re.escape(sentence)}$"):
        build()
