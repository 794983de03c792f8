"""The SC-NIR document of a network file."""

from __future__ import annotations

from pathlib import Path

from sc_neurocore.ir import (
    SCNIRConversionConfig,
    SCNIRDocument,
    build_scnir_from_graph,
    write_scnir,
)
from sc_neurocore.nir_bridge._bridge import from_nir
from sc_neurocore.nir_bridge._onnx import from_onnx


def export_scnir_from_nir(
    model_path: str | Path,
    output_path: str | Path | None = None,
    config: SCNIRConversionConfig | None = None,
) -> SCNIRDocument:
    """Read a NIR file, or an ONNX file by its suffix, and describe its streams.

    Args:
        model_path: the file.
        output_path: where to write the document as JSON, whole or not at all; None for nowhere.
        config: of what the file does not say.

    Raises:
        SCNeuroError: as `from_nir`, `from_onnx`, `build_scnir_from_graph` and `write_scnir`.
    """
    path = Path(model_path)
    network = from_nir(from_onnx(path) if path.suffix == ".onnx" else path)
    document = build_scnir_from_graph(network.normal, config)
    if output_path is not None:
        write_scnir(output_path, document)
    return document
