"""One immutable graph of a network, its passes, and its stochastic-computing document (SC-NIR)."""

from sc_neurocore.ir._scnir_correlation import (
    SCNIRCorrelationCheck,
    SCNIRCorrelationError,
    measure_scnir_correlations,
    require_scnir_correlations,
)
from sc_neurocore.ir._scnir_document import (
    SCNIR_VERSION,
    SCNIRCorrelationConstraint,
    SCNIRDocument,
    SCNIRHierarchyInstance,
    SCNIRHierarchyPort,
    SCNIROnlineLearning,
    SCNIRPrecision,
    SCNIRSource,
    SCNIRStream,
    SCNIRStreamTransform,
    SCNIRValidationError,
)
from sc_neurocore.ir._scnir_handoff import (
    SCNIRHDLHandoffAuditError,
    SCNIRHDLHandoffAuditReport,
    audit_scnir_hdl_handoff,
    write_scnir_handoff,
    write_scnir_hdl_handoff_audit,
)
from sc_neurocore.ir._scnir_hdl import (
    SCNIRHDLSourceBundle,
    SCNIRHDLSourceManifestEntry,
    build_scnir_source_bundle,
)
from sc_neurocore.ir._scnir_json import load_scnir, scnir_from_dict, scnir_to_dict, write_scnir
from sc_neurocore.ir._scnir_upgrade import upgrade_scnir_dict
from sc_neurocore.ir._scnir_validate import validate_scnir_dict

__all__ = [
    "SCNIR_VERSION",
    "SCNIRCorrelationCheck",
    "SCNIRCorrelationConstraint",
    "SCNIRCorrelationError",
    "SCNIRDocument",
    "SCNIRHDLHandoffAuditError",
    "SCNIRHDLHandoffAuditReport",
    "SCNIRHDLSourceBundle",
    "SCNIRHDLSourceManifestEntry",
    "SCNIRHierarchyInstance",
    "SCNIRHierarchyPort",
    "SCNIROnlineLearning",
    "SCNIRPrecision",
    "SCNIRSource",
    "SCNIRStream",
    "SCNIRStreamTransform",
    "SCNIRValidationError",
    "audit_scnir_hdl_handoff",
    "build_scnir_source_bundle",
    "load_scnir",
    "measure_scnir_correlations",
    "require_scnir_correlations",
    "scnir_from_dict",
    "scnir_to_dict",
    "upgrade_scnir_dict",
    "validate_scnir_dict",
    "write_scnir",
    "write_scnir_handoff",
    "write_scnir_hdl_handoff_audit",
]
