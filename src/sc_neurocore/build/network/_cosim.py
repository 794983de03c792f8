"""The RTL on a sample of inferences: compared, and its switching counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import __version__
from sc_neurocore.accelerator import (
    AcceleratorRtl,
    Folding,
    IntegerNetwork,
    NetworkCosimulation,
    cosimulate_network,
    encode_levels,
)
from sc_neurocore.build.network._hardware import Stage
from sc_neurocore.build.network._switching import Energy, Toggles, count_toggles, estimate_energy
from sc_neurocore.evidence import EvidenceStore, Outcome, Record, code_digest, run_cached
from sc_neurocore.toolchain import available_simulators, simulate_rtl, simulator_version

Integers = NDArray[np.int64]


def cosimulations(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    samples: Integers,
    *,
    store: EvidenceStore,
    stage: Stage,
    timeout_s: float,
    sources: Mapping[str, str] | None = None,
    live: bool = False,
) -> list[NetworkCosimulation]:
    """Co-simulate in the fastest simulator at hand; none where there is none.

    Of a live device it is the engine inside, with an idle host.
    """
    return [
        cosimulate_network(
            network,
            foldings,
            samples,
            store=store,
            simulator=name,
            sources=sources,
            live=live,
            timeout_s=timeout_s,
            on_stage=lambda tool: stage(f"co-simulation in {tool}"),
        )
        for name in available_simulators()[:1]
    ]


def cosim_row(run: NetworkCosimulation) -> dict[str, Any]:
    """A co-simulation as a report holds it."""
    first = run.first
    return {
        "simulator": run.simulator,
        "version": run.version,
        "samples": run.samples,
        "cycles": int(np.maximum(run.cycles, 0).sum()),
        "words": run.words,
        "mismatches": run.mismatches,
        "first_mismatch": None if first is None else str(first),
        "spike_counts_equal": dict(run.layer_spikes) == dict(run.rtl_spikes),
        "cycle_exact": first is None or first.what not in ("cycles", "done"),
        "word": "executed",
    }


def switching_energy(
    rtl: AcceleratorRtl,
    network: IntegerNetwork,
    sample: Integers,
    cycles: int,
    *,
    flip_flops: int,
    family: str,
    store: EvidenceStore,
    stage: Stage,
    timeout_s: float,
) -> tuple[Record, Energy | None] | None:
    """Count the toggles of one inference, loading included, and estimate its energy.

    Args:
        rtl: the engine.
        network: what it computes.
        sample: levels of one input, (M,).
        cycles: clocks of this inference.
        flip_flops: that synthesis counted.
        family: of the target.
        store: where the record is kept.
        stage: told what runs.
        timeout_s: limit of the simulation.

    Returns:
        The record of the counting, and the estimate if the family's voltage is known; ``None``
        where no simulator is installed, or the input comes as events.
    """
    names = available_simulators()
    if network.input.coding == "events" or not names:
        return None
    levels = encode_levels(network.input, sample[None], network.ticks)[0].astype(np.uint64)
    loading = len(levels)
    rows = loading + cycles + 2
    inputs = {name: np.zeros(rows, dtype=np.uint64) for name in rtl.inputs}
    inputs["load"][:loading] = 1
    inputs["level"][:loading] = levels
    inputs["start"][loading] = 1

    def count() -> Outcome:
        # The dump itself is large; what it says is not.
        _, _, dump = simulate_rtl(
            names[0],
            rtl.sources,
            rtl.top,
            clock="clk",
            reset="rst_n",
            inputs=inputs,
            input_widths=rtl.inputs,
            output_widths=rtl.outputs,
            store=store,
            vcd=True,
            timeout_s=timeout_s,
            on_stage=lambda tool: stage(f"switching activity in {tool}"),
        )
        assert dump is not None
        found = count_toggles(dump, "clk")
        return Outcome(
            {"signals": found.signals, "toggles": found.toggles, "clock": found.clock}, ""
        )

    record = run_cached(
        store,
        word="executed",
        tool="toggle count",
        version=__version__,
        options={
            "simulator": names[0],
            "simulator_version": simulator_version(names[0]),
            "code": code_digest(),
            "rows": rows,
        },
        inputs={**rtl.sources, "__levels": levels.astype("<u8").tobytes()},
        run=count,
    )
    result: Any = record.result
    toggles = Toggles(result["signals"], result["toggles"], result["clock"])
    return record, estimate_energy(toggles, flip_flops, family)
