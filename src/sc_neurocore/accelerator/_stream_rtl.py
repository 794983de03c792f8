"""Verilog that joins the layers of a network: forks, buffers and merges of their streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sc_neurocore.accelerator._geometry import TICK, Buffer, LayerShape, Stream, index_bits

Written: TypeAlias = tuple[list[str], set[str]]
"""Lines, and the modules of the library that they need."""


def write_fork(name: str, stream: Stream, takers: Sequence[str]) -> Written:
    """Connect a source to all that take its stream."""
    if len(takers) == 1:
        t = takers[0]
        return [
            f"    assign {t}_valid = {name}_valid;",
            f"    assign {t}_data = {name}_data;",
            f"    assign {name}_ready = {t}_ready;",
            "",
        ], set()
    valid = ", ".join(f"{t}_valid" for t in reversed(takers))
    ready = ", ".join(f"{t}_ready" for t in reversed(takers))
    return [
        f"    wire [{stream.width - 1}:0] {name}_forked;",
        f"    sc_stream_fork #(.WIDTH({stream.width}), .N({len(takers)})) {name}_fork (",
        "        .clk(clk), .rst_n(run_n),",
        f"        .in_valid({name}_valid), .in_ready({name}_ready), .in_data({name}_data),",
        f"        .out_valid({{{valid}}}), .out_ready({{{ready}}}), .out_data({name}_forked)",
        "    );",
        *(f"    assign {t}_data = {name}_forked;" for t in takers),
        "",
    ], {"sc_stream_fork.sv"}


def write_buffer(name: str, fill: str, buffer: Buffer, stream: Stream) -> Written:
    """The buffer in front of one projection, from ``fill`` to ``name``."""
    width = stream.width
    word = TICK << (width - 2)
    return [
        f"    wire {fill}_valid, {fill}_ready, {name}_valid, {name}_ready;",
        f"    wire [{width - 1}:0] {fill}_data, {name}_data;",
        "    sc_stream_fifo #(",
        f"        .WIDTH({width}), .DEPTH({buffer.depth}), .PRELOAD({buffer.preload}), "
        f".PRELOAD_WORD({width}'h{word:x})",
        f"    ) {name}_buffer (",
        "        .clk(clk), .rst_n(run_n),",
        f"        .in_valid({fill}_valid), .in_ready({fill}_ready), .in_data({fill}_data),",
        f"        .out_valid({name}_valid), .out_ready({name}_ready), .out_data({name}_data)",
        "    );",
    ], {"sc_stream_fifo.sv"}


def write_merge(
    layer: str, event: str, names: Sequence[str], streams: Sequence[Stream], shape: LayerShape
) -> Written:
    """Join a layer's buffers, in the order of its projections, to its events."""
    if len(names) == 1:
        return [
            f"    assign {event}_valid = {names[0]}_valid;",
            f"    assign {event}_data = {names[0]}_data;",
            f"    assign {names[0]}_ready = {event}_ready;",
        ], set()
    widest = max(s.address_bits for s in streams)
    words = []
    for name, s in zip(names, streams, strict=True):
        if s.address_bits == widest:
            words.append(f"{name}_data")
            continue
        zeros, top = widest - s.address_bits, s.width - 1
        words.append(f"{name}_data[{top}:{top - 1}], {zeros}'d0, {name}_data[{top - 2}:0]")
    bases = ", ".join(f"{shape.address_bits}'d{b}" for b in reversed(shape.bases))
    valid = ", ".join(f"{name}_valid" for name in reversed(names))
    ready = ", ".join(f"{name}_ready" for name in reversed(names))
    return [
        "    sc_stream_merge #(",
        f"        .N({len(names)}), .ADDRESS_IN({widest}), "
        f".ADDRESS_OUT({shape.address_bits}), .SIMD({shape.simd}),",
        f"        .BASES({{{bases}}})",
        f"    ) {layer}_merge (",
        "        .clk(clk), .rst_n(run_n),",
        f"        .in_valid({{{valid}}}), .in_ready({{{ready}}}),",
        f"        .in_data({{{', '.join(reversed(words))}}}),",
        f"        .out_valid({event}_valid), .out_ready({event}_ready), .out_data({event}_data)",
        "    );",
    ], {"sc_stream_merge.sv"}


def write_export(leaving: str, port: str, left: str, stream: Stream) -> list[str]:
    """A stream's way out of the engine, and nowhere once all its ticks have passed.

    Args:
        leaving: wires from the fork.
        port: ports of the engine.
        left: register of its ticks still to come, see `write_end`.
        stream: the stream.
    """
    return [
        f"    wire {leaving}_valid, {leaving}_ready;",
        f"    wire [{stream.width - 1}:0] {leaving}_data;",
        f"    assign {port}_valid = run_n && {leaving}_valid && {left} != 0;",
        f"    assign {port}_data = {leaving}_data;",
        f"    assign {leaving}_ready = {port}_ready || {left} == 0;",
        "",
    ]


def write_end(streams: Mapping[str, tuple[str, Stream]], ticks: int) -> list[str]:
    """The end of an engine without a read-out: all streams have passed all ticks.

    Args:
        streams: by name of a register for the ticks still to come, name of a stream and it.
        ticks: of an inference.
    """
    bits = index_bits(ticks + 1)
    lines = ["    // Ticks still to come, of each stream."]
    for left, (name, stream) in streams.items():
        kind = f"{name}_data[{stream.width - 1}:{stream.width - 2}]"
        lines += [
            f"    reg [{bits - 1}:0] {left};",
            "    always @(posedge clk) begin",
            f"        if (!begin_n) {left} <= {bits}'d{ticks};",
            f"        else if ({name}_valid && {name}_ready && {kind} == 2'd{TICK} "
            f"&& {left} != 0) {left} <= {left} - 1'b1;",
            "    end",
        ]
    over = " && ".join(f"{left} == 0" for left in streams)
    return [*lines, f"    assign done = running && {over};", ""]
