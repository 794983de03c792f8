"""Whether an update is the next one for a device, as its journal says."""

from __future__ import annotations

from sc_neurocore.compiler_service._errors import UpdateRefusedError
from sc_neurocore.compiler_service.update._journal import Standing
from sc_neurocore.compiler_service.update._update import Update


def require_applicable(update: Update, here: Standing, design: str) -> None:
    """Refuse what is not for this device in its state.

    Args:
        update: whose signature was verified.
        here: what the journal says of the device.
        design: first 128 bits of the digest of the design that it runs.

    Raises:
        UpdateRefusedError: the message says what speaks against it.
    """
    title = f"update '{update.package_id}'"
    if here.open is not None:
        raise unfinished(here)
    if update.design != here.design or update.design != design:
        raise UpdateRefusedError(
            "foreign", f"{title} is for design {update.design}; '{here.device}' runs {here.design}"
        )
    require_next(title, update.version, update.base, here)
    passed = {gate.name for gate in update.gates}
    for name in update.package.validation_gates:
        if name not in passed:
            raise UpdateRefusedError("gate", f"{title} has not been through gate {name}")
    for gate in update.gates:
        if not gate.passed:
            raise UpdateRefusedError(
                "gate", f"{title} did not pass gate {gate.name}: {gate.reason}"
            )


def require_next(title: str, version: int, base: str, here: Standing) -> None:
    """Refuse a version that is not newer, and parameters that the device does not have.

    Args:
        title: of the update, for the message.
        version: of the update.
        base: `bank_digest` of the parameters that it replaces.
        here: what the journal says of the device.

    Raises:
        UpdateRefusedError: the message says which.
    """
    if version == here.version:
        raise UpdateRefusedError(
            "replayed", f"{title} has version {version}, which was committed already"
        )
    if version < here.version:
        raise UpdateRefusedError(
            "downgraded",
            f"{title} has version {version}; version {here.version} was committed after it",
        )
    if base != here.parameters:
        raise UpdateRefusedError(
            "base",
            f"{title} replaces parameters {base[:12]}…; '{here.device}' has "
            f"{here.parameters[:12]}…",
        )


def unfinished(here: Standing) -> UpdateRefusedError:
    """The refusal of anything while an update is open."""
    assert here.open is not None
    return UpdateRefusedError(
        "unfinished",
        f"update '{here.open.package_id}' of device '{here.device}' was begun and not ended; "
        "recover the device first",
    )
