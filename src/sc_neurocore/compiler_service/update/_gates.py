"""The gates of the contract's policy, executed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler_service.update._update import Answer, GateResult, Probe
from sc_neurocore.compiler_service.update._words import (
    Words,
    Writes,
    count,
    overlaid,
)
from sc_neurocore.digital_twin import Answers, Recording, Twin, bank_digest, learn_bounds
from sc_neurocore.evidence import JSON
from sc_neurocore.exceptions import DeviceMismatchError, SCConfigError

#: Coverages that are tried, the best that the samples are enough for.
_COVERAGES = (0.95, 0.9, 0.8, 0.65, 0.5)


@dataclass(frozen=True)
class GateLimits:
    """What an update may change.

    Attributes:
        min_agreement: share of samples, from 0 to 1, that old and new parameters must answer
            alike; where the right answers are known, of those that the old ones answer rightly.
        max_accuracy_drop: by how much the share of right answers may fall, from 0 to 1, where the
            right ones are known.
        max_outside: share of inferences, from 0 to 1, whose clocks or spikes may lie outside the
            telemetry bounds of the old parameters.

    Raises:
        SCConfigError: a limit is no number from 0 to 1.
    """

    min_agreement: float = 0.8
    max_accuracy_drop: float = 0.01
    max_outside: float = 0.25

    def __post_init__(self) -> None:
        for name in ("min_agreement", "max_accuracy_drop", "max_outside"):
            value = getattr(self, name)
            real = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (real and 0 <= value <= 1):
                raise SCConfigError(f"{name} is {value!r}; it must be a number from 0 to 1")

    def looser_than(self, other: GateLimits) -> tuple[str, ...]:
        """Names of the limits that let more through than another's."""
        loose = {
            "min_agreement": self.min_agreement < other.min_agreement,
            "max_accuracy_drop": self.max_accuracy_drop > other.max_accuracy_drop,
            "max_outside": self.max_outside > other.max_outside,
        }
        return tuple(name for name, is_looser in loose.items() if is_looser)


@dataclass(frozen=True, eq=False)
class Replay:
    """Samples as old and new parameters answer them.

    Attributes:
        samples: the levels or events.
        old: answers before.
        new: answers after.
        labels: right classes, where they are known.
        origin: of the samples, such as the digest of a file; empty for the device's own.
    """

    samples: NDArray[np.int64]
    old: Answers
    new: Answers
    labels: NDArray[np.int64] | None
    origin: str = ""

    @property
    def to_keep(self) -> NDArray[np.bool_]:
        """Samples whose class should not change: all, or those answered rightly before."""
        if self.labels is None:
            return np.ones(len(self.old), bool)
        return np.asarray(self.old.predictions == self.labels)

    def probes(self, number: int) -> tuple[Probe, ...]:
        """Samples to try a device with; those first that old and new answer differently."""
        differ = self.old.predictions != self.new.predictions
        chosen = np.argsort(~differ, kind="stable")[:number]
        return tuple(
            Probe(_levels(self.samples[i]), _answer(self.old, i), _answer(self.new, i))
            for i in sorted(int(i) for i in chosen)
        )


def digital_twin_replay(
    twin: Twin, replay: Replay, recording: Recording | None, limits: GateLimits
) -> GateResult:
    """The bit-true model must be the device's, and the new parameters no worse than allowed.

    Args:
        twin: of the device, with its old parameters.
        replay: of the samples.
        recording: of the device: what it answered to them, or None.
        limits: what may change.
    """
    number = len(replay.old)
    changed, keep = replay.old.predictions != replay.new.predictions, replay.to_keep
    lost, compared = changed & keep, int(keep.sum())
    agreement = 1.0 if compared == 0 else (compared - int(lost.sum())) / compared
    evidence: dict[str, JSON] = {
        "agreement": agreement,
        "compared": compared,
        "inferences": number,
        "max_accuracy_drop": limits.max_accuracy_drop,
        "min_agreement": limits.min_agreement,
        "recorded": recording is not None,
    }
    if replay.origin:
        evidence["samples"] = replay.origin
    found = ["the device was not recorded, so only the model's answers are compared"]
    if recording is not None:
        try:
            report = twin.replay(recording)
        except DeviceMismatchError as error:
            return GateResult("digital_twin_replay", False, str(error), evidence)
        if not report.reproduced:
            evidence["different"] = len(report.different)
            where = f"first at {report.first}" if report.first else "there are no inferences"
            return GateResult(
                "digital_twin_replay", False,
                f"the twin does not reproduce the device's recording in {len(report.different)} of "
                f"{report.compared} inferences: {where}", evidence,
            )  # fmt: skip
        found = [f"the twin reproduces all {report.compared} recorded inferences"]
    faults = [] if number else ["there are no samples to compare"]
    if replay.labels is None:
        said = f"old and new parameters agree in {agreement:.2%} of {number} samples"
    else:
        said = f"{agreement:.2%} of {compared} right answers stay right"
    if number and agreement < limits.min_agreement:
        first = int(np.argmax(lost))
        a, b = int(replay.old.predictions[first]), int(replay.new.predictions[first])
        evidence["first_difference"] = {"new": b, "old": a, "sample": first}
        faults.append(
            f"{said}, less than {limits.min_agreement:.2%}; first in sample {first} the class is "
            f"{b} instead of {a}"
        )
    if replay.labels is not None and number:
        before = float(np.mean(replay.old.predictions == replay.labels))
        after = float(np.mean(replay.new.predictions == replay.labels))
        evidence |= {"accuracy_new": after, "accuracy_old": before}
        if before - after > limits.max_accuracy_drop:
            faults.append(
                f"the accuracy falls from {before:.2%} to {after:.2%}, by more than "
                f"{limits.max_accuracy_drop:.2%}"
            )
        found.append(f"accuracy {before:.2%} before, {after:.2%} after, of {number} samples")
    found.append(said)
    return GateResult("digital_twin_replay", not faults, "; ".join(faults or found), evidence)


def telemetry_bounds(replay: Replay, layers: list[str], limits: GateLimits) -> GateResult:
    """Clocks and spikes with the new parameters must mostly lie where they lay with the old ones.

    Args:
        replay: of the samples.
        layers: names of the layers.
        limits: what may change.
    """
    name = "telemetry_bounds"
    bounds = None
    for coverage in _COVERAGES:
        try:
            bounds = learn_bounds(replay.old, layers, coverage=coverage, confidence=0.95)
            break
        except SCConfigError as error:
            reason = str(error)
    if bounds is None:
        return GateResult(name, False, f"the bounds cannot be learned: {reason}")
    columns = [
        (bounds.clocks, replay.new.clocks),
        *zip(bounds.layer_spikes, replay.new.layer_spikes.T, strict=True),
    ]
    wrong = [(bound, (values < bound.low) | (values > bound.high)) for bound, values in columns]
    outside = float(np.mean(np.any([x for _, x in wrong], axis=0)))
    shares = {bound.name: float(x.mean()) for bound, x in wrong}
    evidence: dict[str, JSON] = {
        "bounds": bounds.as_dict(),
        "max_outside": limits.max_outside,
        "outside": outside,
        "outside_by_quantity": dict(shares),
    }
    said = f"{outside:.2%} of {len(replay.new)} inferences lie outside the old parameters' bounds"
    if outside <= limits.max_outside:
        return GateResult(name, True, said, evidence)
    worst = max(shares, key=lambda key: shares[key])
    return GateResult(
        name, False,
        f"{said}, more than {limits.max_outside:.2%}; most of them by {worst} "
        f"({shares[worst]:.2%})", evidence,
    )  # fmt: skip


def rollback_package(before: Words, after: Words, writes: Writes, inverse: Writes) -> GateResult:
    """The inverse writes, applied to the new parameters, must give exactly the old ones.

    Args:
        before: what the banks hold.
        after: what they will hold.
        writes: from before to after.
        inverse: back.
    """
    name = "rollback_package"
    old, new = bank_digest(before), bank_digest(after)
    evidence: dict[str, JSON] = {"base": old, "entries": count(inverse), "result": new}
    forward = overlaid(before, writes)
    if bank_digest(forward) != new:
        return GateResult(name, False, "the writes do not give the new parameters", evidence)
    if bank_digest(overlaid(forward, inverse)) != old:
        return GateResult(name, False, "the inverse does not give the old parameters", evidence)
    said = f"{count(inverse)} inverse writes give exactly the old parameters, and are kept"
    return GateResult(name, True, said, evidence)


def _levels(sample: NDArray[np.int64]) -> tuple[int, ...] | tuple[tuple[int, ...], ...]:
    if sample.ndim == 1:
        return tuple(sample.tolist())
    return tuple(tuple(row) for row in sample.tolist())


def _answer(answers: Answers, i: int) -> Answer:
    return Answer(
        int(answers.predictions[i]), int(answers.clocks[i]), tuple(answers.layer_spikes[i].tolist())
    )
