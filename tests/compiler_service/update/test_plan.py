"""From a new network to an update: classified, gated, or answered with what it needs instead."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    Folding,
    IntegerNetwork,
    Quantisation,
    bank_words,
    quantise,
    with_weights,
)
from sc_neurocore.compiler_service import LiveUpdatePolicy
from sc_neurocore.compiler_service.update import (
    GateLimits,
    UpdatePlan,
    UpdateRefusedError,
    bank_digest,
    generate_key,
    open_update,
    overlaid,
    plan_update,
    sign_update,
)
from sc_neurocore.digital_twin import Answers, Recording, Twin
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, Assumptions, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import SCNetwork

DESIGN = "0" * 31 + "1"
LOOSE = GateLimits(0.0, 1.0, 1.0)


def classifier(
    seed: int = 2, *, changes: int = 0, sizes: tuple[int, ...] = (5, 6, 3), **neuron: float
) -> SCNetwork:
    """Dense layers with weights of whole eighths; ``changes`` of them differ by one eighth."""
    rng = np.random.default_rng(seed)
    values = {"tau": 0.008, "r": 24.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0} | neuron
    nodes = [Node("in", Input((sizes[0],)))]
    for k, (before, after) in enumerate(pairwise(sizes)):
        weights = rng.integers(-7, 7, (after, before)) / 8.0
        weights[0, 0] = -1.0
        if k == 0:
            weights.flat[1 : 1 + changes] += 1 / 8
        nodes.append(Node(f"w{k}", Affine(weights)))
        nodes.append(
            Node(f"n{k}", Neurons("lif", {n: np.full(after, v) for n, v in values.items()}))
        )
    nodes.append(Node("out", Output(None)))
    graph = Graph.of("net", nodes, [(a.id, b.id) for a, b in pairwise(nodes)], dt=1e-3)
    return SCNetwork(graph, Assumptions(dt=1e-3))


def integers(backend: str = "fixed") -> IntegerNetwork:
    old = classifier()
    options = Quantisation(bits=4, backend=backend, length=16, live=True)  # type: ignore[arg-type]
    return quantise(old.normal, old.assumptions, options)


def twin(backend: str = "fixed") -> Twin:
    return Twin(DESIGN, {0: integers(backend)}, (Folding(2, 1), Folding(1, 2)), 50.0)


def samples(number: int = 300) -> np.ndarray:
    coding = integers().input
    return np.random.default_rng(7).integers(0, (1 << coding.bits) + 1, (number, coding.size))


def plan(source: SCNetwork, evidence: Any = None, **options: Any) -> UpdatePlan:
    given = {"device": "bench-1", "version": 3, "request_id": "req-9", "target_name": "net"}
    return plan_update(options.pop("twin", twin()), source,
                       samples() if evidence is None else evidence, **given, **options)  # fmt: skip


def recording(of: Twin, given: np.ndarray) -> Recording:
    return Recording(DESIGN, 0, of.parameters(0), given, of.expected(given))


@pytest.mark.parametrize("backend", ["fixed", "stochastic"])
def test_retrained_weights_are_a_hot_swap(backend: str) -> None:
    found = plan(classifier(changes=2), twin=twin(backend), limits=LOOSE)
    update = found.require()
    assert found.package.package_id == update.package_id == "req-9:hot_swap"
    assert found.package.changed_fields == ("weights",)
    assert (update.device, update.design, update.version) == ("bench-1", DESIGN, 3)
    net = integers(backend)
    before = bank_words(net, twin().foldings)
    after = bank_words(with_weights(net, classifier(changes=2)), twin().foldings)
    assert (update.base, update.result) == (bank_digest(before), bank_digest(after))
    assert bank_digest(overlaid(before, update.writes)) == update.result
    assert bank_digest(overlaid(after, update.inverse)) == update.base
    assert [gate.name for gate in update.gates] == list(LiveUpdatePolicy().validation_gates)
    assert all(gate.passed for gate in found.gates)
    key = generate_key()
    assert open_update(sign_update(update, key), [key.public_key()]) == update


def test_probes_are_what_the_twin_answers() -> None:
    given = samples()
    update = plan(classifier(4), given, limits=LOOSE).require()
    old = twin()
    new = old.follow(with_weights(old.network, classifier(4)), 1)
    assert len(update.probes) == 4
    for probe in update.probes:
        for generation, answer in ((0, probe.before), (1, probe.after)):
            wanted = new.expected(np.array([probe.sample]), generation)
            assert answer.prediction == wanted.predictions[0]
            assert answer.clocks == wanted.clocks[0]
            assert answer.layer_spikes == tuple(wanted.layer_spikes[0])
    # They tell old from new, where anything does.
    assert all(p.before.prediction != p.after.prediction for p in update.probes)


def test_other_networks_are_refused_by_replay_and_it_says_where() -> None:
    found = plan(classifier(4))
    assert found.update is None
    replayed, bounds, rollback = found.gates
    assert not replayed.passed and rollback.passed
    first = replayed.evidence["first_difference"]
    assert isinstance(first, dict)
    old, new = twin(), twin().follow(with_weights(integers(), classifier(4)), 1)
    given = samples()[first["sample"]][None]
    assert old.expected(given).predictions[0] == first["old"]
    assert new.expected(given, 1).predictions[0] == first["new"]
    assert f"first in sample {first['sample']} the class is" in replayed.reason
    assert "less than 80.00%" in found.verdict and "\n" not in found.verdict
    assert bounds.evidence["max_outside"] == 0.25
    with pytest.raises(UpdateRefusedError, match="refused by digital_twin_replay") as caught:
        found.require()
    assert caught.value.reason == "gate"


def test_accuracy_may_not_fall_by_more_than_allowed() -> None:
    labels = twin().expected(samples()).predictions
    found = plan(classifier(4), labels=labels, limits=GateLimits(0.0, 0.1, 1.0))
    assert "the accuracy falls from 100.00% to" in found.verdict
    assert found.gates[0].evidence["accuracy_old"] == 1.0
    assert plan(classifier(4), labels=labels, limits=LOOSE).update is not None


def test_with_labels_only_right_answers_must_stay() -> None:
    old = twin()
    new = old.follow(with_weights(old.network, classifier(4)), 1)
    before, after = (new.expected(samples(), k).predictions for k in (0, 1))
    same = int((before == after).sum())
    wide = GateLimits(max_outside=1.0)
    assert 0 < same < 0.8 * len(before) and plan(classifier(4), limits=wide).update is None
    # Whatever the old parameters answered otherwise was wrong: nothing is lost.
    found = plan(classifier(4), labels=after, limits=wide)
    replayed = found.require().gates[0]
    assert replayed.evidence["compared"] == same and replayed.evidence["agreement"] == 1.0
    assert f"100.00% of {same} right answers stay right" in replayed.reason
    # As many are gained as lost: the accuracy alone would let it pass.
    mixed = np.where(np.arange(len(before)) % 2, before, after)
    found = plan(classifier(4), labels=mixed, limits=GateLimits(0.8, 1.0, 1.0))
    right = before == mixed
    kept = (right & (after == mixed)).sum() / right.sum()
    assert kept < 0.8 and found.gates[0].evidence["agreement"] == pytest.approx(kept)
    assert f"{kept:.2%} of {right.sum()} right answers stay right, less than" in found.verdict
    # No right answer can be lost where there was none.
    assert plan(classifier(4), labels=(before + 1) % 3, limits=wide).gates[0].passed


def test_samples_of_their_own_beside_a_recording() -> None:
    kept = recording(twin(), samples(40))
    given = {"samples": samples(200), "labels": twin().expected(samples(200)).predictions}
    update = plan(classifier(changes=1), kept, **given, origin="a" * 64, limits=LOOSE).require()
    said = update.gates[0]
    assert said.reason.startswith(
        "the twin reproduces all 40 recorded inferences; accuracy 100.00%"
    )
    assert said.evidence["inferences"] == 200 and said.evidence["samples"] == "a" * 64
    assert said.evidence["recorded"] is True and "200 inferences" in update.gates[1].reason
    with pytest.raises(SCConfigError, match="200 labels and 40 samples"):
        plan(classifier(changes=1), kept, labels=given["labels"])


def test_which_limits_are_looser() -> None:
    own = GateLimits(0.8, 0.01, 0.25)
    assert own.looser_than(own) == () and GateLimits(0.9, 0.0, 0.2).looser_than(own) == ()
    assert GateLimits(0.7, 0.02, 0.3).looser_than(own) == (
        "min_agreement", "max_accuracy_drop", "max_outside",
    )  # fmt: skip
    assert GateLimits(0.9, 0.02, 0.2).looser_than(own) == ("max_accuracy_drop",)


def test_a_recording_must_be_of_this_device() -> None:
    of, given = twin(), samples(40)
    kept = recording(of, given)
    assert (
        plan(classifier(changes=1), kept, limits=LOOSE)
        .gates[0]
        .reason.startswith("the twin reproduces all 40 recorded inferences; ")
    )
    spikes = kept.answers.layer_spikes.copy()
    spikes[17, 1] += 1
    a = kept.answers
    wrong = replace(kept, answers=Answers(a.predictions, a.clocks, a.generations, spikes))
    found = plan(classifier(changes=1), wrong, limits=LOOSE)
    assert found.update is None
    assert "the twin does not reproduce the device's recording in 1 of 40" in found.verdict
    assert "sample 17" in found.verdict
    other = replace(kept, parameters="0" * 64)
    assert "the twin has others" in plan(classifier(changes=1), other, limits=LOOSE).verdict


def test_telemetry_outside_the_bounds_is_refused() -> None:
    silent = classifier()
    graph = silent.graph
    zero = replace(graph.nodes["w0"].op, weight=np.zeros((6, 5)))
    source = SCNetwork(
        graph.replace(nodes={**graph.nodes, "w0": replace(graph.nodes["w0"], op=zero)}),
        silent.assumptions,
    )
    found = plan(source, limits=GateLimits(0.0, 1.0, 0.25))
    assert found.update is None
    assert "lie outside the old parameters' bounds, more than 25.00%" in found.verdict
    assert "telemetry_bounds: the bounds cannot be learned" in plan(source, samples(3)).verdict


@pytest.mark.parametrize(
    ("source", "fields", "kind", "said"),
    [
        (classifier(v_threshold=1.5), ("hdl",), "full_resynthesis_required",
         "the design must be synthesised anew for hdl (the neurons of layer 'n0' differ"),
        (classifier(sizes=(5, 6, 4)), ("io_shape",), "full_resynthesis_required",
         "the design must be synthesised anew for io_shape"),
        (classifier(sizes=(5, 6, 6, 3)), ("layer_count",), "full_resynthesis_required",
         "the design must be synthesised anew for layer_count"),
        (classifier(sizes=(5, 6, 6, 4)), ("io_shape", "layer_count"), "full_resynthesis_required",
         "the design must be synthesised anew for io_shape, layer_count"),
        (classifier(r=48.0), ("weights",), "hot_swap",
         "the banks of this design cannot hold the new weights"),
    ],
)  # fmt: skip
def test_what_is_no_hot_swap_is_answered_honestly(
    source: SCNetwork, fields: tuple[str, ...], kind: str, said: str
) -> None:
    found = plan(source)
    assert found.package.changed_fields == fields
    assert found.package.kind.value == kind
    assert found.update is None and not found.gates
    assert found.verdict.startswith(f"no hot swap: {said}")
    assert found.verdict.endswith(
        "build a new bundle and load it beside the old image, which is kept to go back to"
    )
    with pytest.raises(UpdateRefusedError) as caught:
        found.require()
    assert caught.value.reason == "image"


@pytest.mark.parametrize(
    ("field", "kind", "said"),
    [
        (
            "lfsr_seeds",
            "hot_swap",
            "the policy allows a hot swap, but no bank of this design holds",
        ),
        ("tile_mapping", "partial_reconfiguration", "a part of the device must be configured anew"),
        ("clock", "full_resynthesis_required", "the design must be synthesised anew for clock"),
    ],
)
def test_fields_that_no_bank_holds_need_an_image(field: str, kind: str, said: str) -> None:
    found = plan(classifier(changes=1), changed_fields=(field,))
    assert found.package.changed_fields == ("weights", field)
    assert found.package.kind.value == kind
    assert found.draft.image_fields == (field,)
    assert said in found.verdict


def test_nothing_new_is_no_update() -> None:
    with pytest.raises(SCConfigError, match="gives the same integers as the device has"):
        plan(classifier())
    with pytest.raises(SCConfigError, match="unknown update fields: colour"):
        plan(classifier(changes=1), changed_fields=("colour",))


def test_limits_are_shares() -> None:
    for name in ("min_agreement", "max_accuracy_drop", "max_outside"):
        for value in (-0.1, 1.1, float("nan"), "1", None, True):
            with pytest.raises(SCConfigError, match=name):
                GateLimits(**{name: value})


def test_a_gate_that_does_not_exist_is_named() -> None:
    policy = LiveUpdatePolicy(validation_gates=("horoscope",))
    with pytest.raises(SCConfigError, match="names gate 'horoscope', which does not exist"):
        plan(classifier(changes=1), policy=policy)
