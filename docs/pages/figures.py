"""The page of everything that the benchmarks measured."""

from __future__ import annotations

from pages.hardware import blocks_table, chips_table, engines_table, hardware_table
from pages.simulation import (
    events_table,
    network_table,
    networks_table,
    plasticity_table,
    simulation_table,
)
from pages.streams import bitstream_table, codecs_table, planner_table


def figures_page() -> str:
    """Everything that the benchmarks measured."""
    sections = {
        "Hardware": hardware_table(brief=False),
        "Networks as engines": engines_table(),
        "Simulation": simulation_table(),
        "Bit-true simulation of networks": network_table(),
        "Streams of bits": bitstream_table(),
        "Precision plans": planner_table(),
        "Blocks of the library": blocks_table(),
        "Digits over two chips": chips_table(),
        "Networks of neurons": networks_table(),
        "Plasticity": plasticity_table(),
        "Event-driven simulation": events_table(),
        "Spike codecs": codecs_table(),
    }
    head = [
        "# Measured figures",
        "",
        "This page is generated from `benchmarks/results/`. Every number was measured by the",
        "tools that are named with it; `benchmarks/` holds the scripts.",
        "",
    ]
    return "\n".join(
        head + [line for title, text in sections.items() for line in (f"## {title}", "", text, "")]
    )
