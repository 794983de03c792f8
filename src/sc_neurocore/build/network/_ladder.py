"""The rungs that lose accuracy: float, quantised, bit-true; each run is recorded."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore import __version__
from sc_neurocore.accelerator import (
    IntegerNetwork,
    NetworkRun,
    Quantisation,
    float_predictions,
    quantise,
    quantised_graph,
    simulate_network,
)
from sc_neurocore.build.network._source import NetworkSource
from sc_neurocore.evidence import (
    EvidenceStore,
    Outcome,
    Record,
    code_digest,
    run_cached,
)
from sc_neurocore.nir_bridge import SCNetwork

RUNGS = (
    "1_float_vs_integers",
    "2_simulator_vs_rtl",
    "3_cycle_exact",
    "4_blocks_proven",
    "5_blocks_vs_netlist",
    "6_placed_and_routed",
)
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class IntegerForm:
    """A network in integers, and all that it follows from.

    Attributes:
        network: the integers.
        options: formats and coding.
        source: what was quantised.
        calibration: samples that the formats were fitted to, or ``None``.
    """

    network: IntegerNetwork
    options: Quantisation
    source: NetworkSource
    calibration: NDArray[np.int64] | None

    @property
    def inputs(self) -> dict[str, bytes | str]:
        """What the integers follow from, for the key of a record."""
        fitted = b"" if self.calibration is None else self.calibration.astype("<i8").tobytes()
        return {
            "network": self.source.content,
            "calibration": fitted,
            "assumptions": repr(self.source.network.assumptions),
            "quantisation": repr(self.options),
        }


def integer_form(
    source: NetworkSource, options: Quantisation, calibration: NDArray[np.int64] | None
) -> IntegerForm:
    """Quantise a network's normal form.

    Raises:
        SCConfigError: the network has what no accelerator has.
    """
    network = source.network
    integers = quantise(network.normal, network.assumptions, options, calibration=calibration)
    return IntegerForm(integers, options, source, calibration)


def reference_predictions(
    form: IntegerForm, samples: Integers, *, quantised: bool, store: EvidenceStore
) -> tuple[Record, Integers]:
    """Classes that the float reference answers, of the original weights or of the quantised ones.

    Args:
        form: the network.
        samples: levels or spikes.
        quantised: whether to run the numbers that the integers stand for.
        store: where the record is kept.
    """
    network = form.source.network
    if quantised:
        held = quantised_graph(network.normal, network.assumptions, form.network)
        network = SCNetwork(held, network.assumptions)
    return _recorded(
        "quantised reference" if quantised else "float reference",
        form,
        samples,
        store,
        lambda: float_predictions(network, form.network, samples),
    )


def bit_true_predictions(
    form: IntegerForm, samples: Integers, store: EvidenceStore
) -> tuple[Record, Integers]:
    """Classes that the integer network answers."""
    return _recorded(
        "bit-true simulator",
        form,
        samples,
        store,
        lambda: simulate_network(form.network, samples).predictions,
    )


def _recorded(
    tool: str,
    form: IntegerForm,
    samples: Integers,
    store: EvidenceStore,
    run: Callable[[], ArrayLike],
) -> tuple[Record, Integers]:
    def outcome() -> Outcome:
        found = np.asarray(run(), dtype=np.int64)
        return Outcome({"samples": len(found)}, "", {"predictions": found.astype("<i8").tobytes()})

    record = run_cached(
        store,
        word="executed",
        tool=tool,
        version=__version__,
        options={"code": code_digest()},
        inputs={**form.inputs, "samples": samples.astype("<i8").tobytes()},
        run=outcome,
    )
    return record, np.frombuffer(store.blob(record.key, "predictions"), "<i8").astype(np.int64)


@dataclass(frozen=True, eq=False)
class Activity:
    """What the bit-true simulator did, kept for the RTL to be compared with.

    Attributes:
        record: the evidence.
        predictions: classes, (S,).
        ticks_used: ticks after which the class was certain, (S,).
        saturations: stores that did not fit, of all samples, by layer.
        spikes: per layer (S, T, N) of zeros and ones.
    """

    record: Record
    predictions: Integers
    ticks_used: Integers
    saturations: tuple[int, ...]
    spikes: tuple[NDArray[np.uint8], ...]


def recorded_activity(form: IntegerForm, samples: Integers, store: EvidenceStore) -> Activity:
    """Run the bit-true simulator and keep every spike."""

    def outcome() -> Outcome:
        run = simulate_network(form.network, samples, spikes=True)
        return Outcome({"samples": len(run.predictions)}, "", {"activity": _packed(run)})

    record = run_cached(
        store,
        word="executed",
        tool="bit-true simulator, spikes",
        version=__version__,
        options={"code": code_digest()},
        inputs={**form.inputs, "samples": samples.astype("<i8").tobytes()},
        run=outcome,
    )
    with np.load(io.BytesIO(store.blob(record.key, "activity")), allow_pickle=False) as file:
        shapes = [(len(samples), form.network.ticks, x.size) for x in form.network.layers]
        spikes = tuple(
            np.unpackbits(file[f"spikes_{k}"], count=int(np.prod(shape))).reshape(shape)
            for k, shape in enumerate(shapes)
        )
        return Activity(
            record,
            file["predictions"],
            file["ticks_used"],
            tuple(int(n) for n in file["saturations"]),
            spikes,
        )


def _packed(run: NetworkRun) -> bytes:
    assert run.spikes is not None
    arrays: dict[str, Any] = {f"spikes_{k}": np.packbits(s) for k, s in enumerate(run.spikes)}
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        predictions=run.predictions,
        ticks_used=run.ticks_used,
        saturations=run.saturations.sum(axis=0),
        **arrays,
    )
    return buffer.getvalue()
