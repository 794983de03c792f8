"""Digits over two chips: what each chip takes of an ECP5, and what of that its links take.

Run ``python benchmarks/chips.py``; it writes ``benchmarks/results/chips.json``. The figures are
those of synthesis, before place and route, and deterministic with the same tool versions.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.progress import track

from machine import write_results
from sc_neurocore.accelerator import Folding, Quantisation, quantise
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.partition import LinkOptions, build_chips
from sc_neurocore.toolchain import get_target, synthesise

TARGET = "ecp5-25k"
DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.nir"
FOLDINGS = (Folding(16, 1), Folding(5, 1))


def main() -> None:
    """Synthesise both chips, and their engines alone, and write the results."""
    network = from_nir(DIGITS)
    options = Quantisation(bits=4, ticks=16, input_bits=4)
    whole = quantise(network.normal, network.assumptions, options)
    chips = build_chips(whole, ["left", "right"], foldings=FOLDINGS)
    store, target = EvidenceStore(), get_target(TARGET)
    rows: list[dict[str, Any]] = []
    for chip in track(chips.rtl, description="chips"):
        parts = {
            "chip": (chip.top, chip.sources),
            "engine": (chip.engine.engine, chip.engine.sources),
        }
        row: dict[str, Any] = {"chip": chip.top}
        for part, (top, sources) in parts.items():
            record = synthesise(sources, top, target, store=store)
            row[part] = {name: record.result[name] for name in ("luts", "ffs", "brams")}
            row[part]["evidence"] = record.key
        rows.append(row)
        print(row)
    link = asdict(LinkOptions())
    found = {"target": TARGET, "word": "synthesised", "link": link, "chips": rows}
    write_results("chips", found)


if __name__ == "__main__":
    main()
