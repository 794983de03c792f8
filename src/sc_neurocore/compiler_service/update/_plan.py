"""From a new network to an update that has been through its gates, or a sentence why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator import encode_levels
from sc_neurocore.compiler_service._contract import (
    LiveUpdateKind,
    LiveUpdatePackage,
    LiveUpdatePolicy,
)
from sc_neurocore.compiler_service._errors import UpdateRefusedError
from sc_neurocore.compiler_service.update._draft import Draft, draft_update
from sc_neurocore.compiler_service.update._gates import (
    GateLimits,
    Replay,
    digital_twin_replay,
    rollback_package,
    telemetry_bounds,
)
from sc_neurocore.compiler_service.update._update import GateResult, Probe, Update
from sc_neurocore.compiler_service.update._words import count
from sc_neurocore.digital_twin import Recording, Twin, bank_digest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph
from sc_neurocore.nir_bridge import SCNetwork

#: Samples with which a device is tried after an update.
PROBES = 4


@dataclass(frozen=True, eq=False)
class UpdatePlan:
    """What became of a wish to change a device.

    Attributes:
        package: how the contract classifies it.
        draft: the words that change.
        gates: what was found at each gate; empty if an image is needed.
        update: to be signed and executed; None if it is refused or needs an image.
        verdict: a sentence.
    """

    package: LiveUpdatePackage
    draft: Draft
    gates: tuple[GateResult, ...]
    update: Update | None
    verdict: str

    def require(self) -> Update:
        """The update.

        Raises:
            UpdateRefusedError: there is none; the message is the verdict.
        """
        if self.update is None:
            raise UpdateRefusedError("gate" if self.gates else "image", self.verdict)
        return self.update


def plan_update(
    twin: Twin,
    source: SCNetwork | Graph | Path | str,
    evidence: Recording | ArrayLike,
    *,
    device: str,
    version: int,
    request_id: str,
    target_name: str,
    samples: ArrayLike | None = None,
    labels: NDArray[np.int64] | None = None,
    origin: str = "",
    changed_fields: Sequence[str] = (),
    limits: GateLimits | None = None,
    policy: LiveUpdatePolicy | None = None,
) -> UpdatePlan:
    """Plan an update: classify it, find its words, and take it through the gates.

    Args:
        twin: of the device; its newest network is what the device has.
        source: the new network, its graph or its NIR file.
        evidence: what the device was recorded to answer, or samples as for `simulate_network`.
        device: name of the device in its journal.
        version: of the update, above all committed before.
        request_id: name of the request.
        target_name: name of the device's kind.
        samples: to compare old and new parameters on; None for those of the evidence.
        labels: right classes of the samples, (S,), if they are known.
        origin: of the samples, such as the digest of a file, for the gates' evidence.
        changed_fields: what else was changed, as for `draft_update`.
        limits: of the gates; None for the default ones.
        policy: None for the default one.

    Raises:
        SCConfigError: no such file, samples that do not fit, or a network that changes nothing.
    """
    draft = draft_update(
        twin, source, request_id=request_id, target_name=target_name,
        changed_fields=changed_fields, policy=policy,
    )  # fmt: skip
    if draft.network is None:
        return UpdatePlan(draft.package, draft, (), None, _needs_image(draft))
    gates, probes = pass_gates(
        twin, draft, evidence, samples=samples, labels=labels, origin=origin, limits=limits
    )
    failed = [gate for gate in gates if not gate.passed]
    if failed:
        verdict = "; ".join(f"{gate.name}: {gate.reason}" for gate in failed)
        return UpdatePlan(draft.package, draft, gates, None, f"refused by {verdict}")
    update = package_update(draft, gates, probes, device=device, design=twin.design,
                            version=version)  # fmt: skip
    verdict = f"hot swap of {count(draft.writes)} words of {len(draft.writes)} banks"
    return UpdatePlan(draft.package, draft, gates, update, verdict)


def pass_gates(
    twin: Twin,
    draft: Draft,
    evidence: Recording | ArrayLike,
    *,
    samples: ArrayLike | None = None,
    labels: NDArray[np.int64] | None = None,
    origin: str = "",
    limits: GateLimits | None = None,
) -> tuple[tuple[GateResult, ...], tuple[Probe, ...]]:
    """Take a draft of a hot swap through the gates of its package.

    Args:
        twin: of the device.
        draft: of its change.
        evidence: a recording or samples, as for `plan_update`.
        samples: likewise.
        labels: right classes, if they are known.
        origin: of the samples.
        limits: None for the default ones.

    Returns:
        A result for each gate of the package, in its order, and probes for the device.

    Raises:
        SCConfigError: the draft needs an image, the samples do not fit, or the policy has a gate
            that is not known.
    """
    if draft.network is None:
        raise SCConfigError(_needs_image(draft))
    bounds = limits or GateLimits()
    recording = evidence if isinstance(evidence, Recording) else None
    if samples is None:
        samples = evidence.samples if isinstance(evidence, Recording) else evidence
    levels = encode_levels(twin.network.input, samples, twin.network.ticks)
    if labels is not None and np.shape(labels) != (len(levels),):
        raise SCConfigError(f"there are {np.size(labels)} labels and {len(levels)} samples")
    future = max(twin.networks) + 1
    replay = Replay(
        levels,
        twin.expected(levels),
        twin.follow(draft.network, future).expected(levels, future),
        None if labels is None else np.asarray(labels),
        origin,
    )
    names = [layer.name for layer in twin.network.layers]
    results = []
    for name in draft.package.validation_gates:
        if name == "digital_twin_replay":
            results.append(digital_twin_replay(twin, replay, recording, bounds))
        elif name == "telemetry_bounds":
            results.append(telemetry_bounds(replay, names, bounds))
        elif name == "rollback_package":
            results.append(rollback_package(draft.before, draft.after, draft.writes, draft.inverse))
        else:
            raise SCConfigError(f"the policy names gate '{name}', which does not exist")
    return tuple(results), replay.probes(PROBES)


def package_update(
    draft: Draft,
    gates: Sequence[GateResult],
    probes: Sequence[Probe],
    *,
    device: str,
    design: str,
    version: int,
) -> Update:
    """Make the update of a draft.

    Args:
        draft: of a hot swap.
        gates: what it has passed.
        probes: to try the device with.
        device: name of the device in its journal.
        design: first 128 bits of the design digest.
        version: above all committed before.

    Raises:
        UpdateRefusedError: the draft is no hot swap, or a field breaks its rule.
    """
    return Update(
        package=draft.package,
        device=device,
        design=design,
        version=version,
        base=bank_digest(draft.before),
        result=bank_digest(draft.after),
        writes=draft.writes,
        inverse=draft.inverse,
        gates=tuple(gates),
        probes=tuple(probes),
    )


def _needs_image(draft: Draft) -> str:
    fields = ", ".join(draft.image_fields)
    takes = {
        LiveUpdateKind.HOT_SWAP: "the policy allows a hot swap, but no bank of this design holds",
        LiveUpdateKind.PARTIAL_RECONFIGURATION: "a part of the device must be configured anew for",
        LiveUpdateKind.FULL_RESYNTHESIS_REQUIRED: "the design must be synthesised anew for",
    }[draft.package.kind]
    if draft.image_fields == ("weights",):
        takes = "the banks of this design cannot hold the new"
    why = f" ({draft.why})" if draft.why else ""
    return (
        f"no hot swap: {takes} {fields}{why}; build a new bundle and load it beside the old image, "
        "which is kept to go back to"
    )
