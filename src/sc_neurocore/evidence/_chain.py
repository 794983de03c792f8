"""A chain of entries, each of which holds the digest of the one before: tampering is located."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sc_neurocore.evidence._digest import JSON, canonical_json, digest
from sc_neurocore.exceptions import SCConfigError

#: What stands before the first entry.
GENESIS = "0" * 64


class ChainError(SCConfigError):
    """A chain was changed, or entries are missing.

    Attributes:
        sequence: place of the first entry that does not fit.
    """

    def __init__(self, sequence: int, message: str) -> None:
        """Name the place."""
        super().__init__(message)
        self.sequence = sequence


@dataclass(frozen=True)
class Sealed:
    """An entry in its place.

    Attributes:
        sequence: 0 for the first.
        previous: digest of the entry before, `GENESIS` for the first.
        content: what was said, as JSON.
        digest: SHA-256 of the canonical JSON of the three.
    """

    sequence: int
    previous: str
    content: Mapping[str, JSON]
    digest: str

    def to_dict(self) -> dict[str, JSON]:
        """The entry as JSON, keys in alphabetical order."""
        return {
            "content": dict(self.content),
            "digest": self.digest,
            "previous": self.previous,
            "sequence": self.sequence,
        }


def seal(previous: Sealed | None, content: Mapping[str, JSON]) -> Sealed:
    """Put an entry behind another.

    Args:
        previous: the last entry, or None for the first of a chain.
        content: what it says.
    """
    sequence = 0 if previous is None else previous.sequence + 1
    before = GENESIS if previous is None else previous.digest
    return Sealed(sequence, before, content, _digest(sequence, before, content))


def verify_chain(entries: Iterable[Sealed], head: str | None = None) -> str:
    """Check a chain from its first entry to its last.

    Entries cut off the end leave a chain that is whole, only shorter: who wants to know must keep
    the last digest elsewhere and give it as ``head``.

    Args:
        entries: all of them, in order.
        head: what the last digest must be.

    Returns:
        The last digest, `GENESIS` of an empty chain.

    Raises:
        ChainError: an entry was changed, lost, added or moved; the message names the first.
    """
    before, place = GENESIS, -1
    for place, entry in enumerate(entries):
        if entry.sequence != place:
            raise ChainError(
                place, f"entry {place} is missing: entry {entry.sequence} stands in its place"
            )
        if entry.digest != _digest(entry.sequence, entry.previous, entry.content):
            raise ChainError(place, f"entry {place} was changed: its digest is of other content")
        if entry.previous != before:
            raise ChainError(
                place, f"entry {place} does not follow entry {place - 1}: one was replaced"
            )
        before = entry.digest
    if head is not None and before != head:
        raise ChainError(
            place + 1, f"the chain ends after {place + 1} entries with another digest than it had"
        )
    return before


def _digest(sequence: int, previous: str, content: Mapping[str, JSON]) -> str:
    return digest(
        canonical_json({"content": dict(content), "previous": previous, "sequence": sequence})
    )
