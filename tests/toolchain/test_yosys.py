"""Yosys as a function, and the mapping of adders that we add to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.toolchain import run_yosys
from sc_neurocore.toolchain._synthesis import _SEPARATE_ADDERS

INVERTER = {"a.v": "module a(input x, output y); assign y = ~x; endmodule"}


def message(script: str, sources: dict[str, str] = INVERTER, **options: object) -> str:
    with pytest.raises(ToolError) as caught:
        run_yosys(script, sources, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_files_warnings_and_log_come_back() -> None:
    run = run_yosys(
        ["read_verilog a.v", "write_verilog -noattr out.v"],
        {"a.v": "module a(output y); assign y = undeclared; endmodule"},
        outputs=["out.v"],
    )
    assert b"module a(y)" in run.files["out.v"]
    assert run.warnings == ["a.v:1: Warning: Identifier `\\undeclared' is implicitly declared."]
    assert "Executing Verilog-2005 frontend: a.v" in run.log


def test_a_syntax_error_is_named_by_line() -> None:
    assert message("read_verilog b.v", {"b.v": "\nmodule b(;"}) == (
        "Yosys failed (exit status 1): b.v:2: ERROR: syntax error, unexpected ';'"
    )


def test_an_unknown_command() -> None:
    assert message("bogus").startswith(
        "Yosys failed (exit status 1): ERROR: No such command: bogus"
    )


def test_a_crash_is_contained() -> None:
    assert message("exec -q -- kill -SEGV $PPID").startswith("Yosys crashed (SIGSEGV): ")


def test_a_time_out_names_the_limit() -> None:
    assert message("exec -q -- sleep 60", timeout_s=1) == (
        "Yosys did not finish within 1 s; raise the time limit or make the design smaller"
    )


def test_a_file_that_was_promised_must_be_there() -> None:
    assert message("read_verilog a.v", outputs=["o.json"]) == (
        "Yosys did not write o.json; its script must"
    )


def test_path_tricks_are_refused() -> None:
    with pytest.raises(SCConfigError, match=r"source name '\.\./a\.v' is not a plain file name"):
        run_yosys("", {"../a.v": ""})


operands = st.tuples(st.integers(1, 6), st.booleans())


@settings(max_examples=12, deadline=None)
@given(st.lists(operands, min_size=2, max_size=4), st.integers(1, 9), st.data())
def test_separate_adders_add_up(
    widths: list[tuple[int, bool]], out: int, data: st.DataObject
) -> None:
    """Any mixture of widths, signs, additions and subtractions, proven equal to the original."""
    ports = ", ".join(
        f"input {'signed ' if signed else ''}[{width - 1}:0] i{k}"
        for k, (width, signed) in enumerate(widths)
    )
    signs = [data.draw(st.sampled_from("+-")) for _ in widths[1:]]
    sum_ = "i0" + "".join(f" {sign} i{k}" for k, sign in enumerate(signs, 1))
    text = f"module top({ports}, output signed [{out - 1}:0] y); assign y = {sum_}; endmodule"
    run_yosys(
        [
            "read_verilog top.v",
            "proc",
            "copy top gold",
            "rename top gate",
            "techmap -map adders.v gate/t:$add gate/t:$sub %u",
            "select -assert-none gate/t:$add gate/t:$sub %u",
            "miter -equiv -flatten -make_outputs gold gate miter",
            "sat -verify -prove trigger 0 miter",
        ],
        {"top.v": text, "adders.v": _SEPARATE_ADDERS.read_text()},
    )
