"""Observations from JSON: what is read, and the sentence of each refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.observation_loader import (
    BenchmarkObservation,
    ObservationLoadError,
    load_observations,
    observations_from_payload,
    require_one_lut_unit,
)
from sc_neurocore.optimizer.synthesis_evidence import observation_to_record, write_payload

RECORD: dict[str, Any] = {
    "mac_count": 1024, "bitstream_length": 256, "decorrelator": "shuffle", "precision_bits": 8,
    "polynomial": "x^16 + x^14 + x^13 + x^11 + 1", "luts_used": 2417, "power_mw": 112,
    "latency_cycles": 2048, "accuracy_score": 0.9625,
}  # fmt: skip


def one(record: Any) -> BenchmarkObservation:
    (found,) = observations_from_payload({"observations": [record]})
    return found


def refused(payload: Any) -> str:
    with pytest.raises(ObservationLoadError) as caught:
        observations_from_payload(payload)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


@pytest.mark.parametrize(
    "key", ["observations", "benchmark_observations", "layers", "runs", "results"]
)
def test_records_stand_under_one_of_five_keys(key: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps({"project": "digits", key: [RECORD, {**RECORD, "luts_used": 7}]}))
    first, second = load_observations(path)
    assert (first.luts_used, second.luts_used) == (2417, 7)
    assert first.polynomial == "x^16+x^14+x^13+x^11+1"
    assert first.power_mw == 112.0 and isinstance(first.power_mw, float)
    assert first.word == "measured" and first.source == f"{path}: {key}[0]"


def test_sections_and_flat_records_are_the_same() -> None:
    flat = {**RECORD, "id": "hidden", "clock_mhz": 100, "inferences_per_run": 4, "ffs": 12}
    nested = {
        "design": {k: RECORD[k] for k in list(RECORD)[:5]} | {"layer_id": "hidden"},
        "metrics": {k: RECORD[k] for k in list(RECORD)[5:]} | {"ffs": 12},
        "workload": {"clock_mhz": 100.0, "inferences_per_run": 4},
        "notes": "anything",
    }
    assert one(flat) == one(nested)


def test_whole_floats_are_whole_and_units_are_converted() -> None:
    assert one({**RECORD, "luts_used": 2417.0}).luts_used == 2417
    bare = {k: v for k, v in RECORD.items() if k not in ("power_mw", "accuracy_score")}
    assert one({**bare, "power_w": 0.112, "accuracy_percent": 96.25}) == one(RECORD)
    assert one({**bare, "power_uw": 112000, "accuracy_score": 0.9625}) == one(RECORD)
    assert one({**RECORD, "fmax_hz": 130634000}).fmax_mhz == 130.634
    assert one({**RECORD, "polynomial": 0xB400}).polynomial == "0xb400"
    assert one({**RECORD, "polynomial": "1 + X + x^3"}).polynomial == "x^3+x+1"


@pytest.mark.parametrize("missing", list(RECORD))
def test_a_missing_field_is_named_with_its_record(missing: str) -> None:
    bad = {k: v for k, v in RECORD.items() if k != missing}
    message = refused({"runs": [RECORD, RECORD, bad]})
    assert message == f"<memory>: runs[2]: '{missing}' is missing"


WHOLE = ["mac_count", "bitstream_length", "precision_bits", "luts_used", "latency_cycles"]


@pytest.mark.parametrize("field", WHOLE)
@pytest.mark.parametrize("value", [True, False, 1.5, -1, "7", None, [7], float("inf")])
def test_whole_numbers_are_whole(field: str, value: Any) -> None:
    least = 0 if field in ("luts_used", "latency_cycles") else 1
    assert refused({"layers": [{**RECORD, field: value}]}) == (
        f"<memory>: layers[0]: {field} is {value!r}; it must be a whole number of at least {least}"
    )


@pytest.mark.parametrize("value", [True, -0.5, "12 mW", None, float("nan"), float("inf"), 10**400])
def test_power_is_finite_and_not_negative(value: Any) -> None:
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:59] + "…"
    assert refused({"results": [{**RECORD, "power_mw": value}]}) == (
        f"<memory>: results[0]: power_mw is {shown}; it must be a finite number of at least 0"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accuracy_score": 96.25}, "accuracy_score is 96.25; it must be a number from 0 to 1"),
        ({"decorrelator": " "}, "decorrelator is empty; it must be text"),
        ({"decorrelator": 3}, "decorrelator is 3; it must be text"),
        ({"polynomial": "x^3+x^3+1"}, "polynomial is 'x^3+x^3+1'; it must hold each power once"),
        ({"polynomial": 0}, "polynomial is 0; it must be a whole number of at least 1"),
        ({"layer_id": "a\nb"}, r"layer_id is 'a\nb'; it must be one line of text"),
        ({"lut_unit": "lut5"},
         "lut_unit is 'lut5'; it must be one of lut4, lut6, lc, alut, alm"),
        ({"word": "estimated"}, "word is 'estimated'; it must be measured"),
        ({"fmax_mhz": 0}, "fmax_mhz is 0; it must be a finite number above 0"),
        ({"dynamic_mw": 113}, "dynamic_mw is 113, more than the whole power_mw, 112"),
        ({"power_furlong": 3},
         "the unit 'furlong' of 'power_furlong' is not known; write power_mw or power_uw or "
         "power_w"),
        ({"mac_count": 2**70},
         "mac_count is 1180591620717411303424; it must be at most 9007199254740992"),
        ({"power": 3}, "'power' has no unit; write power_mw or power_uw or power_w"),
        ({"latency_us": 3}, "the unit 'us' of 'latency_us' is not known; write latency_cycles"),
        ({"power_uw": -3}, "power_uw is -3; it must be a finite number of at least 0"),
        ({"power_w": 0.112},
         "'power_mw' and 'power_w' both give the field 'power_mw'; give one"),
        ({"metrics": {"luts_used": 2417}},
         "'luts_used' and 'metrics.luts_used' both give the field 'luts_used'; give one"),
        ({"metrics": 3}, "'metrics' is 3; it must be an object of fields"),
        ({"lut_used": 3}, "there is no field 'lut_used'; did you mean 'luts_used'?"),
        ({"energy": {}}, "'energy' needs both 'clock_mhz' and 'inferences_per_run'"),
        ({"energy": {}, "clock_mhz": 1, "inferences_per_run": 1},
         "'energy' is {}; it must hold run_time_us, energy_per_run_nj, energy_per_inference_nj"),
    ],
)  # fmt: skip
def test_refused_fields(change: dict[str, Any], message: str) -> None:
    both = "'power_uw' and" if "power_uw" in change else ""
    record = {k: v for k, v in RECORD.items() if not (both and k == "power_mw")}
    assert refused({"observations": [{**record, **change}]}) == (
        f"<memory>: observations[0]: {message}"
    )


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ([], "<memory> is []; it must be an object with a list of records under one of "
             "observations, benchmark_observations, layers, runs, results"),
        ({}, "<memory> holds no records; they must be a list under one of observations, "
             "benchmark_observations, layers, runs, results"),
        ({"runs": [RECORD], "layers": []},
         "<memory> holds records under 'layers' and 'runs'; only one of them can be meant"),
        ({"runs": RECORD | {"x": "y" * 99}}, None),
        ({"runs": "text"}, "<memory>: 'runs' is 'text'; it must be a list of records"),
        ({"runs": []}, "<memory>: 'runs' holds no record"),
        ({"runs": [RECORD, 3]}, "<memory>: runs[1] is 3; it must be an object of fields"),
        ({"runs": [{3: 4}]}, "<memory>: runs[0]: the key 3 is no text"),
    ],
)  # fmt: skip
def test_refused_payloads(payload: Any, message: str | None) -> None:
    said = refused(payload)
    assert said == message if message else said.startswith("<memory>: 'runs' is {'mac_count': ")
    assert len(said) < 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"runs": [', "is no JSON: Expecting value in line 1, column 11"),
        ('{"runs": [], "runs": []}', "is not acceptable JSON: the key 'runs' stands twice in one "
                                     "object"),
        ('{"runs": [NaN]}', "is not acceptable JSON: NaN is no finite number"),
        ("[" * 100_000, "is nested too deeply to be read"),
        ('{"runs": [1e999]}', ": runs[0] is inf; it must be an object of fields"),
    ],
)  # fmt: skip
def test_refused_files(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text(text)
    with pytest.raises(ObservationLoadError) as caught:
        load_observations(path)
    joint = "" if message.startswith(":") else " "
    assert str(caught.value) == f"{path}{joint}{message}"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ObservationLoadError, match=r"none\.json cannot be read: No such file"):
        load_observations(tmp_path / "none.json")
    with pytest.raises(ObservationLoadError, match="cannot be read: Is a directory"):
        load_observations(tmp_path)
    with pytest.raises(ObservationLoadError, match="embedded null byte"):
        load_observations("a\0b")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ObservationLoadError, match=r"b is no UTF-8 text, so no JSON$"):
        load_observations(tmp_path / "b")


def test_an_energy_that_the_record_does_not_have_is_refused() -> None:
    record = observation_to_record(one({**RECORD, "clock_mhz": 100, "inferences_per_run": 4}))
    # 112 mW over 2048 cycles of 10 ns are 2293.76 nJ.
    assert record["energy"] == {
        "run_time_us": 20.48, "energy_per_run_nj": 2293.76, "energy_per_inference_nj": 573.44
    }  # fmt: skip
    assert one(record).inferences_per_run == 4
    record["energy"]["energy_per_run_nj"] = 2300
    assert refused({"runs": [record]}) == (
        "<memory>: runs[0]: 'energy.energy_per_run_nj' is 2300, but the record makes it 2293.76"
    )


def test_numpy_numbers_are_numbers() -> None:
    made = BenchmarkObservation(
        **{**RECORD, "luts_used": np.int64(2417), "power_mw": np.float64(112)}
    )
    assert made == one(RECORD) and type(made.luts_used) is int and type(made.power_mw) is float
    with pytest.raises(SCConfigError, match=r"^luts_used is True; "):
        BenchmarkObservation(**{**RECORD, "luts_used": True})


def test_luts_of_different_kinds_are_never_compared() -> None:
    four, six = ({**RECORD, "lut_unit": unit, "source": unit} for unit in ("lut4", "lut6"))
    assert require_one_lut_unit([one(RECORD), one(six), one(six)]) == "lut6"
    assert require_one_lut_unit([one(RECORD)]) == ""
    with pytest.raises(SCConfigError) as caught:
        require_one_lut_unit([one(RECORD), one(four), one(six)])
    assert str(caught.value) == (
        "lut6 counts 6-input LUTs but lut4 counts 4-input LUTs, and neither is a number of the "
        "other; use evidence of one kind of device"
    )
    with pytest.raises(SCConfigError, match="lut4 counts 4-input LUTs but the target counts "):
        require_one_lut_unit([one(four)], "alm")


TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=20)
REAL = st.floats(0, 1e12)
OBSERVATIONS = st.builds(
    BenchmarkObservation,
    mac_count=st.integers(1, 10**9),
    bitstream_length=st.integers(1, 2**20),
    decorrelator=TEXT,
    precision_bits=st.integers(1, 64),
    polynomial=TEXT.filter(lambda t: "x" not in t.lower()) | st.integers(1, 2**32).map(hex),
    luts_used=st.integers(0, 10**9),
    power_mw=REAL,
    latency_cycles=st.integers(0, 10**12),
    accuracy_score=st.floats(0, 1),
    layer_id=TEXT | st.just(""),
    target=TEXT | st.just(""),
    lut_unit=st.sampled_from(["", "lut4", "lut6", "lc", "alut", "alm"]),
    ffs=st.none() | st.integers(0, 10**9),
    brams=st.none() | st.integers(0, 10**6),
    dsps=st.none() | st.integers(0, 10**6),
    dynamic_mw=st.none() | st.just(0.0),
    fmax_mhz=st.none() | st.floats(1e-3, 1e5),
    clock_mhz=st.none() | st.floats(1e-3, 1e5),
    inferences_per_run=st.none() | st.integers(1, 10**6),
)


@given(st.lists(OBSERVATIONS, min_size=1, max_size=4))
def test_observations_survive_their_file(
    tmp_path_factory: pytest.TempPathFactory, observations: list[BenchmarkObservation]
) -> None:
    path = tmp_path_factory.mktemp("e") / "evidence.json"
    write_payload({"observations": [observation_to_record(o) for o in observations]}, path)
    assert list(load_observations(path)) == observations


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*RECORD, "runs", "metrics", "energy", "word"]), inner, max_size=9),
    max_leaves=20))  # fmt: skip
def test_anything_else_is_refused_in_one_sentence(payload: Any) -> None:
    for given_payload in (payload, {"runs": payload}, {"runs": [payload]}):
        message = refused(given_payload)
        assert "\n" not in message and len(message) < 400


def test_every_unit_brings_its_own_factor() -> None:
    found = one({**RECORD, "dynamic_w": 0.041, "clock_hz": 50_000_000, "fmax_ghz": 0.13})
    assert (found.dynamic_mw, found.clock_mhz, found.fmax_mhz) == (41.0, 50.0, 130.0)
