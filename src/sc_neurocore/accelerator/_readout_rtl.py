"""Verilog of the read-out: which class it is, and when that is certain."""

from __future__ import annotations

from sc_neurocore.accelerator._geometry import Geometry, index_bits
from sc_neurocore.accelerator._network import IntegerNetwork
from sc_neurocore.accelerator._stream_rtl import Written

#: State that a membrane read-out compares.
MEMBRANE = "v"


def write_readout(net: IntegerNetwork, shape: Geometry, early: bool, value_bits: int) -> Written:
    """The read-out of a network.

    Args:
        net: the network.
        shape: of its engine.
        early: stop as soon as the class is certain (of a spike count).
        value_bits: width of the state that a membrane read-out compares.
    """
    classes = net.layers[net.output].size
    ticks_bits = index_bits(net.ticks + 1)
    if net.readout == "count":
        stream = shape.streams[net.output]
        return [
            "    // Read-out: the class with most spikes.",
            "    wire counter_valid, counter_ready;",
            f"    wire [{stream.width - 1}:0] counter_data;",
            f"    wire [{ticks_bits - 1}:0] ticks_used;",
            "    wire unused = &ticks_used;",
            "    sc_output_counter #(",
            f"        .CLASSES({classes}), .SIMD({stream.simd}), .TICKS({net.ticks}), "
            f".EARLY({int(early)})",
            "    ) counter (",
            "        .clk(clk), .rst_n(begin_n),",
            "        .in_valid(counter_valid), .in_ready(counter_ready), .in_data(counter_data),",
            "        .done(done), .winner(class_index), .ticks_used(ticks_used)",
            "    );",
            "",
        ], {"sc_output_counter.sv"}
    return [
        f"    // Read-out: the neuron with the largest {MEMBRANE} after the last tick.",
        f"    reg [{ticks_bits - 1}:0] ticks_left;",
        "    wire tick_done;",
        "    always @(posedge clk) begin",
        f"        if (!begin_n)       ticks_left <= {ticks_bits}'d{net.ticks};",
        "        else if (tick_done) ticks_left <= ticks_left - 1'b1;",
        "    end",
        f"    assign done = tick_done && ticks_left == {ticks_bits}'d1;",
        f"    sc_membrane_argmax #(.CLASSES({classes}), .WIDTH({value_bits})) argmax (",
        "        .clk(clk), .rst_n(begin_n), .enable(run_n && value_valid), .value(value),",
        "        .done(tick_done), .winner(class_index)",
        "    );",
        "",
    ], {"sc_membrane_argmax.sv"}
