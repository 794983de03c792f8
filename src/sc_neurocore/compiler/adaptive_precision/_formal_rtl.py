"""The module of a plan, what is claimed of it, and the script that proves it, as text."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.compiler.adaptive_precision._formal_table import (
    FRACTION,
    ODDS_FRACTION,
    FormalTable,
)

#: What stands before the name of a claim.
PREFIX = "formal_claim_"


#: A row of the table, as it is on the ports.
_ROW = "bit_width, bitstream_length, sensitivity, quantization_bound, stochastic_bound, total_bound"
#: Ports that are vectors whatever their width.
_VECTORS = ("select", "code", "number", "bit_width")


@dataclass(frozen=True)
class Claim:
    """One assertion.

    Attributes:
        name: unique.
        meaning: what it says, in one line.
        expression: in SystemVerilog, over the ports of the checker.
    """

    name: str
    meaning: str
    expression: str


@dataclass(frozen=True)
class Widths:
    """Widths of a module's ports.

    Attributes:
        index: of a class.
        bits: of a bit width.
        magnitude: of the largest magnitude of a weight.
        count: of a count of ticks.
        error: of a bound.
    """

    index: int
    bits: int
    magnitude: int
    count: int
    error: int

    @classmethod
    def of(cls, table: FormalTable) -> Widths:
        """The least widths that hold a table."""
        errors = [max(row.total, row.sensitivity) for row in table.rows]
        return cls(
            index=max(1, (len(table.rows) - 1).bit_length()),
            bits=table.max_width.bit_length(),
            magnitude=max(1, table.max_width - table.signed),
            count=max(2, table.max_length.bit_length()),
            error=max(1, max(errors).bit_length()),
        )


def claims(table: FormalTable) -> tuple[Claim, ...]:
    """What is proven of a module, for all time after a reset and for every class."""
    w = Widths.of(table)
    inside = f"{w.index}'d{len(table.rows) - 1}"
    listed = f"select > {inside}" if len(table.rows) < 1 << w.index else "1'b0"
    found = [
        Claim("table", "every class has the row that the plan gives it",
              f"{{{_ROW}}} == planned(select)"),
        Claim("parts", "rounding and stream error together are within the total of every class",
              f"{listed} || {{1'b0, quantization_bound}} + {{1'b0, stochastic_bound}} <= "
              "{1'b0, total_bound}"),
        Claim("total", "the total of every class is within the greatest of the plan",
              f"total_bound <= {w.error}'d{table.max_total}"),
        Claim("width", "no weight is wider than the plan's widest, and none has no bit",
              f"{listed} || (bit_width != 0 && bit_width <= {w.bits}'d{table.max_width})"),
        Claim("length", "no stream is longer than the plan's longest, and none is empty",
              f"{listed} || (bitstream_length != 0 && "
              f"bitstream_length <= {w.count}'d{table.max_length})"),
    ]  # fmt: skip
    if table.steps:
        wide = w.error + w.magnitude + 1
        found.append(
            Claim("rounding", "the rounding of every class is half a step of its grid or more",
                  f"{listed} || (({_wider('quantization_bound', wide, w.error)} << magnitude) "
                  f"- {_wider('quantization_bound', wide, w.error)}) << 1 >= "
                  f"{_wider('sensitivity', wide, w.error)}")
        )  # fmt: skip
    if table.odds is not None:
        wide = 2 * w.error + w.count + ODDS_FRACTION + 8
        square = "{0} * {0}"
        radius = square.format(_wider("stochastic_bound", wide, w.error))
        scale = square.format(_wider("sensitivity", wide, w.error))
        found.append(
            Claim("radius", "the error of every class is Hoeffding's radius for its length or more",
                  f"{listed} || (({radius}) * {_wider('bitstream_length', wide, w.count)}) << "
                  f"{ODDS_FRACTION + 1} >= ({scale}) * {wide}'d{table.odds}")
        )  # fmt: skip
    found += [
        Claim("idle", "a reset ends a stream, and only a start begins one",
              "!(after_reset || after_idle) || (!running && !done)"),
        Claim("either", "a stream runs or is done, not both", "!(running && done)"),
        Claim("started", "a start takes the weight, the length and the width of its class, and "
              "counts from zero",
              "!after_start || (running && held_length == past_length && held_mask == past_mask && "
              "held_code == (past_code & past_mask) && ticks == 0 && ones == 0)"),
        Claim("kept", "a stream keeps its weight, length and width to its end and beyond",
              "!(after_bit || after_done) || (held_length == past_held_length && "
              "held_code == past_held_code && held_mask == past_held_mask)"),
        Claim("ended", "a stream that is done stays done, with its counts",
              "!after_done || (done && ticks == past_ticks && ones == past_ones)"),
        Claim("held", "the length of a stream is within the plan's longest",
              f"!(running || done) || (held_length != 0 && "
              f"held_length <= {w.count}'d{table.max_length})"),
        Claim("within", "while a stream runs it has given fewer bits than its length",
              "!running || ticks < held_length"),
        Claim("full", "a stream that is done has given exactly its length",
              "!done || ticks == held_length"),
        Claim("counted", "never more ones than bits, so that their counter never overflows",
              "!(running || done) || ones <= ticks"),
        Claim("one", "a bit adds one to the bits and itself to the ones, and no stream breaks off",
              "!after_bit || ((running || done) && ticks == past_ticks + 1'b1 && "
              "ones == past_ones + {{(COUNT-1){1'b0}}, past_stream})"),
        Claim("below", "a bit is a one exactly where the number is below the weight",
              "stream == (running && (number & held_mask) < held_code)"),
        Claim("code", "the weight and the numbers have the width of their class",
              "!(running || done) || (held_code <= held_mask && "
              "(held_mask & (held_mask + 1'b1)) == 0)"),
    ]  # fmt: skip
    return tuple(found)


def _wider(name: str, to: int, width: int) -> str:
    return f"{{{{{to - width}{{1'b0}}}}, {name}}}"


def rtl(module: str, table: FormalTable) -> str:
    """The module: the table of classes, and a stream of the chosen class with its counters."""
    w = Widths.of(table)
    joined = ",\n        ".join(f".{name}({name})" for name, _ in _observed(table))
    return f"""// Precision plan of {len(table.rows)} classes, and a stream of the chosen one.
//
// `select` names a class; its row of the table is on the outputs. `start` takes a weight's
// magnitude and begins a stream of the class's length: a one in every tick in which `number`, at
// the class's width, is below the weight. `ones` of `ticks` bits is the weight's rate.
//
// Bounds are errors in units of 2^-{FRACTION}, rounded up; the sensitivity is rounded down.

`default_nettype none

module {module} (
{_ports(w)}
);

{_function("entry", table)}
    assign {{bit_width, bitstream_length, sensitivity,
            quantization_bound, stochastic_bound, total_bound}} = entry(select);

{_mask(table)}

    reg [{w.count - 1}:0] held_length;
    reg [{w.magnitude - 1}:0] held_code;
    reg [{w.magnitude - 1}:0] held_mask;

    assign stream = running && (number & held_mask) < held_code;

    always @(posedge clk) begin
        if (!rst_n) begin
            running     <= 1'b0;
            done        <= 1'b0;
            ticks       <= {w.count}'d0;
            ones        <= {w.count}'d0;
            held_length <= {w.count}'d0;
            held_code   <= {w.magnitude}'d0;
            held_mask   <= {w.magnitude}'d0;
        end else if (start && bitstream_length != {w.count}'d0) begin
            running     <= 1'b1;
            done        <= 1'b0;
            ticks       <= {w.count}'d0;
            ones        <= {w.count}'d0;
            held_length <= bitstream_length;
            held_code   <= code & mask;
            held_mask   <= mask;
        end else if (running) begin
            ticks <= ticks + 1'b1;
            if (stream) ones <= ones + 1'b1;
            if (ticks + 1'b1 == held_length) begin
                running <= 1'b0;
                done    <= 1'b1;
            end
        end
    end

`ifdef FORMAL
    {module}_sva claims (
        {joined}
    );
`endif

endmodule

`default_nettype wire
"""


def _function(name: str, table: FormalTable) -> str:
    """The table as a function of the class."""
    w = Widths.of(table)
    total = w.bits + w.count + 4 * w.error
    rows = "\n".join(
        f"            {w.index}'d{i}: {name} = {{{w.bits}'d{r.bit_width}, "
        f"{w.count}'d{r.bitstream_length}, {w.error}'d{r.sensitivity}, "
        f"{w.error}'d{r.quantization}, {w.error}'d{r.stochastic}, {w.error}'d{r.total}}};"
        f"  // {r.synapses} synapses"
        for i, r in enumerate(table.rows)
    )
    return f"""    // Width, length, greatest sensitivity; bounds of rounding, stream and both.
    function automatic [{total - 1}:0] {name}(input [{w.index - 1}:0] class_);
        case (class_)
{rows}
            default: {name} = {total}'d0;
        endcase
    endfunction
"""


def _mask(table: FormalTable) -> str:
    """The bits of a magnitude, of the selected class."""
    w = Widths.of(table)
    return f"""    // Bits of the magnitude: the sign, if there is one, is no part of the stream.
    wire [{w.bits - 1}:0] magnitude = bit_width - {w.bits}'d{int(table.signed)};
    wire [{w.magnitude - 1}:0] mask = ~({{{w.magnitude}{{1'b1}}}} << magnitude);"""


def _ports(w: Widths) -> str:
    ports = (
        ("input  wire", 1, "clk", ""),
        ("input  wire", 1, "rst_n", "synchronous, low resets"),
        ("input  wire", 1, "start", "begins a stream, also while one runs"),
        ("input  wire", w.index, "select", "class"),
        ("input  wire", w.magnitude, "code", "magnitude of the weight"),
        ("input  wire", w.magnitude, "number", "of the source, one per tick"),
        ("output wire", w.bits, "bit_width", "of the selected class, as all up to the total"),
        ("output wire", w.count, "bitstream_length", ""),
        ("output wire", w.error, "sensitivity", ""),
        ("output wire", w.error, "quantization_bound", ""),
        ("output wire", w.error, "stochastic_bound", ""),
        ("output wire", w.error, "total_bound", ""),
        ("output reg ", 1, "running", "a bit is given in this tick"),
        ("output reg ", 1, "done", "all bits are given"),
        ("output wire", 1, "stream", "the bit"),
        ("output reg ", w.count, "ticks", "bits given so far"),
        ("output reg ", w.count, "ones", "of them ones"),
    )
    lines = []
    for i, (kind, width, name, comment) in enumerate(ports):
        bits = f"[{width - 1}:0]" if width > 1 or name in _VECTORS else ""
        text = f"    {kind} {bits:<6} {name}{',' if i < len(ports) - 1 else ''}"
        lines.append(f"{text:<48}// {comment}" if comment else text)
    return "\n".join(lines)


def _observed(table: FormalTable) -> list[tuple[str, str]]:
    """What the checker sees of the module, with the highest bit of vectors."""
    w = Widths.of(table)
    count, error, magnitude = "COUNT-1", str(w.error - 1), str(w.magnitude - 1)
    return [
        ("clk", ""), ("rst_n", ""), ("start", ""), ("select", str(w.index - 1)),
        ("code", magnitude), ("number", magnitude),
        ("bit_width", str(w.bits - 1)), ("bitstream_length", count), ("sensitivity", error),
        ("quantization_bound", error), ("stochastic_bound", error), ("total_bound", error),
        ("running", ""), ("done", ""), ("stream", ""), ("ticks", count), ("ones", count),
        ("held_length", count), ("held_code", magnitude), ("held_mask", magnitude),
    ]  # fmt: skip


def checker(module: str, table: FormalTable) -> str:
    """The claims as a module of assertions, with the plan's figures as its own constants."""
    w = Widths.of(table)
    stated = "\n".join(
        f"        // {c.meaning}\n        {PREFIX}{c.name}: assert (!live || ({c.expression}));"
        for c in claims(table)
    )
    ports = ",\n".join(
        f"    input wire {f'[{width}:0] ' if width else ''}{name}"
        for name, width in _observed(table)
    )
    return f"""// What is claimed of {module}, for all time after a reset and for every class.

`default_nettype none

module {module}_sva #(
    parameter integer COUNT = {w.count}
) (
{ports}
);

{_function("planned", table)}
{_mask(table)}

    // Nothing is claimed before the first reset.
    reg live, after_reset, after_idle, after_start, after_bit, after_done;
    initial {{live, after_reset, after_idle, after_start, after_bit, after_done}} = 6'b000000;
    reg [COUNT-1:0] past_length;
    reg [{w.magnitude - 1}:0] past_code;
    reg [{w.magnitude - 1}:0] past_mask;
    reg [COUNT-1:0] past_held_length;
    reg [{w.magnitude - 1}:0] past_held_code;
    reg [{w.magnitude - 1}:0] past_held_mask;
    reg [COUNT-1:0] past_ticks;
    reg [COUNT-1:0] past_ones;
    reg past_stream;
    wire starting = start && bitstream_length != 0;

    always @(posedge clk) begin
        if (!rst_n) live <= 1'b1;
        after_reset <= !rst_n;
        after_idle  <= rst_n && !starting && !running && !done;
        after_start <= rst_n && starting;
        after_bit   <= rst_n && !starting && running;
        after_done  <= rst_n && !starting && done;
        past_length <= bitstream_length;
        past_code   <= code;
        past_mask   <= mask;
        past_held_length <= held_length;
        past_held_code   <= held_code;
        past_held_mask   <= held_mask;
        past_ticks  <= ticks;
        past_ones   <= ones;
        past_stream <= stream;
    end

    always @* begin
{stated}
    end

endmodule

`default_nettype wire
"""


def script(module: str) -> str:
    """A configuration for SymbiYosys that proves the same claims."""
    return f"""[options]
mode prove
depth 4

[engines]
smtbmc bitwuzla

[script]
read -formal {module}_sva.sv
read -formal {module}.sv
prep -top {module}

[files]
{module}_sva.sv
{module}.sv
"""
