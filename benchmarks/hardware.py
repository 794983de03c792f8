"""Area and clock of catalogue models on an iCE40 HX8K, post-route.

Run ``python benchmarks/hardware.py``; it writes ``benchmarks/results/hardware.json``. Place and
route is deterministic for a seed, so the figures are reproducible with the same tool versions.
"""

from __future__ import annotations

from rich.progress import track

from machine import write_results
from sc_neurocore.build import BuildOptions, hardware_options, source_of
from sc_neurocore.compiler import compile_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.neurons import load_schema
from sc_neurocore.toolchain import get_target, implement

TARGET = "ice40-hx8k"

#: The first models; `benchmarks/catalogue.py` takes all of them up the whole ladder.
MODELS = (
    "adex", "expif", "fitzhugh_nagumo", "hodgkin_huxley", "izhikevich2003", "izhikevich2007",
    "lif", "morris_lecar", "qif", "resonate_and_fire", "rulkov", "stochastic_lif",
)  # fmt: skip
#: Model and format; ``None`` is the model's own.
CASES = [("lif", "Q16.16"), *((name, None) for name in MODELS)]

#: What issue 2 asks for: cells at most, MHz at least.
GOALS = {
    ("lif", "Q8.8"): (150, 60.0),
    ("lif", "Q16.16"): (600, 40.0),
    ("izhikevich2003", "Q16.16"): (1500, 40.0),
    ("hodgkin_huxley", "Q16.16"): (7680, None),
}


def measure(name: str, fmt: str | None) -> dict[str, object]:
    """Compile, place and route one model."""
    source = source_of(load_schema(name))
    target = get_target(TARGET)
    options = hardware_options(BuildOptions(target=TARGET, format=fmt), source.document, target)
    compiled = compile_model(source.model, options)
    done = implement(
        compiled.rtl.sources,
        compiled.rtl.module,
        target,
        clock="clk",
        reset="rst_n",
        store=EvidenceStore(),
        freq_mhz=options.clock_mhz,
    )
    result = done.layout.result
    cells, fmax = result["logic_cells"]["used"], result["fmax_mhz"]
    goal = GOALS.get((name, options.format))
    row: dict[str, object] = {
        "model": name,
        "format": options.format,
        "rounding": options.rounding,
        "method": source.model.method,
        "dt_ms": source.model.dt,
        "logic_cells": cells,
        "luts": result["luts"],
        "ffs": result["ffs"],
        "brams": result["brams"],
        "fmax_mhz": round(fmax, 2),
        "clocks_per_tick": compiled.rtl.cycles,
        "ticks_per_second": round(fmax * 1e6 / compiled.rtl.cycles),
        "seed": result["seed"],
        "tools": f"yosys {done.synthesis.version}, {done.layout.tool} {done.layout.version}",
    }
    if goal is not None:
        most, least = goal
        row["goal"] = {"logic_cells": most, "fmax_mhz": least}
        row["goal_met"] = cells <= most and (least is None or fmax >= least)
    return row


def main() -> None:
    """Measure every case and write the results."""
    rows = [measure(*case) for case in track(CASES, description="place and route")]
    for row in rows:
        print(
            f"{row['model']:18} {row['format']:7} {row['logic_cells']:>5} cells "
            f"{row['fmax_mhz']:>6} MHz {row['clocks_per_tick']:>4} clocks per tick"
            + ("" if "goal" not in row else f"   goal {'met' if row['goal_met'] else 'MISSED'}")
        )
    write_results("hardware", {"target": TARGET, "models": rows})


if __name__ == "__main__":
    main()
