"""The evidence store: content addressing, atomicity, damage, and several processes at once."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.evidence import (
    EvidenceError,
    EvidenceStore,
    Outcome,
    Record,
    atomic_write,
    canonical_json,
    digest,
    run_cached,
)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence.sqlite")


def run(store: EvidenceStore, **changes: object) -> Record:
    arguments: dict[str, object] = {
        "word": "measured",
        "tool": "yosys",
        "version": "0.70",
        "options": {"top": "lif", "abc9": False},
        "inputs": {"lif.v": "module lif; endmodule"},
        "run": lambda: Outcome({"luts": 3}, "a log", {"netlist.json": b"{}"}),
    }
    return run_cached(store, **(arguments | changes))  # type: ignore[arg-type]


def test_digest_is_sha256() -> None:
    # The published test vector of the empty message.
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest("é") == digest("é".encode())


def test_canonical_json_ignores_order_and_refuses_nan() -> None:
    assert canonical_json({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_a_repeat_is_found_and_says_so(store: EvidenceStore) -> None:
    first = run(store)

    def never() -> Outcome:
        raise AssertionError("ran twice")

    second = run(store, run=never)
    assert (first.cached, second.cached) == (False, True)
    assert second == first
    assert second.result == {"luts": 3}
    assert store.blob(first.key, "netlist.json") == b"{}"


@pytest.mark.parametrize(
    "changes",
    [
        {"tool": "abc"},
        {"version": "0.71"},
        {"options": {"top": "lif", "abc9": True}},
        {"inputs": {"lif.v": "module lif; endmodule "}},
        {"inputs": {"lif2.v": "module lif; endmodule"}},
    ],
)
def test_whatever_decides_the_result_changes_the_key(
    store: EvidenceStore, changes: dict[str, object]
) -> None:
    assert run(store, **changes).key != run(store).key


def test_another_word_is_another_claim(store: EvidenceStore) -> None:
    run(store, word="estimated")
    again = run(store, word="measured")
    assert (again.word, again.cached) == ("measured", False)
    with pytest.raises(ValueError, match="not one of the evidence words"):
        replace(again, word="guessed")  # type: ignore[arg-type]


def test_failures_are_never_stored(store: EvidenceStore) -> None:
    def fail() -> Outcome:
        raise RuntimeError("tool crashed")

    with pytest.raises(RuntimeError, match="tool crashed"):
        run(store, run=fail)
    assert store.records() == []


def test_json_round_trip_and_tampering(store: EvidenceStore) -> None:
    record = run(store)
    data = record.to_json()
    assert "cached" not in data
    assert Record.from_json(json.loads(json.dumps(data))) == record
    with pytest.raises(ValueError, match="key of an evidence record does not match"):
        Record.from_json(data | {"version": "0.71"})
    with pytest.raises(ValueError, match="not an evidence record"):
        Record.from_json(data | {"extra": 1})


def test_export_is_whole_or_absent(store: EvidenceStore, tmp_path: Path) -> None:
    record = run(store)
    store.export(tmp_path / "out.json")
    document = json.loads((tmp_path / "out.json").read_text())
    assert [Record.from_json(r) for r in document["records"]] == [record]
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError, match="directory"):
        atomic_write(tmp_path / "directory", b"x")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_clear_forgets_everything(store: EvidenceStore) -> None:
    key = run(store).key
    store.clear()
    assert store.get(key) is None
    with pytest.raises(EvidenceError, match=r"holds no file 'netlist\.json'"):
        store.blob(key, "netlist.json")


def test_a_file_that_is_no_database_fails_closed(tmp_path: Path) -> None:
    path = tmp_path / "evidence.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(EvidenceError) as caught:
        EvidenceStore(path)
    assert str(caught.value) == (
        f"the evidence store {path} is damaged (file is not a database); "
        "delete that file and run again"
    )


def edit(store: EvidenceStore, statement: str, *values: object) -> None:
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_changed_blob_fails_closed(store: EvidenceStore) -> None:
    import zlib

    key = run(store).key
    for damage in (zlib.compress(b"{ }"), b"garbage"):
        edit(store, "UPDATE blob SET data = ?", damage)
        with pytest.raises(EvidenceError) as caught:
            store.blob(key, "netlist.json")
        assert str(caught.value) == (
            f"the evidence store {store.path} is damaged (the file 'netlist.json' of record "
            f"{key[:12]} does not match its digest); delete that file and run again"
        )


def test_a_changed_figure_fails_closed(store: EvidenceStore) -> None:
    key = run(store).key
    edit(store, """UPDATE record SET body = replace(body, '"luts":3', '"luts":2')""")
    with pytest.raises(EvidenceError, match=f"record {key[:12]} does not match its digest"):
        store.get(key)


def test_an_unusable_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "evidence.sqlite"
    with pytest.raises(EvidenceError) as caught:
        EvidenceStore(path)
    assert str(caught.value) == (
        f"the evidence store {path} cannot be used (File exists); "
        "set SC_NEUROCORE_CACHE to a writable directory"
    )


def test_the_environment_chooses_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SC_NEUROCORE_CACHE", raising=False)
    assert EvidenceStore().path == tmp_path / "xdg" / "sc-neurocore" / "evidence.sqlite"
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path / "own"))
    assert EvidenceStore().path == tmp_path / "own" / "evidence.sqlite"


def test_several_processes_share_one_store(store: EvidenceStore) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from sc_neurocore.evidence import *\n"
        "s = EvidenceStore(Path(sys.argv[1]))\n"
        "for i in range(40):\n"
        "    run_cached(s, word='executed', tool='t', version='1', options={'i': i % 20},\n"
        "        inputs={}, run=lambda: Outcome({'i': i % 20}, '', {'b': b'x' * 5000}))\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", program, str(store.path)]) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    records = store.records()
    assert sorted(r.result["i"] for r in records) == list(range(20))  # type: ignore[type-var]
    assert all(store.blob(r.key, "b") == b"x" * 5000 for r in records)


def test_many_processes_create_one_store_at_once(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from sc_neurocore.evidence import EvidenceStore\n"
        "time.sleep(max(0.0, float(sys.argv[2]) - time.time()))\n"
        "for i in range(150): EvidenceStore(Path(sys.argv[1]) / f'{i}.sqlite')\n"
    )
    start = str(time.time() + 1.0)
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), start]) for _ in range(6)
    ]
    assert [worker.wait() for worker in workers] == [0] * 6


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_canonical_json_is_a_normal_form(value: dict[str, object]) -> None:
    text = canonical_json(value)  # type: ignore[arg-type]
    assert canonical_json(json.loads(text)) == text
    assert canonical_json(dict(reversed(value.items()))) == text  # type: ignore[arg-type]
