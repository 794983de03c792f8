"""Real synthesis runs: what the tools make of one configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sc_neurocore.accelerator import Folding, IntegerNetwork, write_accelerator
from sc_neurocore.build._options import DEFAULT_CLOCK, speed_family
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.exceptions import ToolError
from sc_neurocore.toolchain import Target, implement, synthesise

_LIMITED = ("luts", "ffs", "brams", "dsps")


@dataclass(frozen=True)
class Measured:
    """What the tools counted of an engine; the word is ``measured``.

    Attributes:
        luts: look-up tables after synthesis.
        ffs: flip-flops.
        brams: block RAMs.
        dsps: multiplier blocks.
        fmax_mhz: clock after routing, or ``None`` where the target cannot be routed or the engine
            does not fit.
        cached: whether every run was found in the evidence store.
        evidence: keys of the records by what they are of.
        failure: why it is not on the device; empty if it is.
    """

    luts: int
    ffs: int
    brams: int
    dsps: int
    fmax_mhz: float | None
    cached: bool
    evidence: tuple[tuple[str, str], ...]
    failure: str = ""


def measure(
    network: IntegerNetwork,
    foldings: tuple[Folding, ...],
    target: Target,
    store: EvidenceStore,
    *,
    seed: int = 1,
    timeout_s: float = 600.0,
    on_stage: Callable[[str], None] | None = None,
) -> Measured:
    """Synthesise an engine; place and route it where the target can be.

    The runs are those of `build_network`, so that a later build finds them.

    Args:
        network: the integers.
        foldings: one per layer.
        target: the device.
        store: where the records are kept.
        seed: of the placer.
        timeout_s: limit of each tool run.
        on_stage: told which tool runs.

    Raises:
        SCDependencyError: a tool is missing.
        ToolError: synthesis failed.
    """
    rtl = write_accelerator(network, foldings)
    bare = synthesise(
        rtl.sources, rtl.top, target, store=store, timeout_s=timeout_s, on_stage=on_stage
    )
    records: dict[str, Record] = {"synthesis": bare}
    counts = {key: _count(bare, key) for key in _LIMITED}
    short = [
        f"{counts[key]} {key} where there are {limit}"
        for key in _LIMITED
        if (limit := getattr(target, key)) is not None and counts[key] > limit
    ]
    failure = f"does not fit {target.name}: {', '.join(short)}" if short else ""
    fmax = None
    if target.place_and_route and not failure:
        try:
            done = implement(
                rtl.sources, rtl.top, target, clock="clk", reset="rst_n", store=store,
                freq_mhz=DEFAULT_CLOCK.get(speed_family(target), 40.0), seed=seed,
                timeout_s=timeout_s, on_stage=on_stage,
            )  # fmt: skip
        except ToolError as error:  # the counts hold; what the router says is the result
            failure = f"place and route failed: {error}"
        else:
            records["layout"] = done.layout
            if done.board is not None:
                records["board"] = done.board
            value = done.layout.result.get("fmax_mhz")
            fmax = float(value) if isinstance(value, (int, float)) else None
    return Measured(
        **counts,
        fmax_mhz=fmax,
        cached=all(record.cached for record in records.values()),
        evidence=tuple((name, record.key) for name, record in records.items()),
        failure=failure,
    )


def _count(record: Record, key: str) -> int:
    value = record.result.get(key)
    return value if isinstance(value, int) else 0
