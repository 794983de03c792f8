"""Cells, networks and recordings in NeuroML, SONATA, SpikeInterface and NWB."""

from __future__ import annotations

from sc_neurocore.io._lems import export_neuroml
from sc_neurocore.io._neuroml import ImportedCell, create_neuron, import_neuroml

__all__ = ["ImportedCell", "create_neuron", "export_neuroml", "import_neuroml"]
