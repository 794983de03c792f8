"""Pictures of runs: rasters, traces, rates, correlograms, weights and networks."""

from __future__ import annotations

__all__: list[str] = []
