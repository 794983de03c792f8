"""Contents of the engine's memories: as files that $readmemh reads, and as a bus writes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._geometry import LayerShape
from sc_neurocore.accelerator._network import IntegerLayer, Integers


def weight_memory(layer: IntegerLayer, shape: LayerShape) -> tuple[int, int]:
    """Words of the memory of a layer's synapses, and their bits."""
    words, lanes = shape.groups * shape.addresses, shape.pe * shape.simd
    return (words, lanes * layer.bits) if layer.backend == "fixed" else (words * layer.bits, lanes)


def weight_codes(layer: IntegerLayer, shape: LayerShape) -> tuple[Integers, int]:
    """Memory of a layer's synapses: the codes in each word, the first lowest, and their bits.

    See ``sc_fixed_synapses`` and ``sc_stochastic_synapses``.
    """
    pe, simd, bits = shape.pe, shape.simd, layer.bits
    # (group, address, p, s): the weight of source s of an address to neuron p of a group
    rows = _rows(layer, shape).reshape(shape.addresses, simd, shape.groups, pe)
    folded = rows.transpose(2, 0, 3, 1).reshape(-1, pe * simd)
    if layer.backend == "fixed":
        return folded & ((1 << bits) - 1), bits
    codes = folded + (1 << (bits - 1))
    return np.concatenate([(codes >> (bits - 1 - z)) & 1 for z in range(bits)]), 1


def weight_file(layer: IntegerLayer, shape: LayerShape) -> str:
    """`weight_codes` as a file."""
    pe, simd, bits = shape.pe, shape.simd, layer.bits
    codes, width = weight_codes(layer, shape)
    head = [
        f"Weights of layer '{layer.name}': {layer.synapses} of {bits} bits, {layer.backend}.",
        f"{pe} neurons x {simd} sources to a word; groups of neurons: {shape.groups}; "
        f"addresses of sources: {shape.addresses}.",
    ]
    for k, (p, base) in enumerate(zip(layer.projections, shape.bases, strict=True)):
        delay = f", delayed by {p.delay} ticks" if p.delay else ""
        head.append(f"Projection {k}: {len(p.weights)} sources from address {base}{delay}.")
    if layer.backend == "fixed":
        head += [
            f"Word group * {shape.addresses} + address; the weight of source s to neuron p is in "
            f"bits (p * {simd} + s) * {bits} and up.",
        ]
    else:
        head += [
            f"Word (z * {shape.groups} + group) * {shape.addresses} + address has bit "
            f"{bits - 1} - z of W + {1 << (bits - 1)}; that of source s to neuron p is bit "
            f"p * {simd} + s.",
        ]
    return _lines(head, _words(codes, width), codes.shape[1] * width)


def parameter_file(layer: IntegerLayer) -> str:
    """Memory of a layer's parameters, a word per neuron; the first is in the lowest bits."""
    ports = layer.datapath.parameters
    head = [f"Parameters of the {layer.size} neurons of layer '{layer.name}', one a word."]
    words, low = [0] * layer.size, 0
    for port in ports:
        head.append(f"Bits {low + port.width - 1} to {low}: {port.name}, {port.format}.")
        for n, raw in enumerate(layer.parameters[port.name].tolist()):
            words[n] |= (raw & ((1 << port.width) - 1)) << low
        low += port.width
    return _lines(head, words, low)


def _rows(layer: IntegerLayer, shape: LayerShape) -> Integers:
    """Weights of all projections, padded with 0: a row per source, a column per neuron."""
    rows = np.zeros((shape.addresses * shape.simd, shape.groups * shape.pe), dtype=np.int64)
    for p, base in zip(layer.projections, shape.bases, strict=True):
        first = base * shape.simd
        rows[first : first + len(p.weights), : layer.size] = p.weights
    return rows


def _packed(codes: Integers, bits: int) -> NDArray[np.uint8]:
    """Words that each hold a row of codes, the first lowest: a row of bytes each."""
    count = codes.shape[1]
    spread = ((codes[:, :, None] >> np.arange(bits)) & 1).astype(np.uint8)
    return np.packbits(spread.reshape(len(codes), count * bits), axis=1, bitorder="little")


def _words(codes: Integers, bits: int) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in _packed(codes, bits)]


def _lines(head: Sequence[str], words: Sequence[int], width: int) -> str:
    digits = -(-width // 4)
    comments = "".join(f"// {line}\n" for line in head)
    return comments + "".join(f"{word:0{digits}x}\n" for word in words)


def entries_of(codes: Integers, bits: int) -> NDArray[np.uint64]:
    """Words of codes in slices of 64 bits, as a bus writes them, a word's lowest first."""
    count = codes.shape[1]
    lanes = count if count * bits <= 64 else 64 // bits
    if count > lanes and 64 % bits:  # a code lies across two slices
        packed = _packed(codes, bits)
        padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
        return np.ascontiguousarray(padded).view("<u8").reshape(-1).astype(np.uint64)
    rows = np.pad(codes, ((0, 0), (0, -count % lanes))) if count % lanes else codes
    slices = rows.reshape(-1, lanes).astype(np.uint64) << (np.arange(lanes) * bits).astype(
        np.uint64
    )
    return np.asarray(np.bitwise_or.reduce(slices, axis=1))
