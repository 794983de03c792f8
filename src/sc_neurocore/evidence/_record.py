"""The record: one tool run, what went in and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast, get_args

from sc_neurocore.evidence._digest import JSON, canonical_json, digest

Word = Literal["generated", "executed", "proven", "measured", "estimated"]
"""How a figure came to be; the vocabulary is closed and the words never stand in for each other."""

WORDS: tuple[Word, ...] = get_args(Word)

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Outcome:
    """What a tool run gives back: its figures, its log, and its files by name."""

    result: Mapping[str, JSON]
    log: str = ""
    blobs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One tool run, addressed by the hash of what went into it.

    Attributes:
        key: SHA-256 over the schema version, tool, version, options and input digests.
        word: what the result may be called.
        tool: the tool's name, such as ``yosys``.
        version: the exact version that ran.
        options: everything besides the inputs that decides the result.
        inputs: SHA-256 of each input, by name.
        result: the figures.
        duration_s: wall time of the run that made the record, in seconds.
        log: what the tool printed.
        blobs: SHA-256 of each file that the run left in the store, by name.
        cached: true if this record was found rather than made just now; not serialised.
    """

    key: str
    word: Word
    tool: str
    version: str
    options: Mapping[str, JSON]
    inputs: Mapping[str, str]
    result: Mapping[str, JSON]
    duration_s: float
    log: str
    blobs: Mapping[str, str] = field(default_factory=dict)
    cached: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.word not in WORDS:
            raise ValueError(f"{self.word!r} is not one of the evidence words {', '.join(WORDS)}")

    def to_json(self) -> dict[str, JSON]:
        """Return the record as JSON values, without `cached`."""
        return {
            f.name: cast(JSON, getattr(self, f.name)) for f in fields(self) if f.name != "cached"
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, cached: bool = False) -> Record:
        """Rebuild a record and check that its key is the hash of its content.

        Raises:
            ValueError: if a field is missing or unknown, or the key does not match.
        """
        try:
            record = cls(**data, cached=cached)
        except TypeError as error:
            raise ValueError(f"not an evidence record: {error}") from None
        expected = record_key(record.tool, record.version, record.options, record.inputs)
        if record.key != expected:
            raise ValueError("the key of an evidence record does not match its content")
        return record


def record_key(
    tool: str, version: str, options: Mapping[str, JSON], inputs: Mapping[str, str]
) -> str:
    """Return the content address of a run: its hash before it has happened."""
    content: dict[str, JSON] = {
        "schema": SCHEMA_VERSION,
        "tool": tool,
        "version": version,
        "options": options,
        "inputs": inputs,
    }
    return digest(canonical_json(content))
