"""The parallel stochastic layer that the surrogate optimiser chooses: Verilog and bit-true model.

A layer is a dot product of ``mac_count`` unipolar products. All inputs are compared with the number
of one shift register, each weight with a number of its own side, an AND gate multiplies, and a
parallel counter adds up the ones of ``bitstream_length`` clocks. Thresholds are ports: where they
are stored is not part of the layer. How the weights' streams are kept independent of the inputs' is
the decorrelator:

``none``: nothing; both are compared with the same number, and AND gives the minimum.
``isolator``: each weight's stream passes two flip-flops.
``shuffle_buffer``: each weight's stream passes eight cells, addressed by a second register.
``second_register``: the weights are compared with a second register, 5/8 of a period ahead.
``van_der_corput``: the weights are compared with the van der Corput sequence, a counter's bits
reversed.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream import (
    Halton,
    Lfsr,
    encode_thresholds,
    feedback_exponents,
    isolate,
    shuffle_buffer,
)
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl import library_source

#: Flip-flops of an isolator, and cells of a shuffle buffer.
DELAY, CELLS = 2, 8
TOP = "sc_layer"
_MODULES = (
    "sc_comparator", "sc_parallel_counter", "sc_accumulative_parallel_counter", "sc_ones_tree",
    "sc_lfsr_fibonacci", "sc_isolator", "sc_shuffle_buffer", "sc_van_der_corput", "sc_counter",
)  # fmt: skip


class DecorrelationStrategy(enum.StrEnum):
    """How the weights' streams are kept independent of the inputs'."""

    NONE = "none"
    ISOLATOR = "isolator"
    SHUFFLE_BUFFER = "shuffle_buffer"
    SECOND_REGISTER = "second_register"
    VAN_DER_CORPUT = "van_der_corput"


def polynomial_text(width: int) -> str:
    """The feedback polynomial of a register, such as ``x^16+x^14+x^13+x^11+1``."""
    return "+".join(f"x^{e}" if e > 1 else "x" for e in feedback_exponents()[width]) + "+1"


@dataclass(frozen=True)
class StochasticLayer:
    """One layer with everything decided.

    Attributes:
        mac_count: products, at least 1.
        bitstream_length: clocks of a stream, at least 2.
        precision_bits: width of the thresholds; 0 to 2**precision_bits.
        decorrelator: which.
        register: width of the registers, at least ``precision_bits`` and 3; the comparators see
            their highest bits. Their polynomial is the library's of that width.
        seed: of the register; None for the library's.
    """

    mac_count: int
    bitstream_length: int
    precision_bits: int
    decorrelator: DecorrelationStrategy
    register: int
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.register not in feedback_exponents() or self.register < self.precision_bits:
            raise SCConfigError(
                f"the register of a layer has {self.register} bits for a precision of "
                f"{self.precision_bits}; it needs at least as many, and 3 to 32"
            )

    @property
    def polynomial(self) -> str:
        """Of the registers."""
        return polynomial_text(self.register)

    @property
    def sources(self) -> tuple[Lfsr, Lfsr]:
        """The register of the inputs, and the second one."""
        first = Lfsr(self.register, seed=self.seed)  # type: ignore[arg-type]
        return first, first.jump(first.period * 5 // 8)

    @property
    def total_bits(self) -> int:
        """Width of the sum."""
        return (self.mac_count * self.bitstream_length).bit_length()

    def input_streams(self, thresholds: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Packed streams of inputs."""
        return self._registered(thresholds, self.sources[0])

    def weight_streams(self, thresholds: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Packed streams of weights, behind the decorrelator."""
        first, second = self.sources
        length = self.bitstream_length
        match self.decorrelator:
            case DecorrelationStrategy.NONE:
                return self._registered(thresholds, first)
            case DecorrelationStrategy.ISOLATOR:
                return isolate(self._registered(thresholds, first), length, DELAY)
            case DecorrelationStrategy.SHUFFLE_BUFFER:
                return shuffle_buffer(self._registered(thresholds, first), length, second, CELLS)
            case DecorrelationStrategy.SECOND_REGISTER:
                return self._registered(thresholds, second)
        return encode_thresholds(thresholds, length, Halton(2, self.precision_bits))

    def _registered(self, thresholds: NDArray[np.int64], source: Lfsr) -> NDArray[np.uint64]:
        shifted = np.asarray(thresholds) << (self.register - self.precision_bits)
        return encode_thresholds(shifted, self.bitstream_length, source)

    def verilog(self) -> Mapping[str, str]:
        """Source files by name; the top module is `TOP`.

        Ports: ``clk``, ``rst_n``, ``enable``, ``inputs`` and ``weights`` (thresholds of
        ``precision_bits + 1`` bits, the first lowest), ``total`` (ones so far), ``done`` (all
        clocks are counted).
        """
        files = {f"{name}.sv": library_source(f"{name}.sv") for name in _used(self.decorrelator)}
        return {**files, f"{TOP}.sv": _top(self)}


def _used(decorrelator: DecorrelationStrategy) -> tuple[str, ...]:
    left_out = {
        "sc_isolator": decorrelator is not DecorrelationStrategy.ISOLATOR,
        "sc_shuffle_buffer": decorrelator is not DecorrelationStrategy.SHUFFLE_BUFFER,
        "sc_van_der_corput": decorrelator is not DecorrelationStrategy.VAN_DER_CORPUT,
    }
    return tuple(name for name in _MODULES if not left_out.get(name))


def _top(layer: StochasticLayer) -> str:
    n, w = layer.mac_count, layer.precision_bits
    length, register = layer.bitstream_length, layer.register
    clocks = length.bit_length()
    parts, number, passed = _weight_side(layer)
    return f"""\
// Dot product of {n} unipolar products over {length} clocks; decorrelator {layer.decorrelator}.

`default_nettype none

module {TOP} (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire [{n * (w + 1) - 1}:0] inputs,
    input  wire [{n * (w + 1) - 1}:0] weights,
    output wire [{layer.total_bits - 1}:0] total,
    output wire             done
);

    wire [{clocks - 1}:0] clock;
    assign done = clock == {clocks}'d{length};
    wire step = enable && !done;
    sc_counter #(.WIDTH({clocks})) clocks (
        .clk(clk), .rst_n(rst_n), .enable(step), .number(clock)
    );

    wire [{register - 1}:0] number;
{_register("first", "number", layer.sources[0], register)}
{parts}
    wire [{n - 1}:0] products;
    genvar i;
    generate
        for (i = 0; i < {n}; i = i + 1) begin : product
            wire x, w, y;
            sc_comparator #(.WIDTH({w})) input_encoder (
                .number(number[{register - 1}:{register - w}]),
                .threshold(inputs[i*{w + 1} +: {w + 1}]), .stream(x)
            );
            sc_comparator #(.WIDTH({w})) weight_encoder (
                .number({number}),
                .threshold(weights[i*{w + 1} +: {w + 1}]), .stream(w)
            );
{passed}
            assign products[i] = x && y;
        end
    endgenerate

    sc_accumulative_parallel_counter #(.INPUTS({n}), .WIDTH({layer.total_bits})) counter (
        .clk(clk), .rst_n(rst_n), .enable(step), .streams(products), .total(total)
    );

endmodule

`default_nettype wire
"""


def _register(name: str, number: str, source: Lfsr, width: int) -> str:
    taps = source.feedback.taps
    return f"""\
    sc_lfsr_fibonacci #(
        .WIDTH({width}), .TAPS({width}'h{taps:x}), .SEED({width}'h{source.seed:x})
    ) {name} (
        .clk(clk), .rst_n(rst_n), .enable(step), .number({number})
    );
"""


def _weight_side(layer: StochasticLayer) -> tuple[str, str, str]:
    """What stands once, the number that weights see, and what stands behind each of them."""
    width, w = layer.register, layer.precision_bits
    own = f"number[{width - 1}:{width - w}]"
    through = "            assign y = w;"
    second = f"    wire [{width - 1}:0] other;\n" + _register(
        "second", "other", layer.sources[1], width
    )
    match layer.decorrelator:
        case DecorrelationStrategy.NONE:
            return "", own, through
        case DecorrelationStrategy.ISOLATOR:
            return "", own, _behind("sc_isolator", f"DELAY({DELAY})", "")
        case DecorrelationStrategy.SHUFFLE_BUFFER:
            address = f", .address(other[{width - 1}:{width - 3}])"
            return second, own, _behind("sc_shuffle_buffer", f"DEPTH({CELLS})", address)
        case DecorrelationStrategy.SECOND_REGISTER:
            return second, f"other[{width - 1}:{width - w}]", through
    sequence = f"""\
    wire [{w - 1}:0] other;
    sc_van_der_corput #(.WIDTH({w})) second (
        .clk(clk), .rst_n(rst_n), .enable(step), .number(other)
    );
"""
    return sequence, "other", through


def _behind(module: str, parameter: str, port: str) -> str:
    return f"""\
            {module} #(.{parameter}) decorrelator (
                .clk(clk), .rst_n(rst_n), .enable(step), .x(w), .y(y){port}
            );"""
