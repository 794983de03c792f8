"""The live-update contract, and the service that executes it."""

from __future__ import annotations
