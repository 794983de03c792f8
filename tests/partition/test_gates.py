"""The host's gates against their golden models, on every trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.links import (
    Backoff,
    CreditFlow,
    CreditState,
    DedupState,
    DedupWindow,
    HealthState,
    LinkEvent,
    PeerHealth,
    Verdict,
)
from sc_neurocore.partition._gates import HostBackoff, HostCredit, HostDedup, HostHealth

LAST = 2**32 - 1
#: Steps from one number to the next: small ones, and such as may be newer or older.
STEPS = st.one_of(
    st.integers(-12, 12), st.sampled_from([2**31 - 1, 2**31, 2**31 + 1, -(2**31) + 5])
)


@given(
    st.integers(0, 5), st.integers(0, LAST), st.integers(0, 2**32),
    st.lists(st.lists(STEPS, max_size=40), max_size=5),
)  # fmt: skip
@example(0, LAST, 1, [[0, 0, 1], [], [1, -1]])
@example(3, 0, 1, [[2**31 - 1, 2**31 - 1, 2**31 - 1, 1]])
def test_arrays_are_judged_as_their_numbers_are(
    bits: int, newest: int, seen: int, batches: list[list[int]]
) -> None:
    window = DedupWindow(1 << bits)
    host = HostDedup(window)
    host.state = state = DedupState(newest, seen & ((1 << window.window) - 1) | 1)
    number = newest
    for steps in batches:
        numbers, expected = [], []
        for step in steps:
            number = (number + step) % 2**32
            state, verdict = window.step(state, number)
            numbers.append(number)
            expected.append(verdict)
        assert host.judge_all(np.array(numbers, np.uint32)).tolist() == expected
        assert host.state == state


def test_a_million_numbers_in_order_come_once() -> None:
    host = HostDedup()
    numbers = np.arange(1_000_000, dtype=np.uint32)
    assert not host.judge_all(numbers).any()
    assert host.judge(999_999) is Verdict.DUPLICATE
    again = host.judge_all(numbers)
    assert np.count_nonzero(again == Verdict.DUPLICATE) == 64
    assert np.count_nonzero(again == Verdict.STALE) == 1_000_000 - 64


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ([-1], "a sequence number is out of range; it must be from 0 to 2\\^32 - 1"),
        ([2**32], "a sequence number is out of range; it must be from 0 to 2\\^32 - 1"),
        ([0.5], "type float64; they must be whole numbers in one dimension"),
        ([[1]], "shape \\(1, 1\\) and type int64; they must be"),
    ],
)
def test_what_is_no_sequence_number_is_refused(numbers: list[object], sentence: str) -> None:
    host = HostDedup()
    with pytest.raises(SCConfigError, match=sentence):
        host.judge_all(numbers)  # type: ignore[arg-type]
    assert host.state == host.model.initial


@given(
    st.tuples(*[st.integers(0, 255)] * 5), st.integers(1, 255), st.integers(0, 255),
    st.integers(0, 255), st.lists(st.integers(0, 31), max_size=60),
)  # fmt: skip
def test_health_is_that_of_the_model(
    worth: tuple[int, ...], threshold: int, hysteresis: int, start: int, events: list[int]
) -> None:
    model = PeerHealth(*worth, threshold, min(hysteresis, 255 - threshold))
    host = HostHealth(model)
    host.state = state = HealthState(start, start < threshold)
    for event in events:
        state = model.step(state, LinkEvent(event))
        assert host.record(LinkEvent(event)) == state.blocked
        assert host.state == state


@given(
    st.integers(1, 300), st.integers(0, 70000), st.integers(1, 0xFFFF),
    st.lists(st.sampled_from(["tick", "success", "failure"]), max_size=60), st.integers(0, 50),
)  # fmt: skip
def test_backoff_is_that_of_the_model(
    base: int, more: int, seed: int, events: list[str], ticks: int
) -> None:
    model = Backoff(base, min(base + more, 0xFFFF), seed)
    host, state = HostBackoff(model), model.initial
    act = {"tick": host.tick, "success": host.succeeded, "failure": host.failed}
    for event in events:
        state = model.step(state, **{event: True})
        act[event]()
        assert (host.state, host.blocked) == (state, state.blocked)
    host.tick(ticks)
    for _ in range(ticks):
        state = model.step(state, tick=True)
    assert host.state == state


def test_time_does_not_go_back() -> None:
    with pytest.raises(SCConfigError, match=r"^-1 ticks cannot end; give 0 or more$"):
        HostBackoff().tick(-1)


@given(
    st.integers(1, 9), st.integers(0, LAST), st.integers(0, 9),
    st.lists(st.one_of(st.none(), st.integers(-3, 12), st.just(2**31)), max_size=60),
)  # fmt: skip
def test_credits_are_those_of_the_model(
    credits: int, sequence: int, outstanding: int, events: list[int | None]
) -> None:
    model = CreditFlow(credits)
    host = HostCredit(model)
    host.state = state = CreditState(sequence, min(outstanding, credits))
    for event in events:
        if event is not None:
            following = (state.sequence - event) % 2**32
            state, kind = model.acknowledge(state, following)
            assert host.acknowledge(following) is kind
        elif model.ready(state):
            assert host.send() == state.sequence
            state = model.send(state)
        else:
            with pytest.raises(SCConfigError, match="credits are taken"):
                host.send()
        assert (host.state, host.ready) == (state, model.ready(state))
