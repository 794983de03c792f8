"""From Verilog to a placed design: synthesis, a wrapper if the pins demand one, and layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.toolchain._layout import place_and_route
from sc_neurocore.toolchain._netlist import load_netlist, port_widths
from sc_neurocore.toolchain._synthesis import Stage, synthesise
from sc_neurocore.toolchain._targets import Target
from sc_neurocore.toolchain._wrapper import serial_wrapper


@dataclass(frozen=True)
class Implementation:
    """A design on a device.

    Attributes:
        synthesis: the record of the bare module's synthesis.
        layout: the record of place and route.
        board: the record of the wrapped module's synthesis; None if the bare module's ports
            fit the package, and it was placed as it is.
    """

    synthesis: Record
    layout: Record
    board: Record | None


def implement(
    sources: Mapping[str, str],
    top: str,
    target: Target,
    *,
    clock: str,
    reset: str,
    store: EvidenceStore,
    freq_mhz: float | None = None,
    seed: int = 1,
    timeout_s: float = 600.0,
    on_stage: Stage | None = None,
) -> Implementation:
    """Synthesise, place and route a module, whatever the number of its ports.

    The module is placed bare if the package has a pin for each of its port bits; otherwise
    inside a `serial_wrapper`, whose own cells are told apart and left out of the figures.

    Args:
        sources: file name to text: Verilog, and the memory files it reads.
        top: the module.
        target: the device.
        clock: its clock port.
        reset: its reset port.
        store: where the records are kept.
        freq_mhz: the clock asked for, in MHz; None to measure only.
        seed: the placer's seed.
        timeout_s: wall-clock limit of each tool, in seconds.
        on_stage: called with a tool's name before it runs.

    Raises:
        SCConfigError: if a name is illegal, or the target cannot be placed.
        SCDependencyError: if a tool is not installed.
        ToolError: if the design does not fit, or a tool fails, crashes or takes too long.
    """
    bare = synthesise(sources, top, target, store=store, timeout_s=timeout_s, on_stage=on_stage)
    netlist = store.blob(bare.key, "netlist.json")
    ports = port_widths(load_netlist(netlist), top)
    board = module = None
    if target.ios is not None and sum(width for _, _, width in ports) > target.ios:
        module = top
        wrapper = serial_wrapper(
            top,
            [(n, w) for n, d, w in ports if d == "input" and n not in (clock, reset)],
            [(n, w) for n, d, w in ports if d == "output"],
            clock,
            reset,
        )
        board = synthesise(
            {**sources, f"{top}_board.v": wrapper},
            f"{top}_board",
            target,
            store=store,
            keep=(top,),
            timeout_s=timeout_s,
            on_stage=on_stage,
        )
        netlist = store.blob(board.key, "netlist.json")
    layout = place_and_route(
        netlist,
        target,
        store=store,
        freq_mhz=freq_mhz,
        seed=seed,
        module=module,
        timeout_s=timeout_s,
        on_stage=on_stage,
    )
    return Implementation(bare, layout, board)
