"""The rungs that a network climbs."""

from __future__ import annotations

RUNGS = (
    "1_float_vs_integers",
    "2_simulator_vs_rtl",
    "3_cycle_exact",
    "4_blocks_proven",
    "5_blocks_vs_netlist",
    "6_placed_and_routed",
)
