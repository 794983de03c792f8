"""The functions of the contract: they open no socket and run no tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sc_neurocore.compiler_service._contract import (
    CompilerServiceRequest,
    CompilerServiceResponse,
    DigitalTwinSyncContract,
    LiveUpdateKind,
    LiveUpdatePackage,
    LiveUpdatePolicy,
    _json,
)
from sc_neurocore.evidence import JSON
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.optimizer.surrogate_sc_optimizer import (
        SurrogateOptimizerReport,
        TargetHardwareProfile,
    )

SCHEMA_VERSION = "1.0"
SERVICE_STATUS = "contract_only"

_TAKES = {
    LiveUpdateKind.HOT_SWAP: "parameter banks are written while the device runs",
    LiveUpdateKind.PARTIAL_RECONFIGURATION: "a part of the device is configured anew",
    LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED: "the design must be synthesised again",
}


def plan_live_update(
    request: CompilerServiceRequest, policy: LiveUpdatePolicy | None = None
) -> LiveUpdatePackage:
    """Classify what a request changed into the update that it needs.

    Args:
        request: what has changed.
        policy: None for the default one.

    Raises:
        SCConfigError: fields that the policy does not know; it is a `ValueError`.
    """
    rules = policy or LiveUpdatePolicy()
    kind = rules.classify(request.changed_fields)
    return LiveUpdatePackage(
        package_id=f"{request.request_id}:{kind.value}",
        request_id=request.request_id,
        target_name=request.target.name,
        kind=kind,
        changed_fields=request.changed_fields,
        requires_full_resynthesis=kind is LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED,
        validation_gates=rules.validation_gates,
    )


def build_compiler_service_contract(
    *,
    targets: Iterable[TargetHardwareProfile],
    sync: DigitalTwinSyncContract,
    policy: LiveUpdatePolicy | None = None,
) -> dict[str, JSON]:
    """Describe what a service supports, as JSON with keys in alphabetical order.

    Args:
        targets: the devices, with different names.
        sync: what keeps twins and devices together.
        policy: None for the default one.

    Raises:
        SCConfigError: no targets, or two with one name; it is a `ValueError`.
    """
    supported = sorted(targets, key=lambda target: target.name)
    if not supported:
        raise SCConfigError("targets must be non-empty")
    counted = Counter(target.name for target in supported)
    twice = [name for name, number in counted.items() if number > 1]
    if twice:
        raise SCConfigError(f"duplicate target names: {', '.join(twice)}")
    return {
        "schema_version": SCHEMA_VERSION,
        "service_status": SERVICE_STATUS,
        "supported_targets": _json(supported),
        "sync_contract": sync.to_dict(),
        "update_policy": (policy or LiveUpdatePolicy()).to_dict(),
    }


def build_compiler_service_response(
    request: CompilerServiceRequest,
    *,
    optimiser_report: SurrogateOptimizerReport | None = None,
    policy: LiveUpdatePolicy | None = None,
) -> CompilerServiceResponse:
    """Answer a request: the update that it needs, and sentences on it.

    Args:
        request: what has changed.
        optimiser_report: what an optimiser found for it, which is passed on.
        policy: None for the default one.

    Raises:
        SCConfigError: fields that the policy does not know; it is a `ValueError`.
    """
    package = plan_live_update(request, policy)
    return CompilerServiceResponse(
        request=request,
        update_package=package,
        optimiser_report=optimiser_report,
        diagnostics=_diagnostics(package, optimiser_report),
    )


def _diagnostics(
    package: LiveUpdatePackage, report: SurrogateOptimizerReport | None
) -> tuple[str, ...]:
    changed = ", ".join(package.changed_fields)
    said = [
        f"{package.kind.value}: for {changed}, {_TAKES[package.kind]}",
        f"gates before it is applied: {', '.join(package.validation_gates) or 'none'}",
        "contract only: nothing was optimised, built or applied",
    ]
    if report is not None and not report.feasible:
        said.append(f"the optimiser's configuration is not within the budget: {report.verdict}")
    return tuple(said)
