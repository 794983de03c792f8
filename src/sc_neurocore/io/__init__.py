"""Cells, networks and recordings in the formats of the field: NeuroML, SONATA, SpikeInterface, NWB."""

from __future__ import annotations

__all__: list[str] = []
