"""NIR and ONNX files in and out, and the float reference of a network."""

from sc_neurocore.nir_bridge._bridge import from_nir, to_nir
from sc_neurocore.nir_bridge._errors import NIRError
from sc_neurocore.nir_bridge._graphs import read_nir, write_nir
from sc_neurocore.nir_bridge._network import Run, SCNetwork
from sc_neurocore.nir_bridge._onnx import from_onnx
from sc_neurocore.nir_bridge._scnir import export_scnir_from_nir

__all__ = [
    "NIRError",
    "Run",
    "SCNetwork",
    "export_scnir_from_nir",
    "from_nir",
    "from_onnx",
    "read_nir",
    "to_nir",
    "write_nir",
]
