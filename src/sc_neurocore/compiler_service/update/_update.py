"""An update as a value: what it changes, on which device, what undoes it, what it has passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sc_neurocore.compiler_service._contract import LiveUpdateKind, LiveUpdatePackage
from sc_neurocore.compiler_service.update import _strict
from sc_neurocore.compiler_service.update._words import (
    Writes,
    frozen,
    writes_from_json,
    writes_to_json,
)
from sc_neurocore.evidence import JSON, canonical_json, decode_json, digest

#: Largest version.
LAST_VERSION = (1 << 63) - 1
_UINT32 = (1 << 32) - 1
_PACKAGE = (
    "changed_fields", "kind", "package_id", "request_id", "requires_full_resynthesis",
    "rollback_required", "target_name", "validation_gates",
)  # fmt: skip


@dataclass(frozen=True)
class GateResult:
    """What a gate says of an update.

    Attributes:
        name: as the policy calls it.
        passed: whether the update may go on.
        reason: a sentence: what was found, and against which limit.
        evidence: the figures, as JSON.
    """

    name: str
    passed: bool
    reason: str
    evidence: Mapping[str, JSON] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        # As it will be read again: lists, and texts for keys.
        held = decode_json(canonical_json(dict(self.evidence)), "the evidence of a gate")
        object.__setattr__(self, "evidence", held)

    def to_dict(self) -> dict[str, JSON]:
        """The result as JSON."""
        return {
            "evidence": dict(self.evidence),
            "name": self.name,
            "passed": self.passed,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, value: Any) -> GateResult:
        """Read what `to_dict` gives.

        Raises:
            UpdateRefusedError: it is none.
        """
        found = _strict.table(value, ("evidence", "name", "passed", "reason"), "a gate")
        if not isinstance(found["evidence"], Mapping):
            raise _strict.fail("the evidence of a gate is no object")
        return cls(
            _strict.name(found["name"], "the name of a gate"),
            _strict.truth(found["passed"], "passed of a gate"),
            _strict.text(found["reason"], "the reason of a gate"),
            found["evidence"],
        )


@dataclass(frozen=True)
class Answer:
    """What a device must answer to a sample.

    Attributes:
        prediction: the class.
        clocks: of the inference.
        layer_spikes: spikes of each layer.
    """

    prediction: int
    clocks: int
    layer_spikes: tuple[int, ...]

    def to_dict(self) -> dict[str, JSON]:
        """The answer as JSON."""
        return {
            "clocks": self.clocks,
            "layer_spikes": list(self.layer_spikes),
            "prediction": self.prediction,
        }

    @classmethod
    def from_dict(cls, value: Any) -> Answer:
        """Read what `to_dict` gives.

        Raises:
            UpdateRefusedError: it is none.
        """
        found = _strict.table(value, ("clocks", "layer_spikes", "prediction"), "an answer")
        spikes = _strict.items(found["layer_spikes"], "layer_spikes of an answer", 1 << 12)
        return cls(
            _strict.whole(found["prediction"], "prediction of an answer", 0, _UINT32),
            _strict.whole(found["clocks"], "clocks of an answer", 0, _UINT32),
            tuple(_strict.whole(n, "a count of spikes", 0, _UINT32) for n in spikes),
        )


@dataclass(frozen=True)
class Probe:
    """A sample with which a device is tried after an update.

    Attributes:
        sample: levels of the inputs, or for events one tuple per tick.
        before: what the old parameters answer.
        after: what the new ones answer.
    """

    sample: tuple[int, ...] | tuple[tuple[int, ...], ...]
    before: Answer
    after: Answer

    def to_dict(self) -> dict[str, JSON]:
        """The probe as JSON."""
        rows: list[JSON] = [list(x) if isinstance(x, tuple) else x for x in self.sample]
        return {"after": self.after.to_dict(), "before": self.before.to_dict(), "sample": rows}

    @classmethod
    def from_dict(cls, value: Any) -> Probe:
        """Read what `to_dict` gives.

        Raises:
            UpdateRefusedError: it is none.
        """
        found = _strict.table(value, ("after", "before", "sample"), "a probe")
        rows = _strict.items(found["sample"], "the sample of a probe", 1 << 16)
        if rows and isinstance(rows[0], (list, tuple)):
            sample: Any = tuple(_levels(row) for row in rows)
            if len({len(row) for row in sample}) != 1:
                raise _strict.fail("the ticks of a probe's sample have different lengths")
        else:
            sample = _levels(rows)
        return cls(sample, Answer.from_dict(found["before"]), Answer.from_dict(found["after"]))


def _levels(value: Any) -> tuple[int, ...]:
    rows = _strict.items(value, "the sample of a probe", 1 << 16)
    return tuple(_strict.whole(x, "a level of a probe's sample", 0, _UINT32) for x in rows)


@dataclass(frozen=True)
class Update:
    """New words for a device's parameter banks, and all that is needed to apply or undo them.

    Attributes:
        package: the contract's package; its kind is `LiveUpdateKind.HOT_SWAP`.
        device: name of the device in its journal.
        design: first 128 bits of the design digest, 32 hexadecimal digits.
        version: above that of every update committed to the device before.
        base: `bank_digest` of the parameters that it replaces.
        result: `bank_digest` of those that it gives.
        writes: the new words.
        inverse: the old words at the same entries: the rollback package.
        gates: what it has passed; of the packages's gates none may be missing or failed.
        probes: samples with which the device is tried, and what it must answer.

    Raises:
        UpdateRefusedError: a field breaks its rule.
    """

    package: LiveUpdatePackage
    device: str
    design: str
    version: int
    base: str
    result: str
    writes: Writes
    inverse: Writes
    gates: tuple[GateResult, ...] = ()
    probes: tuple[Probe, ...] = ()

    def __post_init__(self) -> None:
        if self.package.kind is not LiveUpdateKind.HOT_SWAP:
            raise _strict.fail(
                f"package '{self.package.package_id}' is of kind {self.package.kind.value}; only a "
                "hot_swap is an update of parameter banks"
            )
        _strict.name(self.device, "device")
        _strict.hexadecimal(self.design, "design", 32)
        _strict.whole(self.version, "version", 1, LAST_VERSION)
        for name in ("base", "result"):
            _strict.hexadecimal(getattr(self, name), name, 64)
        if self.base == self.result:
            raise _strict.fail("base and result are the same parameters, so nothing changes")
        for name in ("writes", "inverse"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        if {k: set(v) for k, v in self.writes.items()} != {
            k: set(v) for k, v in self.inverse.items()
        }:
            raise _strict.fail("inverse does not undo the entries that writes changes")
        for bank, entries in self.writes.items():
            if not entries:
                raise _strict.fail(f"writes of bank '{bank}' must not be empty")
            for entry, word in entries.items():
                old = self.inverse[bank][entry]
                if not (0 <= word < 1 << 64 and 0 <= old < 1 << 64 and 0 <= entry <= _UINT32):
                    raise _strict.fail(f"entry {entry} of bank '{bank}' is no 64-bit word")
                if word == old:
                    raise _strict.fail(f"entry {entry} of bank '{bank}' is not changed")
        if not self.writes:
            raise _strict.fail("writes must not be empty")

    @property
    def package_id(self) -> str:
        """Identifier of the contract's package."""
        return self.package.package_id

    def to_dict(self) -> dict[str, JSON]:
        """The update as JSON, keys in alphabetical order."""
        return {
            "base": self.base,
            "design": self.design,
            "device": self.device,
            "gates": [gate.to_dict() for gate in self.gates],
            "inverse": writes_to_json(self.inverse),
            "package": self.package.to_dict(),
            "probes": [probe.to_dict() for probe in self.probes],
            "result": self.result,
            "version": self.version,
            "writes": writes_to_json(self.writes),
        }

    @classmethod
    def from_dict(cls, value: Any) -> Update:
        """Read what `to_dict` gives.

        Raises:
            UpdateRefusedError: it is none; the message names the field.
        """
        names = ("base", "design", "device", "gates", "inverse", "package", "probes", "result",
                 "version", "writes")  # fmt: skip
        found = _strict.table(value, names, "the update")
        gates = _strict.items(found["gates"], "gates", 64)
        probes = _strict.items(found["probes"], "probes", 1 << 10)
        return cls(
            package=_package(found["package"]),
            device=found["device"],
            design=found["design"],
            version=found["version"],
            base=found["base"],
            result=found["result"],
            writes=writes_from_json(found["writes"], "writes"),
            inverse=writes_from_json(found["inverse"], "inverse"),
            gates=tuple(GateResult.from_dict(gate) for gate in gates),
            probes=tuple(Probe.from_dict(probe) for probe in probes),
        )

    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest(canonical_json(self.to_dict()))

    def rollback(self, version: int) -> Update:
        """The update that undoes this one, under a version of its own.

        Args:
            version: above this one's and every later one's.
        """
        request = f"{self.package.request_id}:rollback"
        return replace(
            self,
            package=replace(
                self.package,
                request_id=request,
                package_id=f"{request}:{self.package.kind.value}",
            ),
            version=version,
            base=self.result,
            result=self.base,
            writes=self.inverse,
            inverse=self.writes,
            probes=tuple(Probe(p.sample, p.after, p.before) for p in self.probes),
        )


def _package(value: Any) -> LiveUpdatePackage:
    found = _strict.table(value, _PACKAGE, "the package")

    def names(key: str) -> tuple[str, ...]:
        return tuple(_strict.name(x, key) for x in _strict.items(found[key], key, 64))

    kind = _strict.name(found["kind"], "kind")
    if kind not in list(LiveUpdateKind):
        raise _strict.fail(f"kind '{kind}' is none of {', '.join(LiveUpdateKind)}")
    return LiveUpdatePackage(
        package_id=_strict.name(found["package_id"], "package_id"),
        request_id=_strict.name(found["request_id"], "request_id"),
        target_name=_strict.name(found["target_name"], "target_name"),
        kind=LiveUpdateKind(kind),
        changed_fields=names("changed_fields"),
        requires_full_resynthesis=_strict.truth(
            found["requires_full_resynthesis"], "requires_full_resynthesis"
        ),
        validation_gates=names("validation_gates"),
        rollback_required=_strict.truth(found["rollback_required"], "rollback_required"),
    )
