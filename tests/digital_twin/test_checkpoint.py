"""Checkpoints: one form in bytes, one digest, a chain that shows every change."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelerator.engines import network
from sc_neurocore.accelerator import Folding, bank_words
from sc_neurocore.digital_twin import (
    Answers,
    Checkpoint,
    CheckpointAuditChain,
    ReplayVerifier,
    bank_digest,
)
from sc_neurocore.exceptions import SCConfigError

from .devices import with_weight

HEX = "0123456789abcdef"
checkpoints = st.builds(
    Checkpoint,
    design=st.text(HEX, min_size=32, max_size=32),
    generation=st.integers(0, 2**32 - 1),
    parameters=st.text(HEX, min_size=64, max_size=64),
    position=st.integers(0, 2**32 - 1),
    answers=st.text(HEX, min_size=64, max_size=64),
)
ONE = Checkpoint("d" * 32, 1, "e" * 64, 7, "f" * 64)


def test_bytes_and_checksum_by_hand() -> None:
    text = (
        f'{{"answers":"{"f" * 64}","design":"{"d" * 32}","generation":1,'
        f'"parameters":"{"e" * 64}","position":7}}'
    )
    assert ONE.to_bytes() == text.encode()
    assert ONE.compute_checksum() == hashlib.sha256(text.encode()).hexdigest()


@given(one=checkpoints, other=checkpoints)
def test_round_trip_and_distinctness(one: Checkpoint, other: Checkpoint) -> None:
    assert Checkpoint.from_bytes(one.to_bytes()) == one
    assert (one.compute_checksum() == other.compute_checksum()) is (one == other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"design": "d" * 31}, "design of a checkpoint is .* 32 lower-case hexadecimal digits"),
        ({"answers": "F" * 64}, "answers of a checkpoint"),
        ({"generation": -1}, "generation of a checkpoint is -1; .* from 0 to 4294967295"),
        ({"position": 2**32}, "position of a checkpoint"),
        ({"position": True}, "position of a checkpoint is True"),
    ],
)
def test_what_no_checkpoint_holds(change: dict, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        replace(ONE, **change)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff", "no UTF-8"),
        (b"[]", "and nothing else"),
        (ONE.to_bytes().replace(b'"position":7', b'"position":7,"x":1'), "and nothing else"),
        (ONE.to_bytes().replace(b":7", b": 7"), "not in canonical JSON"),
        (ONE.to_bytes().replace(b":7", b":7.0"), "position of a checkpoint is 7.0"),
    ],
)
def test_other_bytes_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        Checkpoint.from_bytes(data)


def test_digest_of_banks_by_hand() -> None:
    words = {"b": np.array([1, 2**64 - 1], np.uint64), "a": np.zeros(0, np.uint64)}
    text = b"a 0\n" + b"b 2\n" + b"\x01" + bytes(7) + b"\xff" * 8
    assert bank_digest(words) == hashlib.sha256(text).hexdigest()


def test_every_weight_counts() -> None:
    net, foldings = network(), (Folding(4, 2), Folding(2, 2))
    digests = {bank_digest(bank_words(net, foldings))}
    for source, target in np.ndindex(16, 4):
        old = int(net.layers[1].projections[0].weights[source, target])
        changed = with_weight(net, 1, source, target, old ^ 1)
        digests.add(bank_digest(bank_words(changed, foldings)))
    assert len(digests) == 1 + 16 * 4


def test_answers_are_chained_by_hand() -> None:
    answers = Answers(*(np.array(x, np.int64) for x in ([3], [100], [2], [[5, 6]])))
    empty = hashlib.sha256(b"").digest()
    row = b"".join(n.to_bytes(4, "little") for n in (3, 100, 2, 5, 6))
    assert answers.digests() == (empty.hex(), hashlib.sha256(empty + row).hexdigest())


# The chain ----------------------------------------------------------------------------------------


def test_seals_by_hand() -> None:
    chain = CheckpointAuditChain()
    assert chain.length() == 0 and chain.head() == "0" * 64 and chain.verify()
    text = ONE.to_bytes().decode()
    entry = f'{{"content":{text},"previous":"{"0" * 64}","sequence":0}}'
    first = hashlib.sha256(entry.encode()).hexdigest()
    assert chain.append(ONE) == first
    entry = f'{{"content":{text},"previous":"{first}","sequence":1}}'
    assert chain.append(ONE) == hashlib.sha256(entry.encode()).hexdigest() == chain.head()
    assert chain.length() == 2 and chain.verify()


@given(some=st.lists(checkpoints, min_size=1, max_size=6), data=st.data())
def test_every_change_of_a_kept_chain_shows(some: list[Checkpoint], data: st.DataObject) -> None:
    chain = CheckpointAuditChain()
    for one in some:
        chain.append(one)
    links = list(chain.links())
    verify = CheckpointAuditChain.verify_links
    assert verify(links, chain.head())
    at = data.draw(st.integers(0, len(links) - 1))
    one, seal = links[at]
    other = replace(one, position=(one.position + 1) % 2**32)
    assert not verify([*links[:at], (other, seal), *links[at + 1 :]])
    assert not verify([*links[:at], *links[at + 1 :]], chain.head())  # one lost, even the last
    assert not verify([*links[:at], (other, seal), *links[at:]])
    # Whoever seals anew what was changed ends in another head.
    anew = CheckpointAuditChain()
    for k, (checkpoint, _) in enumerate(links):
        anew.append(other if k == at else checkpoint)
    assert anew.verify() and not verify(anew.links(), chain.head())


# The verifier -------------------------------------------------------------------------------------


@given(a=st.lists(st.integers(0, 2), max_size=6), b=st.lists(st.integers(0, 2), max_size=6))
def test_verifier_against_lists(a: list[int], b: list[int]) -> None:
    verifier = ReplayVerifier()
    for position in a:
        verifier.record_run_a(replace(ONE, position=position))
    for position in b:
        verifier.record_run_b(replace(ONE, position=position))
    shortest = min(len(a), len(b))
    assert verifier.compared_count() == shortest
    assert verifier.is_deterministic() is (bool(a) and a == b)
    first = next((i for i in range(shortest) if a[i] != b[i]), None)
    if first is None and len(a) != len(b):
        first = shortest
    assert verifier.first_divergence_index() == first
