"""Numbers in few bits: fixed point, block floating point, MX, posits; a format per variable."""

from __future__ import annotations

from sc_neurocore.compiler.quantization._block import (
    dequantize_block_floating,
    quantize_block_floating,
)
from sc_neurocore.compiler.quantization._block_format import BlockExponentLayout, BlockFloatingMode
from sc_neurocore.compiler.quantization._codes import PrecisionWarning
from sc_neurocore.compiler.quantization._dense import (
    CompiledBlockFloatingDense,
    CompiledDense,
    CompiledMixedDense,
    MixedDenseBatchResult,
    compile_dense_block_floating,
    compile_dense_mixed_precision,
    mixed_dense_forward_batch,
)
from sc_neurocore.compiler.quantization._fixed import (
    QuantizationStatistics,
    dequantize_weights,
    q_weights_to_sc_probabilities,
    quantization_error,
    quantize_weights,
)
from sc_neurocore.compiler.quantization._mixed_format import QFormatMixed
from sc_neurocore.compiler.quantization._mx import (
    MXFPConfig,
    mxfp_decode,
    mxfp_decode_block,
    mxfp_encode,
    mxfp_encode_block,
)
from sc_neurocore.compiler.quantization._posit import PositConfig, posit_decode, posit_encode
from sc_neurocore.compiler.quantization._precision import (
    MixedPrecisionSpec,
    PrecisionFormat,
    parse_precision_format,
    solve_precision,
)
from sc_neurocore.compiler.quantization._reports import PrecisionEnvelopeReport, PrecisionTrapReport

__all__ = [
    "BlockExponentLayout",
    "BlockFloatingMode",
    "CompiledBlockFloatingDense",
    "CompiledDense",
    "CompiledMixedDense",
    "MXFPConfig",
    "MixedDenseBatchResult",
    "MixedPrecisionSpec",
    "PositConfig",
    "PrecisionEnvelopeReport",
    "PrecisionFormat",
    "PrecisionTrapReport",
    "PrecisionWarning",
    "QFormatMixed",
    "QuantizationStatistics",
    "compile_dense_block_floating",
    "compile_dense_mixed_precision",
    "dequantize_block_floating",
    "dequantize_weights",
    "mixed_dense_forward_batch",
    "mxfp_decode",
    "mxfp_decode_block",
    "mxfp_encode",
    "mxfp_encode_block",
    "parse_precision_format",
    "posit_decode",
    "posit_encode",
    "q_weights_to_sc_probabilities",
    "quantization_error",
    "quantize_block_floating",
    "quantize_weights",
    "solve_precision",
]
