"""Options, formats, names, schedules and every refusal by its exact words."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler import (
    Compiled,
    HardwareOptions,
    compile_model,
    compile_to_verilog,
    equation_to_fpga,
    plan_formats,
    simulate_fixed,
)
from sc_neurocore.compiler._identifiers import KEYWORDS, Namespace, check_module_name
from sc_neurocore.dynamics import Quantity, build_model, simulate
from sc_neurocore.exceptions import (
    BitwidthMismatchError,
    EquationError,
    SCCompilerError,
    SCConfigError,
    SCNeuroError,
)

from .models import designs

RANGES = {"v": (-4.0, 4.0), "I": (-2.0, 2.0)}


def compiled(equations: str, options: Any = None, **model: Any) -> Compiled:
    model.setdefault("ranges", {k: v for k, v in RANGES.items() if k in equations})
    model.setdefault("dt", 0.125)
    return compile_model(build_model(equations, **model), HardwareOptions(**(options or {})))


# options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overflow": "warp"}, "overflow is 'warp'; did you mean 'wrap'?"),
        (
            {"rounding": "bankers"},
            "rounding is 'bankers'; known: nearest, nearest_even, stochastic, truncate",
        ),
        ({"overflow": None}, "overflow is 'None'; known: saturate, trap, wrap"),
        ({"parameters": "port"}, "parameters is 'port'; did you mean 'ports'?"),
        ({"multipliers": "serial"}, "multipliers is 'serial'; known: parallel, shared"),
        ({"pipeline": -1}, "pipeline is -1; allowed: 0 to 64, or None for 'auto'"),
        ({"pipeline": "auto"}, "pipeline is 'auto'; allowed: 0 to 64, or None for 'auto'"),
        ({"clock_mhz": 0.0}, "clock is 0 MHz; it must be above 0 and below 2000"),
        ({"clock_mhz": float("nan")}, "clock is nan MHz; it must be above 0 and below 2000"),
        ({"function_error": 0.0}, "function_error is 0; allowed: 2**-24 to 0.25"),
        ({"function_error": float("nan")}, "function_error is nan; allowed: 2**-24 to 0.25"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SCConfigError) as refused:
        HardwareOptions(**options)
    assert str(refused.value) == message


def test_one_clock_cannot_share_a_multiplier() -> None:
    with pytest.raises(SCConfigError) as refused:
        compiled("dv/dt = -v + v*I", {"pipeline": 0, "multipliers": "shared"})
    assert str(refused.value) == (
        "pipeline 0 (one clock per tick) cannot share a multiplier; "
        "use multipliers 'parallel' or pipeline 'auto'"
    )


def test_documented_signatures() -> None:
    signature = inspect.signature(compile_to_verilog)
    assert list(signature.parameters)[:4] == ["neuron", "module_name", "data_width", "fraction"]
    defaults = {k: p.default for k, p in signature.parameters.items()}
    assert (defaults["data_width"], defaults["fraction"]) == (16, 8)
    model, text = equation_to_fpga(
        "dv/dt = -v/10 + I", module_name="lif_cell", ranges=RANGES, threshold="v > 1", reset="v = 0"
    )
    assert "module lif_cell (" in text
    assert model.state_names == ("v",)
    assert compile_to_verilog(model, "lif_cell", 16, 8) == text
    assert compile_to_verilog(model, "lif_cell", 16, 8, rounding="bankers") == compile_to_verilog(
        model, "lif_cell", 16, 8, rounding="nearest_even"
    )
    with pytest.raises(SCConfigError) as refused:
        compile_to_verilog(3)
    assert str(refused.value) == "int is not a neuron; pass a Model or EquationNeuron"


# formats -------------------------------------------------------------------------------------


def test_a_format_that_cannot_hold_a_range() -> None:
    with pytest.raises(BitwidthMismatchError) as refused:
        compiled("dv/dt = -v/2 + I", {"format": "Q2.8"})
    assert str(refused.value) == (
        "format Q2.8 holds [-2, 1.99609] but 'v' is declared to range over [-4, 4]; "
        "use Q4.8 or wider, or 'auto'"
    )


def test_auto_needs_ranges() -> None:
    with pytest.raises(BitwidthMismatchError) as refused:
        compiled("dv/dt = -v/2 + I", {"format": "auto"}, ranges={"I": (0.0, 1.0)})
    assert str(refused.value) == (
        "format 'auto' needs the range of 'v'; declare it (--range v=LOW:HIGH) "
        "or give a format such as Q16.16"
    )


def test_a_slow_state_is_widened_with_a_notice() -> None:
    plan = plan_formats(
        build_model("dv/dt = -v/1000 + I/1000", ranges=RANGES, dt=0.1), "Q8.8", "truncate"
    )
    wide = plan.formats["v"]
    assert wide.fraction > 8
    assert wide.width - wide.fraction == 8
    (notice,) = plan.notices
    assert notice == (
        "'v' would stall in Q8.8: it approaches rest by 0.0001 of the distance per tick and would "
        f"stop more than 1 % of its range short; it is carried in {wide}."
    )
    drift = build_model("dv/dt = I/1000", ranges=RANGES, dt=0.1)
    (notice,) = plan_formats(drift, "Q8.8", "truncate").notices
    assert notice.startswith("'v' would freeze in Q8.8: it typically changes by ")
    quick = plan_formats(build_model("dv/dt = -v + I", ranges=RANGES), "Q8.8", "truncate")
    assert quick.notices == ()


def test_an_initial_value_outside_its_range() -> None:
    with pytest.raises(BitwidthMismatchError) as refused:
        compiled("dv/dt = -v/2 + I", init={"v": 100.0})
    assert str(refused.value) == "initial value 100 of 'v' lies outside its register [-4, 4]"


def test_a_parameter_port_holds_its_parameter() -> None:
    """Neither Q8.8's 127 nor its 1/256 may stand in for what the model says."""
    for value in (200.0, 0.001, -3000.0, 1.5):
        d = compiled(
            "dv/dt = -v*k*0.001 + I", {"parameters": "ports"}, params={"k": value}
        ).datapath
        (port,) = d.parameters
        raw = port.format.raw(value)
        assert port.low <= raw <= port.high
        assert abs(raw * port.format.resolution - value) <= abs(value) * 2.0**-8


def test_a_parameter_outside_its_declared_range() -> None:
    with pytest.raises(BitwidthMismatchError) as refused:
        compiled(
            "dv/dt = -v*k + I",
            {"parameters": "ports"},
            params={"k": 3.0},
            ranges={**RANGES, "k": (0.0, 1.0)},
        )
    assert str(refused.value) == (
        "parameter 'k' is 3, outside its declared range [0, 1]; change one of them"
    )


# refusals ------------------------------------------------------------------------------------

REACH = "beyond any fixed-point format; declare tighter ranges or bound it with clip()"


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ("1e300", f"an intermediate result may reach 1e+300, {REACH}"),
        ("1e200*1e200*v", f"an intermediate result may reach 1e+200, {REACH}"),
        ("((v**16)**16)**16*1e-200", f"an intermediate result may reach 1.34e+154, {REACH}"),
        ("min(v, 1e308)", f"an intermediate result may reach 1e+308, {REACH}"),
        ("abs(v)**1e308", f"an intermediate result may reach 1e+308, {REACH}"),
        ("v/0.0", "division by zero in 'v / 0'"),
        (
            "1/v",
            "division by a value in [-4, 4], which contains 0; "
            "declare tighter ranges or bound the divisor with max() or min()",
        ),
        (
            "log(v)",
            "log() of a value in [-4, 4]; its argument must stay above 0: "
            "declare tighter ranges or write max(x, …)",
        ),
        (
            "sqrt(v)",
            "sqrt() of a value in [-4, 4]; its argument must stay at or above 0: "
            "declare tighter ranges or write max(x, 0)",
        ),
        (
            "exp(1000*v)",
            "exp() of a value in [-4000, 4000] overflows; bound its argument with clip()",
        ),
        ("log(-2.0)*v", "log(-2) has no finite value"),
        (
            "v**16*1e12",
            "an intermediate result in the equation of 'v' needs 66 bits, more than 63; declare "
            "tighter ranges for states and inputs (--range NAME=LOW:HIGH) or choose a narrower "
            "format",
        ),
    ],
)
def test_what_cannot_be_lowered(right: str, message: str) -> None:
    with pytest.raises(SCCompilerError) as refused:
        compiled(f"v[n+1] = {right}", dt=1.0)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "equations",
    [
        "v[n+1] = v + log(0.000001 + abs(v*I))",
        "v[n+1] = 1/(0.0001 + abs(v*I))",
        "v[n+1] = 4.458e-250/(1 + v**2)/(1 + (v/(1 + I**2))**2)",
        "v[n+1] = where(floor(v) == 1.5, 1, 0)",
        "v[n+1] = exp(-v*v*100) + 0*I",
        "v[n+1] = clip(v*I, -1e-300, 1e-300)",
        "v[n+1] = v*1e-300 + 1e-310*I",
        "v[n+1] = 1e-310*I - 1e-310*v + 3",
        "v[n+1] = 1e-250*I - 1e-250*v + 3",
        "v[n+1] = floor(v*I*1e12)*1e-9",
        "v[n+1] = 2**v + I",
    ],
)
@pytest.mark.parametrize("style", [{"pipeline": 0, "multipliers": "parallel"}, {}])
def test_edge_cases_compile(equations: str, style: dict[str, Any]) -> None:
    compiled(equations, style, dt=1.0)


def test_a_condition_that_ports_make_constant_is_folded() -> None:
    d = compiled(
        "v[n+1] = v/2 + where(a == 1, 1, 0)",
        {"parameters": "ports"},
        params={"a": 1.0},
        ranges={"v": (-4.0, 4.0), "a": (1.0, 1.0)},
        dt=1.0,
    ).datapath
    assert not any(n.op == "eq" for n in d.nodes)


def test_a_range_of_one_value() -> None:
    compiled("v[n+1] = v + I", init={"v": 1.0}, ranges={"v": (1.0, 1.0), "I": (0.0, 1.0)}, dt=1.0)


wild = st.sampled_from(
    ["v", "I", "1e300", "1e-300", "0", "0.0", "-1e9", "1e9", "3", "0.1", "1e30", "-7", "12345.678"]
)


@st.composite
def wild_terms(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or not draw(st.integers(0, 3)):
        return draw(wild)
    inner = wild_terms(depth - 1)
    form = draw(
        st.sampled_from(
            [
                "({0} + {1})",
                "({0} - {1})",
                "({0} * {1})",
                "({0} / {1})",
                "({0})**({1})",
                "exp({0})",
                "log({0})",
                "sqrt({0})",
                "sin({0})",
                "tanh({0})",
                "exprel({0})",
                "floor({0})",
                "abs({0})",
                "clip({0}, -1e9, {1})",
                "where({0} == {1}, {1}, {0})",
                "max({0}, {1})",
            ]
        )
    )
    return form.format(draw(inner), draw(inner))


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    wild_terms(),
    st.sampled_from(["Q8.8", "Q1.15", "Q30.30", "UQ16.4", "Q4.40", "Q20.-8", "auto"]),
    st.sampled_from(["constants", "ports"]),
    st.sampled_from([1.0, 1e-9, 1e9]),
)
def test_wild_models_are_compiled_or_refused_in_a_sentence(
    right: str, fmt: str, parameters: str, dt: float
) -> None:
    try:
        model = build_model(
            f"dv/dt = {right}",
            ranges={"v": (0.0, 1.0)},
            inputs=(Quantity("I", 0.0, "", 0.0, 1.0),),
            threshold=f"{right} > v",
            dt=dt,
            method="euler",
        )
        compile_model(model, HardwareOptions(format=fmt, parameters=parameters))
    except EquationError:
        return  # points at the offender with a caret, on lines of its own
    except SCNeuroError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 400


# names ---------------------------------------------------------------------------------------


def test_module_names() -> None:
    assert check_module_name("Cell_2") == "Cell_2"
    for name in ("", "2cell", "a b", "x;y", "../up", "ü", "x" * 65, "a\n"):
        with pytest.raises(SCCompilerError) as refused:
            check_module_name(name)
        assert str(refused.value) == (
            f"module name '{name[:64]}' is not a Verilog identifier; use up to 64 letters, "
            "digits and '_', starting with a letter"
        )
    with pytest.raises(SCCompilerError) as refused:
        check_module_name("wire")
    assert str(refused.value) == "module name 'wire' is a Verilog keyword; choose another"
    with pytest.raises(SCCompilerError) as refused:
        check_module_name("sc_serial_multiplier")
    assert str(refused.value) == (
        "module name 'sc_serial_multiplier' is kept for the modules that come with it; "
        "choose another"
    )


@given(st.lists(st.text("vVrRegG_2é-", max_size=6), max_size=12))
def test_claimed_names_are_legal_and_differ_without_case(wanted: list[str]) -> None:
    names = Namespace(["clk"])
    claimed = [names.claim(x) for x in wanted]
    assert len({x.lower() for x in claimed} | {"clk"}) == len(claimed) + 1
    for name in claimed:
        assert check_module_name(name) not in KEYWORDS


@pytest.mark.parametrize(
    "name",
    ["reg", "clk", "step", "dither", "refractory", "multiply", "factor_a", "rand_0", "multiplier"],
)
def test_user_names_never_meet_internal_ones(name: str) -> None:
    """The same model under another name computes the same."""

    def text(state: str) -> list[tuple[Any, ...]]:
        c = compiled(
            f"d{state}/dt = -{state} + {state}*{state}*I*0.1 + rand()",
            {"rounding": "stochastic"},
            ranges={state: (-4.0, 4.0), "I": (-2.0, 2.0)},
            threshold=f"{state} > 1",
            reset=f"{state} = 0",
            refractory=1.0,
            edge="rising",
        )
        assert c.rtl.registers[state].lower() not in ("clk", "step", "dither", "multiplier", "reg")
        return [(n.op, n.args, n.value, n.frac, n.low, n.high) for n in c.datapath.nodes]

    assert text(name) == text("membrane")


# schedules -----------------------------------------------------------------------------------

WIRING = {"shl", "shr", "mod", "not"}


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs())
def test_schedule_invariants(design: Any) -> None:
    try:
        c = compile_model(*design)
    except (SCCompilerError, SCConfigError):
        return
    d, plan = c.datapath, c.schedule
    products = {p.node: p for p in plan.products}
    for i, node in enumerate(d.nodes):
        assert 1 <= plan.step[i] <= plan.last
        for a in node.args:
            if d.nodes[a].op != "const":
                assert plan.step[a] <= plan.step[i], "an operand settles after it is read"
        if i in products:
            continue
        if node.op == "rom" and plan.last > 1:
            source = node.args[0]
            assert d.nodes[source].op == "const" or plan.step[source] < plan.step[i]
        if node.op in WIRING or plan.last == 1:
            continue
        for a in node.args:
            behind = a
            while d.nodes[behind].op in WIRING and behind not in products:
                behind = d.nodes[behind].args[0]
            crosses = plan.step[behind] < plan.step[i] - (node.op == "rom")
            kept = behind in plan.registered or behind in products
            assert not crosses or kept or d.nodes[behind].op in ("const", "source", "rom")
    busy_until = 0
    for p in plan.products:
        assert p.start >= max(busy_until, 1), "two products overlap"
        assert p.done == p.start + plan.factor_widths[1] + 1
        assert plan.step[p.node] == p.done + 1
        for a in (p.a, p.b):
            assert a is None or plan.step[a] <= p.start
        busy_until = p.done
    if design[1].pipeline is not None:
        assert plan.last <= design[1].pipeline + 1


def test_lif_needs_no_clamp() -> None:
    """Leak and drive are weighted averages: affine ranges prove that v cannot leave."""
    d = compiled(
        "dv/dt = (-v + I)/10",
        {"pipeline": 0, "multipliers": "parallel"},
        ranges={"v": (-4.0, 4.0), "I": (-2.0, 1.9)},
        threshold="v > 1",
        reset="v = 0",
    ).datapath
    assert not any(n.op == "clamp" for n in d.nodes)


def calcium(o: str) -> Any:
    """A cubed share of open gates, whose factors go far beyond what they can be together."""
    model = build_model(
        f"o = {o}; dx/dt = 0.006*o*o*o*(2 - x) - 0.001*x",
        init={"x": 0.0618}, ranges={"x": (0, 1.25)}, inputs=[Quantity("I", 0.1, "", 0, 1.5)],
        dt=8.0, method="euler",
    )  # fmt: skip
    return compile_model(model, HardwareOptions(format="Q4.16"))


def test_factors_left_with_too_few_bits_are_said() -> None:
    short = calcium("I*x/(I*x + 0.01)")  # of two variables: nothing shows that it is below 1
    assert any("leave 15 too few" in notice for notice in short.datapath.notices)


def test_factors_of_one_variable_are_bounded_by_what_they_are_together() -> None:
    """x/(x + c) is below 1, though x/c is 15: the cube keeps its bits."""
    made = calcium("(I/(I + 0.13))*(x/(x + 0.08))")
    assert not made.datapath.notices
    floating = simulate(made.model, 0.1, ticks=100, record=["x"]).states["x"][:, 0]
    fixed = simulate_fixed(made.datapath, {"I": np.full((100, 1), round(0.1 * 2**16))})
    # What is left is the 2**-11 that a table may be wrong by; it was 400 steps in ten ticks.
    np.testing.assert_allclose(fixed.states["x"][:, 0] * 2.0**-16, floating, atol=2.0**-9)
