"""Precision plans: how wide each weight, how long each stream, how far off the result can be.

Every plan says whether its target is met and what it would need, and names the source and the
coding that its bounds hold for. What the compiler offers besides for precision (one neuron in two
precisions, formats, range proofs) is importable from here, too.
"""

from __future__ import annotations

from sc_neurocore.compiler import (
    AdaptiveModule,
    FixedPointEnvelopeProof,
    Interval,
    OverflowProofResult,
    QFormat,
    adaptive_module,
    compile_adaptive_precision,
    prove_fixed_point_envelope,
    prove_no_overflow,
)
from sc_neurocore.compiler.adaptive_precision._formal import (
    prove_precision_formal_evidence_bundle,
    write_precision_formal_evidence_bundle,
)
from sc_neurocore.compiler.adaptive_precision._lengths import LayerPlan, assign_lengths
from sc_neurocore.compiler.adaptive_precision._manifest import (
    PrecisionManifest,
    auto_tune_synapse_precisions,
    precision_plan_manifest,
    write_precision_manifest,
)
from sc_neurocore.compiler.adaptive_precision._plan import SynapsePlan
from sc_neurocore.compiler.adaptive_precision._plot import precision_plot
from sc_neurocore.compiler.adaptive_precision._rows import LayerPrecision, SynapsePrecision
from sc_neurocore.compiler.adaptive_precision._sensitivity import analyze_sensitivity
from sc_neurocore.compiler.adaptive_precision._synapses import assign_synapse_precisions
from sc_neurocore.compiler.quantization import (
    BlockExponentLayout,
    BlockFloatingMode,
    parse_precision_format,
)

__all__ = [
    "AdaptiveModule",
    "BlockExponentLayout",
    "BlockFloatingMode",
    "FixedPointEnvelopeProof",
    "Interval",
    "LayerPlan",
    "LayerPrecision",
    "OverflowProofResult",
    "PrecisionManifest",
    "QFormat",
    "SynapsePlan",
    "SynapsePrecision",
    "adaptive_module",
    "analyze_sensitivity",
    "assign_lengths",
    "assign_synapse_precisions",
    "auto_tune_synapse_precisions",
    "compile_adaptive_precision",
    "parse_precision_format",
    "precision_plan_manifest",
    "precision_plot",
    "prove_fixed_point_envelope",
    "prove_no_overflow",
    "prove_precision_formal_evidence_bundle",
    "write_precision_formal_evidence_bundle",
    "write_precision_manifest",
]
