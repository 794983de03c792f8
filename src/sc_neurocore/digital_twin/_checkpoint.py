"""Where a run stands, so that it can be told from every other state, and gone on with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from sc_neurocore.evidence import GENESIS, Sealed, canonical_json, decode_json, digest, seal
from sc_neurocore.exceptions import SCConfigError

#: Hexadecimal digits of a digest, by the field that holds it.
DIGITS = {"design": 32, "parameters": 64, "answers": 64}
_LARGEST = (1 << 32) - 1


def require_digest(field: str, value: object, what: str) -> None:
    """Refuse what is no digest of a field.

    Raises:
        SCConfigError: the message names ``what``.
    """
    digits = DIGITS[field]
    if not (isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", value)):
        raise SCConfigError(
            f"{field} of {what} is {value!r}; it must be {digits} lower-case hexadecimal digits"
        )


def require_count(field: str, value: object, what: str) -> None:
    """Refuse what is no whole number of 32 bits.

    Raises:
        SCConfigError: the message names ``what``.
    """
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise SCConfigError(
            f"{field} of {what} is {value!r}; it must be a whole number from 0 to {_LARGEST}"
        )


@dataclass(frozen=True)
class Checkpoint:
    """The state of a device or a twin between two inferences.

    An engine forgets its neurons' states when an inference starts, so between two of them it holds
    its parameters and nothing else. The digest of the answers stands for all that it has said.

    Attributes:
        design: first 128 bits of the design digest, as `Identity.digest`.
        generation: of the parameters.
        parameters: `bank_digest` of that generation.
        position: inferences done, so the index of the next sample.
        answers: digest of the answers to them, see `Answers.digests`.
    """

    design: str
    generation: int
    parameters: str
    position: int
    answers: str

    def __post_init__(self) -> None:
        for name in DIGITS:
            require_digest(name, getattr(self, name), "a checkpoint")
        for name in ("generation", "position"):
            require_count(name, getattr(self, name), "a checkpoint")

    def to_bytes(self) -> bytes:
        """The one form of a checkpoint in bytes: canonical JSON."""
        return canonical_json(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Checkpoint:
        """Read what `to_bytes` wrote.

        Raises:
            SCConfigError: these bytes are no checkpoint, or not in the one form.
        """
        found: Any = decode_json(data, "the checkpoint")
        names = {field.name for field in fields(cls)}
        if not isinstance(found, dict) or set(found) != names:
            raise SCConfigError(f"a checkpoint holds {', '.join(sorted(names))} and nothing else")
        made = cls(**found)
        if made.to_bytes() != data:
            raise SCConfigError("the checkpoint is not in canonical JSON; it was edited")
        return made

    def compute_checksum(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal."""
        return digest(self.to_bytes())


class CheckpointAuditChain:
    """Checkpoints in order, each sealed with all before it.

    The seal of a checkpoint is the digest of its entry in the chain, see `evidence.seal`. Who keeps
    the last seal elsewhere finds any change, loss or insertion.
    """

    GENESIS = GENESIS

    def __init__(self) -> None:
        """Start an empty chain."""
        self._links: list[tuple[Checkpoint, Sealed]] = []

    def append(self, checkpoint: Checkpoint) -> str:
        """Seal a checkpoint and return its seal."""
        last = self._links[-1][1] if self._links else None
        self._links.append((checkpoint, seal(last, asdict(checkpoint))))
        return self.head()

    def head(self) -> str:
        """The last seal."""
        return self._links[-1][1].digest if self._links else GENESIS

    def links(self) -> tuple[tuple[Checkpoint, str], ...]:
        """Checkpoints and their seals, in order."""
        return tuple((checkpoint, sealed.digest) for checkpoint, sealed in self._links)

    def verify(self) -> bool:
        """Whether every seal is the one that its checkpoint and the seal before it give."""
        return self.verify_links(self.links())

    @staticmethod
    def verify_links(links: Iterable[tuple[Checkpoint, str]], head: str | None = None) -> bool:
        """Whether links that were kept elsewhere form a chain, which ends in ``head`` if given.

        Args:
            links: checkpoints and their seals, in order.
            head: the last seal, from a place that who may change the links cannot reach.
        """
        last = None
        for checkpoint, kept in links:
            last = seal(last, asdict(checkpoint))
            if last.digest != kept:
                return False
        return head is None or head == (last.digest if last else GENESIS)

    def length(self) -> int:
        """Checkpoints in the chain."""
        return len(self._links)


class ReplayVerifier:
    """Whether two runs passed through the same checkpoints.

    Checksums are compared in the order in which they were recorded. Nothing recorded proves
    nothing: two empty runs are not called deterministic, and neither are runs of different length.
    """

    def __init__(self) -> None:
        """Start with two empty runs."""
        self._a: list[str] = []
        self._b: list[str] = []

    def record_run_a(self, checkpoint: Checkpoint) -> None:
        """Add the next checkpoint of the first run."""
        self._a.append(checkpoint.compute_checksum())

    def record_run_b(self, checkpoint: Checkpoint) -> None:
        """Add the next checkpoint of the second run."""
        self._b.append(checkpoint.compute_checksum())

    def compared_count(self) -> int:
        """Checkpoints that both runs have."""
        return min(len(self._a), len(self._b))

    def first_divergence_index(self) -> int | None:
        """Index of the first checkpoint that differs or that only one run has; None if none."""
        for index, (a, b) in enumerate(zip(self._a, self._b, strict=False)):
            if a != b:
                return index
        return None if len(self._a) == len(self._b) else self.compared_count()

    def is_deterministic(self) -> bool:
        """Whether something was compared and nothing differs."""
        return self.compared_count() > 0 and self.first_divergence_index() is None
