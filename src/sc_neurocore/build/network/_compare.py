"""Fixed point, streams and exact unary beside one another, and what length and area buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import Folding, cycles
from sc_neurocore.build._page import number
from sc_neurocore.build.network._hardware import Stage, synthesise_engine
from sc_neurocore.build.network._ladder import (
    IntegerForm,
    bit_true_predictions,
    integer_form,
    recorded_activity,
)
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._proportion import Proportion, accuracy_of
from sc_neurocore.build.network._samples import Samples
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.toolchain import Target

#: Share of right answers within which two networks count as equally accurate.
EQUAL = 0.005
#: Longest stream of the sweep.
_LONGEST = 256
#: Samples whose clocks are averaged for the networks that are not built.
_TIMED = 100


@dataclass(frozen=True, eq=False)
class Rival:
    """A network to compare with.

    Attributes:
        name: in words.
        series: ``fixed``, ``stochastic`` or ``hybrid``.
        form: its integers.
        accuracy: bit-true, on all samples.
        clocks: mean of an inference, with early decision.
        luts: after synthesis, or ``None`` where it was not run.
        built: whether it is the network of the bundle.
    """

    name: str
    series: str
    form: IntegerForm
    accuracy: Proportion
    clocks: float
    luts: int | None
    built: bool


class Comparison:
    """Everything that is compared with the network that is built.

    Args:
        form: the network that is built.
        foldings: its foldings, which all rivals share.
        samples: labelled.
        target: the device.
        options: of the build.
        store: where the records are kept.
        stage: told what runs.
    """

    def __init__(
        self,
        form: IntegerForm,
        foldings: Sequence[Folding],
        samples: Samples,
        target: Target,
        options: NetworkOptions,
        store: EvidenceStore,
        stage: Stage,
    ) -> None:
        self._form, self._foldings, self._samples = form, foldings, samples
        self._target, self._options, self._store, self._stage = target, options, store, stage
        self.records: dict[str, Record] = {}
        self.bits = max(layer.bits for layer in form.network.layers)

    def lengths(self) -> list[tuple[int, Proportion]]:
        """Accuracy of the stochastic network at each length up to exact unary."""
        found = []
        longest = min(1 << self.bits, _LONGEST)
        length = 1
        while length <= longest:
            self._stage(f"accuracy at stream length {length}")
            found.append((length, self._accuracy(self.variant("stochastic", length=length))))
            length *= 2
        return found

    def variant(self, backend: str, *, length: int = 16, bits: int | None = None) -> IntegerForm:
        """The network quantised in another way."""
        own = self._form.options
        options = replace(
            own,
            backend=backend,  # type: ignore[arg-type]
            length=length,
            bits=own.bits if bits is None else bits,
        )
        return integer_form(self._form.source, options, self._form.calibration)

    def rival(self, name: str, series: str, form: IntegerForm, *, built: bool = False) -> Rival:
        """Run, time and, with place and route wanted, synthesise a network."""
        self._stage(f"comparison: {name}")
        luts = None
        if self._options.place_and_route or built:
            _, record = synthesise_engine(
                form.network, self._foldings, self._target, self._options, self._store,
                lambda _: None,
            )  # fmt: skip
            self.records[f"synthesis of {name}"] = record
            value = record.result.get("luts")
            luts = value if isinstance(value, int) else None
        return Rival(name, series, form, self._accuracy(form), self._clocks(form), luts, built)

    def _accuracy(self, form: IntegerForm) -> Proportion:
        assert self._samples.labels is not None
        _, answers = bit_true_predictions(form, self._samples.inputs, self._store)
        return accuracy_of(answers, self._samples.labels)

    def _clocks(self, form: IntegerForm) -> float:
        some = self._samples.first(_TIMED).inputs
        ran = recorded_activity(form, some, self._store)
        found = cycles(form.network, self._foldings, some, ran.spikes, ran.ticks_used)
        return float(np.mean(found))


def rivals_of(
    comparison: Comparison, form: IntegerForm, lengths: Sequence[tuple[int, Proportion]]
) -> list[Rival]:
    """Fixed point, the shortest stream that is as accurate, exact unary, and what is built.

    A network that is built as one of them is not listed twice.
    """
    fixed_form = comparison.variant("fixed")
    fixed = comparison._accuracy(fixed_form)
    backends = {layer.backend for layer in form.network.layers}
    own = next(iter(backends)) if len(backends) == 1 else "hybrid"
    own_length = max(layer.length for layer in form.network.layers)
    found = [comparison.rival("fixed point", "fixed", fixed_form, built=own == "fixed")]
    wanted = {}
    equal = [n for n, accuracy in lengths if n > 1 and accuracy.share >= fixed.share - EQUAL]
    if equal:
        wanted[equal[0]] = f"stream, L = {equal[0]}"
    if own == "stochastic":
        wanted.setdefault(own_length, f"stream, L = {own_length}")
    unary = 1 << comparison.bits
    if unary <= _LONGEST:
        wanted[unary] = f"exact unary, L = {unary}"
    for length, name in sorted(wanted.items()):
        built = own == "stochastic" and length == own_length
        variant = form if built else comparison.variant("stochastic", length=length)
        found.append(comparison.rival(name, "stochastic", variant, built=built))
    if own == "hybrid":
        found.append(comparison.rival("hybrid", "hybrid", form, built=True))
    return found


def comparison_section(
    rivals: Sequence[Rival], clock_mhz: float | None, foldings: Sequence[Folding]
) -> dict[str, Any]:
    """The ``comparison`` section of a report.

    Args:
        rivals: the first is fixed point.
        clock_mhz: achieved clock of the network that is built.
        foldings: that all share.
    """
    folded = ", ".join(f"{f.pe} × {f.simd}" for f in foldings)
    at = (
        ""
        if clock_mhz is None
        else f" µs are estimated from the {clock_mhz:.1f} MHz that the network of this build "
        "reached; the others were not routed."
    )
    return {
        "verdict": verdict(rivals),
        "method": f"All from the same weights and in the same folding (PE × SIMD: {folded}); "
        f"clocks are the mean of the cycle model over at most {_TIMED} samples, with early "
        f"decision; equally accurate means within {100 * EQUAL:g} points, and the shortest such "
        f"stream was found on the same samples.{at}",
        "rows": [
            {
                "name": r.name,
                "accuracy": r.accuracy.as_dict(),
                "clocks": r.clocks,
                "luts": r.luts,
                "us": None if clock_mhz is None else r.clocks / clock_mhz,
                "built": r.built,
            }
            for r in rivals
        ],
        "word": "executed",
    }


def verdict(rivals: Sequence[Rival]) -> str:
    """Which wins at equal accuracy, and by how much, in a sentence or two."""
    fixed = rivals[0]
    streams = [
        r
        for r in rivals[1:]
        if r.series != "fixed" and r.accuracy.share >= fixed.accuracy.share - EQUAL
    ]
    if not streams:
        best = max(rivals[1:], key=lambda r: r.accuracy.share, default=None)
        most = "" if best is None else f" ({best.name} reaches {_percent(best)})"
        return (
            f"Fixed point wins: no stream comes within {100 * EQUAL:g} points of its "
            f"{_percent(fixed)}{most}."
        )
    best = min(streams, key=_cost)
    slower = best.clocks / fixed.clocks
    time = (
        f"{best.name} takes {slower:.1f} times the clocks ({number(round(best.clocks))} against "
        f"{number(round(fixed.clocks))})"
    )
    if best.luts is None or fixed.luts is None:
        wins = "Fixed point" if slower > 1 else best.name[0].upper() + best.name[1:]
        return (
            f"{wins} wins by clocks: at {_percent(best)} against {_percent(fixed)}, {time}; the "
            "areas were not both synthesised."
        )
    larger = best.luts / fixed.luts
    area = (
        f"{larger:.2f} times the look-up tables ({number(best.luts)} against {number(fixed.luts)})"
    )
    product = slower * larger
    if slower >= 1 and larger >= 1:
        head = "Fixed point wins in both time and area"
    elif slower <= 1 and larger <= 1:
        head = f"{best.name[0].upper()}{best.name[1:]} wins in both time and area"
    elif product > 1:
        head = f"Fixed point wins by area × time, {product:.1f} to 1"
    else:
        head = f"{best.name[0].upper()}{best.name[1:]} wins by area × time, {1 / product:.1f} to 1"
    return f"{head}: at {_percent(best)} against {_percent(fixed)}, {time} and {area}."


def _cost(rival: Rival) -> float:
    return rival.clocks * (rival.luts or 1)


def _percent(rival: Rival) -> str:
    return f"{100 * rival.accuracy.share:.2f} %"


def area_section(comparison: Comparison, rivals: Sequence[Rival]) -> list[Mapping[str, Any]]:
    """Accuracy against area: what was compared, and fixed point at other widths."""
    points = list(rivals)
    for bits in (max(2, comparison.bits - 1), min(16, comparison.bits + 2)):
        if bits != comparison.bits:
            form = comparison.variant("fixed", bits=bits)
            points.append(comparison.rival(f"fixed point, {bits} bits", "fixed", form))
    return [
        {
            "name": p.name
            if p.form.network.layers[0].bits != comparison.bits
            else f"{p.name}, {comparison.bits} bits",
            "series": p.series,
            "luts": p.luts,
            "built": p.built,
            "accuracy": p.accuracy.as_dict(),
            "word": "measured",
        }
        for p in points
        if p.luts is not None
    ]


def confusion_of(
    answers: NDArray[np.int64], labels: NDArray[np.int64], classes: int
) -> list[list[int]]:
    """A confusion matrix as a report holds it."""
    from sc_neurocore.build.network._proportion import confusion_matrix

    found: list[list[int]] = confusion_matrix(answers, labels, classes).tolist()
    return found
