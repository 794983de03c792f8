"""Packages: signed, read from anyone's bytes, and refused in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler_service.update.board import Board, Fuse, Log, design_of
from tests.compiler_service.update.samples import DEVICE, update_between

from sc_neurocore.compiler_service import LiveUpdateKind
from sc_neurocore.compiler_service.update import (
    LARGEST_UPDATE,
    GateResult,
    LiveDesign,
    Update,
    UpdateRefusedError,
    bank_digest,
    difference,
    enrol,
    execute_update,
    generate_key,
    key_id,
    open_update,
    overlaid,
    read_private_key,
    read_public_key,
    sign_update,
    write_private_key,
    write_public_key,
)
from sc_neurocore.evidence import canonical_json, digest
from sc_neurocore.exceptions import DeviceMismatchError, SCConfigError

OLD = {"a": np.array([1, 2**64 - 1], np.uint64), "b": np.array([3], np.uint64)}
NEW = {"a": np.array([1, 2**63], np.uint64), "b": np.array([4], np.uint64)}
KEY = generate_key()
UPDATE = update_between(OLD, NEW, 1)
SIGNED = sign_update(UPDATE, KEY)

banks = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5),
    min_size=1,
)


def opened(data: bytes) -> Update:
    return open_update(data, [KEY.public_key()])


def refusal(data: bytes) -> UpdateRefusedError:
    with pytest.raises(UpdateRefusedError) as caught:
        opened(data)
    said = str(caught.value)
    assert said and "\n" not in said and len(said) < 400
    return caught.value


# Words --------------------------------------------------------------------------------------------


@given(banks, st.data())
def test_differences_make_one_of_the_other(old: dict, data: st.DataObject) -> None:
    words = st.integers(0, 2**64 - 1)
    new = {
        bank: data.draw(st.lists(words, min_size=len(x), max_size=len(x)))
        for bank, x in old.items()
    }
    before, after = ({b: np.array(x, np.uint64) for b, x in side.items()} for side in (old, new))
    there, back = difference(before, after), difference(after, before)
    assert bank_digest(overlaid(before, there)) == bank_digest(after)
    assert bank_digest(overlaid(overlaid(before, there), back)) == bank_digest(before)
    assert (bank_digest(before) == bank_digest(after)) is (not there)
    assert all(old[b][k] != new[b][k] for b, entries in there.items() for k in entries)


def test_a_digest_tells_banks_and_entries_apart() -> None:
    one = {"a": np.array([1, 2], np.uint64), "b": np.array([3], np.uint64)}
    assert bank_digest(one) == bank_digest(dict(reversed(one.items())))
    others = [
        {"a": np.array([1], np.uint64), "b": np.array([2, 3], np.uint64)},
        {"a": np.array([2, 1], np.uint64), "b": np.array([3], np.uint64)},
        {"a": np.array([1, 2], np.uint64), "c": np.array([3], np.uint64)},
        {"a": np.array([1, 2], np.uint64)},
    ]
    assert len({bank_digest(x) for x in (one, *others)}) == 5


def test_words_beyond_a_bank_are_refused() -> None:
    with pytest.raises(SCConfigError, match="bank 'a' has entries 0 to 1; 2 is written"):
        overlaid(OLD, {"a": {2: 0}})
    with pytest.raises(SCConfigError, match="there is no bank 'z'; the design has a, b"):
        overlaid(OLD, {"z": {0: 0}})


# Updates ------------------------------------------------------------------------------------------


def test_an_update_survives_its_json() -> None:
    again = Update.from_dict(json.loads(canonical_json(UPDATE.to_dict())))
    assert again == UPDATE
    assert again.digest() == UPDATE.digest() == digest(canonical_json(UPDATE.to_dict()))
    assert list(UPDATE.to_dict()) == sorted(UPDATE.to_dict())
    # 64-bit words are text, because numbers of JSON lose bits in most readers.
    assert UPDATE.to_dict()["writes"] == {
        "a": [[1, "8000000000000000"]], "b": [[0, "0000000000000004"]],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 0}, "version must be a whole number from 1"),
        ({"version": 2**63}, "version must be a whole number from 1"),
        ({"version": True}, "version must be a whole number"),
        ({"design": "00"}, "design must be 32 lower-case hexadecimal digits"),
        ({"base": "A" * 64}, "base must be 64 lower-case hexadecimal digits"),
        ({"base": UPDATE.result}, "base and result are the same parameters"),
        ({"device": "\n"}, "device must be text that is not empty"),
        ({"device": "a\x00b"}, "device must be printable text"),
        ({"device": "x" * 201}, "at most 200 characters"),
        ({"writes": {}, "inverse": {}}, "writes must not be empty"),
        ({"writes": {"a": {}}, "inverse": {"a": {}}}, "writes of bank 'a' must not be empty"),
        ({"writes": {"a": {1: 5}}, "inverse": {"a": {2: 5}}}, "inverse does not undo"),
        ({"writes": {"a": {1: 5}}, "inverse": {"a": {1: 5}}}, "entry 1 of bank 'a' is not changed"),
        ({"writes": {"a": {1: 2**64}}, "inverse": {"a": {1: 5}}}, "is no 64-bit word"),
        ({"writes": {"a": {-1: 4}}, "inverse": {"a": {-1: 5}}}, "is no 64-bit word"),
        (
            {"package": replace(UPDATE.package, kind=LiveUpdateKind.PARTIAL_RECONFIGURATION)},
            "is of kind partial_reconfiguration; only a hot_swap is an update of parameter banks",
        ),
    ],
)
def test_an_update_that_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UpdateRefusedError, match=said) as caught:
        replace(UPDATE, **changed)
    assert caught.value.reason == "malformed"


def test_a_rollback_is_an_update_of_its_own() -> None:
    back = UPDATE.rollback(2)
    assert (back.base, back.result) == (UPDATE.result, UPDATE.base)
    assert (back.writes, back.inverse) == (UPDATE.inverse, UPDATE.writes)
    assert back.package_id == "req-1:rollback:hot_swap"
    assert [p.before for p in back.probes] == [p.after for p in UPDATE.probes]


# Signatures ---------------------------------------------------------------------------------------


def test_a_signed_update_is_read_again() -> None:
    assert opened(SIGNED) == UPDATE
    document = json.loads(SIGNED)
    assert list(document) == ["format", "key", "signature", "update"]
    assert document["key"] == key_id(KEY) == digest(KEY.public_key().public_bytes_raw())
    assert canonical_json(document).encode() + b"\n" == SIGNED


@settings(max_examples=300)
@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_changed_byte_is_accepted(place: int, change: int) -> None:
    data = bytearray(SIGNED)
    data[place] ^= change
    assert refusal(bytes(data)).reason in ("malformed", "signature")


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.integers(0, len(SIGNED) - 1).map(lambda n: SIGNED[:n]))
def test_no_other_bytes_are_accepted(data: bytes) -> None:
    assert refusal(data).reason in ("malformed", "signature")


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"format":' * 5_000,
        b'{"format":1e999,"key":"","signature":"","update":{}}',
        b"9" * 10_000,
        b'{"a":1,"a":2}',
        b"NaN",
        b"\xff\xfe",
        b" " + SIGNED,
        SIGNED + b"\n",
        SIGNED[:-2] + b',"zz":1}\n',
        b"x" * (LARGEST_UPDATE + 1),
    ],
    ids=range(11),
)
def test_hostile_bytes_are_refused_at_once(data: bytes) -> None:
    assert refusal(data).reason == "malformed"


def test_a_changed_value_breaks_the_signature() -> None:
    for value in (b"1.0", b"2", b"true"):
        changed = SIGNED.replace(b'"version":1', b'"version":' + value)
        assert "is not of this update; it was changed" in str(refusal(changed))


def test_only_trusted_keys_count() -> None:
    other = generate_key()
    with pytest.raises(UpdateRefusedError, match="which is not trusted here") as caught:
        open_update(SIGNED, [other.public_key()])
    assert caught.value.reason == "signature"
    # A signature of the other key under the name of the first.
    forged = sign_update(UPDATE, other).replace(key_id(other).encode(), key_id(KEY).encode())
    assert "is not of this update" in str(refusal(forged))


def signed_document(update: dict[str, Any]) -> bytes:
    """What a trusted key signs, whatever it is."""
    body = canonical_json(update)
    signature = KEY.sign(f"sc-neurocore.update.v1\n{body}".encode()).hex()
    document = {"format": "sc-neurocore.update.v1", "key": key_id(KEY), "signature": signature,
                "update": update}  # fmt: skip
    return canonical_json(document).encode() + b"\n"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("package", "kind"), "cold_swap", "kind 'cold_swap' is none of"),
        (("package", "kind"), "hdl" * 100, "kind must be printable text"),
        (("package", "extra"), 1, "the package has unknown fields: extra"),
        (("writes",), [], "writes must be an object of banks"),
        (("writes", "a"), [[1]], "must be pairs of entry and word"),
        (("writes", "a"), [[1, "00"]], "must be 16 lower-case hexadecimal digits"),
        (("writes", "a"), [[1, "0" * 16], [1, "1" * 16]], "an entry of bank 'a'"),
        (("writes", "a"), [[2**32, "0" * 16]], "an entry of bank 'a'"),
        (("probes", 0, "sample"), [[1, 2], [1]], "have different lengths"),
        (("probes", 0, "sample"), [1, -1], "a level of a probe's sample"),
        (("probes", 0, "after", "clocks"), "1", "clocks of an answer"),
        (("gates", 0, "passed"), 1, "passed of a gate must be true or false"),
        (("gates",), {}, "gates is no list"),
        (("version",), "1", "version must be a whole number"),
    ],
)
def test_a_signed_document_is_still_checked(path: tuple, value: Any, said: str) -> None:
    document = json.loads(canonical_json(UPDATE.to_dict()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    found = refusal(signed_document(document))
    assert found.reason == "malformed" and said in str(found)


# Keys ---------------------------------------------------------------------------------------------


def test_keys_are_files_of_their_owner(tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    write_private_key(private, KEY)
    write_public_key(public, KEY)
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert key_id(read_private_key(private)) == key_id(read_public_key(public)) == key_id(KEY)
    with pytest.raises(SCConfigError, match="a key is never overwritten"):
        write_private_key(private, KEY)
    private.chmod(0o640)
    with pytest.raises(SCConfigError, match="others may read; run: chmod 600"):
        read_private_key(private)
    with pytest.raises(SCConfigError, match="holds no Ed25519 public key"):
        read_public_key(private)
    private.write_text("nonsense")
    private.chmod(0o600)
    with pytest.raises(SCConfigError, match="holds no Ed25519 private key"):
        read_private_key(private)
    with pytest.raises(SCConfigError, match="cannot be read"):
        read_public_key(tmp_path / "none")


def test_without_cryptography_one_sentence_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ImportError('not here')")
    code = (
        "from sc_neurocore.exceptions import SCDependencyError\n"
        "from sc_neurocore.compiler_service.update import generate_key\n"
        "try: generate_key()\n"
        "except SCDependencyError as error: print(error)\n"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout.strip() == (
        "signing updates needs cryptography; install it with: pip install 'sc-neurocore[service]'"
    )


# What a device refuses ----------------------------------------------------------------------------


def bench() -> tuple[Board, LiveDesign, Log]:
    board = Board(OLD, Fuse())
    log, design = Log(board.fuse, board), design_of(OLD)
    enrol(board, design, log, DEVICE)
    return board, design, log


FAILED = (GateResult("digital_twin_replay", False, "sample 3 differs"), *UPDATE.gates[1:])


@pytest.mark.parametrize(
    ("changed", "reason", "said"),
    [
        ({"device": "other"}, "journal", "device 'other' was never enrolled"),
        ({"design": "f" * 32}, "foreign", "is for design ffff"),
        ({"base": "0" * 64}, "base", "replaces parameters 000000000000…; 'bench-1' has"),
        ({"result": "0" * 64}, "result", "does not give the parameters that it says"),
        ({"inverse": {"a": {1: 7}, "b": {0: 3}}}, "rollback", "an inverse that does not undo it"),
        ({"gates": UPDATE.gates[:2]}, "gate", "has not been through gate rollback_package"),
        ({"gates": FAILED}, "gate", "did not pass gate digital_twin_replay: sample 3 differs"),
        (
            {"writes": {"a": {9: 7}}, "inverse": {"a": {9: 3}}},
            "foreign",
            "bank 'a' has entries 0 to 1; 9 is written",
        ),
    ],
)
def test_an_update_for_something_else_is_refused(
    changed: dict[str, Any], reason: str, said: str
) -> None:
    board, design, log = bench()
    before = len(log.entries())
    with pytest.raises(UpdateRefusedError, match=said) as caught:
        execute_update(board, design, replace(UPDATE, **changed), log)
    assert caught.value.reason == reason
    assert len(log.entries()) == before and board.clean
    assert bank_digest(board.active) == bank_digest(OLD)


def test_versions_only_rise() -> None:
    board, design, log = bench()
    five = replace(UPDATE, version=5)
    assert execute_update(board, design, five, log).state == "committed"
    for version, reason, said in (
        (5, "replayed", "has version 5, which was committed already"),
        (4, "downgraded", "has version 4; version 5 was committed after it"),
    ):
        with pytest.raises(UpdateRefusedError, match=said) as caught:
            execute_update(board, design, replace(UPDATE, version=version), log)
        assert caught.value.reason == reason
    assert execute_update(board, design, five.rollback(6), log).state == "committed"
    # The old package fits the parameters again, and is a replay all the same.
    with pytest.raises(UpdateRefusedError, match="version 6 was committed after it"):
        execute_update(board, design, five, log)


def test_another_design_on_the_board_is_refused() -> None:
    board, design, log = bench()
    elsewhere = replace(design, digest="e" * 32)
    with pytest.raises(UpdateRefusedError, match="is for design"):
        execute_update(board, elsewhere, UPDATE, log)
    with pytest.raises(DeviceMismatchError, match="runs design 00112233"):
        enrol(board, elsewhere, Log(board.fuse, board), DEVICE)


def test_a_journal_of_other_things_is_refused() -> None:
    board, design, log = bench()
    log.append({"device": DEVICE, "entry": "committed", "version": 1})
    with pytest.raises(UpdateRefusedError, match="entry 1 of the journal contradicts"):
        execute_update(board, design, UPDATE, log)
    # Entries of other devices and kinds are nobody's business.
    board, design, log = bench()
    log.append({"device": "other", "entry": "committed", "version": 1})
    log.append({"entry": "login", "user": "x"})
    assert execute_update(board, design, UPDATE, log).state == "committed"
