"""The types of the contract: what is asked for, which update it needs, what is answered.

Everything here is pure: frozen values and functions of them. The service executes it.
"""

from __future__ import annotations

import enum
import math
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from sc_neurocore.evidence import JSON
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.optimizer.sc_optimizer import LayerProfile
    from sc_neurocore.optimizer.surrogate_sc_optimizer import (
        SurrogateOptimizerReport,
        TargetHardwareProfile,
    )


class LiveUpdateKind(enum.StrEnum):
    """What an update takes, lightest first.

    Attributes:
        HOT_SWAP: words in parameter banks, written while the device runs.
        PARTIAL_RECONFIGURATION: a part of the device is configured anew.
        FULL_RESYNTHESIS_REQUIRED: another design, hence another image.
    """

    HOT_SWAP = "hot_swap"
    PARTIAL_RECONFIGURATION = "partial_reconfiguration"
    FULL_RESYNTHESIS_REQUIRED = "full_resynthesis_required"


@dataclass(frozen=True)
class DigitalTwinSyncContract:
    """What keeps a digital twin and its device together.

    Attributes:
        session_id: name of the session.
        twin_nodes: twins that follow the device, at least 1.
        checkpoint_interval_ns: nanoseconds between checkpoints, above 0.
        max_drift_us: microseconds by which the twin's time may differ from the device's, at
            least 0.
        require_replay_verification: whether an update needs the twin's replay.
        event_channels: kinds of events that the twin is told of, at least one.

    Raises:
        SCConfigError: a field breaks its rule; it is a `ValueError`.
    """

    session_id: str
    twin_nodes: int = 1
    checkpoint_interval_ns: int = 1_000_000
    max_drift_us: float = 100.0
    require_replay_verification: bool = True
    event_channels: tuple[str, ...] = (
        "synthesis_observation",
        "device_telemetry",
        "fault_event",
        "update_ack",
    )

    def __post_init__(self) -> None:
        _require_text("session_id", self.session_id)
        for name in ("twin_nodes", "checkpoint_interval_ns"):
            object.__setattr__(self, name, _positive(name, getattr(self, name)))
        if not (_is_real(self.max_drift_us) and 0 <= self.max_drift_us < math.inf):
            raise SCConfigError("max_drift_us must be non-negative")
        if not isinstance(self.require_replay_verification, bool):
            raise SCConfigError("require_replay_verification must be True or False")
        object.__setattr__(self, "event_channels", _names("event_channels", self.event_channels))
        if not self.event_channels:
            raise SCConfigError("event_channels must be non-empty")

    def to_dict(self) -> dict[str, JSON]:
        """The contract as JSON, keys in alphabetical order."""
        return _fields_of(self)


@dataclass(frozen=True)
class LiveUpdatePolicy:
    """Which changed field needs which kind of update, and what an update must pass.

    Attributes:
        hot_swap_fields: those that parameter banks hold.
        partial_reconfiguration_fields: those that a part of the device holds.
        full_resynthesis_fields: those that need another design.
        validation_gates: what an update must pass before it is applied.

    Raises:
        SCConfigError: a field is no sequence of names.
    """

    hot_swap_fields: tuple[str, ...] = (
        "weights",
        "thresholds",
        "lfsr_seeds",
        "bitstream_length",
        "decorrelator",
        "routing_table",
    )
    partial_reconfiguration_fields: tuple[str, ...] = (
        "tile_mapping",
        "aer_route_overlay",
        "layer_enable_mask",
    )
    full_resynthesis_fields: tuple[str, ...] = (
        "hdl",
        "clock",
        "pdk",
        "io_shape",
        "layer_count",
        "top_module",
    )
    validation_gates: tuple[str, ...] = (
        "digital_twin_replay",
        "telemetry_bounds",
        "rollback_package",
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            object.__setattr__(self, entry.name, _names(entry.name, getattr(self, entry.name)))

    def classify(self, changed_fields: Iterable[str]) -> LiveUpdateKind:
        """The heaviest kind that any of the changed fields needs.

        Raises:
            SCConfigError: no fields, or some that the policy does not know; it is a `ValueError`.
        """
        changed = set(_names("changed_fields", changed_fields))
        if not changed:
            raise SCConfigError("changed_fields must be non-empty")
        swapped = set(self.hot_swap_fields)
        partial = set(self.partial_reconfiguration_fields)
        full = set(self.full_resynthesis_fields)
        unknown = sorted(changed - swapped - partial - full)
        if unknown:
            raise SCConfigError(f"unknown update fields: {', '.join(unknown)}")
        if changed & full:
            return LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED
        if changed & partial:
            return LiveUpdateKind.PARTIAL_RECONFIGURATION
        return LiveUpdateKind.HOT_SWAP

    def to_dict(self) -> dict[str, JSON]:
        """The policy as JSON, keys in alphabetical order."""
        return _fields_of(self)


@dataclass(frozen=True)
class CompilerServiceRequest:
    """A network for a target, and what of it has changed.

    Attributes:
        request_id: name of the request.
        target: the device and its budget.
        network: the layers, at least one.
        changed_fields: what has changed, at least one field of the policy.
        twin_sync: what keeps the twin and the device together.
        evidence_payload: measured evidence for the optimiser, as `optimizer.observation_loader`
            reads it, or None.
        objective: what the optimiser is asked for.

    Raises:
        SCConfigError: a field breaks its rule; it is a `ValueError`.
    """

    request_id: str
    target: TargetHardwareProfile
    network: tuple[LayerProfile, ...]
    changed_fields: tuple[str, ...]
    twin_sync: DigitalTwinSyncContract
    evidence_payload: Mapping[str, Any] | None = field(default=None, hash=False)
    objective: str = "minimise_power_under_accuracy_budget"

    def __post_init__(self) -> None:
        from sc_neurocore.optimizer.sc_optimizer import LayerProfile
        from sc_neurocore.optimizer.surrogate_sc_optimizer import TargetHardwareProfile

        _require_text("request_id", self.request_id)
        if not isinstance(self.target, TargetHardwareProfile):
            raise SCConfigError("target must be a TargetHardwareProfile")
        object.__setattr__(self, "network", _items("network", self.network))
        if not self.network:
            raise SCConfigError("network must be non-empty")
        if not all(isinstance(layer, LayerProfile) for layer in self.network):
            raise SCConfigError("network must be a sequence of LayerProfile")
        object.__setattr__(self, "changed_fields", _names("changed_fields", self.changed_fields))
        if not self.changed_fields:
            raise SCConfigError("changed_fields must be non-empty")
        if not isinstance(self.twin_sync, DigitalTwinSyncContract):
            raise SCConfigError("twin_sync must be a DigitalTwinSyncContract")
        if not (self.evidence_payload is None or isinstance(self.evidence_payload, Mapping)):
            raise SCConfigError("evidence_payload must be a mapping or None")
        _require_text("objective", self.objective)

    def to_dict(self) -> dict[str, JSON]:
        """The request as JSON, keys in alphabetical order; of the payload whether there is one."""
        found = {f.name: _json(getattr(self, f.name)) for f in fields(self)
                 if f.name != "evidence_payload"}  # fmt: skip
        found["evidence_payload_present"] = self.evidence_payload is not None
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class LiveUpdatePackage:
    """The update that a request needs.

    Attributes:
        package_id: ``{request_id}:{kind}``.
        request_id: the request.
        target_name: the device.
        kind: what the update takes.
        changed_fields: what has changed.
        requires_full_resynthesis: whether it needs another design.
        validation_gates: what it must pass before it is applied.
        rollback_required: whether what undoes it must be kept.
    """

    package_id: str
    request_id: str
    target_name: str
    kind: LiveUpdateKind
    changed_fields: tuple[str, ...]
    requires_full_resynthesis: bool
    validation_gates: tuple[str, ...]
    rollback_required: bool = True

    def to_dict(self) -> dict[str, JSON]:
        """The package as JSON, keys in alphabetical order."""
        return _fields_of(self)


@dataclass(frozen=True)
class CompilerServiceResponse:
    """What the contract answers to a request; nothing has been executed.

    Attributes:
        request: what was asked for.
        update_package: the update that it needs.
        optimiser_report: what an optimiser found for it, or None.
        service_status: ``contract_only``.
        accepted: whether the request keeps the contract; one that does not is refused instead.
        diagnostics: sentences for the user.
    """

    request: CompilerServiceRequest
    update_package: LiveUpdatePackage
    optimiser_report: SurrogateOptimizerReport | None = None
    service_status: str = "contract_only"
    accepted: bool = True
    diagnostics: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, JSON]:
        """The answer as JSON, keys in alphabetical order."""
        found = _fields_of(self)
        return {**found, "request": self.request.to_dict()}


def _fields_of(value: Any) -> dict[str, JSON]:
    return {name: _json(getattr(value, name)) for name in sorted(f.name for f in fields(value))}


def _json(value: Any) -> JSON:
    """A value as JSON: enums as values, tuples as lists, keys sorted, no infinities."""
    if isinstance(value, enum.Enum):
        return _json(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields_of(value)
    if isinstance(value, Mapping):
        return {str(k): _json(v) for k, v in sorted(value.items())}
    if isinstance(value, (tuple, list)):
        return [_json(v) for v in value]
    if isinstance(value, float):  # infinite where an error is not known
        return float(value) if math.isfinite(value) else None
    return value  # type: ignore[no-any-return]


def _require_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise SCConfigError(f"{name} must be text")
    if not value.strip():
        raise SCConfigError(f"{name} must be non-empty")


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise SCConfigError(f"{name} must be a whole number")
    number = operator.index(value)
    if number <= 0:
        raise SCConfigError(f"{name} must be positive")
    return number


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _items(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise SCConfigError(f"{name} must be a sequence")
    return tuple(value)


def _names(name: str, value: Any) -> tuple[str, ...]:
    found = _items(name, value)
    if not all(isinstance(x, str) for x in found):
        raise SCConfigError(f"{name} must be a sequence of names")
    return found
