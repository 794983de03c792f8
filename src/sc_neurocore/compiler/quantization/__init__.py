"""Numbers in few bits: fixed point, block floating point, and formats per variable."""

from __future__ import annotations

from sc_neurocore.compiler.quantization._block import (
    dequantize_block_floating,
    quantize_block_floating,
)
from sc_neurocore.compiler.quantization._block_format import BlockExponentLayout, BlockFloatingMode
from sc_neurocore.compiler.quantization._codes import PrecisionWarning
from sc_neurocore.compiler.quantization._fixed import (
    QuantizationStatistics,
    dequantize_weights,
    q_weights_to_sc_probabilities,
    quantization_error,
    quantize_weights,
)
from sc_neurocore.compiler.quantization._mixed_format import QFormatMixed
from sc_neurocore.compiler.quantization._precision import (
    MixedPrecisionSpec,
    PrecisionFormat,
    parse_precision_format,
    solve_precision,
)

__all__ = [
    "BlockExponentLayout",
    "BlockFloatingMode",
    "MixedPrecisionSpec",
    "PrecisionFormat",
    "PrecisionWarning",
    "QFormatMixed",
    "QuantizationStatistics",
    "dequantize_block_floating",
    "dequantize_weights",
    "parse_precision_format",
    "q_weights_to_sc_probabilities",
    "quantization_error",
    "quantize_block_floating",
    "quantize_weights",
    "solve_precision",
]
