"""The contract: every refusal, every dictionary, the example as the specification writes it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.compiler_service import (
    CompilerServiceRequest,
    CompilerServiceResponse,
    DigitalTwinSyncContract,
    LiveUpdateKind,
    LiveUpdatePackage,
    LiveUpdatePolicy,
    build_compiler_service_contract,
    build_compiler_service_response,
    plan_live_update,
)
from sc_neurocore.optimizer.sc_optimizer import HardwareBudget, LayerProfile
from sc_neurocore.optimizer.surrogate_sc_optimizer import (
    SurrogateSCOptimizer,
    TargetHardwareProfile,
)

EXAMPLE = """\
from sc_neurocore.compiler_service import CompilerServiceRequest, DigitalTwinSyncContract, build_compiler_service_response
from sc_neurocore.optimizer.sc_optimizer import HardwareBudget, LayerProfile
from sc_neurocore.optimizer.surrogate_sc_optimizer import TargetHardwareProfile

target = TargetHardwareProfile(name="pynq-z2", budget=HardwareBudget(max_luts=12_000, max_power_mw=2_500.0))
request = CompilerServiceRequest(request_id="req-001", target=target, network=(LayerProfile("hidden", mac_count=256),),
    changed_fields=("weights", "lfsr_seeds"), twin_sync=DigitalTwinSyncContract(session_id="twin-a"))
response = build_compiler_service_response(request)   # hot_swap
"""  # noqa: E501 as written there

HOT = ("weights", "thresholds", "lfsr_seeds", "bitstream_length", "decorrelator", "routing_table")
PARTIAL = ("tile_mapping", "aer_route_overlay", "layer_enable_mask")
FULL = ("hdl", "clock", "pdk", "io_shape", "layer_count", "top_module")
GATES = ("digital_twin_replay", "telemetry_bounds", "rollback_package")
WEIGHT = {LiveUpdateKind.HOT_SWAP: 0, LiveUpdateKind.PARTIAL_RECONFIGURATION: 1,
          LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED: 2}  # fmt: skip

names = st.text(min_size=1, max_size=12).filter(str.strip)
blank = st.sampled_from(["", " ", "\t\n", "\u2003"])
known = st.sampled_from(HOT + PARTIAL + FULL)
changes = st.lists(known, min_size=1, max_size=6).map(tuple)
positive = st.integers(1, 2**70)
syncs = st.builds(
    DigitalTwinSyncContract,
    session_id=names,
    twin_nodes=positive,
    checkpoint_interval_ns=positive,
    max_drift_us=st.floats(0, 1e300) | st.integers(0, 10**9),
    require_replay_verification=st.booleans(),
    event_channels=st.lists(names, min_size=1, max_size=4).map(tuple),
)
budgets = st.builds(
    HardwareBudget,
    max_luts=st.integers(1, 10**9),
    max_power_mw=st.floats(1e-6, 1e9),
    max_latency_cycles=st.none() | st.integers(1, 10**9),
)
targets = st.builds(TargetHardwareProfile, name=names, budget=budgets)
layers = st.builds(
    LayerProfile, id=names, mac_count=st.integers(1, 1 << 24), is_critical_path=st.booleans()
)
requests = st.builds(
    CompilerServiceRequest,
    request_id=names,
    target=targets,
    network=st.lists(layers, min_size=1, max_size=4).map(tuple),
    changed_fields=changes,
    twin_sync=syncs,
    evidence_payload=st.none() | st.just({"observations": []}),
    objective=names,
)
anything_else = st.sampled_from([None, 3, 2.5, True, b"a", object()])


def example() -> CompilerServiceResponse:
    found: dict[str, Any] = {}
    exec(EXAMPLE, found)  # noqa: S102 the specification's own text
    response = found["response"]
    assert isinstance(response, CompilerServiceResponse)
    return response


def sorted_everywhere(value: object) -> bool:
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(sorted_everywhere, value.values()))
    if isinstance(value, list):
        return all(map(sorted_everywhere, value))
    return value is None or type(value) in (bool, int, float, str)


def assert_json(value: dict[str, Any]) -> None:
    """JSON-ready as it stands: sorted keys, lists, plain values; a round trip changes nothing."""
    assert sorted_everywhere(value)
    assert json.loads(json.dumps(value, allow_nan=False)) == value


# The example --------------------------------------------------------------------------------------


def test_the_example_as_written() -> None:
    response = example()
    assert response.update_package == LiveUpdatePackage(
        package_id="req-001:hot_swap",
        request_id="req-001",
        target_name="pynq-z2",
        kind=LiveUpdateKind.HOT_SWAP,
        changed_fields=("weights", "lfsr_seeds"),
        requires_full_resynthesis=False,
        validation_gates=GATES,
        rollback_required=True,
    )
    assert (response.service_status, response.accepted) == ("contract_only", True)
    assert response.optimiser_report is None and response.diagnostics


def test_the_example_needs_no_extra_and_no_compiler() -> None:
    heavy = "('fastapi','cryptography','numba','sqlalchemy','uvicorn','httpx','torch')"
    code = f"{EXAMPLE}\nimport sys\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.strip()
    assert loaded == "[]"


# Types --------------------------------------------------------------------------------------------


def test_kinds() -> None:
    assert {k.name: k.value for k in LiveUpdateKind} == {
        "HOT_SWAP": "hot_swap",
        "PARTIAL_RECONFIGURATION": "partial_reconfiguration",
        "FULL_RESYNTHESIS_REQUIRED": "full_resynthesis_required",
    }
    assert all(isinstance(kind, str) for kind in LiveUpdateKind)


def test_fields_and_defaults() -> None:
    def shape(kind: Any) -> list[str]:
        return [f.name for f in fields(kind)]

    assert shape(DigitalTwinSyncContract) == [
        "session_id", "twin_nodes", "checkpoint_interval_ns", "max_drift_us",
        "require_replay_verification", "event_channels",
    ]  # fmt: skip
    assert DigitalTwinSyncContract("a") == DigitalTwinSyncContract(
        session_id="a", twin_nodes=1, checkpoint_interval_ns=1_000_000, max_drift_us=100.0,
        require_replay_verification=True,
        event_channels=("synthesis_observation", "device_telemetry", "fault_event", "update_ack"),
    )  # fmt: skip
    assert LiveUpdatePolicy() == LiveUpdatePolicy(HOT, PARTIAL, FULL, GATES)
    assert shape(LiveUpdatePolicy) == [
        "hot_swap_fields", "partial_reconfiguration_fields", "full_resynthesis_fields",
        "validation_gates",
    ]  # fmt: skip
    assert shape(CompilerServiceRequest) == [
        "request_id", "target", "network", "changed_fields", "twin_sync", "evidence_payload",
        "objective",
    ]  # fmt: skip
    request = example().request
    assert request.evidence_payload is None
    assert request.objective == "minimise_power_under_accuracy_budget"
    assert shape(LiveUpdatePackage) == [
        "package_id", "request_id", "target_name", "kind", "changed_fields",
        "requires_full_resynthesis", "validation_gates", "rollback_required",
    ]  # fmt: skip
    assert shape(CompilerServiceResponse) == [
        "request", "update_package", "optimiser_report", "service_status", "accepted",
        "diagnostics",
    ]  # fmt: skip
    bare = CompilerServiceResponse(request, example().update_package)
    assert (bare.optimiser_report, bare.service_status, bare.accepted, bare.diagnostics) == (
        None, "contract_only", True, (),
    )  # fmt: skip


def test_everything_is_frozen_and_hashable() -> None:
    response = example()
    for value in (response, response.request, response.update_package,
                  response.request.twin_sync, LiveUpdatePolicy()):  # fmt: skip
        hash(value)
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, "other")
    hash(replace(response.request, evidence_payload={"runs": []}))


# Refusals -----------------------------------------------------------------------------------------


def refused(message: str, kind: Any, **changed: Any) -> None:
    with pytest.raises(ValueError) as caught:
        kind(**changed)
    assert str(caught.value) == message


@given(blank)
def test_a_session_needs_an_id(text: str) -> None:
    refused("session_id must be non-empty", DigitalTwinSyncContract, session_id=text)


@given(st.sampled_from(["twin_nodes", "checkpoint_interval_ns"]), st.integers(max_value=0))
def test_counts_are_positive(name: str, number: int) -> None:
    refused(f"{name} must be positive", DigitalTwinSyncContract, session_id="a", **{name: number})


@given(
    st.sampled_from(["twin_nodes", "checkpoint_interval_ns"]),
    st.sampled_from([1.0, True, "1", None, math.nan]),
)
def test_counts_are_whole(name: str, number: object) -> None:
    refused(f"{name} must be a whole number", DigitalTwinSyncContract, session_id="a",
            **{name: number})  # fmt: skip


@given(
    st.floats(max_value=0, exclude_max=True)
    | st.integers(max_value=-1)
    | st.sampled_from([math.nan, math.inf, "1", None, True])
)
def test_drift_is_not_negative(drift: object) -> None:
    refused("max_drift_us must be non-negative", DigitalTwinSyncContract, session_id="a",
            max_drift_us=drift)  # fmt: skip


def test_a_session_needs_channels() -> None:
    refused("event_channels must be non-empty", DigitalTwinSyncContract, session_id="a",
            event_channels=())  # fmt: skip


@given(requests, blank)
def test_a_request_needs_its_fields(request: CompilerServiceRequest, text: str) -> None:
    for name, value in (("request_id", text), ("network", ()), ("changed_fields", ()),
                        ("objective", text)):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            replace(request, **{name: value})  # type: ignore[arg-type]
        assert str(caught.value) == f"{name} must be non-empty"


@given(anything_else)
def test_other_types_are_refused_in_a_sentence(value: object) -> None:
    request = example().request
    for name in ("request_id", "target", "network", "changed_fields", "twin_sync", "objective"):
        with pytest.raises(ValueError, match=name):
            replace(request, **{name: value})  # type: ignore[arg-type]
    for name in ("network", "changed_fields"):
        with pytest.raises(ValueError, match=name):
            replace(request, **{name: "weights"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="hot_swap_fields"):
        LiveUpdatePolicy(hot_swap_fields="weights")  # type: ignore[arg-type]


# Classification -----------------------------------------------------------------------------------


@given(changes)
def test_the_heaviest_kind_wins(changed: tuple[str, ...]) -> None:
    def alone(name: str) -> int:
        return 0 if name in HOT else 1 if name in PARTIAL else 2

    kind = LiveUpdatePolicy().classify(changed)
    assert WEIGHT[kind] == max(map(alone, changed))


@given(st.lists(known, max_size=4), st.lists(names, min_size=1, max_size=4, unique=True), st.data())
def test_unknown_fields_are_named_in_order(
    some: list[str], others: list[str], data: st.DataObject
) -> None:
    strange = [name for name in others if name not in HOT + PARTIAL + FULL]
    changed = data.draw(st.permutations(some + strange))
    if strange:
        with pytest.raises(ValueError) as caught:
            LiveUpdatePolicy().classify(changed)
        assert str(caught.value) == f"unknown update fields: {', '.join(sorted(strange))}"


def test_unknown_fields_message() -> None:
    with pytest.raises(ValueError, match=r"^unknown update fields: a, b$"):
        LiveUpdatePolicy().classify(("b", "weights", "a", "b"))


def test_nothing_changed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^changed_fields must be non-empty$"):
        LiveUpdatePolicy().classify(())


def test_a_policy_of_ones_own() -> None:
    policy = LiveUpdatePolicy(("delays",), ("weights",), ("delays",), ("telemetry_bounds",))
    # A field that stands in two classes needs the heavier one.
    assert policy.classify(["delays"]) is LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED
    package = plan_live_update(replace(example().request, changed_fields=("weights",)), policy)
    assert package.kind is LiveUpdateKind.PARTIAL_RECONFIGURATION
    assert package.validation_gates == ("telemetry_bounds",)


@given(requests)
def test_the_package_of_a_request(request: CompilerServiceRequest) -> None:
    package = plan_live_update(request)
    kind = LiveUpdatePolicy().classify(request.changed_fields)
    assert package == LiveUpdatePackage(
        f"{request.request_id}:{kind.value}", request.request_id, request.target.name, kind,
        request.changed_fields, kind.value == "full_resynthesis_required", GATES,
    )  # fmt: skip
    assert build_compiler_service_response(request).update_package == package


# Dictionaries -------------------------------------------------------------------------------------


@given(requests)
def test_dictionaries_are_json_in_alphabetical_order(request: CompilerServiceRequest) -> None:
    response = build_compiler_service_response(request)
    sync = request.twin_sync
    assert_json(response.to_dict())
    assert response.to_dict() == {
        "accepted": True,
        "diagnostics": list(response.diagnostics),
        "optimiser_report": None,
        "request": request.to_dict(),
        "service_status": "contract_only",
        "update_package": response.update_package.to_dict(),
    }
    described = request.to_dict()
    assert described == {
        "changed_fields": list(request.changed_fields),
        "evidence_payload_present": request.evidence_payload is not None,
        "network": described["network"],
        "objective": request.objective,
        "request_id": request.request_id,
        "target": described["target"],
        "twin_sync": sync.to_dict(),
    }
    assert described["network"] == [
        {"id": x.id, "is_critical_path": x.is_critical_path, "mac_count": x.mac_count}
        for x in request.network
    ]
    budget = request.target.budget
    assert isinstance(described["target"], dict)
    assert described["target"]["name"] == request.target.name
    assert described["target"]["budget"] == {
        "max_latency_cycles": budget.max_latency_cycles,
        "max_luts": budget.max_luts,
        "max_power_mw": budget.max_power_mw,
    }
    assert sync.to_dict() == {
        "checkpoint_interval_ns": sync.checkpoint_interval_ns,
        "event_channels": list(sync.event_channels),
        "max_drift_us": sync.max_drift_us,
        "require_replay_verification": sync.require_replay_verification,
        "session_id": sync.session_id,
        "twin_nodes": sync.twin_nodes,
    }
    package = response.update_package
    assert package.to_dict() == {
        "changed_fields": list(package.changed_fields),
        "kind": package.kind.value,
        "package_id": package.package_id,
        "request_id": package.request_id,
        "requires_full_resynthesis": package.requires_full_resynthesis,
        "rollback_required": True,
        "target_name": package.target_name,
        "validation_gates": list(GATES),
    }
    again = build_compiler_service_response(replace(request)).to_dict()
    assert json.dumps(again) == json.dumps(response.to_dict())


def test_the_policy_as_a_dictionary() -> None:
    assert LiveUpdatePolicy().to_dict() == {
        "full_resynthesis_fields": list(FULL),
        "hot_swap_fields": list(HOT),
        "partial_reconfiguration_fields": list(PARTIAL),
        "validation_gates": list(GATES),
    }
    assert_json(LiveUpdatePolicy().to_dict())


@given(st.lists(targets, min_size=1, max_size=4, unique_by=lambda t: t.name), syncs, st.randoms())
def test_the_contract_lists_targets_by_name(
    found: list[TargetHardwareProfile], sync: DigitalTwinSyncContract, random: Any
) -> None:
    contract = build_compiler_service_contract(targets=found, sync=sync)
    assert_json(contract)
    assert list(contract) == [
        "schema_version", "service_status", "supported_targets", "sync_contract", "update_policy",
    ]  # fmt: skip
    assert (contract["schema_version"], contract["service_status"]) == ("1.0", "contract_only")
    supported = contract["supported_targets"]
    assert [t["name"] for t in supported] == sorted(t.name for t in found)  # type: ignore
    assert contract["sync_contract"] == sync.to_dict()
    assert contract["update_policy"] == LiveUpdatePolicy().to_dict()
    random.shuffle(found)
    assert build_compiler_service_contract(targets=found, sync=sync) == contract


def test_a_contract_needs_targets_with_names_of_their_own() -> None:
    sync, one = DigitalTwinSyncContract("a"), example().request.target
    with pytest.raises(ValueError, match=r"^targets must be non-empty$"):
        build_compiler_service_contract(targets=(), sync=sync)
    with pytest.raises(ValueError, match=r"^duplicate target names: pynq-z2$"):
        build_compiler_service_contract(targets=(one, one), sync=sync)


def test_an_optimisers_report_is_passed_on() -> None:
    request = example().request
    report = SurrogateSCOptimizer(request.target).optimise(request.network)
    response = build_compiler_service_response(request, optimiser_report=report)
    assert response.optimiser_report is report
    described = response.to_dict()
    assert_json(described)
    found = described["optimiser_report"]
    assert isinstance(found, dict) and found["target"] == "pynq-z2"
    assert report.feasible and not any("budget" in text for text in response.diagnostics)


def test_a_report_beyond_the_budget_is_said() -> None:
    tight = TargetHardwareProfile("pynq-z2", HardwareBudget(1, 0.001))
    request = replace(example().request, target=tight)
    report = SurrogateSCOptimizer(tight).optimise(request.network)
    response = build_compiler_service_response(request, optimiser_report=report)
    assert response.diagnostics[-1].startswith("the optimiser's configuration is not within")
    assert_json(response.to_dict())
