"""The golden models of a link's gates, by hand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl import library_source
from sc_neurocore.hdl.links import (
    CONSTANTS,
    Acknowledgement,
    Backoff,
    CreditFlow,
    CreditState,
    DedupState,
    DedupWindow,
    HealthState,
    LinkEvent,
    PeerHealth,
    Verdict,
    jitter,
)
from sc_neurocore.ir import BackoffGate, DedupGate, HealthGate, Wire

FRESH, DUPLICATE, STALE = Verdict
LAST = 2**32 - 1


def verdicts(window: DedupWindow, state: DedupState, *numbers: int) -> list[Verdict]:
    found = []
    for number in numbers:
        state, verdict = window.step(state, number)
        found.append(verdict)
    return found


def test_each_number_is_fresh_once_within_the_window() -> None:
    four = DedupWindow(4)
    # 3 overtakes 1 and 2. After 6, 3 is the oldest that is remembered; 2 is too old.
    numbers = (0, 0, 3, 1, 1, 2, 3, 6, 3, 2, 5, 5, 4)
    assert verdicts(four, four.initial, *numbers) == [
        FRESH, DUPLICATE, FRESH, FRESH, DUPLICATE, FRESH, DUPLICATE, FRESH, DUPLICATE, STALE,
        FRESH, DUPLICATE, FRESH,
    ]  # fmt: skip


def test_what_was_before_the_first_number_has_come() -> None:
    four = DedupWindow(4)
    assert verdicts(four, four.initial, LAST, LAST - 3, LAST - 4) == [DUPLICATE, DUPLICATE, STALE]
    # 2 leaves room for 0, 1 and one number before them.
    assert verdicts(four, four.initial, 2, LAST, LAST - 1, 0, 1) == [
        FRESH, DUPLICATE, STALE, FRESH, FRESH,
    ]  # fmt: skip


def test_numbers_go_on_behind_the_largest() -> None:
    four = DedupWindow(4)
    state = DedupState(LAST - 1, 0b1011)
    numbers = (LAST - 3, LAST, 1, 0, LAST, LAST - 1, LAST - 2, 0)
    assert verdicts(four, state, *numbers) == [
        FRESH, FRESH, FRESH, FRESH, DUPLICATE, DUPLICATE, STALE, DUPLICATE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(2**31 - 1, FRESH), (2**31, STALE), (2**31 + 1, STALE)]
)
@pytest.mark.parametrize("newest", [0, 5, 2**31, LAST])
def test_newer_is_what_is_less_than_half_the_numbers_ahead(
    newest: int, ahead: int, verdict: Verdict
) -> None:
    state, found = DedupWindow(4).step(DedupState(newest, 1), (newest + ahead) % 2**32)
    assert found is verdict
    assert state.newest == ((newest + ahead) % 2**32 if verdict is FRESH else newest)


def test_a_window_of_one_knows_the_newest_only() -> None:
    one = DedupWindow(1)
    assert verdicts(one, one.initial, 0, 0, 2, 1, 2) == [FRESH, DUPLICATE, FRESH, STALE, DUPLICATE]


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, LAST))
def test_the_window_is_that_of_a_set(numbers: list[int], start: int) -> None:
    """Against a set of all that came: the newest is the largest so far."""
    window = DedupWindow(8)
    state, came, newest = DedupState((start - 1) % 2**32, 0xFF), set(range(-50, 0)), -1
    for number in numbers:
        state, verdict = window.step(state, (start + number) % 2**32)
        stale = number <= newest - 8
        assert verdict is (STALE if stale else DUPLICATE if number in came else FRESH)
        came |= set() if stale else {number}
        newest = max(newest, number)


def test_a_score_falls_blocks_rises_and_opens() -> None:
    health = PeerHealth(2, 16, 8, 4, 4, threshold=32, hysteresis=8)
    state = HealthState(40)
    trace = []
    for events in (
        LinkEvent.LOST,
        LinkEvent.SILENT,
        LinkEvent.GOOD,
        LinkEvent.GOOD,
        LinkEvent.GOOD | LinkEvent.LATE,
        *[LinkEvent.GOOD] * 5,
    ):
        state = health.step(state, events)
        trace.append((state.score, state.blocked))
    assert trace == [
        (32, False), (28, True), (30, True), (32, True), (30, True), (32, True), (34, True),
        (36, True), (38, True), (40, False),
    ]  # fmt: skip


def test_a_score_stays_on_its_scale() -> None:
    health = PeerHealth()
    assert health.step(HealthState(254), LinkEvent.GOOD) == HealthState(255)
    assert health.step(HealthState(20, True), LinkEvent.BAD_CRC | LinkEvent.LOST).score == 0
    everything = LinkEvent(31)
    assert health.step(HealthState(100), everything).score == 100 + 2 - 16 - 8 - 4 - 4
    assert health.step(HealthState(100), LinkEvent(0)) == HealthState(100)


def test_a_silent_peer_is_blocked_after_56_ticks_and_back_after_17_packets() -> None:
    health, state, ticks = PeerHealth(), HealthState(), 0
    while not state.blocked:
        state, ticks = health.step(state, LinkEvent.SILENT), ticks + 1
    assert (ticks, state.score) == (56, 31)
    packets = 0
    while state.blocked:
        state, packets = health.step(state, LinkEvent.GOOD), packets + 1
    assert packets == 17


def test_pauses_double_up_to_the_cap_and_jitter_is_drawn() -> None:
    """Seed 0xACE1; its next numbers are 0x59C3, 0xB387 and 0x670F."""
    backoff = Backoff(base=4, cap=12, seed=0xACE1)
    state, lengths = backoff.initial, []
    for _ in range(4):
        state = backoff.step(state, failure=True)
        length = 0
        while state.blocked:
            assert backoff.step(state, failure=True) == state
            state, length = backoff.step(state, tick=True), length + 1
        lengths.append(length)
    # 4: 0xACE1 & 3 = 1. 8: 0x59C3 & 7 = 3. 12: 0xB387 & 7 = 7, more than 6, so 0. 12: 0x670F: 0.
    assert lengths == [4 + 1, 8 + 3, 12 + 0, 12 + 0]
    state = backoff.step(state, success=True)
    assert backoff.step(state, failure=True).left // 4 == 1


def test_events_together() -> None:
    backoff = Backoff(base=2, cap=8, seed=1)
    failed = backoff.step(backoff.initial, failure=True, tick=True)
    assert failed.left == 2 + 1
    assert failed.span == 4
    for _ in range(3):
        failed = backoff.step(failed, tick=True)
    assert not failed.blocked
    both = backoff.step(failed, success=True, failure=True)
    assert (both.left // 2, both.span) == (1, 4)
    within = backoff.step(both, success=True)
    assert (within.left, within.span) == (both.left, 2)


@pytest.mark.parametrize("span", [1, 2, 3, 6, 64, 65535])
def test_jitter_is_everything_from_0_to_half(span: int) -> None:
    assert {jitter(span, number) for number in range(65536)} == set(range(span // 2 + 1))


@given(
    st.integers(1, 9), st.integers(0, 60), st.integers(1, 0xFFFF),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=80),
)  # fmt: skip
def test_no_pause_is_shorter_than_base_or_longer_than_cap_and_a_half(
    base: int, more: int, seed: int, events: list[tuple[bool, bool, bool]]
) -> None:
    backoff = Backoff(base, base + more, seed)
    state = backoff.initial
    for tick, success, failure in events:
        begins = failure and not state.blocked
        state = backoff.step(state, tick=tick, success=success, failure=failure)
        assert state.left <= backoff.cap * 3 // 2
        assert not begins or state.left >= base


def test_credits_are_taken_and_returned() -> None:
    two = CreditFlow(2)
    state = two.send(two.send(two.initial))
    assert (state, two.ready(state)) == (CreditState(2, 2), False)
    with pytest.raises(
        SCConfigError,
        match=r"^all 2 credits are taken; wait for an acknowledgement before sending$",
    ):
        two.send(state)
    state, kind = two.acknowledge(state, 1)
    assert (state, kind) == (CreditState(2, 1), Acknowledgement.TAKEN)
    assert two.acknowledge(state, 1) == (state, Acknowledgement.OLD)
    assert two.acknowledge(state, 0) == (state, Acknowledgement.OLD)
    assert two.acknowledge(state, 3) == (state, Acknowledgement.IMPOSSIBLE)
    assert two.acknowledge(state, 2) == (CreditState(2, 0), Acknowledgement.TAKEN)


def test_credits_go_on_behind_the_largest_number() -> None:
    four = CreditFlow(4)
    state = four.send(four.send(four.send(CreditState(LAST, 1))))
    assert state == CreditState(2, 4)
    assert four.acknowledge(state, LAST)[0] == CreditState(2, 3)
    assert four.acknowledge(state, 1)[0] == CreditState(2, 1)
    assert four.acknowledge(state, 2)[0] == CreditState(2, 0)
    assert four.acknowledge(state, 3)[1] is Acknowledgement.IMPOSSIBLE
    assert four.acknowledge(state, 2**31 + 1)[1] is Acknowledgement.IMPOSSIBLE
    assert four.acknowledge(state, 2**31 + 3)[1] is Acknowledgement.OLD


def test_there_is_one_specification() -> None:
    """The defaults of models, modules, operations and wires are those of the file."""
    value = {(g, n): c.value for g, gate in CONSTANTS.items() for n, c in gate.items()}
    assert all(c.why.endswith(".") for gate in CONSTANTS.values() for c in gate.values())
    modules = {
        "dedup": "sc_dedup_window",
        "health": "sc_peer_health",
        "backoff": "sc_backoff",
        "credit": "sc_credit_flow",
    }
    for (gate, name), number in value.items():
        source = library_source(f"{modules[gate]}.sv")
        assert re.search(rf"parameter integer {name.upper()} += {number}\b", source), name
    assert DedupGate().window == Wire().window == DedupWindow().window == 64
    assert HealthGate().threshold == PeerHealth().threshold == 32
    gate, model = BackoffGate(), Backoff()
    assert (gate.base, gate.cap, gate.seed) == (model.base, model.cap, model.seed) == (1, 64, 1)
    assert Wire().credits == CreditFlow().credits == 64


NEAR_ENDS = st.sampled_from([-1, 0, 1, 2, 3, 64, 222, 223, 224, 255, 256, 65535, 65536, 1 << 30])


@given(NEAR_ENDS, NEAR_ENDS, NEAR_ENDS)
def test_a_graph_takes_the_gates_that_the_models_take(a: int, b: int, c: int) -> None:
    pairs = [
        (HealthGate(a), lambda: PeerHealth(threshold=a)),
        (BackoffGate(a, b, c), lambda: Backoff(a, b, c)),
        (DedupGate(a), lambda: DedupWindow(a)),
        (DedupGate(2 * a), lambda: DedupWindow(2 * a)),
    ]
    for gate, build in pairs:
        try:
            build()
        except SCConfigError:
            assert [*gate.check()], gate
        else:
            assert [*gate.check()] == [], gate


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: DedupWindow(6), "window is 6; it must be a power of two"),
        (lambda: DedupWindow(0), "window is 0; it must be a whole number from 1 to 1073741824"),
        (
            lambda: DedupWindow().step(DedupWindow().initial, 2**32),
            "sequence number is 4294967296; it must be a whole number from 0 to 4294967295",
        ),
        (
            lambda: PeerHealth(threshold=200, hysteresis=60),
            "hysteresis is 60; it must be a whole number from 0 to 55",
        ),
        (lambda: PeerHealth(lost=256), "lost is 256; it must be a whole number from 0 to 255"),
        (lambda: Backoff(5, 4), "cap is 4; it must be a whole number from 5 to 65535"),
        (lambda: Backoff(seed=0), "seed is 0; it must be a whole number from 1 to 65535"),
        (lambda: CreditFlow(0), "credits is 0; it must be a whole number from 1 to 65535"),
    ],
)
def test_what_no_gate_can_be_is_refused(build: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SCConfigError, match=f"^{re.escape(sentence)}$"):
        build()
