"""The bit-true model beside a device: replay, divergence, telemetry bounds, mismatch."""

from __future__ import annotations

from sc_neurocore.accelerator import bank_digest
from sc_neurocore.digital_twin._answers import Answers
from sc_neurocore.digital_twin._checkpoint import (
    Checkpoint,
    CheckpointAuditChain,
    ReplayVerifier,
)
from sc_neurocore.digital_twin._drift import Drift
from sc_neurocore.digital_twin._lookahead import LookaheadConfig, NullMessageOptimizer
from sc_neurocore.digital_twin._mismatch import FPGAMismatchModel, MatrixMismatch
from sc_neurocore.digital_twin._mismatch_accuracy import (
    MismatchAccuracy,
    mismatch_accuracy,
    mismatch_plot,
    mismatched,
)
from sc_neurocore.digital_twin._recording import (
    Recording,
    Swap,
    read_recording,
    write_recording,
)
from sc_neurocore.digital_twin._synchronise import (
    OUTSIDE,
    Process,
    Send,
    Synchronisation,
    TwinEvent,
    synchronise,
)
from sc_neurocore.digital_twin._telemetry import Bound, Excess, TelemetryBounds, learn_bounds
from sc_neurocore.digital_twin._twin import ReplayReport, Twin

__all__ = [
    "OUTSIDE",
    "Answers",
    "Bound",
    "Checkpoint",
    "CheckpointAuditChain",
    "Drift",
    "Excess",
    "FPGAMismatchModel",
    "LookaheadConfig",
    "MatrixMismatch",
    "MismatchAccuracy",
    "NullMessageOptimizer",
    "Process",
    "Recording",
    "ReplayReport",
    "ReplayVerifier",
    "Send",
    "Swap",
    "Synchronisation",
    "TelemetryBounds",
    "Twin",
    "TwinEvent",
    "bank_digest",
    "learn_bounds",
    "mismatch_accuracy",
    "mismatch_plot",
    "mismatched",
    "read_recording",
    "synchronise",
    "write_recording",
]
