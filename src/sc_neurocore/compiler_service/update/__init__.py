"""Executing an update: its package, its signature, its gates, its journal, and the device.

Needs the extra ``service`` only to sign and to open packages.
"""

from __future__ import annotations

from sc_neurocore.accelerator import bank_digest
from sc_neurocore.compiler_service._errors import (
    Refusal,
    UpdateRefusedError,
    UpdateUnsettledError,
)
from sc_neurocore.compiler_service.update._applicable import require_next
from sc_neurocore.compiler_service.update._draft import Draft, draft_update
from sc_neurocore.compiler_service.update._execute import (
    LiveDesign,
    Outcome,
    enrol,
    execute_update,
    recover,
)
from sc_neurocore.compiler_service.update._gates import GateLimits
from sc_neurocore.compiler_service.update._journal import (
    FileJournal,
    Intent,
    Journal,
    Standing,
    standing,
)
from sc_neurocore.compiler_service.update._keys import (
    generate_key,
    key_id,
    read_private_key,
    read_public_key,
    write_private_key,
    write_public_key,
)
from sc_neurocore.compiler_service.update._plan import (
    UpdatePlan,
    package_update,
    pass_gates,
    plan_update,
)
from sc_neurocore.compiler_service.update._signed import LARGEST_UPDATE, open_update, sign_update
from sc_neurocore.compiler_service.update._update import Answer, GateResult, Probe, Update
from sc_neurocore.compiler_service.update._words import (
    Words,
    Writes,
    difference,
    overlaid,
)
from sc_neurocore.evidence import GENESIS, ChainError, Sealed, seal, verify_chain

__all__ = [
    "GENESIS",
    "LARGEST_UPDATE",
    "Answer",
    "ChainError",
    "Draft",
    "FileJournal",
    "GateLimits",
    "GateResult",
    "Intent",
    "Journal",
    "LiveDesign",
    "Outcome",
    "Probe",
    "Refusal",
    "Sealed",
    "Standing",
    "Update",
    "UpdatePlan",
    "UpdateRefusedError",
    "UpdateUnsettledError",
    "Words",
    "Writes",
    "bank_digest",
    "difference",
    "draft_update",
    "enrol",
    "execute_update",
    "generate_key",
    "key_id",
    "open_update",
    "overlaid",
    "package_update",
    "pass_gates",
    "plan_update",
    "read_private_key",
    "read_public_key",
    "recover",
    "require_next",
    "seal",
    "sign_update",
    "standing",
    "verify_chain",
    "write_private_key",
    "write_public_key",
]
