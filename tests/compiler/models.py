"""Random models for differential tests: equations no catalogue would hold."""

from __future__ import annotations

from hypothesis import strategies as st

from sc_neurocore.compiler import OVERFLOWS, ROUNDINGS, HardwareOptions
from sc_neurocore.dynamics import Model, Quantity, build_model

#: Names that collide with Verilog, with each other but for case, with our own ports and signals.
STATES = ("v", "reg", "V", "enable", "step", "dither", "refractory", "factor_a", "v_out", "rand_0")
_FUNCTIONS = ("tanh", "sigmoid", "exp", "sin", "cos", "sqrt", "log", "exprel", "abs", "floor")
_numbers = st.integers(-48, 48).map(lambda k: f"({k / 16:g})")
_relations = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def _terms(names: list[str], depth: int) -> st.SearchStrategy[str]:
    leaf = st.one_of(st.sampled_from(names), _numbers)
    if depth == 0:
        return leaf
    below = _terms(names, depth - 1)
    return st.one_of(
        leaf,
        st.tuples(below, st.sampled_from("+-*"), below).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(_FUNCTIONS), below).map(_bounded_call),
        st.tuples(below, below).map(lambda t: f"({t[0]})/(1 + ({t[1]})**2)"),
        st.tuples(below, _relations, below, below, below).map(
            lambda t: f"where({t[0]} {t[1]} {t[2]}, {t[3]}, {t[4]})"
        ),
        st.tuples(below, below, below).map(
            lambda t: f"where({t[0]} < 1 and not {t[1]} > 0.5 or {t[2]} == 0.25, {t[1]}, {t[2]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), below, below).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        st.tuples(below, st.integers(2, 3)).map(lambda t: f"({t[0]})**{t[1]}"),
    )


def _bounded_call(parts: tuple[str, str]) -> str:
    function, inner = parts
    match function:
        case "exp" | "exprel":
            return f"{function}(clip({inner}, -6, 2))"
        case "sqrt":
            return f"sqrt(abs({inner}))"
        case "log":
            return f"log(0.125 + abs({inner}))"
    return f"{function}({inner})"


@st.composite
def models(draw: st.DrawFn, *, signed: bool = True) -> Model:
    """A model of one to three states, with or without inputs, draws, threshold and resets."""
    names = list(draw(st.permutations(STATES)))[: draw(st.integers(1, 3))]
    is_map = draw(st.booleans())
    inputs = draw(
        st.sampled_from(
            [("I",), ("I",), ("I", "i"), ("clk", "I"), ()],
        )
    )
    known = [*names, *inputs, "gain", *draw(st.sampled_from([(), (), ("rand()", "randn()")]))]
    decay = draw(st.sampled_from(["/2", "*gain", "*0.97", "*0"]))
    lines = []
    for name in names:
        right = draw(_terms(known, 2))
        lines.append(
            f"{name}[n+1] = {right}" if is_map else f"d{name}/dt = -{name}{decay} + {right}"
        )
    if draw(st.booleans()):
        lines.append(f"extra = {draw(_terms(names, 1))}")
        lines[0] += " + extra*0.25"
    method = "map" if is_map else draw(st.sampled_from(["euler", "euler", "heun", "rk4"]))
    threshold, resets = None, []
    if draw(st.integers(0, 5)):
        level = draw(st.integers(-16, 16)) / 16
        left = " + ".join(names) if draw(st.booleans()) else draw(_terms([*names, *inputs], 1))
        threshold = f"{left} {draw(_relations)} {level:g}"
        targets = draw(st.lists(st.sampled_from(names), max_size=3))
        resets = [f"{x} = {draw(_terms([*names, *inputs, 'gain'], 1))}" for x in targets]
    refractory = draw(st.sampled_from([0.0, 0.0, 0.5, 3.0]))
    events = draw(st.sampled_from([(), (), ("ev",), ("ev", "reset")]))
    read = [*(() if refractory else names), *events, "gain"]
    jumps = [
        f"{x} = {x} + {e}*{draw(_terms(read, 1))}"
        for e, x in zip(events, draw(st.permutations([*names, names[0]])), strict=False)
    ]
    ranges = [(0.0, 3.0), (0.0, 7.0)]
    if signed:
        ranges += [(-4.0, 4.0), (-1.0, 7.5)]
    limits = {x: draw(st.sampled_from(ranges)) for x in names}
    taken = [(0.0, 3.9), (0.0, 1.0)] + ([(-2.0, 2.0)] if signed else [])
    return build_model(
        "; ".join(lines),
        threshold=threshold,
        reset="; ".join(resets) or None,
        jumps="; ".join(jumps) or None,
        params={"gain": draw(st.integers(-32, 32)) / 16},
        init={x: max(0.0, limits[x][0]) for x in names},
        ranges={**limits, "gain": (-2.0, 2.0)},
        inputs=tuple(
            Quantity(x, 0.0, "", *draw(st.sampled_from(taken)), kind=kind)
            for kind, found in (("current", inputs), ("event", events))
            for x in found
        ),
        dt=1.0 if is_map else draw(st.sampled_from([0.125, 0.1])),
        method=method,
        refractory=refractory,
        hold=draw(st.sampled_from([None, None, (), (names[-1],)])),
        edge=draw(st.sampled_from(["level", "rising"])),
        name="random_model",
    )


@st.composite
def hardware_options(draw: st.DrawFn, *, signed: bool = True) -> HardwareOptions:
    """Any combination of the compiler's options."""
    style = draw(st.sampled_from(["single", "stages", "auto", "shared", "shared"]))
    formats = ["Q4.4", "Q5.8", "Q8.8", "Q4.12", "Q8.16", "auto"]
    return HardwareOptions(
        format=draw(st.sampled_from(formats if signed else ["UQ4.4", "UQ8.8", "UQ3.13"])),
        overflow=draw(st.sampled_from(OVERFLOWS)),
        rounding=draw(st.sampled_from(ROUNDINGS)),
        pipeline={"single": 0, "stages": draw(st.integers(1, 12))}.get(style),
        multipliers="shared" if style == "shared" else "parallel",
        parameters=draw(st.sampled_from(["constants", "ports", "bank"])),
        clock_mhz=draw(st.sampled_from([20.0, 50.0, 120.0])),
        family=draw(st.sampled_from(["ice40-hx", "ice40-up", "ecp5"])),
        function_error=draw(st.sampled_from([2.0**-11, 2.0**-6, 2.0**-14])),
    )


@st.composite
def designs(draw: st.DrawFn) -> tuple[Model, HardwareOptions]:
    """A model and options, both signed or both unsigned."""
    signed = draw(st.integers(0, 3)) > 0
    return draw(models(signed=signed)), draw(hardware_options(signed=signed))
