"""The bit-true model beside a device: replay, divergence, telemetry bounds, mismatch."""

from __future__ import annotations
