"""The file of a recording: one form, read strictly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sc_neurocore.devices import Inference
from sc_neurocore.digital_twin import (
    Answers,
    Recording,
    Swap,
    read_recording,
    write_recording,
)
from sc_neurocore.exceptions import SCConfigError


def recording(number: int = 3, *, layers: int = 2, events: bool = False, seed: int = 0,
              swaps: tuple[Swap, ...] = ()) -> Recording:  # fmt: skip
    rng = np.random.default_rng(seed)
    shape = (number, 4, 5) if events else (number, 5)
    answers = Answers(
        rng.integers(0, 10, number), rng.integers(0, 2**32, number),
        np.zeros(number, np.int64), rng.integers(0, 2**32, (number, layers)),
    )  # fmt: skip
    return Recording("a" * 32, 0, "b" * 64, rng.integers(0, 2, shape), answers, swaps)


def test_bytes_by_hand() -> None:
    """One sample of levels 1 and 256; class 2, 3 clocks, generation 0, 4 spikes."""
    answers = Answers(*(np.array(x, np.int64) for x in ([2], [3], [0], [[4]])))
    one = Recording("a" * 32, 0, "b" * 64, np.array([[1, 256]]), answers)
    head, body = one.to_bytes().split(b"\n", 1)
    assert body == b"\x01\x00\x00\x01" + b"".join(n.to_bytes(4, "little") for n in (2, 3, 0, 4))
    assert json.loads(head)["samples"] == [1, 2]


@settings(max_examples=60)
@given(
    number=st.integers(0, 5), layers=st.integers(1, 4), events=st.booleans(), seed=st.integers(0, 9)
)
def test_round_trip(number: int, layers: int, events: bool, seed: int) -> None:
    swaps = (Swap(number - 1, 2, 1, "c" * 64),) if number else ()
    one = recording(number, layers=layers, events=events, seed=seed, swaps=swaps)
    again = Recording.from_bytes(one.to_bytes())
    assert again.to_bytes() == one.to_bytes()
    np.testing.assert_array_equal(again.samples, one.samples)
    np.testing.assert_array_equal(again.answers.layer_spikes, one.answers.layer_spikes)
    assert again.swaps == swaps


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_byte_can_change(data: st.DataObject) -> None:
    whole = recording(swaps=(Swap(1, 0, 1, "c" * 64),)).to_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = data.draw(st.integers(1, 255))
    damaged = whole[:at] + bytes([whole[at] ^ changed]) + whole[at + 1 :]
    cut = data.draw(st.sampled_from([damaged, whole[:at], whole + b"\0"]))
    # Digits in the first line that are not part of any check sum stay readable, as other numbers.
    try:
        found = Recording.from_bytes(cut)
    except SCConfigError:
        return
    assert found.to_bytes() == cut and cut != whole


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run.scr"
    one = recording()
    write_recording(path, one)
    assert read_recording(path).to_bytes() == one.to_bytes() == path.read_bytes()
    with pytest.raises(SCConfigError, match="cannot be written"):
        write_recording(tmp_path / "no" / "run.scr", one)
    with pytest.raises(SCConfigError, match="cannot be read"):
        read_recording(tmp_path / "no.scr")


def head(**changes: object) -> bytes:
    line, body = recording().to_bytes().split(b"\n", 1)
    fields = {**json.loads(line), **changes}
    fields = {k: v for k, v in fields.items() if v is not ...}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n" + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no first line"),
        (b"{}\n", "is no recording"),
        (b"nonsense\n", "is no JSON"),
        (head(schema=2), "has schema 2; this version reads 1"),
        (head(schema=True), "not canonical JSON"),
        (head(extra=1), "misses or adds 'extra'"),
        (head(sha256=...), "misses or adds 'sha256'"),
        (head(samples=[3]), r"must be \[S, M\] or \[S, T, M\]"),
        (head(samples=[3, -1]), "a size of the recording is -1"),
        (head(samples=[0, 2**31, 2**31]), "the most are"),
        (head(samples=[2**32 - 1, 5]), "announces"),
        (head(layers=3), "holds 90 bytes of arrays; its first line announces 102"),
        (head(sha256="0" * 64), "do not match their digest"),
        (head(design="g" * 32), "design of a recording"),
        (head(generation=1.5), "generation of a recording is 1.5"),
        (head(swaps=[{}]), "swaps in the recording must be a list"),
        (head(swaps={}), "swaps in the recording must be a list"),
        (
            head(swaps=[{"position": 3, "tick": 0, "generation": 1, "parameters": "c" * 64}]),
            "positions must rise and lie below 3",
        ),
        (
            head(swaps=[{"position": 0, "tick": -1, "generation": 1, "parameters": "c" * 64}]),
            "tick of a swap is -1",
        ),
    ],
)
def test_what_is_no_recording(data: bytes, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        Recording.from_bytes(data)


def test_what_no_recording_holds() -> None:
    one = recording()
    with pytest.raises(SCConfigError, match="3 answers; it needs"):
        replace(one, samples=one.samples[:2])
    with pytest.raises(SCConfigError, match="outside the 16 bits of a level"):
        replace(one, samples=one.samples - 1)
    with pytest.raises(SCConfigError, match="no position 4 in a recording of 3"):
        one.checkpoint(4)
    with pytest.raises(SCConfigError, match="inference 1 counts the spikes of 1 layers"):
        Answers.of([Inference(0, 1, (1, 2), 0), Inference(0, 1, (1,), 0)], 2)
    with pytest.raises(SCConfigError, match="outside the 32 bits"):
        Answers.of([Inference(-1, 1, (1, 2), 0)], 2)
    with pytest.raises(SCConfigError, match="three times"):
        Answers(one.answers.predictions, one.answers.clocks[:2], one.answers.generations,
                one.answers.layer_spikes)  # fmt: skip
