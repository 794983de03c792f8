"""Every model of the catalogue up the verification ladder, as far as it goes.

Run ``python benchmarks/catalogue.py`` (``--only NAME …``, ``--jobs 2``); it writes
``benchmarks/results/catalogue.json`` after every model and goes on where it was stopped. A model
whose document changed since, or that no device took, is built again, and ``--again`` builds all.
Tool runs are found in the evidence store if they were made before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from machine import RESULTS, write_results
from sc_neurocore.build import RUNGS, BuildOptions, build, source_of
from sc_neurocore.exceptions import SCNeuroError
from sc_neurocore.neurons import list_bundled_schemas, load_schema, schema_to_json

#: Tried in this order until a design is placed and routed; the last stops after synthesis.
ATTEMPTS = (
    BuildOptions(target="ice40-hx8k"),
    BuildOptions(target="ecp5-25k"),
    BuildOptions(target="ecp5-25k", multipliers="shared"),
    BuildOptions(target="ecp5-85k", multipliers="shared"),
    BuildOptions(target="ecp5-85k", multipliers="shared", place_and_route=False),
)
Row = dict[str, Any]


def digest_of(name: str) -> str:
    """Hash of a model's document: what a row was made from."""
    return hashlib.sha256(schema_to_json(load_schema(name)).encode()).hexdigest()[:16]


def size_of(name: str) -> int:
    """Length of a model's equations: what is quickly built comes first."""
    return len(load_schema(name)["dynamics"]["equations"])


def climb(name: str) -> Row:
    """Build one model, on the first device that is large enough."""
    row: Row = {"model": name, "digest": digest_of(name)}
    for options in ATTEMPTS:
        row["target"] = options.target
        try:
            report = build(source_of(load_schema(name)), options).report
        except SCNeuroError as error:
            row["refused"] = str(error).splitlines()[0]
            continue
        row |= told(report)
        if row["rungs"][RUNGS[-1]] == "climbed":
            row.pop("refused", None)
        else:
            row["rungs"][RUNGS[-1]] = f"failed: {row['refused']}"
        break
    row.setdefault("rungs", dict.fromkeys(RUNGS, "not climbed"))
    return row


def told(report: Any) -> Row:
    """What the table shows of a build's report."""
    area, fidelity = report["synthesis"] or {}, report["fidelity"] or {}
    return {
        "format": report["format"],
        "rungs": {rung: report["ladder"].get(rung, "not climbed") for rung in RUNGS},
        "multipliers": report["options"]["multipliers"],
        "clocks_per_tick": report["cycles_per_tick"],
        "logic_cells": area.get("logic_cells", area.get("luts")),
        "luts": area.get("luts"),
        "ffs": area.get("ffs"),
        "brams": area.get("brams"),
        "dsps": area.get("dsps"),
        "fmax_mhz": area.get("fmax_mhz") and round(area["fmax_mhz"], 2),
        "spikes_float": fidelity.get("spikes_float"),
        "spikes_fixed": fidelity.get("spikes_fixed"),
        "spike_time_rmse_ms": fidelity.get("spike_time_rmse_ms"),
    }


def known_rows() -> dict[str, Row]:
    """Rows written before whose models are as they were."""
    written = RESULTS / "catalogue.json"
    if not written.exists():
        return {}
    rows = json.loads(written.read_text(encoding="utf-8"))["models"]
    bundled = set(list_bundled_schemas())
    return {r["model"]: r for r in rows if r["model"] in bundled}


def is_done(row: Row, digest: str) -> bool:
    """Whether a row was made from this document, and no device refused the model."""
    return row.get("digest") == digest and "refused" not in row


def write(rows: Iterable[Row]) -> None:
    """Write the results, by name."""
    write_results("catalogue", {"models": sorted(rows, key=lambda row: row["model"])})


def main() -> None:
    """Climb with what is asked for and not done yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these models")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--again", action="store_true", help="also those that were built before")
    given = parser.parse_args()
    rows = known_rows()
    wanted = given.only or sorted(list_bundled_schemas(), key=size_of)
    left = [
        name for name in wanted if given.again or not is_done(rows.get(name, {}), digest_of(name))
    ]
    with ProcessPoolExecutor(max_workers=given.jobs) as pool:
        for done in as_completed([pool.submit(climb, name) for name in left]):
            row = done.result()
            rows[row["model"]] = row
            write(rows.values())
            climbed = sum(status == "climbed" for status in row["rungs"].values())
            print(
                f"{row['model']:24} {row['target']:11} {climbed} rungs "
                f"{row.get('logic_cells') or '-':>6} cells {row.get('fmax_mhz') or '-':>7} MHz "
                f"{row.get('refused', '')}",
                flush=True,
            )


if __name__ == "__main__":
    main()
