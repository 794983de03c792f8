"""Cells, networks and recordings in NeuroML, SONATA, SpikeInterface and NWB."""

from __future__ import annotations

__all__: list[str] = []
