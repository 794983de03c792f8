"""The catalogue of models, and what it leaves out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from pages import DOCS
from pages.markdown import markdown_table
from pages.results import load_results

_MACROS = (("dsps", "DSPs"), ("brams", "block RAMs"))


def catalogue_page() -> str:
    """Every model: what it is, what it does, how far up the ladder it went."""
    from sc_neurocore.neurons import TAGS, catalogue

    rows_of = {row["model"]: row for row in load_results("catalogue.json")["models"]}
    rows = []
    for d in catalogue():
        row = rows_of.get(d.name, {})
        rows.append(
            [
                f"`{d.name}`",
                f"`{d.class_name}`" if d.class_name else "",
                d.family,
                ", ".join(d.behaviour),
                str(len(d.states)),
                str(d.tier),
                _rungs(row),
                _area(row),
                _spikes(row),
                f"[{d.year}](https://doi.org/{d.doi})" if d.doi else "",
            ]
        )
    head = ["Model", "Class", "Family", "Behaviour", "States", "Tier", "Rungs", "Area", "Spikes",
            "Source"]  # fmt: skip
    tags = [[f"`{tag}`", f"{meaning}."] for tag, meaning in TAGS.items()]
    return "\n".join(
        [
            "# The catalogue",
            "",
            "This page is generated from the model files, from the behaviour that "
            "`python -m sc_neurocore.neurons.behaviour` measured, and from what "
            "`benchmarks/catalogue.py` built. *Rungs* are those of the "
            "[verification ladder](../explanation/ladder.md) that were climbed: `–` is one that "
            "does not apply, `✗` one that failed, `·` one that was not climbed; why stands below "
            "the table. *Area* is after place and route (without a clock: the design has no "
            "register between its pins), *Spikes* are those of the fixed-point and the float run "
            "of the default protocol, with the root-mean-square distance of their times. What is "
            "left out, and why, is [listed](not-included.md).",
            "",
            *markdown_table(head, rows),
            "",
            "## Rungs that were not climbed",
            "",
            "Maps are their own reference and noise has none: rung 1 does not apply to them.",
            "",
            *markdown_table(["Model", "Rung", "Why"], _missed(rows_of)),
            "",
            "## Behaviour",
            "",
            "Each tag is measured under the default parameters; none is declared. To fire "
            "steadily is to spike in the second half of the run at three ticks or more.",
            "",
            *markdown_table(["Tag", "Measured when"], tags),
            "",
        ]
    )


def _rungs(row: Mapping[str, Any]) -> str:
    """One sign per rung."""
    text = ""
    for i, status in enumerate(row.get("rungs", {}).values(), 1):
        if status == "climbed":
            text += str(i)
        else:
            text += "✗" if status.startswith("failed") else "–" if "not applic" in status else "·"
    return text or "not climbed"


def _missed(rows_of: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Every rung that failed or was not reached, with its reason."""
    missed = []
    for name, row in sorted(rows_of.items()):
        if all(status == "not climbed" for status in row["rungs"].values()):
            missed.append([f"`{name}`", "all", row["refused"]])
            continue
        for i, status in enumerate(row["rungs"].values(), 1):
            if status != "climbed" and not status.startswith("not applicable"):
                missed.append([f"`{name}`", str(i), _short(status)])
    return missed


def _short(status: str) -> str:
    """A status; of a long list of claims only how many there are."""
    head, _, claims = status.removeprefix("failed: ").partition(": ")
    many = claims.count(", ")
    return f"{head}: {many + 1} claims" if many > 2 and "claim" not in claims else status


def _area(row: Mapping[str, Any]) -> str:
    if not row.get("logic_cells"):
        return ""
    parts = [f"{row['logic_cells']} cells"]
    parts += [f"{row[key]} {word}" for key, word in _MACROS if row.get(key)]
    if row.get("fmax_mhz") is not None:
        parts.append(f"{row['fmax_mhz']:.0f} MHz")
    return f"{', '.join(parts)} ({row['target']})"


def _spikes(row: Mapping[str, Any]) -> str:
    if row.get("spikes_fixed") is None:
        return ""
    apart = row.get("spike_time_rmse_ms")
    counts = f"{row['spikes_fixed']} of {row['spikes_float']}"
    return counts if apart is None else f"{counts}, {apart:.2g} ms"


def not_included_page() -> str:
    """Documented models that are left out."""
    data = tomllib.loads((DOCS / "not_included.toml").read_text(encoding="utf-8"))
    rows = [[f"`{name}`", reason] for name, reason in sorted(data.items())]
    return "\n".join(
        [
            "# Models that are not included",
            "",
            "The catalogue holds published models that were derived again from their primary "
            "sources. These documented names are left out. This page is generated from "
            "`docs/not_included.toml`.",
            "",
            *markdown_table(["Class", "Why"], rows),
            "",
        ]
    )
