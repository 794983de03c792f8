"""Proofs that must pass, and proofs that must not be believed."""

from __future__ import annotations

import re
import time

import pytest

from sc_neurocore.compiler import QFormat, lower, schedule, write_verilog
from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, ToolError
from sc_neurocore.formal import (
    ProofError,
    multiplier_properties,
    multiplier_source,
    properties,
    prove,
    prove_neuron,
)
from sc_neurocore.formal._btor import parse
from sc_neurocore.formal._induction import prove_all
from sc_neurocore.formal._prove import elaboration
from sc_neurocore.hdl import library_source
from sc_neurocore.toolchain import run_yosys

from .models import ADAPTIVE, EDGE, LIF, QUADRATIC, SQUARE, TABULATED, Built, built

COUNTER = """
module counter(input wire clk, input wire rst_n, input wire enable, output reg [3:0] value);
    always @(posedge clk) value <= !rst_n ? 4'd0 : (enable && value < 4'd9) ? value + 4'd1 : value;
{checks}
endmodule
"""
"""A counter that stops at nine."""


def counter(*claims: str, assumption: str = "") -> dict[str, str]:
    live = "reg live = 1'b0; always @(posedge clk) if (!rst_n) live <= 1'b1;"
    checks = "".join(f"c{k}: assert (!live || {claim});" for k, claim in enumerate(claims))
    return {"counter.sv": COUNTER.format(checks=f"{live} always @* begin {assumption}{checks} end")}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(built(LIF), id="one-clock"),
        pytest.param(built(LIF, pipeline=None), id="pipelined"),
        pytest.param(built(ADAPTIVE, pipeline=2), id="two-states-one-held"),
        pytest.param(built(EDGE, pipeline=1), id="rising-edge"),
        pytest.param(built(QUADRATIC, pipeline=None, multipliers="shared"), id="shared"),
        pytest.param(built(SQUARE, pipeline=None, multipliers="shared"), id="shared-square"),
        pytest.param(built(TABULATED, pipeline=None, multipliers="shared"), id="shared-table"),
        pytest.param(built(ADAPTIVE, overflow="wrap"), id="wrap"),
        pytest.param(built(QUADRATIC, overflow="trap"), id="trap"),
    ],
)
def test_every_property_is_proven(case: Built, store: EvidenceStore) -> None:
    results = prove_neuron(case.datapath, case.rtl, store=store)
    assert len(results) == 1 + bool(case.rtl.internals.products)
    for result in results:
        assert set(result.status.values()) == {"proven"}, result.status
        assert result.record.word == "proven"
        assert result.trace is None and result.departure is None
    own = results[0]
    claimed = properties(case.datapath, case.rtl)
    assert own.assertions == len(claimed.properties) == own.proven
    assert set(own.status) == set(claimed.names)
    assert own.method.startswith("k-induction, k=1, bitwuzla ")
    assert own.reached["valid"] is not None
    if case.datapath.model.threshold is not None:
        assert own.reached["spike_out"] is not None


def test_a_proof_is_found_again(fresh_store: EvidenceStore) -> None:
    case = built(LIF)
    first = prove_neuron(case.datapath, case.rtl, store=fresh_store)[0]
    again = prove_neuron(case.datapath, case.rtl, store=fresh_store)[0]
    assert not first.record.cached and again.record.cached
    assert again.status == first.status


@pytest.mark.parametrize(("a", "b"), [(2, 2), (4, 4), (5, 3), (16, 9), (30, 29)])
def test_the_serial_multiplier_multiplies_at_any_width(
    a: int, b: int, store: EvidenceStore
) -> None:
    claimed = multiplier_properties()
    source = multiplier_source(library_source("sc_serial_multiplier.sv"), a, b)
    found = prove(
        {"multiplier.sv": claimed.inject(source)},
        "sc_serial_multiplier",
        len(claimed.properties),
        store=store,
        prefix=claimed.prefix,
    )
    assert found.holds and set(found.status) == set(claimed.names)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("wire subtract = low[0] && !previous;", "wire subtract = low[0];"),
        ("sum[A_WIDTH:1]", "{1'b0, sum[A_WIDTH-1:1]}"),
        ("previous <= low[0]", "previous <= previous"),
        ("high         <= {A_WIDTH{1'b0}}", "high         <= a"),
    ],
)
def test_a_broken_multiplier_is_not_proven(right: str, wrong: str, store: EvidenceStore) -> None:
    claimed = multiplier_properties()
    source = multiplier_source(library_source("sc_serial_multiplier.sv"), 4, 3)
    assert source.count(right) == 1
    found = prove(
        {"multiplier.sv": claimed.inject(source.replace(right, wrong))},
        "sc_serial_multiplier",
        len(claimed.properties),
        store=store,
        prefix=claimed.prefix,
    )
    assert found.refuted and found.trace is not None and found.record.word == "executed"


def test_a_wrong_knot_of_a_table_is_not_proven(store: EvidenceStore) -> None:
    case = built(TABULATED, pipeline=None, multipliers="shared")
    assert {"share_0", "bounds_0"} <= set(properties(case.datapath, case.rtl).names)
    # The last knot, which the stimulus need not reach, no longer lies between nought and one.
    last = re.findall(r"sigmoid_base_rom\[111\] = 12'sd\d+", case.rtl.source)
    assert len(last) == 1
    broken = case.rtl.source.replace(last[0], "sigmoid_base_rom[111] = -12'sd2000")
    sources = {**case.rtl.sources, "tabulated.sv": broken}
    own = prove_neuron(case.datapath, case.rtl, store=store, sources=sources, timeout_s=3)[0]
    assert not own.holds and own.record.word == "executed"
    # What does not rest on the table is proven all the same.
    assert own.status["valid_when_tick_ends"] == own.status["stable_0"] == "proven"


def test_what_is_assumed_of_products_is_proven_of_short_ones(store: EvidenceStore) -> None:
    """The solver multiplies here, so the contract's arithmetic is not taken from the contract."""
    text = built(TABULATED, pipeline=None, multipliers="shared")
    claimed = properties(text.datapath, text.rtl).checker
    shares = re.findall(r"assume \(formal_waited != \S+ \|\| (.* <<< .*)\);", claimed)
    assert len(shares) == 1
    claim = shares[0].replace("formal_factor_a", "a").replace("formal_factor_b", "b")
    module = """
module short(input wire signed [10:0] a, input wire signed [7:0] b);
    wire signed [18:0] product = a * b;
    always @* begin c0: assert ({claim}); end
endmodule
"""
    assert prove({"s.sv": module.format(claim=claim)}, "short", 1, store=store).holds
    wrong = claim.replace("<<< 5", "<<< 4")
    assert prove({"s.sv": module.format(claim=wrong)}, "short", 1, store=store).refuted


@pytest.mark.parametrize(
    ("knots", "claim", "status"),
    [
        (["4'd0", "4'd1", "4'd2", "4'd3"], "value <= 4'd3", "proven"),
        (["4'd0", "4'd1", "4'd2"], "value <= 4'd3", "refuted"),
        # Words of which one bit is known.
        (["4'b1xxx"] * 4, "value == 4'd0", "refuted"),
        (["4'b1xxx"] * 4, "value[3]", "proven"),
        (["4'd0", "4'b1x00", "4'd0", "4'd1"], "value <= 4'd1", "refuted"),
    ],
)
def test_of_a_table_only_defined_bits_are_known(knots: list[str], claim: str, status: str) -> None:
    written = " ".join(f"rom[{k}] = {value};" for k, value in enumerate(knots))
    source = f"""
module lookup(input wire clk, input wire [1:0] at, output wire [3:0] value);
    reg [3:0] rom [0:3];
    initial begin {written} end
    assign value = rom[at];
    always @* begin c0: assert ({claim}); end
endmodule
"""
    files = {"lookup.sv": source}
    elaborated = run_yosys(elaboration(files, "lookup"), files, outputs=["system.btor"])
    system = parse(elaborated.files["system.btor"].decode())
    verdict = prove_all(system, max_depth=1, deadline=time.monotonic() + 10)
    assert verdict.status == {"c0": status}


def test_a_word_of_which_some_bits_are_undefined_is_not_executed(store: EvidenceStore) -> None:
    source = """
module lookup(input wire at, output wire [3:0] value);
    reg [3:0] rom [0:1];
    initial begin rom[0] = 4'b1xxx; rom[1] = 4'b1xxx; end
    assign value = rom[at];
    always @* begin c0: assert (value == 4'd0); end
endmodule
"""
    with pytest.raises(ToolError, match="has both defined and undefined bits"):
        prove({"lookup.sv": source}, "lookup", 1, store=store)


def test_products_of_the_widest_factors_are_not_assumed_away(store: EvidenceStore) -> None:
    """One product's width is another's shift: 47 and 28 bits do not fit into 72."""
    quantities = [Quantity("I", 0, low=0, high=0.5), Quantity("p", 0, low=0, high=15 / 16),
                  Quantity("q", 0, low=0, high=1 - 2**-28)]  # fmt: skip
    model = build_model(
        "x[n+1] = 0.25*x + 0.25*p*x + I; y[n+1] = 0.25*y + 0.25*y*q",
        init={"x": 0, "y": 1}, ranges={"x": (0, 2), "y": (-2, 2)}, inputs=quantities, name="wide",
    )  # fmt: skip
    formats = {"x": QFormat(47, 44), "y": QFormat(31, 28), "I": QFormat(44, 44, False),
               "p": QFormat(4, 4, False), "q": QFormat(28, 28, False)}  # fmt: skip
    datapath = lower(model, formats)
    plan = schedule(datapath, pipeline=None, period_ns=20, speed=1.0, multipliers="shared")
    rtl = write_verilog(datapath, plan, "wide")
    assert rtl.internals.factor_widths == (47, 28)
    assert prove_neuron(datapath, rtl, store=store)[0].holds
    # A state that is lost in the middle of a tick, of a size that only the wide product has.
    end = "            if (step == 6'd60) begin"
    lost = "            if (step == 6'd30 && x[46:44] == 3'b001 && p_held != 0) x <= 47'sd0;\n"
    assert rtl.source.count(end) == 1
    sources = {**rtl.sources, "wide.sv": rtl.source.replace(end, lost + end)}
    broken = prove_neuron(datapath, rtl, store=store, sources=sources, timeout_s=3)[0]
    assert broken.status["stable_0"] != "proven"


def test_an_edited_product_is_refused(store: EvidenceStore) -> None:
    case = built(QUADRATIC, pipeline=None, multipliers="shared")
    text = case.rtl.source
    for right, wrong in (
        (".product(product)", ".product(raw)"),
        ("product;  // no product needs", "product = v;  // no product needs"),
    ):
        assert text.count(right) == 1
        sources = {**case.rtl.sources, "quadratic.sv": text.replace(right, wrong)}
        with pytest.raises(ProofError, match="connects the multiplier otherwise"):
            prove_neuron(case.datapath, case.rtl, store=store, sources=sources)


def test_claims_do_not_prove_each_other(store: EvidenceStore) -> None:
    """Of the last clock, what is proven of it may be used: that neither of these is."""
    found = prove(counter("value != 9", "!(value == 9)"), "counter", 2, store=store, max_depth=2)
    assert found.refuted == 2


def test_a_claim_too_hard_leaves_the_others_proven(store: EvidenceStore) -> None:
    # That two numbers below 2^32 do not multiply to the prime 2^61 - 1.
    text = counter("value <= 9", "hard")["counter.sv"].replace("reg live", (
        "reg [31:0] x, y; always @(posedge clk) begin x <= {x[30:0], enable}; "
        "y <= {y[30:0], value[0]}; end "
        "wire hard = {32'd0, x} * {32'd0, y} != 64'd2305843009213693951; reg live"
    ))  # fmt: skip
    found = prove({"counter.sv": text}, "counter", 2, store=store, max_depth=1, timeout_s=4)
    assert found.status == {"c0": "proven", "c1": "unknown"}


def test_a_true_claim_is_proven_and_a_false_one_refuted(store: EvidenceStore) -> None:
    true = prove(counter("value <= 9"), "counter", 1, store=store)
    assert (true.proven, true.refuted, true.holds) == (1, 0, True)
    false = prove(counter("value <= 9", "value != 3"), "counter", 2, store=store, max_depth=8)
    assert false.status["c1"] == "refuted" and not false.holds
    trace = false.trace
    assert trace is not None
    # From reset it takes three enabled clocks to reach 3; it is seen in the clock after them.
    last = trace.clocks - 1
    assert trace.value("value", last) == 3
    assert [trace.value("enable", last - k) for k in (1, 2, 3)] == [1, 1, 1]
    assert "$var wire 4" in trace.vcd("counter")


def test_a_claim_that_is_true_but_not_inductive_is_unknown_not_proven(
    store: EvidenceStore,
) -> None:
    # The counter does not count above nine, so 13 is entered from no other value.
    found = prove(counter("value != 13"), "counter", 1, store=store, max_depth=2)
    assert found.status == {"c0": "proven"}
    # Two counters run alike from reset, but nothing in the claim says so.
    hidden = counter("!(value == 5 && twin == 6)")["counter.sv"].replace(
        "reg live", "reg [3:0] twin; always @(posedge clk) twin <= !rst_n ? 4'd0 : "
        "(enable && twin < 4'd9) ? twin + 4'd1 : twin; reg live",
    )  # fmt: skip
    found = prove({"counter.sv": hidden}, "counter", 1, store=store, max_depth=2)
    assert found.status == {"c0": "unknown"} and found.record.word == "executed"


def test_an_execution_from_reset_comes_before_the_proof(store: EvidenceStore) -> None:
    drive = [(1, {"rst_n": 0}), (5, {"rst_n": 1, "enable": 1})]
    found = prove(
        counter("value != 3"), "counter", 1, store=store, stimulus=drive, covers=["value"]
    )
    assert found.method == "execution from reset, 6 clocks"
    assert found.trace is not None and found.trace.violated == {"c0": 4}
    assert found.reached == {"value": 2}


def test_an_assumption_that_an_execution_breaks_is_reported(store: EvidenceStore) -> None:
    sources = counter("value <= 9", assumption="assume (value != 3);")
    drive = [(1, {"rst_n": 0}), (5, {"rst_n": 1, "enable": 1})]
    found = prove(sources, "counter", 1, store=store, expected_assumptions=1, stimulus=drive)
    assert not found.holds and found.trace is not None
    assert found.trace.violated == {"assumption_0": 4}


def test_an_assumption_that_nobody_expects_fails(fresh_store: EvidenceStore) -> None:
    with pytest.raises(
        ProofError,
        match=r"^module 'counter' elaborates to 1 assumptions where 0 were written by the checker; "
        r"remove every 'assume' from the module$",
    ):
        prove(
            counter("value <= 9", assumption="assume (value != 3);"),
            "counter",
            1,
            store=fresh_store,
        )
    assert fresh_store.records() == []


@pytest.mark.parametrize("text", ["`ifdef FORMAL", "`define x", "// synthesis translate_off"])
def test_text_that_tools_read_differently_is_not_proven(text: str, store: EvidenceStore) -> None:
    case = built(LIF)
    sources = {name: f"\n{text}\n{body}" for name, body in case.rtl.sources.items()}
    with pytest.raises(ProofError, match=r"^lif\.sv:2 holds '.*'; a module to be proven must read"):
        prove_neuron(case.datapath, case.rtl, store=store, sources=sources)


def test_a_proof_without_assertions_fails(fresh_store: EvidenceStore) -> None:
    plain = {"counter.sv": COUNTER.format(checks="")}
    for expected in (0, 3):
        with pytest.raises(
            ProofError,
            match=f"^module 'counter' elaborates to 0 assertions where {expected} were written; "
            "nothing is proven unless every one of them arrives at the solver$",
        ):
            prove(plain, "counter", expected, store=fresh_store)
    assert fresh_store.records() == []


def test_a_dropped_assertion_fails(store: EvidenceStore) -> None:
    case = built(LIF)
    claimed = properties(case.datapath, case.rtl)
    whole = claimed.inject_into(case.rtl.sources, "lif")
    lines = whole["lif.sv"].split("\n")
    kept = [x for x in lines if "claim_range_0" not in x]
    assert len(kept) == len(lines) - 1
    with pytest.raises(ProofError, match=r"elaborates to \d+ assertions where \d+ were written"):
        prove({"lif.sv": "\n".join(kept)}, "lif", len(claimed.properties), store=store)


def test_assertions_behind_an_undefined_macro_do_not_count(store: EvidenceStore) -> None:
    case = built(LIF)
    claimed = properties(case.datapath, case.rtl)
    text = claimed.inject(case.rtl.source).replace("`ifdef FORMAL", "`ifdef SOMETHING_ELSE")
    with pytest.raises(ProofError, match="elaborates to 0 assertions"):
        prove({"lif.sv": text}, "lif", len(claimed.properties), store=store)


def test_a_text_without_its_module_is_refused(store: EvidenceStore) -> None:
    case = built(LIF)
    with pytest.raises(SCCompilerError, match="must hold exactly one line 'endmodule'"):
        prove_neuron(case.datapath, case.rtl, sources={"lif.sv": "// nothing\n"}, store=store)
    with pytest.raises(SCCompilerError, match=r"there is no file lif\.sv among the sources"):
        prove_neuron(case.datapath, case.rtl, sources={"other.sv": ""}, store=store)
