"""SC-NIR documents: every rule, the schema, versions, files."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler._identifiers import KEYWORDS
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    SCNIRDocument,
    SCNIRValidationError,
    load_scnir,
    scnir_from_dict,
    scnir_to_dict,
    upgrade_scnir_dict,
    validate_scnir_dict,
    write_scnir,
)

from .scnir_documents import nested, payloads

SCHEMA = json.loads(files("sc_neurocore.ir").joinpath("scnir.schema.json").read_text("utf-8"))
# JSON knows no difference between 1 and 1.0; a width of 1.0 is refused all the same.
_STRICT = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)
CHECKER = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_STRICT)(
    SCHEMA
)
Path_ = tuple[str | int, ...]


def refused(payload: Any) -> str | None:
    try:
        validate_scnir_dict(payload)
    except SCNIRValidationError as error:
        return str(error)
    return None


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    yield at
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from places(inner, (*at, key))


def changed(payload: Any, at: Path_, change: Callable[[Any, Any], None]) -> Any:
    result = copy.deepcopy(payload)
    inner = result
    for key in at[:-1]:
        inner = inner[key]
    change(inner, at[-1])
    return result


def put(value: Any) -> Callable[[Any, Any], None]:
    return lambda parent, key: parent.__setitem__(key, value)


def drop(parent: Any, key: Any) -> None:
    del parent[key]


def rename(parent: Any, key: Any) -> None:
    if isinstance(parent, dict):
        parent[f"{key}s"] = parent.pop(key)
    else:
        del parent[key]


PLAIN = scnir_to_dict(nested())


def test_the_schema_is_a_schema_and_knows_the_keywords() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["hdl_name"]["not"]["anyOf"][1]["enum"]) == KEYWORDS


@given(payloads())
def test_good_documents_pass_both_and_survive_a_round_trip(payload: Any) -> None:
    validate_scnir_dict(payload)
    CHECKER.validate(payload)
    assert scnir_to_dict(scnir_from_dict(payload)) == payload
    assert upgrade_scnir_dict(payload) == payload


_VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        3,
        4,
        33,
        2**33,
        0.5,
        -0.5,
        "",
        "x",
        "a b",
        "module",
        "weight",
        "lfsr",
        "spiking",
        "conn.a_to_b.weight",
        "output",
        "input",
        "v0.6",
        [],
        [1],
        [-1],
        {},
        [[1]],
    ]
)
_CHANGES = st.one_of(st.builds(put, _VALUES), st.sampled_from([drop, rename]))
#: Rules that JSON Schema cannot express: between fields, and bounds that another field sets.
RELATIONS = re.compile(
    r"but streams?\[|but hierarchy|but .*ports\[|which is no stream|the stream itself|already|"
    r"cannot be multiplied|they must match|which another port|which instance|is not the text|"
    r"must be above weight_min|at most total_bits|at least total_bits|must be below 2\^"
)


@settings(max_examples=600)
@given(payloads(), st.data())
def test_the_schema_agrees_with_the_validator_on_mutations(payload: Any, data: Any) -> None:
    at = data.draw(st.sampled_from([p for p in places(payload) if p]))
    mutated = changed(payload, at, data.draw(_CHANGES))
    message, valid = refused(mutated), CHECKER.is_valid(mutated)
    if message is None:
        assert valid
    else:
        assert not valid or RELATIONS.search(message), (at, message)


@pytest.mark.parametrize("at", [p for p in places(PLAIN) if p and isinstance(p[-1], str)])
def test_every_key_is_required_and_no_other_is_known(at: Path_) -> None:
    assert "which is required" in str(refused(changed(PLAIN, at, drop)))
    message = str(refused(changed(PLAIN, at, rename)))
    assert f"unknown key '{at[-1]}s'; did you mean '{at[-1]}'?" in message


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        ((), 3, "document is 3; it must be an object"),
        (("version",), "v0.8", "version is 'v0.8'; did you mean 'v0.7'?"),
        (("name",), "", "name is ''; it must be text"),
        (("streams",), [], "streams has 0 elements; it needs at least 1"),
        (("streams", 0, "id"), "", "streams[0].id is ''"),
        (("streams", 0, "id"), "a\n", "streams[0].id is 'a\\n'"),
        (("streams", 0, "id"), "pop.hidden.spike", "is 'pop.hidden.spike', but streams[0]"),
        (("streams", 0, "id"), "conn.a_to_b.weight", "weight streams, and no others"),
        (("streams", 1, "id"), "weights", "named conn.<source>_to_<target>.weight"),
        (("streams", 0, "signal_kind"), "spikes", "did you mean 'spiking'?"),
        (("streams", 0, "encoding"), "ternary", "it takes bipolar, unipolar"),
        (("streams", 0, "bitstream_length"), 0, "from 1 to 4294967296"),
        (("streams", 0, "bitstream_length"), True, "is True; it must be from 1"),
        (("streams", 0, "bitstream_length"), 64.0, "is 64.0; it must be from 1"),
        (("streams", 0, "bitstream_length"), 32, "cannot be multiplied with a stream of 64"),
        (("streams", 0, "precision", "total_bits"), 0, "a whole number of at least 1"),
        (("streams", 0, "precision", "fraction_bits"), 9, "at most total_bits, which is 8"),
        (("streams", 0, "precision", "accumulator_bits"), 7, "at least total_bits"),
        (("streams", 0, "precision", "signed"), 1, "must be true or false"),
        (("streams", 0, "source", "kind"), "sobel", "did you mean 'sobol'?"),
        (("streams", 0, "source", "dimension"), 1025, "from 1 to 1024"),
        (("streams", 0, "source", "seed"), 65536, "must be below 2^16"),
        (("streams", 2, "source", "seed"), 0, "a whole number of at least 1"),
        (("streams", 2, "source"), {"kind": "halton", "width": 8, "base": 9}, "must be a prime"),
        (
            ("streams", 2, "source"),
            {"kind": "counter", "width": 8, "seed": 9},
            "unknown key 'seed'",
        ),
        (("streams", 1, "delay_steps"), -1, "at least 0"),
        (("streams", 1, "delay_steps"), [0, -1], "delay_steps[1] is -1"),
        (("streams", 1, "delay_steps"), [], "needs at least 1"),
        (("streams", 0, "delay_steps"), [1], "only a weight stream"),
        (("streams", 2, "transforms", 0, "kind"), "scale", "it takes threshold"),
        (("streams", 2, "transforms", 0, "threshold"), [float("nan")], "a finite number"),
        (("streams", 1, "correlation", 0, "max_abs_scc"), 1.5, "from 0 to 1"),
        (("streams", 1, "correlation", 0, "stream"), "pop.inptu.spike", "mean 'pop.input.spike'?"),
        (
            ("streams", 1, "correlation", 0, "stream"),
            PLAIN["streams"][1]["id"],
            "the stream itself",
        ),
        (("streams", 1, "correlation"), PLAIN["streams"][1]["correlation"] * 2, "already"),
        (("streams", 1, "online_learning", "rule"), "stpd", "did you mean 'stdp'?"),
        (("streams", 1, "online_learning", "learning_rate"), 0, "above 0"),
        (("streams", 1, "online_learning", "weight_max"), -1.0, "above weight_min"),
        (("streams", 0, "online_learning"), PLAIN["streams"][1]["online_learning"], "only weights"),
        (("hierarchy", 0, "module"), "always", "a Verilog keyword"),
        (("hierarchy", 0, "module"), "9lives", "an HDL name is"),
        (("hierarchy", 0, "instance"), "sc_top", "emitted modules use themselves"),
        (("hierarchy",), PLAIN["hierarchy"] * 2, "but hierarchy[0] has 'block/a'"),
        (("hierarchy", 0, "ports", 0, "name"), "clk", "emitted modules use themselves"),
        (("hierarchy", 0, "ports", 0, "name"), "SPIKES", "has 'SPIKES'"),
        (("hierarchy", 0, "ports", 0, "signal_kind"), "weight", "they must match"),
        (("hierarchy", 0, "ports", 0, "stream"), "nowhere", "which is no stream"),
        (("hierarchy", 0, "ports", 0, "direction"), "inout", "did you mean 'input'?"),
        (("hierarchy", 0, "ports"), PLAIN["hierarchy"][0]["ports"][:1], "has no output"),
    ],
)
def test_a_broken_rule_is_named_with_its_place(at: Path_, value: Any, message: str) -> None:
    broken = changed(PLAIN, at, put(value)) if at else value
    assert message in str(refused(broken))


def test_two_instances_cannot_make_one_stream() -> None:
    twin = {**copy.deepcopy(PLAIN["hierarchy"][0]), "id": "b", "module": "b", "instance": "c"}
    message = refused({**PLAIN, "hierarchy": [*PLAIN["hierarchy"], twin]})
    assert message is not None and "which instance 'block/a' makes" in message


def test_a_document_that_breaks_a_rule_is_not_converted() -> None:
    streams = nested().streams
    twice = SCNIRDocument("twice", (streams[0], streams[0]))
    with pytest.raises(SCNIRValidationError, match=r"is 'pop\.input\.spike', but streams"):
        scnir_to_dict(twice)


# --- versions ------------------------------------------------------------------------------------

_SINCE = {"delay_steps": 2, "signal_kind": 3, "transforms": 4, "online_learning": 7}


def older(version: int) -> dict[str, Any]:
    """A plain document as an older version would have it."""
    document = nested()
    streams = tuple(
        dataclasses.replace(stream, delay_steps=0, transforms=(), online_learning=None)
        for stream in document.streams
    )
    payload = scnir_to_dict(dataclasses.replace(document, streams=streams, hierarchy=()))
    payload["version"] = f"v0.{version}"
    for stream in payload["streams"]:
        for key, since in _SINCE.items():
            if version < since:
                del stream[key]
    if version < 6:
        del payload["hierarchy"]
    return payload


@pytest.mark.parametrize("version", range(1, 8))
def test_every_version_upgrades_to_the_same_document(version: int) -> None:
    payload = older(version)
    before = copy.deepcopy(payload)
    assert upgrade_scnir_dict(payload) == older(7)
    assert payload == before


@pytest.mark.parametrize("version", range(1, 7))
def test_a_key_of_a_later_version_is_refused(version: int) -> None:
    for key in (k for k, since in _SINCE.items() if version < since):
        payload = older(version)
        payload["streams"][2][key] = older(7)["streams"][2][key]
        with pytest.raises(SCNIRValidationError, match=rf"streams\[2\] has the key '{key}', which"):
            upgrade_scnir_dict(payload)


def test_hierarchy_and_vector_delays_have_their_version() -> None:
    with pytest.raises(SCNIRValidationError, match=r"'hierarchy', which came with v0\.6"):
        upgrade_scnir_dict({**older(5), "hierarchy": []})
    vector = changed(older(4), ("streams", 1, "delay_steps"), put([1, 2]))
    with pytest.raises(SCNIRValidationError, match=r"is a vector, which came with v0\.5"):
        upgrade_scnir_dict(vector)
    vector["version"] = "v0.5"
    assert upgrade_scnir_dict(vector)["streams"][1]["delay_steps"] == [1, 2]


def test_a_signal_kind_that_the_id_does_not_tell_is_asked_for() -> None:
    payload = changed(older(2), ("streams", 3, "id"), put("something"))
    with pytest.raises(SCNIRValidationError, match=r"streams\[3\].id is 'something', which does"):
        upgrade_scnir_dict(payload)


@pytest.mark.parametrize("version", [None, 7, "0.7", "v0.9", "v1.0", []])
def test_an_unknown_version_is_refused(version: Any) -> None:
    with pytest.raises(SCNIRValidationError, match="SC-NIR version is"):
        upgrade_scnir_dict({**PLAIN, "version": version})


# --- files ---------------------------------------------------------------------------------------


def test_a_file_reads_back_and_is_deterministic(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write_scnir(first, nested())
    assert load_scnir(first) == nested()
    write_scnir(second, load_scnir(first))
    assert first.read_bytes() == second.read_bytes()


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match="cannot be written: No such file"):
        write_scnir(tmp_path / "missing" / "a.json", nested())
    with pytest.raises(SCNIRValidationError):
        write_scnir(tmp_path / "a.json", dataclasses.replace(nested(), name=""))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no JSON: Expecting value in line 1, column 1"),
        (b"{", "is no JSON"),
        (b"\xff\xfe", "is no UTF-8 text"),
        (b"[" * 100000, "nested too deeply"),
        (b'{"name": 1, "name": 2}', "the key 'name' stands twice"),
        (b'{"name": NaN}', "NaN is no finite number"),
        (b"3", "document is int"),
        (b"1" * 5000, "is not acceptable JSON"),
        (json.dumps({**PLAIN, "name": ""}).encode(), "a.json: SC-NIR name is ''"),
    ],
)
def test_a_file_that_is_no_document_is_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(SCNIRValidationError, match=re.escape(message)) as caught:
        load_scnir(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match=r"none.json cannot be read: No such file"):
        load_scnir(tmp_path / "none.json")
