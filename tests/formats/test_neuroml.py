"""Cells of NeuroML are those of jNeuroML, and what is not one is a sentence."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.dynamics import Model, Quantity, Simulation, build_model, simulate
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io import (
    ImportedCell,
    UnreadWarning,
    create_neuron,
    export_neuroml,
    import_neuroml,
)
from sc_neurocore.neurons import load_model, load_schema, schema_to_toml, validate_schema_dict

from . import jneuroml

CELLS = Path(__file__).parent / "cells.nml"
#: Volts of jNeuroML's files in the millivolts of ours; FitzHugh–Nagumo has no unit.
SCALE = {"fhn": 1.0}
#: Pulses in the unit of our input, nA or 1.
AMPLITUDES = {"iaf": 2.0, "iafref": 2.0, "izh": 10.0, "izh07": 0.1, "adex": 0.8, "hr": 0.1}


def imported() -> dict[str, ImportedCell]:
    return {cell.id: cell for cell in import_neuroml(CELLS)}


def driven(model: Model, amplitude: float | None, state: str) -> Simulation:
    """LEMS reads an input at the end of a step, one tick before us."""
    ticks = round(jneuroml.LENGTH / jneuroml.STEP)
    current = np.zeros(ticks)
    current[round(jneuroml.ONSET / jneuroml.STEP) - 1 :] = amplitude or 0.0
    inputs = None if amplitude is None else current
    return simulate(model, inputs, ticks=ticks, record=[state], engine="interpreted")


@pytest.mark.parametrize("name", jneuroml.PULSES)
def test_a_cell_is_what_jneuroml_runs(name: str) -> None:
    wanted = json.loads(jneuroml.RECORDED.read_text(encoding="utf-8"))[name]
    model = imported()[name].model
    refractory = model.refractory > 0
    if refractory:
        # LEMS ends refractoriness in the tick after the period is over, we in its last.
        model = replace(model, refractory=model.refractory + jneuroml.STEP)
    state = jneuroml.STATES.get(name, "v")
    run = driven(model, AMPLITUDES.get(name), state)
    # And it resets a tick late, when a state that is not held (w of adex) has moved once more.
    most = 2.1 * jneuroml.STEP if name == "adex" else 1e-6
    assert np.allclose(run.spike_times(), wanted["spikes"], atol=most, rtol=0)
    if refractory:
        return
    ours = run.states[state][:: jneuroml.EVERY, 0]
    theirs = np.array(wanted["state"]) * SCALE.get(name, 1000.0)
    assert np.abs(ours - theirs).max() < 2e-3


@pytest.mark.exhaustive
def test_the_recording_is_what_jneuroml_says() -> None:
    """Needs Java."""
    assert jneuroml.recorded_cells() == json.loads(jneuroml.RECORDED.read_text(encoding="utf-8"))


def test_a_cell_is_a_document_and_a_neuron(tmp_path: Path) -> None:
    cell = imported()["izh07"]
    assert cell.parameters["C"] == 100.0 and cell.units["C"] == "pF"
    assert cell.parameters["a"] == 0.03 and cell.parameters["k"] == 0.7
    path = tmp_path / "izh07.toml"
    path.write_text(schema_to_toml(cell.document), encoding="utf-8")
    assert load_schema(path) == cell.document
    assert not [e for e in validate_schema_dict(dict(cell.document)) if e.level == "error"]


def test_a_cell_steps_as_its_equation_is_solved() -> None:
    """From -50 mV at rest above the threshold, and every 30 ms·ln((-50 + 70)/(-50 + 55)) on."""
    neuron = create_neuron(imported()["iaftau"])
    spikes = [k for k in range(3400) if neuron.step()]
    assert spikes[0] == 0
    assert np.diff(spikes) == pytest.approx([30 * np.log(4) / jneuroml.STEP] * 2, abs=1)


def cell(text: str) -> str:
    return f'<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="x">{text}</neuroml>'


REFRACTORY = (
    '<iafTauRefCell id="a" leakReversal="-50mV" thresh="-55mV" reset="-70mV" tau="30ms" '
    'refract="5ms"/>'
)
IZHIKEVICH = '<izhikevichCell id="a" v0="-1e299mV" thresh="30mV" a="0.02" b="1e99" c="-50" d="2"/>'
CAPACITY = (
    '<iafCell id="a" leakReversal="-60mV" thresh="-35mV" reset="-65mV" C="-1nF" '
    'leakConductance="0.05uS"/>'
)
IAF = '<iafTauCell id="a" leakReversal="-50mV" thresh="-55mV" reset="-70mV" tau="30ms"/>'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not well-formed XML"),
        ("<neuroml", "not well-formed XML"),
        ("<html/>", "root element is <html>"),
        ('<neuroml xmlns="http://morphml.org/neuroml/schema"/>', "NeuroML 2 is read"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><neuroml/>', "declares a document type"),
        (cell(""), "holds no cell; known are iafTauCell"),
        (cell('<cell id="pyramidal"/>'), '<cell id="pyramidal"> is not one of the cells'),
        (cell('<pinskyRinzelCA3Cell id="p"/>'), "is not one of the cells"),
        (cell(IAF.replace("tau=", "tua=")), "has no parameter 'tua'; did you mean 'tau'"),
        (cell(IAF.replace(' tau="30ms"', "")), "lacks 'tau', in a unit like ms"),
        (cell(IAF.replace("30ms", "30mV")), "tau is '30mV'; it must be in a unit like ms"),
        # Units that pint would know, and NeuroML does not.
        (cell(IAF.replace("30ms", "30 millisecond")), "it must be in a unit like ms"),
        (cell(IAF.replace("30ms", "3 a")), "tau is '3 a'; it must be in a unit like ms"),
        (cell(IAF.replace("30ms", "30 µs")), "write a number, then a unit like ms"),
        (cell(IAF.replace("30ms", "٣٠ms")), "write a number, then a unit like ms"),
        (cell(IAF.replace('tau="', 'type="iafCell" tau="')), "has no parameter 'type'"),
        (cell(IAF.replace("/>", "><synapse/></iafTauCell>")), "holds <synapse>, which such a cell"),
        (cell(IAF.replace("<iafTauCell", '<x:iafTauCell xmlns:x="urn:y"')), "in another namespace"),
        (cell(IAF + '<IF_curr_exp id="p"/>'), '<IF_curr_exp id="p"> is not one of the cells'),
        (cell(IAF + '<pointCellCondBased id="p"/>'), "is not one of the cells"),
        (cell(IAF + '<Component id="p" type="iafCell"/>'), "is not one of the cells"),
        (cell(IAF + '<include href="none.nml"/>'), "includes 'none.nml', which is not a file"),
        (cell(IAF + "<include/>"), "includes '', which is not a file"),
        (
            cell(REFRACTORY.replace("5ms", "1e15ms")),
            "refract is 1e15ms; it must be at most an hour",
        ),
        (cell(REFRACTORY.replace("5ms", "-5ms")), "refract is -5ms; it must be 0 or more"),
        (cell(IZHIKEVICH), "its U would begin at -inf; it must be finite"),
        (cell(CAPACITY), "C is -1nF; it must be above 0"),
        (cell(IAF.replace("30ms", "30")), "tau is '30'; it must be in a unit like ms"),
        (cell(IAF.replace("30ms", "ms")), "tau is 'ms'; write a number, then a unit like ms"),
        (cell(IAF.replace("30ms", "nan ms")), "write a number"),
        (cell(IAF.replace("30ms", "1e400ms")), "must be finite"),
        (cell(IAF.replace("30ms", "0ms")), "tau is 0ms; it must be above 0"),
        (cell(IAF.replace('"a"', '"1 a"')), "its id is not a name"),
        (cell(IAF + IAF), "two cells have the id 'a'"),
    ],
)
def test_what_is_not_a_cell_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.nml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SCConfigError, match=re.escape(sentence)) as error:
        import_neuroml(path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    """A bomb of entities, and one in an encoding in which its bytes do not stand as such."""
    bomb = "".join(f'<!ENTITY a{k + 1} "{f"&a{k};" * 10}">' for k in range(9))
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a0 "x">{bomb}]>'
    path = tmp_path / "bomb.nml"
    path.write_bytes((text + cell(IAF + "<notes>&a9;</notes>")).encode(encoding))
    with pytest.raises(SCConfigError, match="declares a document type"):
        import_neuroml(path)


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "huge.nml"
    with path.open("wb") as file:
        file.truncate(2**34)  # sparse
    with pytest.raises(SCConfigError, match="larger than 16 MiB"):
        import_neuroml(path)


def test_included_cells_stand_where_they_are_included(tmp_path: Path) -> None:
    """By way of another folder; a circle and a second mention add nothing, as in jNeuroML."""
    (tmp_path / "sub").mkdir()
    last = IAF.replace('"a"', '"last"')
    (tmp_path / "top.nml").write_text(cell('<include href="sub/one.nml"/>' + last))
    one = cell(IAF + '<include href="two.nml"/><include href="../top.nml"/>')
    (tmp_path / "sub/one.nml").write_text(one)
    (tmp_path / "sub/two.nml").write_text(
        cell(CAPACITY.replace("-1nF", "1nF").replace('"a"', '"b"'))
    )
    assert [c.id for c in import_neuroml(tmp_path / "top.nml")] == ["a", "b", "last"]
    (tmp_path / "sub/two.nml").write_text(cell(IAF))
    with pytest.raises(SCConfigError, match=r"two\.nml: two cells have the id 'a'"):
        import_neuroml(tmp_path / "top.nml")


def test_what_is_not_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "net.nml"
    path.write_text(cell(
        "<notes>x</notes><!-- y -->" + IAF + '<pulseGenerator id="p"/><network id="n"/>'
        '<pulseGenerator id="q"/>'
    ))  # fmt: skip
    with pytest.warns(UnreadWarning, match="not read: 2 <pulseGenerator>, <network>$"):
        assert len(import_neuroml(path)) == 1


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match="cannot be read"):
        import_neuroml(tmp_path / "none.nml")
    with pytest.raises(SCConfigError, match="cannot be read"):
        import_neuroml(tmp_path)
    with pytest.raises(SCConfigError, match="cannot be read"):
        import_neuroml("a\0b")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_a_cell_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = CELLS.read_bytes().splitlines()
    octets = bytearray(b"".join([lines[0], data.draw(st.sampled_from(lines[1:-1])), lines[-1]]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    path = tmp_path_factory.mktemp("nml") / "damaged.nml"
    path.write_bytes(bytes(octets))
    try:
        for found in import_neuroml(path):
            assert found.model.states
    except SCConfigError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)


# Out ----------------------------------------------------------------------------------------------

EXPORTED = {"izhikevich2007": 100.0, "lif": 2.0, "fitzhugh_nagumo": 0.5, "morris_lecar": 150.0}


def exported(name: str, tmp_path: Path) -> tuple[Model, str]:
    model = replace(load_model(name), method="euler", dt=jneuroml.STEP)
    path = tmp_path / f"{name}.xml"
    export_neuroml(model, path)
    text = path.read_text(encoding="utf-8")
    return model, text[text.index(">") + 1 : text.index("</Lems>")]


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_model_runs_in_jneuroml(name: str, tmp_path: Path) -> None:
    """Needs Java."""
    model, body = exported(name, tmp_path)
    state, amplitude = model.state_names[0], EXPORTED[name]
    theirs = jneuroml.run(body, {f"{name}_0": (state, str(amplitude), "DL")})[f"{name}_0"]
    run = driven(model, amplitude, state)
    assert theirs["spikes"]
    assert np.allclose(run.spike_times(), theirs["spikes"], atol=1e-6, rtol=0)
    # Of refractory ones only the spikes: LEMS writes the reset a tick late.
    most = 0.1 if model.refractory else 2e-3
    assert np.abs(run.states[state][:: jneuroml.EVERY, 0] - theirs["state"]).max() < most


def test_an_exported_file_by_hand(tmp_path: Path) -> None:
    model = build_model(
        "dv/dt = (-v + I)/tau", threshold="v > 1", reset="v = 0", refractory=1.0, dt=0.5,
        params={"tau": 10.0}, name="leaky",
    )  # fmt: skip
    path = tmp_path / "leaky.xml"
    export_neuroml(model, path)
    root = ElementTree.parse(path).getroot()
    kind = root.find("ComponentType")
    assert kind is not None and kind.get("name") == "leaky"
    assert [x.get("value") for x in kind.iter("TimeDerivative")] == [
        "((((0 - v) + I) / tau)) / MSEC"
    ]
    tests = [x.get("test") for x in kind.iter("OnCondition")]
    assert tests == ["t .gt. last_spike + 0.75 * MSEC", "(v .gt. 1.0)"]
    assert root[1].attrib == {"id": "leaky_0", "tau": "10.0"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["leaky.xml"]


def named(parameter: str) -> Model:
    return build_model(f"dv/dt = (-v + I)/{parameter}", params={parameter: 10.0}, dt=0.5)


def resting(value: float) -> Model:
    return build_model(
        "dv/dt = (-v + I)/tau", params={"tau": 10.0}, dt=0.5, inputs=[Quantity("I", value)]
    )


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: load_model("rulkov"), "is a map"),
        (lambda: load_model("hodgkin_huxley"), "uses exprel(), which LEMS does not have"),
        (lambda: load_model("stochastic_lif"), "uses randn(), which LEMS does not have"),
        (lambda: load_model("iaf_psc_delta"), "has jumps at events"),
        (lambda: named("id"), "has the name 'id', which LEMS reserves"),
        (lambda: replace(named("tau"), name="iafCell"), "has a name that NeuroML has taken"),
        (lambda: named("MSEC"), "has the name 'MSEC', which LEMS reserves"),
        (lambda: resting(2.5), "an input 'I' that rests at 2.5; what is not driven is 0"),
    ],
)
def test_what_lems_cannot_say_is_a_sentence(model: object, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match=re.escape(sentence)):
        export_neuroml(model(), tmp_path / "x.xml")  # type: ignore[operator]
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match="cannot be written"):
        export_neuroml(load_model("lif"), tmp_path / "none" / "lif.xml")
    (tmp_path / "taken").mkdir()
    with pytest.raises(SCConfigError, match="cannot be written"):
        export_neuroml(load_model("lif"), tmp_path / "taken")
    with pytest.raises(SCConfigError, match="component is '1 a'; ids of LEMS are"):
        export_neuroml(load_model("lif"), tmp_path / "lif.xml", component="1 a")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
