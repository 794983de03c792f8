"""The Python faces: EquationNeuron, UniversalNeuron, StochasticLIFNeuron and the integer models."""

from __future__ import annotations

import inspect
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError, UnitMismatchError
from sc_neurocore.neurons import (
    EquationNeuron,
    FixedPointLFSR,
    FixedPointLIFNeuron,
    StochasticLIFNeuron,
    UniversalNeuron,
    from_equations,
    list_bundled_schemas,
    load_model,
    load_schema,
    protocol_of,
)

LIF: dict[str, Any] = {
    "equations": "dv/dt = (-(v - E_L) + R*I)/tau_m",
    "threshold": "v > -50",
    "reset": "v = -65",
    "params": {"E_L": -65, "tau_m": 10, "R": 10},
    "init": {"v": -65},
}


#: One of each kind of kernel; the others compile their own under `exhaustive`.
KERNELS = ("adex", "hodgkin_huxley", "lif", "rulkov", "stochastic_lif")


@pytest.mark.parametrize(
    "name",
    [
        *KERNELS,
        *(
            pytest.param(name, marks=pytest.mark.exhaustive)
            for name in list_bundled_schemas()
            if name not in KERNELS
        ),
    ],
)
def test_steps_and_simulate_agree_bit_for_bit(name: str) -> None:
    model, protocol = load_model(name), protocol_of(load_schema(name))
    drive = protocol.current(model.dt)
    start = round(protocol.onset / model.dt) - 100
    drive = drive[start : start + 1500]
    one, many = EquationNeuron(model, seed=5), EquationNeuron(model, seed=5)
    spikes = [one.step(**{protocol.input: value}) for value in drive]
    trace, found = many.simulate(700, {protocol.input: drive[:700]})
    more_trace, more = many.simulate(800, {protocol.input: drive[700:]})
    assert spikes == [*found, *more]
    assert trace.shape == (700, len(model.states))
    assert list(more_trace[-1]) == list(one.state.values()) == list(many.state.values())
    if name in KERNELS[:4]:
        assert sum(spikes) > 0


def test_a_step_matches_the_formula() -> None:
    neuron = from_equations(**LIF, dt=0.1, method="euler")
    v = -65.0
    for current in (1.0, 2.0, -1.0, 0.5):
        assert neuron.step(I=current) == 0
        v += 0.1 * (-(v + 65) + 10 * current) / 10
        assert neuron.state["v"] == pytest.approx(v, abs=1e-12)


def test_reset_returns_to_the_beginning_noise_included() -> None:
    neuron = EquationNeuron(load_model("stochastic_lif"), seed=3)
    first = [neuron.step(I=1.5) for _ in range(3000)]
    neuron.reset()
    assert neuron.state == {"v": -65.0}
    assert [neuron.step(I=1.5) for _ in range(3000)] == first
    other = EquationNeuron(load_model("stochastic_lif"), seed=4)
    assert [other.step(I=1.5) for _ in range(3000)] != first


def test_a_step_that_diverges_changes_nothing() -> None:
    neuron = from_equations("dx/dt = x*x*x; dy/dt = 1", init={"x": 1e200}, dt=1, method="euler")
    with pytest.raises(SCConfigError) as error:
        neuron.step()
    assert str(error.value) == (
        "state 'x' would become non-finite at tick 0 of model 'neuron'; take a dt below 1 or "
        "another method than 'euler', or check the parameters and the input"
    )
    assert neuron.state == {"x": 1e200, "y": 0.0}
    with pytest.raises(SCConfigError):
        neuron.simulate(3)
    assert neuron.state == {"x": 1e200, "y": 0.0}


def test_what_a_step_refuses() -> None:
    neuron = from_equations(**LIF)
    for value in (math.nan, math.inf, "much"):
        with pytest.raises(SCConfigError):
            neuron.step(I=value)  # type: ignore[arg-type]
    with pytest.raises(SCConfigError) as error:
        neuron.step(J=1.0)
    assert str(error.value) == "model 'neuron' has no input 'J'; known: I"
    with pytest.raises(SCConfigError) as error:
        neuron.simulate(10, backend="rust")
    assert str(error.value) == "backend is 'rust'; allowed: numba"
    assert neuron.state == {"v": -65.0}


def test_an_input_that_is_not_given_rests() -> None:
    neuron = from_equations(**LIF)
    driven = from_equations(**LIF)
    neuron.step(I=3.0)
    driven.step(I=3.0)
    neuron.step()
    driven.step(I=0.0)
    assert neuron.state == driven.state


def test_strict_units_give_quantities() -> None:
    neuron = from_equations(
        "dv/dt = (E_L - v + R*I)/tau_m : mV",
        threshold="v > -50*mV",
        reset="v = E_L",
        params={"E_L": "-65 mV", "tau_m": "10 ms", "R": "0.01 Gohm"},
        init={"v": "-0.065 V"},
        dt="100 us",
        units="strict",
        input_unit="pA",
    )
    assert neuron.dt == pytest.approx(0.1)
    neuron.step(I=2000.0)
    v = neuron.get_state()["v"]
    assert v.to("V").magnitude == pytest.approx(-0.065 + 0.020 * (1 - math.exp(-0.01)))
    with pytest.raises(UnitMismatchError):
        from_equations("dv/dt = I/tau : mV", params={"tau": "1 ms"}, units="strict",
                       input_unit="nA")  # fmt: skip


def test_plain_units_give_numbers() -> None:
    assert from_equations(**LIF).get_state() == {"v": -65.0}


def test_the_attributes_and_the_representation_show_the_model() -> None:
    neuron = from_equations(**LIF, refractory=2)
    assert neuron.equations == {"v": "(-(v - E_L) + R * I) / tau_m"}
    assert neuron.parameters == {"E_L": -65.0, "tau_m": 10.0, "R": 10.0}
    assert (neuron.threshold, neuron.dt, neuron.method) == ("v > -50", 0.1, "exact")
    assert repr(neuron) == (
        "EquationNeuron 'neuron' (exact, dt = 0.1):\n"
        "  dv/dt = (-(v - E_L) + R * I) / tau_m\n"
        "  spike: v > -50\n"
        "  reset: v = -65"
    )
    assert "x[n+1] = " in repr(EquationNeuron(load_model("rulkov")))


# UniversalNeuron


def test_a_universal_neuron_shows_its_document() -> None:
    neuron = UniversalNeuron.from_schema("adex")
    assert neuron.name == "adex"
    assert neuron.doi == "10.1152/jn.00686.2005"
    assert neuron.list_state_variables() == ["v", "w"]
    assert neuron.list_parameters()[:3] == ["C", "g_L", "E_L"]
    assert neuron.list_equations()[1] == "(a * (v - E_L) - w) / tau_w"
    assert neuron.schema == load_schema("adex")
    neuron.schema["model"]["name"] = "changed"
    assert neuron.name == "adex"
    assert neuron.extensions == {}
    assert neuron.state == {"v": -70.6, "w": 0.0}
    assert repr(neuron) == "UniversalNeuron('adex', states=['v', 'w'], method='rk4', dt=0.05)"
    assert isinstance(neuron.to_equation_neuron(), EquationNeuron)


def test_a_universal_neuron_survives_toml_and_json(tmp_path: Any) -> None:
    neuron = UniversalNeuron.from_schema("izhikevich2003")
    for suffix, text in (("toml", neuron.to_toml()), ("json", neuron.to_json())):
        path = tmp_path / f"copy.{suffix}"
        path.write_text(text, encoding="utf-8")
        again = UniversalNeuron.from_schema(path)
        assert again.to_equation_neuron().model == neuron.to_equation_neuron().model


def test_overrides() -> None:
    neuron = UniversalNeuron.from_schema(
        "lif", parameter_overrides={"tau_m": 20.0}, dt_override=0.5, method_override="euler"
    )
    neuron.step(I=1.0)
    assert neuron.state["v"] == pytest.approx(-65 + 0.5 * 8 / 20)
    assert neuron.schema == load_schema("lif")
    neuron.reset()
    assert neuron.state == {"v": -65.0}
    with pytest.raises(SCConfigError) as error:
        UniversalNeuron.from_schema("lif", parameter_overrides={"tau": 20.0})
    assert str(error.value) == "model 'lif' has no parameter 'tau'; did you mean 'tau_m'?"
    with pytest.raises(SCConfigError) as error:
        UniversalNeuron.from_schema("lif", method_override="map")
    assert "method 'map' does not fit" in str(error.value)


def test_extensions_are_kept() -> None:
    document = {**load_schema("lif"), "extensions": {"lab": {"note": [1, 2]}}}
    neuron = UniversalNeuron.from_dict(document)
    assert neuron.extensions == {"lab": {"note": [1, 2]}}
    assert "[extensions.lab]" in neuron.to_toml()


def test_a_bad_document_is_refused() -> None:
    document = {**load_schema("lif"), "states": {}}
    with pytest.raises(SCConfigError) as error:
        UniversalNeuron(document)
    assert str(error.value) == ("model document: 'states' is empty; it needs at least 1 entry")


# Classes of the catalogue


def test_a_documented_class_is_made_from_its_document() -> None:
    import sc_neurocore.neurons as room
    import sc_neurocore.neurons.models as models

    made = room.AdExNeuron
    assert made is models.AdExNeuron
    assert issubclass(made, UniversalNeuron)
    assert {"AdExNeuron", "load_schema"} <= set(dir(room))
    assert "AdExNeuron" in dir(models)
    assert list(inspect.signature(made).parameters)[:3] == ["C", "g_L", "E_L"]
    assert "tau_w: adaptation time constant (ms)." in (made.__doc__ or "")
    assert pickle.loads(pickle.dumps(made)) is made


def test_a_class_runs_as_its_model_does() -> None:
    from sc_neurocore.neurons import AdExNeuron

    neuron, same = AdExNeuron(tau_w=100.0), AdExNeuron(tau_w=100.0)
    other = EquationNeuron(load_model("adex").with_parameters({"tau_w": 100.0}))
    spikes = [neuron.step(1000.0) for _ in range(2000)]
    trace, found = same.simulate(2000, 1000.0)
    assert spikes == list(found) == list(other.simulate(2000, 1000.0)[1])
    assert sum(spikes) > 0
    assert neuron.get_state() == dict(zip(("v", "w"), trace[-1], strict=True))
    neuron.reset()
    assert neuron.get_state() == {"v": -70.6, "w": 0.0}
    assert neuron.step(I=1000.0) == 0


def test_what_a_class_refuses() -> None:
    import sc_neurocore.neurons as room

    with pytest.raises(SCConfigError) as error:
        room.AdExNeuron(tauw=100.0)
    assert str(error.value) == "AdExNeuron has no parameter 'tauw'; did you mean 'tau_w'?"
    with pytest.raises(AttributeError) as missing:
        room.AdexNeuron  # noqa: B018
    assert str(missing.value) == (
        "module 'sc_neurocore.neurons' has no attribute 'AdexNeuron'; did you mean 'AdExNeuron'?"
    )
    with pytest.raises(SCConfigError):
        room.CatalogueNeuron()


# StochasticLIFNeuron


def test_the_documented_examples_of_the_stochastic_lif() -> None:
    neuron = StochasticLIFNeuron(v_threshold=1.0, tau_mem=20.0, noise_std=0.0)
    assert sum(neuron.step(1.5) for _ in range(50)) > 0
    assert neuron.get_state() == {"v": 0.0, "refractory": 0}
    bits = np.array([1, 0, 1, 1, 0, 1, 0, 0], dtype=np.uint8)
    neuron.reset_state()
    out = neuron.process_bitstream(bits, input_scale=2.0)
    assert out.shape == (8,)
    assert list(out) == list(bits)


def test_the_stochastic_lif_without_noise_is_exact() -> None:
    neuron = StochasticLIFNeuron(tau_mem=20.0)
    for k in range(1, 20):
        assert neuron.step(0.01) == 0
        assert neuron.get_state()["v"] == pytest.approx(0.2 * (1 - math.exp(-k / 20)), rel=1e-12)


def test_the_noise_has_its_stated_size() -> None:
    # With tau → ∞ the potential is a random walk: variance noise_std²·t.
    neuron = StochasticLIFNeuron(v_threshold=1e9, tau_mem=1e9, noise_std=0.5, dt=0.25, seed=1)
    steps = np.diff([neuron.step(0.0) or neuron.get_state()["v"] for _ in range(20_001)])
    assert np.std(steps) == pytest.approx(0.5 * math.sqrt(0.25), rel=0.02)
    assert abs(np.mean(steps)) < 4 * 0.25 / math.sqrt(20_000)


def test_refractoriness_counts_ticks() -> None:
    neuron = StochasticLIFNeuron(refractory_period=3.0)
    assert [neuron.step(1.5) for _ in range(9)] == [1, 0, 0, 0, 1, 0, 0, 0, 1]


def test_what_the_stochastic_lif_refuses() -> None:
    with pytest.raises(SCConfigError) as error:
        StochasticLIFNeuron(noise_std=-1)
    assert str(error.value) == "noise_std is -1; it must be 0 or more"
    with pytest.raises(SCConfigError):
        StochasticLIFNeuron(tau_mem=0)
    with pytest.raises(SCConfigError) as error:
        StochasticLIFNeuron().process_bitstream([0, 2])
    assert str(error.value) == "input_bits must be one row of zeros and ones"
    assert len(StochasticLIFNeuron().process_bitstream([])) == 0


# Integer models


def test_a_fixed_point_step_by_hand() -> None:
    neuron = FixedPointLIFNeuron(v_rest=-10, v_reset=-20, v_threshold=300)
    # floor(16·100/256) = 6; floor(240·6/256) = 5; then floor(-16·9/256) = -1.
    assert neuron.step(240, 16, 100) == (0, -4)
    assert neuron.step(240, 16, 100, noise_in=2) == (0, -10 + 5 + 6 + 2)
    assert neuron.step(0, -16, 9) == (0, -11)
    assert neuron.step(0, 256, 310) == (1, -20)
    assert neuron.get_state() == {"v": -20, "refractory": 2}
    assert neuron.step(256, 256, 1000) == (0, -20)
    assert neuron.step(256, 256, 1000) == (0, -20)
    assert neuron.step(256, 256, 0) == (0, -20)
    neuron.reset_state()
    assert neuron.get_state() == {"v": -10, "refractory": 0}


def test_sums_and_products_wrap() -> None:
    neuron = FixedPointLIFNeuron(data_width=8, fraction=4, v_threshold=127)
    # 16·100/16 = 100 fits; adding 100 wraps to 200 − 256.
    assert neuron.step(16, 16, 100) == (0, 100)
    assert neuron.step(16, 16, 100) == (0, -56)
    # 100·100 >> 4 = 625 wraps to 625 − 512 = 113.
    assert FixedPointLIFNeuron(data_width=8, fraction=4, v_threshold=127).step(0, 100, 100) == (
        0, 113,
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.integers(4, 20), st.integers(0, 3), st.lists(st.integers(-(2**19), 2**19 - 1), min_size=4)
)
def test_the_register_never_leaves_its_width(width: int, frac: int, words: list[int]) -> None:
    half = 1 << (width - 1)
    neuron = FixedPointLIFNeuron(data_width=width, fraction=frac, v_threshold=half // 2)
    cut = [(w + half) % (2 * half) - half for w in words]
    for k in range(len(cut) - 3):
        spike, v = neuron.step(*cut[k : k + 4])
        assert spike in (0, 1)
        assert -half <= v < half


def test_what_the_fixed_point_lif_refuses() -> None:
    for options in (
        {"data_width": 1}, {"fraction": 16}, {"v_threshold": 40_000}, {"refractory_period": -1},
    ):  # fmt: skip
        with pytest.raises(SCConfigError):
            FixedPointLIFNeuron(**options)
    neuron = FixedPointLIFNeuron()
    with pytest.raises(SCConfigError) as error:
        neuron.step(240, 16, 40_000)
    assert str(error.value) == "I_t is 40000; it must be an integer from -32768 to 32767"
    assert neuron.get_state() == {"v": 0, "refractory": 0}


def test_the_shift_register_visits_every_value_once() -> None:
    register = FixedPointLFSR(seed=0xACE1)
    seen = [register.step() for _ in range(65_535)]
    assert seen[0] == 0x59C3
    assert len(set(seen)) == 65_535
    assert 0 not in seen
    assert seen[-1] == 0xACE1


def test_seeds_of_the_shift_register() -> None:
    register = FixedPointLFSR()
    first = register.step()
    register.reset()
    assert register.step() == first
    register.reset(seed=1)
    assert register.step() == 2
    for seed in (0, 65_536, -1, True, 1.0):
        with pytest.raises(SCConfigError) as error:
            FixedPointLFSR(seed=seed)  # type: ignore[arg-type]
        assert str(error.value) == f"LFSR seed is {seed!r}; it must be an integer from 1 to 65535"
