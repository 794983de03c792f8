"""What a model costs in formats of several widths, measured by synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sc_neurocore.compiler._compile import HardwareOptions, compile_model
from sc_neurocore.compiler._format import QFormat
from sc_neurocore.compiler._guard_bits import compute_guard_bits_multi
from sc_neurocore.dynamics import build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.toolchain import get_target, synthesise

WIDTHS = (4, 8, 12, 16, 20, 24, 32)


@dataclass(frozen=True)
class QuantSweepResult:
    """A model in one format.

    Attributes:
        data_width: bits of states and inputs.
        fraction: bits right of the binary point.
        guard_bits: most guard bits of any equation's sums, by the rule of `compute_guard_bits`.
        luts: measured by synthesis; ``None`` if the format was refused.
        ffs: the same for flip-flops.
        dsps: the same for multiplier blocks.
        max_representable: largest value of the format.
        min_step: its resolution.
        notices: formats that had to be widened, and why.
        refused: why the model cannot be compiled in this format, or ``None``.
        record: key of the synthesis run in the evidence store.
    """

    data_width: int
    fraction: int
    guard_bits: int
    luts: int | None
    ffs: int | None
    dsps: int | None
    max_representable: float
    min_step: float
    notices: tuple[str, ...]
    refused: str | None
    record: str | None


def auto_quantisation_sweep(
    equations: Mapping[str, str],
    target: str = "ice40-hx8k",
    widths: Sequence[int] = WIDTHS,
    fraction_ratio: float = 0.5,
    *,
    store: EvidenceStore | None = None,
    **model: Any,
) -> list[QuantSweepResult]:
    """Compile and synthesise the same equations in formats of several widths.

    Every format is compiled to a datapath of one clock per tick. Areas are *measured* by Yosys; a
    run that was made before is found in the evidence store.

    Args:
        equations: right side of the differential equation of each state.
        target: what to synthesise for, as `sc_neurocore.toolchain.targets` names it.
        widths: bits of states and inputs.
        fraction_ratio: share of them right of the binary point, rounded down.
        store: evidence store; the user's by default.
        model: further arguments of `build_model`: ``params``, ``threshold``, ``ranges``, …

    Returns:
        One result per width, ascending. A format that cannot hold the model is reported as refused.

    Raises:
        SCConfigError: equations, widths, ratio or target are not valid.
        SCDependencyError: Yosys is not installed.
        ToolError: Yosys fails.
    """
    if not equations:
        raise SCConfigError("equations are empty; give the right side of at least one state")
    if not 0 <= fraction_ratio <= 1:
        raise SCConfigError(f"fraction_ratio is {fraction_ratio:g}; allowed: 0 to 1")
    built = build_model("\n".join(f"d{v}/dt = {e}" for v, e in equations.items()), **model)
    guard = max(compute_guard_bits_multi(equations).values())
    goal, store = get_target(target), store or EvidenceStore()
    found = []
    for width in sorted(set(widths)):
        fmt = QFormat(width, int(width * fraction_ratio))
        options = HardwareOptions(format=str(fmt), pipeline=0, multipliers="parallel")
        row = QuantSweepResult(
            data_width=fmt.width, fraction=fmt.fraction, guard_bits=guard, luts=None, ffs=None,
            dsps=None, max_representable=fmt.max_value, min_step=fmt.resolution, notices=(),
            refused=None, record=None,
        )  # fmt: skip
        try:
            compiled = compile_model(built, options)
        except SCCompilerError as refusal:
            found.append(replace(row, refused=str(refusal)))
            continue
        record = synthesise(compiled.rtl.sources, compiled.rtl.module, goal, store=store)
        area = {name: record.result.get(name) for name in ("luts", "ffs", "dsps")}
        notices = compiled.datapath.notices
        found.append(replace(row, **area, notices=notices, record=record.key))  # type: ignore[arg-type]
    return found


def format_quantisation_report(results: Sequence[QuantSweepResult]) -> str:
    """A Markdown table of a sweep; areas are measured, a dash where the format was refused."""
    lines = [
        "| Format | Guard bits | LUTs | FFs | DSPs | Largest | Step | Remark |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        cells = ["–" if x is None else str(x) for x in (r.luts, r.ffs, r.dsps)]
        remark = r.refused or " ".join(r.notices)
        lines.append(
            f"| {QFormat(r.data_width, r.fraction)} | {r.guard_bits} | {' | '.join(cells)} "
            f"| {r.max_representable:g} | {r.min_step:g} | {remark} |"
        )
    return "\n".join(lines) + "\n"
