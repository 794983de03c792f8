"""Real synthesis runs: what the tools make of one configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sc_neurocore.accelerator import Folding, IntegerNetwork, write_accelerator
from sc_neurocore.build._options import DEFAULT_CLOCK, speed_family
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.exceptions import ToolError
from sc_neurocore.toolchain import Target, get_target, implement, synthesise

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
        power_mw: estimated from the switching of this very engine, or ``None`` where nobody asked.
    """

    luts: int
    ffs: int
    brams: int
    dsps: int
    fmax_mhz: float | None
    cached: bool
    evidence: tuple[tuple[str, str], ...]
    failure: str = ""
    power_mw: float | None = None


def measure(
    sources: Mapping[str, str],
    top: str,
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
        sources: of `engine_sources`.
        top: likewise.
        target: the device.
        store: where the records are kept.
        seed: of the placer.
        timeout_s: limit of each tool run.
        on_stage: told which tool runs.

    Raises:
        SCDependencyError: a tool is missing.
        ToolError: synthesis failed.
    """
    bare = synthesise(sources, top, target, store=store, timeout_s=timeout_s, on_stage=on_stage)
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
                sources, top, target, clock="clk", reset="rst_n", store=store,
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


def measure_all(
    designs: Sequence[tuple[Mapping[str, str], str]],
    target: Target,
    store: EvidenceStore,
    *,
    seed: int,
    timeout_s: float,
    scheduler: str | None = None,
    on_stage: Callable[[str], None] | None = None,
) -> list[Measured]:
    """Measure several engines, as Dask jobs where a scheduler is named, else one by one.

    Args:
        designs: sources and top of each.
        target: the device.
        store: of this machine; the machines of a cluster keep their own.
        seed: of the placer.
        timeout_s: limit of each tool run.
        scheduler: address of a Dask scheduler.
        on_stage: told which tool runs here.

    Raises:
        SCDependencyError: Dask or a tool is missing.
        ToolError: synthesis failed.
    """
    if scheduler is None:
        return [
            measure(sources, top, target, store, seed=seed, timeout_s=timeout_s, on_stage=on_stage)
            for sources, top in designs
        ]
    from sc_neurocore.optimizer.farm import dask_client

    with dask_client(scheduler=scheduler) as client:
        jobs = [
            client.submit(_measure_there, dict(sources), top, target.name, seed, timeout_s)
            for sources, top in designs
        ]
        found: list[Measured] = client.gather(jobs)
        return found


def _measure_there(
    sources: dict[str, str], top: str, target: str, seed: int, timeout_s: float
) -> Measured:
    return measure(
        sources, top, get_target(target), EvidenceStore(), seed=seed, timeout_s=timeout_s
    )


def engine_sources(
    network: IntegerNetwork, foldings: Sequence[Folding]
) -> tuple[Mapping[str, str], str]:
    """Files of an engine by name, and its top module."""
    rtl = write_accelerator(network, foldings)
    return rtl.sources, rtl.top


def _count(record: Record, key: str) -> int:
    value = record.result.get(key)
    return value if isinstance(value, int) else 0
