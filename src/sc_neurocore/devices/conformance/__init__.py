"""What every driver of a board must do: a suite that runs against the board itself."""

from __future__ import annotations

from sc_neurocore.devices.conformance._report import Check, ConformanceReport
from sc_neurocore.devices.conformance._run import CHECKS, run_conformance

__all__ = ["CHECKS", "Check", "ConformanceReport", "run_conformance"]
