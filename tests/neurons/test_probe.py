"""Behaviour is measured: the recorded tags, and documents whose behaviour is known by hand."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from sc_neurocore.neurons import (
    TAGS,
    SchemaError,
    describe,
    list_bundled_schemas,
    load_schema,
    measure,
    validate_schema_dict,
)
from sc_neurocore.neurons._behaviour import FILE

#: Measured anew by default; all others under `exhaustive`.
SAMPLE = ("izhikevich2003", "lif", "rulkov", "stochastic_lif")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in SAMPLE else pytest.mark.exhaustive)
        for name in list_bundled_schemas()
    ],
)
def test_the_recorded_behaviour_is_what_is_measured(name: str) -> None:
    assert measure(load_schema(name)) == describe(name).behaviour


def test_every_model_was_measured_and_the_tags_do_not_contradict() -> None:
    recorded = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert list(recorded) == list_bundled_schemas()
    for name, tags in recorded.items():
        assert tags == [tag for tag in TAGS if tag in tags], name
        assert len({"graded", "excitable", "quiescent", "spontaneous"} & set(tags)) == 1, name
        assert not {"class 1", "class 2"} <= set(tags), name


def document(equations: str, **dynamics: Any) -> dict[str, Any]:
    states = {line[1 : line.index("/")]: {"init": 0.0} for line in equations.splitlines()}
    states |= {name: {"init": value} for name, value in dynamics.pop("init", {}).items()}
    found: dict[str, Any] = {
        "schema_version": "1.0",
        "model": {"name": "made"},
        "dynamics": {"equations": equations, "dt": 0.1, "method": "rk4", **dynamics},
        "states": states,
        "inputs": {"I": {"low": -2.0, "high": 4.0}},
        "protocol": {
            "input": "I", "amplitude": 2.0, "onset": 50.0, "duration": 500.0,
            "sweep": {"low": 0.0, "high": 4.0, "points": 9},
        },
    }  # fmt: skip
    no_findings: list[SchemaError] = []
    assert validate_schema_dict(found) == no_findings
    return found


LEAKY = "dv/dt = (I - v)/10"
RESET: dict[str, Any] = {"threshold": "v >= 1", "reset": "v = 0"}


def test_a_leaky_integrator_is_an_integrator_of_class_1() -> None:
    assert measure(document(LEAKY, **RESET)) == ("excitable", "tonic", "class 1")


def test_what_cannot_reach_its_threshold_is_quiescent() -> None:
    quiet = {**RESET, "threshold": "v >= 5"}
    assert measure(document(LEAKY, **quiet)) == ("quiescent",)


def test_what_fires_without_input_is_spontaneous() -> None:
    assert measure(document("dv/dt = (I + 1.5 - v)/10", **RESET)) == ("spontaneous", "tonic")


def test_a_state_without_threshold_is_graded() -> None:
    assert measure(document(LEAKY)) == ("graded",)


def test_a_damped_oscillator_rings() -> None:
    # Eigenvalues −0.02 ± 0.2i: e^(−0.02·π/0.2) = 73 % of a swing is left at the next.
    ringing = "dv/dt = -0.02*v - 0.2*w + 0.05*I\ndw/dt = 0.2*v - 0.02*w"
    assert "resonator" in measure(document(ringing))
    assert "resonator" not in measure(document(ringing.replace("0.2*", "0.002*")))


def test_an_adapting_threshold_adapts() -> None:
    adapting = "dv/dt = (I - v)/10\ndh/dt = -h/100"
    found = measure(document(adapting, threshold="v >= 1 + h", reset="v = 0; h += 0.1"))
    assert "adapting" in found
    assert "tonic" in found


def test_a_fired_neuron_that_holds_itself_up_is_bistable() -> None:
    # A spike adds 0.8 to a slow drive that needs 1 + to keep on; without it v rests at I.
    holding = "dv/dt = (I + h - v)/10\ndh/dt = -h/50"
    found = measure(document(holding, threshold="v >= 1", reset="v = 0; h += 0.8"))
    assert {"bistable", "class 2"} <= set(found)
