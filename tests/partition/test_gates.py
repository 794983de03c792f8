"""The host's gates against their golden models, on every trace."""

from __future__ import annotations

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
)
from sc_neurocore.partition._gates import HostBackoff, HostCredit, HostDedup, HostHealth

LAST = 2**32 - 1
#: Steps from one number to the next: small ones, and such as may be newer or older.
STEPS = st.one_of(
    st.integers(-12, 12), st.sampled_from([2**31 - 1, 2**31, 2**31 + 1, -(2**31) + 5])
)


@given(
    st.integers(0, 7), st.integers(0, LAST), st.integers(0, 2**128), st.lists(STEPS, max_size=80)
)
@example(0, LAST, 1, [0, 0, 1, 1, -1])
@example(3, 0, 1, [2**31 - 1, 2**31 - 1, 2**31 - 1, 1])
def test_dedup_is_that_of_the_model(bits: int, newest: int, seen: int, steps: list[int]) -> None:
    model = DedupWindow(1 << bits)
    host = HostDedup(model)
    host.state = state = DedupState(newest, seen & ((1 << model.window) - 1) | 1)
    number = newest
    for step in steps:
        number = (number + step) % 2**32
        state, verdict = model.step(state, number)
        assert host.judge(number) is verdict
        assert host.state == state


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
    st.lists(st.sampled_from(["tick", "success", "failure"]), max_size=60),
)  # fmt: skip
def test_backoff_is_that_of_the_model(base: int, more: int, seed: int, events: list[str]) -> None:
    model = Backoff(base, min(base + more, 0xFFFF), seed)
    host, state = HostBackoff(model), model.initial
    act = {"tick": host.tick, "success": host.succeeded, "failure": host.failed}
    for event in events:
        state = model.step(state, **{event: True})
        act[event]()
        assert (host.state, host.blocked) == (state, state.blocked)


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
            host.send()
            state = model.send(state)
        else:
            with pytest.raises(SCConfigError, match="credits are taken"):
                host.send()
        assert (host.state, host.ready) == (state, model.ready(state))
