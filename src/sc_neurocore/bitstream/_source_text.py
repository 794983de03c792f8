"""Sources named by text, as in commands and documents."""

from __future__ import annotations

import dataclasses
from typing import Any

from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._entropy import NumpyRandom, OsEntropy
from sc_neurocore.bitstream._halton import Halton
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

#: Sources by the first word of their text.
SOURCES: dict[str, type[Source]] = {
    cls.kind: cls for cls in (Lfsr, Sobol, Halton, Counter, NumpyRandom, OsEntropy)
}


def source_of(text: str) -> Source:
    """Read a source's text: its kind, then its fields in order, the last ones left out at will.

    ``lfsr:16:0xACE1:galois``, ``lfsr:7:1:fibonacci:7,6``, ``sobol:3``, ``halton:3:12``,
    ``counter:8``, ``random:42:16``, ``entropy:16``. Numbers are decimal or ``0x…``. A register
    without a seed starts at 0xACE1, or at 1 if it is narrower than 16 bits: ``lfsr:8``.

    Raises:
        SCConfigError: an unknown kind, too many fields, or a field out of range.
    """
    kind, *given = text.split(":")
    if kind not in SOURCES:
        raise SCConfigError(f"source is '{text}'; it must begin with one of {', '.join(SOURCES)}")
    names = [f.name for f in dataclasses.fields(SOURCES[kind])]  # type: ignore[arg-type]
    if len(given) > len(names):
        raise SCConfigError(
            f"source '{text}' has {len(given)} fields; '{kind}' takes {', '.join(names)}"
        )
    fields: dict[str, Any] = {n: _read(text, n, v) for n, v in zip(names, given, strict=False)}
    return SOURCES[kind](**fields)


def _read(text: str, name: str, value: str) -> Any:
    try:
        if name == "form":
            return value
        if name == "taps":
            return tuple(int(part, 0) for part in value.split(","))
        return int(value, 0)
    except ValueError:
        raise SCConfigError(f"source '{text}' has {name} '{value}', which is no number") from None
