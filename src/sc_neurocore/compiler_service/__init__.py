"""The live-update contract, and the service that executes it.

The contract is pure and needs no extras; `compiler_service.update` executes an update.
"""

from __future__ import annotations

from sc_neurocore.compiler_service._contract import (
    CompilerServiceRequest,
    CompilerServiceResponse,
    DigitalTwinSyncContract,
    LiveUpdateKind,
    LiveUpdatePackage,
    LiveUpdatePolicy,
)
from sc_neurocore.compiler_service._errors import UpdateRefusedError, UpdateUnsettledError
from sc_neurocore.compiler_service._plan import (
    build_compiler_service_contract,
    build_compiler_service_response,
    plan_live_update,
)
from sc_neurocore.evidence import ChainError

__all__ = [
    "ChainError",
    "CompilerServiceRequest",
    "CompilerServiceResponse",
    "DigitalTwinSyncContract",
    "LiveUpdateKind",
    "LiveUpdatePackage",
    "LiveUpdatePolicy",
    "UpdateRefusedError",
    "UpdateUnsettledError",
    "build_compiler_service_contract",
    "build_compiler_service_response",
    "plan_live_update",
]
