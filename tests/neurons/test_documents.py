"""Model documents: the bundled ones are complete, and bad ones are refused in one sentence."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons import (
    ModelNotFoundError,
    describe,
    json_schema,
    list_bundled_schemas,
    load_hardware_model,
    load_model,
    load_schema,
    schema_to_json,
    schema_to_toml,
    tier,
    validate_all_bundled,
    validate_schema,
    validate_schema_dict,
)
from sc_neurocore.neurons._shape import check_shape

DOIS = {
    "adex": "10.1152/jn.00686.2005",
    "expif": "10.1523/JNEUROSCI.23-37-11628.2003",
    "fitzhugh_nagumo": "10.1016/S0006-3495(61)86902-6",
    "hodgkin_huxley": "10.1113/jphysiol.1952.sp004764",
    "izhikevich2003": "10.1109/TNN.2003.820440",
    "izhikevich2007": "10.7551/mitpress/2526.001.0001",
    "lif": "10.1007/s00422-007-0189-6",
    "morris_lecar": "10.1016/S0006-3495(81)84782-0",
    "qif": "10.1152/jn.2000.83.2.808",
    "resonate_and_fire": "10.1016/S0893-6080(01)00078-8",
    "rulkov": "10.1103/PhysRevE.65.041922",
    "stochastic_lif": "10.1007/BF01845839",
}
TWELVE = list(DOIS)


def test_every_bundled_document_is_valid() -> None:
    assert validate_all_bundled() == {name: [] for name in list_bundled_schemas()}


@pytest.mark.parametrize("name", DOIS)
def test_the_first_models_name_their_sources(name: str) -> None:
    assert describe(name).doi == DOIS[name]


@pytest.mark.parametrize("name", TWELVE)
def test_a_bundled_model_carries_its_declared_numbers(name: str) -> None:
    schema, model = load_schema(name), load_model(name)
    assert model.strict_units
    assert model.name == name
    for q in (*model.states, *model.parameters, *model.inputs):
        table = next(t for t in ("states", "parameters", "inputs") if q.name in schema.get(t, {}))
        entry = schema[table][q.name]
        assert q.value == pytest.approx(entry.get("init", entry.get("value")), rel=1e-15)
        assert (q.low, q.high) == (entry["low"], entry["high"])
        assert q.unit == ("" if entry["unit"] == "1" else entry["unit"])
        assert q.meaning == entry["meaning"]


@pytest.mark.parametrize("name", TWELVE)
def test_the_hardware_variant_differs_in_method_and_tick_only(name: str) -> None:
    hardware = load_schema(name)["hardware"]
    reference, variant = load_model(name), load_hardware_model(name)
    assert variant.method == hardware.get("method", reference.method)
    assert variant.dt == hardware.get("dt", reference.dt)
    assert variant.states == reference.states
    assert variant.parameters == reference.parameters


def test_the_tier_is_computed_from_what_is_there() -> None:
    full = load_schema("adex")
    assert tier(full) == 3
    without = copy.deepcopy(full)
    del without["golden"]
    assert tier(without) == 2
    without = copy.deepcopy(full)
    del without["hardware"]
    assert tier(without) == 2
    without = copy.deepcopy(full)
    del without["parameters"]["tau_w"]["meaning"]
    assert tier(without) == 1
    without = copy.deepcopy(full)
    del without["reference"]["doi"]
    assert tier(without) == 1
    without = copy.deepcopy(full)
    del without["model"]["family"]
    assert tier(without) == 0


@pytest.mark.parametrize("name", TWELVE)
def test_documents_survive_toml_and_json(name: str) -> None:
    schema = load_schema(name)
    assert tomllib.loads(schema_to_toml(schema)) == schema
    assert json.loads(schema_to_json(schema)) == schema
    assert schema_to_json(schema).startswith('{\n  "schema_version": "1.0",\n')


def test_a_json_file_is_as_good_as_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(schema_to_json(load_schema("qif")), encoding="utf-8")
    assert load_model(path) == load_model("qif")
    assert load_model(str(path)) == load_model("qif")


def test_every_bundled_file_names_the_published_schema() -> None:
    import sc_neurocore.neurons as package

    folder = Path(package.__file__).parent / "models"
    for path in folder.glob("*.toml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == "#:schema ../model.schema.json"
        assert (folder / first.split()[1]).resolve().is_file()


# What the file finder refuses.


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("lfi", "no bundled model is called 'lfi'; did you mean 'lif'?"),
        (
            "../lif",
            "model name '../lif' is not a name; give a bundled model such as 'lif' "
            "or the path of a .toml or .json file",
        ),
        (
            "/etc/passwd",
            "model name '/etc/passwd' is not a name; give a bundled model such as 'lif' "
            "or the path of a .toml or .json file",
        ),
        ("lif\0.toml", "model name holds a null byte; give a name or a file path"),
        ("nowhere.toml", "nowhere.toml: no such file"),
        (
            "",
            "model name '' is not a name; give a bundled model such as 'lif' "
            "or the path of a .toml or .json file",
        ),
    ],
)
def test_names_that_are_no_models(source: str, message: str) -> None:
    with pytest.raises(SCConfigError) as error:
        load_schema(source)
    assert str(error.value) == message


def test_a_missing_model_is_also_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError):
        load_schema("nothing")
    with pytest.raises(ValueError, match="no bundled model"):
        load_schema("nothing")
    assert issubclass(ModelNotFoundError, SCConfigError)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "not UTF-8 text (byte 0)"),
        (b"x" * 1_048_577, "larger than 1048576 bytes, the limit for a model file"),
        (b"[model\n", "not valid TOML: expected ']' at the end of a table declaration "
                      "(at line 1, column 7)"),
        (b"a = 1\na = 2\n", "not valid TOML: cannot overwrite a value (at line 2, column 6)"),
        (b"a = " + b"[" * 5000, "tables or lists nest too deeply"),
        (b"", "table or field"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(data)
    with pytest.raises(SCConfigError) as error:
        load_schema(path)
    if data:
        assert str(error.value) == f"{path}: {message}"
    else:
        assert str(error.value).splitlines() == [
            f"{path}: field 'schema_version' is missing: version of this format",
            f"{path}: table 'model' is missing: what the model is",
            f"{path}: table 'dynamics' is missing: the equations and how a tick runs them",
            f"{path}: table 'states' is missing: one table per state variable",
        ]


def test_other_files_are_not_models(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError) as error:
        load_schema(tmp_path / "model.yaml")
    assert str(error.value) == f"{tmp_path / 'model.yaml'}: a model file ends in .toml or .json"
    listing = tmp_path / "list.json"
    listing.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(SCConfigError) as error:
        load_schema(listing)
    assert str(error.value) == f"{listing}: a model file holds one table, not a list or a value"
    listing.write_text('{"a": }', encoding="utf-8")
    with pytest.raises(SCConfigError) as error:
        load_schema(listing)
    assert str(error.value) == (f"{listing}: not valid JSON: expecting value (at line 1, column 7)")
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    with pytest.raises(SCConfigError) as error:
        load_schema(folder)
    assert str(error.value) == f"{folder}: not a file"


# What a document may not say.

Change = tuple[str, Any]
_DELETE = object()


def changed(name: str, *changes: Change) -> dict[str, Any]:
    document = copy.deepcopy(load_schema(name))
    for path, value in changes:
        *tables, field = path.split("/")
        target = document
        for table in tables:
            target = target[table]
        if value is _DELETE:
            del target[field]
        else:
            target[field] = value
    return document


BAD: list[tuple[Change, str]] = [
    (("schema_version", "2.0"), "schema_version is '2.0'; supported: '1.0'"),
    (("schema_version", 1.0), "schema_version is 1.0; supported: '1.0'"),
    (("paramters", {}), "unknown table 'paramters'; did you mean 'parameters'?"),
    (("states", {}), "'states' is empty; it needs at least 1 entry"),
    (("states/v", 3), "[states] 'v' is 3; it must be a table"),
    (("states/v/inti", -65), "[states.v] unknown field 'inti'; did you mean 'init'?"),
    (("states/v/init", _DELETE), "[states.v] field 'init' is missing: initial value"),
    (("states/v/init", "-65"), "[states.v] 'init' is '-65'; it must be a finite number"),
    (("states/v/init", True), "[states.v] 'init' is true; it must be a finite number"),
    (("states/v/init", float("nan")), "[states.v] 'init' is nan; it must be a finite number"),
    (("states/v/high", float("inf")), "[states.v] 'high' is inf; it must be a finite number"),
    (
        ("states/v/init", 0),
        "[states.v] 'init' is 0; it must lie in its range [-100, -30]",
    ),
    (("states/v/low", 0), "[states.v] 'low' is 0; it must be below 'high', -30"),
    (("parameters/tau_m/value", _DELETE),
     "[parameters.tau_m] field 'value' is missing: default value"),
    (("parameters/tau_m/value", 0),
     "[parameters.tau_m] 'value' is 0; it must lie in its range [5, 50]"),
    (("model/name", "my model"),
     "[model] 'name' is 'my model'; expected identifier of the model"),
    (("model/family", "integrate-and-fir"),
     "[model] 'family' is 'integrate-and-fir'; allowed: integrate-and-fire, oscillator, "
     "conductance-based, multi-compartment, map, rate, point process, neuromorphic, glia; "
     "did you mean 'integrate-and-fire'?"),
    (("model/keywords", ["a", "a"]), "[model] 'keywords' repeats an entry; each may occur once"),
    (("model/keywords", "a"), "[model] 'keywords' is 'a'; it must be a list"),
    (("model/keywords", ["a", 1]), "[model] 'keywords[1]' is 1; it must be a string in quotes"),
    (("reference/year", 1907.5), "[reference] 'year' is 1907.5; it must be a whole number"),
    (("reference/year", 3000), "[reference] 'year' is 3000; it must be 2200 or less"),
    (("reference/doi", "https://doi.org/10.1/x"),
     "[reference] 'doi' is 'https://doi.org/10.1/x'; expected digital object identifier, "
     "without 'https://doi.org/'"),
    (("reference/authors", []),
     "[reference] 'authors' is an empty list; write authors as 'Family, I.', in the order of the "
     "paper"),
    (("dynamics/equations", ""),
     "[dynamics] 'equations' is empty; write one per line: 'dv/dt = … : mV', 'x[n+1] = … : 1' "
     "or 'name = …'"),
    (("dynamics/dt", 0), "[dynamics] 'dt' is 0; it must be greater than 0"),
    (("dynamics/refractory", -1), "[dynamics] 'refractory' is -1; it must be 0 or more"),
    (("dynamics/method", "euller"),
     "[dynamics] 'method' is 'euller'; allowed: euler, heun, rk4, exponential_euler, exact, "
     "rosenbrock, map; did you mean 'euler'?"),
    (("dynamics/edge", "falling"), "[dynamics] 'edge' is 'falling'; allowed: level, rising"),
    (("dynamics/equations", "dw/dt = -w/tau_m : mV"),
     "[dynamics] the state 'w' has no table [states.w]; add one with at least 'init'"),
    (("dynamics/equations", "dv/dt = (E_L - v)/tau_m : V"),
     "[dynamics] [states.v] unit is 'mV', but the equation ends in ': V'; "
     "write the same in both places"),
    (("protocol/input", "J"), "[protocol] 'input' is 'J', which is no [inputs] table; known: I"),
    (("protocol/amplitude", 40),
     "[protocol] 'amplitude' is 40; the input 'I' is declared in [-1, 3.9]"),
    (("protocol/onset", 500),
     "[protocol] 'onset' must be a tick of 0.1 ms before the end, 'duration'"),
    (("protocol/sweep/points", 1), "[protocol.sweep] 'points' is 1; it must be 2 or more"),
    (("hardware/format", "8.8"),
     "[hardware] 'format' is '8.8'; expected fixed-point format 'Qm.n' (m integer bits with sign, "
     "n fractional bits), or 'auto'"),
    (("hardware/method", "map"),
     "[hardware] method 'map' does not fit: difference equations take 'map', "
     "differential equations any other"),
    (("golden/digest", "sha256:12"),
     "[golden] 'digest' is 'sha256:12'; expected digest of spike ticks and sampled states"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BAD, ids=[f"{c[0]}={c[1]!r:.20}" for c, _ in BAD])
def test_bad_documents_by_message(change: Change, message: str) -> None:
    assert [str(e) for e in validate_schema_dict(changed("lif", change))] == [message]


def test_an_equation_error_keeps_its_caret() -> None:
    document = changed("lif", ("dynamics/equations", "dv/dt = (E_l - v + R*I)/tau_m : mV"))
    assert [str(e) for e in validate_schema_dict(document)] == [
        "[dynamics] unknown name 'E_l'; did you mean 'E_L'?\n"
        "  dv/dt = (E_l - v + R*I)/tau_m : mV\n"
        "           ^^^"
    ]


def test_several_errors_are_listed_together(tmp_path: Path) -> None:
    document = changed("lif", ("states/v/colour", 1), ("dynamics/dt", -1))
    path = tmp_path / "two.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SCConfigError) as error:
        load_model(path)
    assert str(error.value).splitlines() == [
        f"{path}: [dynamics] 'dt' is -1; it must be greater than 0",
        f"{path}: [states.v] unknown field 'colour'; known: high, init, low, meaning, type, unit",
    ]


def test_a_file_must_bear_the_name_of_its_model() -> None:
    assert validate_schema("lif") == []
    assert [str(e) for e in validate_schema_dict(load_schema("lif"), "adex")] == [
        "[model] 'name' is 'lif'; the file is called 'adex'"
    ]
    assert [str(e) for e in validate_schema("adx")] == [
        "no bundled model is called 'adx'; did you mean 'adex'?"
    ]


def test_a_document_that_is_no_table() -> None:
    assert [str(e) for e in validate_schema_dict([])] == [
        "the document is a list; it must be a table"
    ]


# Our reading of the JSON Schema against the jsonschema package.


def _leaves(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(document, dict):
        return [p for k, v in document.items() for p in [(*path, k), *_leaves(v, (*path, k))]]
    if isinstance(document, list):
        return [p for i, v in enumerate(document) for p in [(*path, i), *_leaves(v, (*path, i))]]
    return []


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3000), st.floats(-1e6, 1e6), st.text(max_size=8),
    st.sampled_from(["rk4", "strict", "Q8.8", "auto", "level", "10.1/x", "10.1234/x", "map", ""]),
    st.lists(st.text(max_size=3), max_size=3), st.dictionaries(st.text(max_size=4), st.integers()),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_our_check_agrees_with_jsonschema(data: st.DataObject) -> None:
    document = copy.deepcopy(load_schema(data.draw(st.sampled_from(["lif", "rulkov"]))))
    for _ in range(data.draw(st.integers(0, 2))):
        places = _leaves(document)
        *tables, field = data.draw(st.sampled_from(places))
        target: Any = document
        for table in tables:
            target = target[table]
        action = data.draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "delete":
            del target[field]
        elif action == "add" and isinstance(target, dict):
            target[data.draw(st.text(min_size=1, max_size=6))] = data.draw(_VALUES)
        else:
            target[field] = data.draw(_VALUES)
    ours = not check_shape(document)
    theirs = Draft202012Validator(json_schema()).is_valid(document)
    assert ours == theirs


def test_the_published_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_documented_example_is_a_valid_model(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "model-schema.md"
    example = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    path = tmp_path / "leaky.toml"
    path.write_text(example, encoding="utf-8")
    model = load_model(path)
    assert (model.name, model.method, model.refractory_ticks) == ("leaky", "exact", 20)
    assert describe(path).tier == 0
