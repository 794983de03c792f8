"""What every model document promises: tier, class, golden trace, hardware variant, ranges.

The runs are interpreted: equal to the kernels' bit for bit, without compiling one per model.
"""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sc_neurocore.neurons
from sc_neurocore.compiler import lower, plan_formats
from sc_neurocore.dynamics import Model, simulate
from sc_neurocore.neurons import (
    classes,
    describe,
    list_bundled_schemas,
    load_hardware_model,
    load_model,
    load_schema,
    model_of,
    protocol_of,
)
from sc_neurocore.neurons._document import read_text
from sc_neurocore.neurons.golden import golden

ROOT = Path(__file__).resolve().parents[2]

Array = NDArray[np.float64]

every_model = pytest.mark.parametrize("name", list_bundled_schemas())


@every_model
def test_the_document_is_complete(name: str) -> None:
    descriptor = describe(name)
    assert descriptor.name == name
    assert descriptor.tier == 3
    assert len(descriptor.back_ends) >= 2


def test_every_model_has_a_class_of_its_own() -> None:
    # `classes` reads one line of each file; the parsed documents must say the same.
    documents = {name: tomllib.loads(read_text(name)) for name in list_bundled_schemas()}
    assert dict(classes()) == {d["model"]["class"]: name for name, d in documents.items()}
    assert len(classes()) == len(documents)


@every_model
def test_the_golden_trace_is_reproduced(name: str) -> None:
    document = load_schema(name)
    found = golden(document)
    assert (found.digest, found.spikes) == (
        document["golden"]["digest"], document["golden"]["spikes"],
    )  # fmt: skip


# The hardware variants


def spike_counts(model: Model, driven: str, currents: Array) -> NDArray[np.int64]:
    return simulate(model, {driven: currents}, engine="interpreted").spike_counts


@every_model
def test_the_hardware_variant_fires_as_often(name: str) -> None:
    reference, variant = load_model(name), load_hardware_model(name)
    if reference == variant:
        return
    protocol = protocol_of(load_schema(name))
    heights = (protocol.amplitude, *protocol.amplitudes[:: max(1, len(protocol.amplitudes) // 4)])
    counts = [
        spike_counts(
            m, protocol.input, np.column_stack([protocol.current(m.dt, a) for a in heights])
        )
        for m in (reference, variant)
    ]
    assert np.all(np.abs(counts[0] - counts[1]) <= np.maximum(1, 0.03 * counts[0]))


@pytest.mark.exhaustive
@every_model
def test_the_hardware_table_becomes_a_datapath(name: str) -> None:
    wishes = load_schema(name)["hardware"]
    model, rounding = load_hardware_model(name), wishes.get("rounding", "nearest")
    plan = plan_formats(model, wishes["format"], rounding)
    lower(model, plan.formats, rounding=rounding)


# The declared ranges


def stimuli(low: float, high: float, dt: float, duration: float, periods: Array) -> Array:
    """Constant, switching and random inputs over a range, shape ``(ticks, stimuli)``."""
    rng = np.random.default_rng(0)
    ticks = round(duration / dt)
    columns = [np.full(ticks, level) for level in np.linspace(low, high, 1 + 2 * len(periods))]
    for period in periods:
        part = np.arange(ticks) // max(1, round(period / dt))
        columns += [
            np.where(part % 2 == 0, high, low),
            np.where(part % 2 == 0, low, high),
            np.where(rng.random(part.max() + 1) < 0.5, low, high)[part],
            rng.uniform(low, high, part.max() + 1)[part],
        ]
    return np.column_stack(columns)


def with_value_at_spike(name: str, hardware: dict[str, Any]) -> Model:
    """The model with a copy of every state, taken at a spike before the reset changes it."""
    document = copy.deepcopy(load_schema(name))
    dynamics = document["dynamics"] | hardware
    document["dynamics"] = dynamics
    if "reset" not in dynamics:
        return model_of(document)
    still = "{0}[n+1] = {0}" if dynamics.get("method") == "map" else "d{0}/dt = 0*{0}/ms"
    for state, entry in list(document["states"].items()):
        copied = f"{state}_spike"
        document["states"][copied] = dict(entry)
        dynamics["equations"] += f"\n{still.format(copied)} : {entry['unit']}"
        dynamics["reset"] = f"{copied} = {state}; {dynamics['reset']}"
    return model_of(document)


def assert_ranges(name: str, hardware: bool, duration: float, periods: Array) -> None:
    document = load_schema(name)
    table = document["hardware"] if hardware else {}
    model = with_value_at_spike(name, {k: table[k] for k in ("method", "dt") if k in table})
    if model.method == "map":
        duration *= 10
    driven = {
        q.name: np.roll(stimuli(q.low, q.high, model.dt, duration, periods), 3 * i, axis=1)
        for i, q in enumerate(model.inputs)
    }
    total = next(iter(driven.values())).shape[1] if driven else 1
    for part in np.array_split(np.arange(total), max(1, total // 17)):
        run = simulate(
            model, {key: values[:, part] for key, values in driven.items()},
            ticks=round(duration / model.dt), neurons=len(part),
            record=model.state_names, seed=1, engine="interpreted",
        )  # fmt: skip
        for q in model.states:
            assert run.states[q.name].min() >= q.low, q.name
            assert run.states[q.name].max() <= q.high, q.name


variants = pytest.mark.parametrize("hardware", [False, True], ids=["reference", "hardware"])


@variants
@every_model
def test_no_declared_input_leads_outside_a_declared_range(name: str, hardware: bool) -> None:
    assert_ranges(name, hardware, 250.0, np.array([1.0, 25.0]))


@pytest.mark.exhaustive
@variants
@every_model
def test_no_declared_input_leads_outside_in_the_long_run(name: str, hardware: bool) -> None:
    longest = max(1000.0, protocol_of(load_schema(name)).duration)
    periods = (0.5, 1, 2, 5, 10, 12.5, 20, 25, 40, 80, 200, 400)
    assert_ranges(name, hardware, min(longest, 5000.0), np.array(periods))


# What is documented


def test_every_documented_class_is_a_model_or_listed_with_a_reason() -> None:
    documented = set(Path(__file__).with_name("documented_models.txt").read_text().split())
    left_out = tomllib.loads((ROOT / "docs" / "not_included.toml").read_text(encoding="utf-8"))
    ours = {name for name in documented if hasattr(sc_neurocore.neurons, name)}
    assert ours | left_out.keys() == documented
    assert not ours & left_out.keys()
    assert all(reason.endswith(".") for reason in left_out.values())
