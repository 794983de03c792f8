"""How far the cost model is off."""

from __future__ import annotations

import json

from pages import ROOT
from pages.markdown import markdown_table


def cost_validation_page() -> str:
    """What the shipped cost model was fitted to, and its errors on what it never saw."""
    folder = ROOT / "src" / "sc_neurocore" / "cost" / "data"
    v = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
    names = {"luts": "LUTs", "ffs": "flip-flops", "brams": "block RAMs", "dsps": "multipliers",
             "fmax_mhz": "clock"}  # fmt: skip
    training, kept, jobs, spread = v["training"], v["held_out"], v["jobs"], v["placer_spread"]

    def share(x: float) -> str:
        return f"{100 * x:.1f} %"

    figures = [
        [
            f["family"], names[f["metric"]], f["form"],
            f"{f['training_rows']} of {f['training_networks']}",
            f"{f['tested_rows']} of {f['tested_networks']}", share(f["median_error"]),
            share(f["p90_error"]), share(f["worst_error"]), share(f["coverage"]),
        ]
        for f in v["figures"]
    ]  # fmt: skip
    tests = [
        [
            f["family"], names[f["metric"]], f"{f['tested_rows']} of {f['tested_networks']}",
            share(f["median_error"]), share(f["p90_error"]), share(f["worst_error"]),
            share(f["coverage"]),
        ]
        for f in (v["blind"]["tests"] if v["blind"] else [])
    ]  # fmt: skip
    blind = (
        [
            "## Engines: errors of the blind test",
            "",
            f"{v['blind']['engines']} engines of {v['blind']['networks']} networks of sweep "
            f"{v['blind']['sweeps']}: compared with no model before all rules, features and "
            f"weights of this one (`{v['model'][:12]}`) were settled, and not fitted to. These are "
            "the errors that every estimate states.",
            "",
            *markdown_table(
                ["Family", "Figure", "Tested on rows of networks", "Median", "90th percentile",
                 "Worst", "Inside"],
                tests,
            ),
            "",
        ]
        if tests
        else []
    )  # fmt: skip
    candidates = [
        [f["family"], names[f["metric"]], name, share(c["median_error"]), share(c["p90_error"])]
        for f in v["figures"]
        for name, c in f["candidates"].items()
    ]
    blocks = [
        [f"`{b['kind']}`", b["family"], names[b["metric"]], str(b["rows"]),
         share(b["median_error"]), share(b["p90_error"])]
        for b in v["blocks"]
        if b["metric"] in ("luts", "ffs")
    ]  # fmt: skip
    tools = "; ".join(f"{tool} {', '.join(found)}" for tool, found in v["tools"].items())
    noise = (
        f"Clocks of one design differ between seeds of the placer by {share(spread['median'])} "
        f"(median standard deviation of {spread['designs']} designs, the largest "
        f"{share(spread['largest'])}): no model of the clock can do better."
        if spread["designs"]
        else ""
    )
    return "\n".join(
        [
            "# Validation of the cost model",
            "",
            "This page is generated from the model that is shipped; `sc-neurocore cost-model "
            "validate` computes its errors again from the shipped records and draws them.",
            "",
            f"Trained on {training['engines']} engines of {training['networks']} networks, tested "
            f"on {kept['engines']} engines of {kept['networks']} others. Of all jobs "
            f"{jobs['measured']} were measured, {jobs['does not fit']} do not fit their device, "
            f"{jobs['failed otherwise']} failed otherwise. Tools: {tools}.",
            "",
            noise,
            "",
            *blind,
            "## Engines: errors on held-out networks",
            "",
            "Rules, features and the robust weight were chosen while these errors were looked at.",
            "",
            "Relative errors; of counts that are mostly 0 (block RAMs, multipliers) relative to 1 "
            "at least. The last column is the share inside intervals made for 90 %.",
            "",
            *markdown_table(
                ["Family", "Figure", "Model", "Trained on rows of networks",
                 "Tested on rows of networks", "Median", "90th percentile", "Worst", "Inside"],
                figures,
            ),
            "",
            "## Candidates: errors of cross-validation by network",
            "",
            "Of the first two the better one is shipped: they predict with NumPy from the records.",
            "",
            *markdown_table(
                ["Family", "Figure", "Candidate", "Median", "90th percentile"], candidates
            ),
            "",
            "## Blocks: errors of what was left out",
            "",
            "Relative to 10 cells at least. `sc_layer` is a whole parallel stochastic layer.",
            "",
            *markdown_table(
                ["Block", "Family", "Figure", "Rows", "Median", "90th percentile"], blocks
            ),
            "",
        ]
    )  # fmt: skip
