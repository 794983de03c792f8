"""Random models for differential tests: equations no catalogue would hold."""

from __future__ import annotations

from hypothesis import strategies as st

from sc_neurocore.compiler import OVERFLOWS, ROUNDINGS, HardwareOptions
from sc_neurocore.dynamics import Model, Quantity, build_model

#: Names that collide with Verilog, with each other but for case, and with our own ports.
STATES = ("v", "reg", "V", "enable", "step")
_FUNCTIONS = ("tanh", "sigmoid", "exp", "sin", "cos", "sqrt", "abs", "floor")


def _terms(names: list[str], depth: int) -> st.SearchStrategy[str]:
    leaf = st.one_of(
        st.sampled_from(names),
        st.floats(-3, 3, allow_nan=False).map(lambda x: f"({x:.4g})"),
    )
    if depth == 0:
        return leaf
    below = _terms(names, depth - 1)
    return st.one_of(
        leaf,
        st.tuples(below, st.sampled_from("+-*"), below).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(_FUNCTIONS), below).map(_bounded_call),
        st.tuples(below, below).map(lambda t: f"({t[0]})/(1 + ({t[1]})**2)"),
        st.tuples(below, below, below, below).map(
            lambda t: f"where({t[0]} < {t[1]}, {t[2]}, {t[3]})"
        ),
        st.tuples(below, below).map(lambda t: f"max({t[0]}, {t[1]})"),
    )


def _bounded_call(parts: tuple[str, str]) -> str:
    function, inner = parts
    if function == "exp":
        return f"exp(clip({inner}, -6, 2))"
    if function == "sqrt":
        return f"sqrt(abs({inner}))"
    return f"{function}({inner})"


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A model of one to three states with threshold, resets and refractoriness."""
    count = draw(st.integers(1, 3))
    names = list(draw(st.permutations(STATES)))[:count]
    is_map = draw(st.booleans())
    known = [*names, "I", "gain"]
    lines = []
    for name in names:
        right = draw(_terms(known, 2))
        lines.append(f"{name}[n+1] = {right}" if is_map else f"d{name}/dt = -{name}/2 + {right}")
    method = "map" if is_map else draw(
        st.sampled_from(["euler", "euler", "heun", "rk4", "exponential_euler"])
    )
    relation = draw(st.sampled_from([">", ">=", "<", "<="]))
    level = draw(st.floats(-1, 1))
    both = draw(st.booleans())
    left = " + ".join(names) if both else names[0]
    resets = [f"{x} = {draw(_terms(known, 1))}" for x in names if draw(st.booleans())]
    limits = {
        x: draw(st.sampled_from([(-4.0, 4.0), (-1.0, 7.5), (0.0, 3.0)])) for x in names
    }
    return build_model(
        "; ".join(lines),
        threshold=f"{left} {relation} {level:.3g}",
        reset="; ".join(resets) or None,
        params={"gain": draw(st.floats(-2, 2))},
        init={x: max(0.0, limits[x][0]) for x in names},
        ranges={**limits, "gain": (-2.0, 2.0)},
        inputs=(Quantity("I", 0.0, "", *draw(st.sampled_from([(-2.0, 2.0), (0.0, 3.9)]))),),
        dt=1.0 if is_map else draw(st.sampled_from([0.125, 0.1])),
        method=method,
        refractory=draw(st.sampled_from([0.0, 0.5, 3.0])),
        edge=draw(st.sampled_from(["level", "rising"])),
        name="random_model",
    )


@st.composite
def hardware_options(draw: st.DrawFn) -> HardwareOptions:
    """Any combination of the compiler's options."""
    style = draw(st.sampled_from(["single", "stages", "auto", "shared"]))
    return HardwareOptions(
        format=draw(st.sampled_from(["Q5.8", "Q8.8", "Q4.12", "Q8.16", "auto"])),
        overflow=draw(st.sampled_from(OVERFLOWS)),
        rounding=draw(st.sampled_from(ROUNDINGS)),
        pipeline={"single": 0, "stages": draw(st.integers(6, 9))}.get(style),
        multipliers="shared" if style == "shared" else "parallel",
        parameters=draw(st.sampled_from(["constants", "ports", "bank"])),
        clock_mhz=draw(st.sampled_from([20.0, 50.0, 120.0])),
    )
