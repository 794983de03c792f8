"""Entries sealed one behind the other: whatever is done to them is found, and where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler_service.update import (
    GENESIS,
    ChainError,
    FileJournal,
    Sealed,
    seal,
    verify_chain,
)
from sc_neurocore.evidence import canonical_json, digest
from sc_neurocore.exceptions import SCConfigError

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
contents = st.dictionaries(st.text(max_size=6), values, max_size=4)


def chain(said: list[dict]) -> list[Sealed]:
    found: list[Sealed] = []
    for content in said:
        found.append(seal(found[-1] if found else None, content))
    return found


def test_the_digest_is_of_the_canonical_json() -> None:
    first, second = chain([{"b": 1, "a": [True]}, {}])
    text = f'{{"content":{{"a":[true],"b":1}},"previous":"{GENESIS}","sequence":0}}'
    assert first == Sealed(0, GENESIS, {"b": 1, "a": [True]}, digest(text))
    assert (second.sequence, second.previous) == (1, first.digest)
    assert canonical_json(second.to_dict()) == (
        f'{{"content":{{}},"digest":"{second.digest}","previous":"{first.digest}","sequence":1}}'
    )


@settings(max_examples=40)
@given(st.lists(contents, max_size=6))
def test_a_chain_verifies_and_names_its_head(said: list[dict]) -> None:
    entries = chain(said)
    head = verify_chain(entries)
    assert head == (entries[-1].digest if entries else GENESIS)
    assert verify_chain(entries, head) == head


@settings(max_examples=40)
@given(st.lists(contents, min_size=1, max_size=6), contents, st.data())
def test_tampering_is_located(said: list[dict], other: dict, data: st.DataObject) -> None:
    entries = chain(said)
    head = verify_chain(entries)
    k = data.draw(st.integers(0, len(entries) - 1))

    def found_at(changed: list[Sealed]) -> int:
        with pytest.raises(ChainError) as caught:
            verify_chain(changed, head)
        assert f"{caught.value.sequence}" in str(caught.value)
        return caught.value.sequence

    if canonical_json(other) != canonical_json(said[k]):
        edited = [*entries[:k], replace(entries[k], content=other), *entries[k + 1 :]]
        assert found_at(edited) == k
        # An entry sealed anew is found at the next one, or by the head.
        resealed = seal(entries[k - 1] if k else None, other)
        assert found_at([*entries[:k], resealed, *entries[k + 1 :]]) == k + 1
    assert found_at([*entries[:k], *entries[k + 1 :]]) == k
    assert found_at([*entries[:k], entries[k], *entries[k:]]) == k + 1
    assert found_at(entries[:k]) == k
    if len(entries) > 1:
        j = data.draw(st.integers(0, len(entries) - 1).filter(lambda n: n != k))
        swapped = list(entries)
        swapped[k], swapped[j] = swapped[j], swapped[k]
        assert found_at(swapped) == min(j, k)


def test_a_file_keeps_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)
    journal.append({"entry": "one"})
    journal.append({"entry": "two"})
    again = FileJournal(path)
    assert again.entries() == journal.entries()
    assert [e.content["entry"] for e in again.entries()] == ["one", "two"]
    assert str(again.entries()[0].content["at"]).endswith("+00:00")
    again.append({"entry": "three"})
    assert len(FileJournal(path).entries()) == 3


def test_a_line_that_was_being_written_is_no_entry(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)
    journal.append({"entry": "one"})
    whole = path.read_bytes()
    journal.append({"entry": "two"})
    second = path.read_bytes()[len(whole) :]
    for cut in range(len(second)):
        path.write_bytes(whole + second[:cut])
        again = FileJournal(path)
        assert [e.content["entry"] for e in again.entries()] == ["one"]
        again.append({"entry": "two"})
        assert len(FileJournal(path).entries()) == 2


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)
    for text in ("one", "two", "three"):
        journal.append({"entry": text})
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"two"', b'"TWO"'))
    with pytest.raises(ChainError, match=r"^entry 1 was changed"):
        FileJournal(path)
    path.write_bytes(data.replace(b'"sequence":1', b'"sequence":'))
    with pytest.raises(SCConfigError, match="entry 1 is no entry of a journal"):
        FileJournal(path)


@pytest.mark.parametrize("content", [[["a", 1]], "a", None, {"a": float("nan")}])
def test_content_that_is_no_entry_any_more_is_found(content: object) -> None:
    (entry,) = chain([{"a": 1}])
    with pytest.raises(ChainError, match=r"^entry 0 was changed"):
        verify_chain([replace(entry, content=content)])  # type: ignore[arg-type]


def test_an_entry_has_one_way_to_be_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    FileJournal(path).append({"entry": "one"})
    data = path.read_bytes()
    for changed in (
        data.replace(b'{"content"', b'{"content":{"entry":"two"},"content"'),
        data.replace(b'"content":', b'"content": '),
        data.replace(b'"sequence":0', b'"sequence":0,"note":"x"'),
    ):
        assert changed != data
        path.write_bytes(changed)
        with pytest.raises(SCConfigError, match="entry 0 is no entry of a journal, or was changed"):
            FileJournal(path)
