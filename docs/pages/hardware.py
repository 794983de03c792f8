"""Figures of hardware: what was placed and routed, proven and synthesised."""

from __future__ import annotations

from collections.abc import Mapping

from pages.markdown import markdown_table
from pages.results import load_results


def hardware_table(*, brief: bool) -> str:
    """Area and clock of the catalogue; ``brief`` keeps the README to what fits its width."""
    found = load_results("hardware.json")
    models = sorted(found["models"], key=lambda row: (row["logic_cells"], row["model"]))
    head = ["Model", "Format", "Logic cells", "Block RAMs", "MHz", "Clocks per tick"]
    rows = [
        [row["model"], row["format"], str(row["logic_cells"]), str(row["brams"]),
         f"{row['fmax_mhz']:.1f}", str(row["clocks_per_tick"])]
        for row in models
    ]  # fmt: skip
    if not brief:
        head += ["10³ ticks/s", "Method", "Tick"]
        for cells, row in zip(rows, models, strict=True):
            tick = "–" if row["method"] == "map" else f"{row['dt_ms']:g}\u00a0ms"
            cells += [f"{row['ticks_per_second'] / 1e3:.0f}", row["method"], tick]
    (tools,) = {row["tools"] for row in models}
    return "\n".join(
        [
            f"Area and clock on `{found['target']}` after place and route ({tools}), written by "
            "`benchmarks/hardware.py`:",
            "",
            *markdown_table(head, rows),
        ]
    )


def engines_table() -> str:
    """Trained networks after place and route, and what others publish."""
    found = load_results("engines.json")
    head = ["Network", "Device", "Weights", "PE×SIMD", "Float, %", "Bit-true, %", "LUT4",
            "Block RAMs", "MHz", "Clocks", "µs, mean", "µs, worst", "µJ, estimated"]  # fmt: skip
    rows = []
    for engine in found["engines"]:
        layers = engine["layers"]
        kinds = sorted({
            f"{x['bits']} bits" + (f", L = {x['length']}" if x["backend"] == "stochastic" else "")
            for x in layers
        })  # fmt: skip
        shares = ["–", "–"]
        if engine["accuracy"]:
            shares = [_interval(engine["accuracy"][rung]) for rung in ("float", "bit_true")]
        rows.append([
            ", ".join(dict.fromkeys((engine["network"], engine["shape"]))), engine["target"],
            f"{engine['backend']}: {'; '.join(kinds)}",
            ", ".join(f"{x['pe']}×{x['simd']}" for x in layers), *shares,
            f"{engine['luts']}", f"{engine['brams']}", f"{engine['fmax_mhz']:.1f}",
            f"{engine['cycles']['mean']:.0f}", f"{engine['us']['mean']:.0f}",
            f"{engine['us']['worst']:.0f}", f"{engine['joules_estimated'] * 1e6:.2g}",
        ])  # fmt: skip
    published = "; ".join(
        f"{x['engine']}: {x['area']}, {x['us']} µs" + (f", {x['mw']} mW" if "mw" in x else "")
        for x in found["published"]
    )
    return "\n".join(
        [
            "After place and route, encoder and counter included; PE×SIMD per layer; accuracy on "
            "the whole test set with its 95 % interval; clocks from start to done with early "
            "decision, by the cycle model that co-simulation finds exact. Energy is estimated to a "
            "factor of five. Written by `benchmarks/engines.py`:",
            "",
            *markdown_table(head, rows),
            "",
            f"Published MNIST engines, on other devices and not measured here: {published}.",
        ]
    )


def _interval(proportion: Mapping[str, float]) -> str:
    return "{:.2f}\u00a0({:.2f}–{:.2f})".format(
        *(100 * proportion[key] for key in ("share", "low", "high"))
    )


def blocks_table() -> str:
    """Proofs, co-simulation and area of the RTL library."""
    blocks = load_results("blocks.json")["blocks"]
    head = ["Block", "Parameters", "Proven", "Clocks compared", "HX8K cells", "FFs", "MHz",
            "ECP5 cells", "FFs", "MHz"]  # fmt: skip
    rows = []
    for block in blocks:
        runs = block["cosimulated"].values()
        differing = sum(run["mismatches"] for run in runs)
        compared = f"{sum(run['cycles'] for run in runs)}" + f", {differing} differ" * bool(
            differing
        )
        areas = []
        for area in (block["implemented"][name] for name in ("ice40-hx8k", "ecp5-25k")):
            areas += [f"{area['logic_cells']}", f"{area['ffs']}", f"{area['fmax_mhz']:.0f}"]
        given = ", ".join(f"{k} {v}" for k, v in block["parameters"].items() if len(v) < 12)
        rows.append([f"`{block['block']}`", given,
                     f"{block['proven']} of {block['assertions']}", compared, *areas])  # fmt: skip
    simulators = ", ".join(blocks[0]["cosimulated"])
    return "\n".join(
        [
            f"Each block was compared with its golden model clock by clock in {simulators}, proven "
            f"by {blocks[0]['method'].split(',')[0]}, and a seeded fault was refuted. Area and "
            "clock are after place and route, between flip-flops at every port; ECP5 cells leave "
            "flip-flops out. Written by `benchmarks/blocks.py`:",
            "",
            *markdown_table(head, rows),
        ]
    )


def chips_table() -> str:
    """What the links of a chip take beside its engine."""
    found = load_results("chips.json")
    names = ("luts", "ffs", "brams")
    rows = [
        [f"`{row['chip']}`", *(f"{row[part][n]}" for part in ("chip", "engine") for n in names)]
        for row in found["chips"]
    ]
    head = ["Chip", "LUTs", "FFs", "RAM blocks", "Engine's LUTs", "FFs", "RAM blocks"]
    return "\n".join(
        [
            f"The hidden population of digits on one chip and its answer on another, on "
            f"{found['target']}: engine, receivers with their windows, and transmitters, packets "
            f"of up to {found['link']['depth']} addresses. Counted after synthesis, before place "
            "and route. Written by `benchmarks/chips.py`:",
            "",
            *markdown_table(head, rows),
        ]
    )
