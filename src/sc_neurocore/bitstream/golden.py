"""Golden vectors of the sources: ``python -m sc_neurocore.bitstream.golden FOLDER`` writes them.

One file per kind, ``vectors/<kind>.json``: a list with one object per source,

- ``source``: its text, as `source_of` reads it; ``period``: ticks, or null;
- ``first``: numbers r(0) … r(15);
- ``later``: by tick, eight numbers from there on;
- ``digest``: SHA-256 of r(0) … r(65535), each as a little-endian 32-bit word;
- ``streams``: by threshold, the packed words of 100 bits from tick 0.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._encode import encode_thresholds
from sc_neurocore.bitstream._entropy import NumpyRandom
from sc_neurocore.bitstream._halton import Halton
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._register import FORMS
from sc_neurocore.bitstream._sobol import SOBOL_DIMENSIONS, Sobol
from sc_neurocore.bitstream._source import Source

VECTORS = Path(__file__).with_name("vectors")
DIGESTED = 65536
BITS = 100


def golden_sources() -> dict[str, list[Source]]:
    """The sources with golden vectors, by kind; the operating system's has none."""
    every: Iterable[Source] = (
        *(Lfsr(form=form) for form in FORMS),
        *(Lfsr(width, 1, form) for form in FORMS for width in range(3, 33)),
        *(Sobol(dimension) for dimension in (*range(1, 9), SOBOL_DIMENSIONS)),
        *(Sobol(dimension, width) for dimension in (1, 2, 7) for width in (1, 8, 32)),
        Sobol(3, 16, 0xBEEF),
        *(Halton(base, width) for base in (2, 3, 5, 7) for width in (8, 16, 32)),
        *(Counter(width) for width in (1, 8, 16, 32)),
        *(NumpyRandom(seed, width) for seed in (0, 42) for width in (16, 32)),
    )
    kinds: dict[str, list[Source]] = {}
    for source in every:
        kinds.setdefault(source.kind, []).append(source)
    return kinds


def golden(source: Source) -> dict[str, Any]:
    """Golden vectors of a source, as the files hold them."""
    numbers = source.values(DIGESTED)
    last = (source.period or DIGESTED) - 3
    ticks = sorted({max(last, 0), 1000, 1_000_000_007})
    top = 1 << source.width
    thresholds = sorted({0, 1, round(0.3 * top), top // 2, top - 1, top})
    streams = encode_thresholds(np.array(thresholds, np.uint64), BITS, source)
    return {
        "source": str(source),
        "period": source.period,
        "first": numbers[:16].tolist(),
        "later": {str(tick): source.values(8, tick).tolist() for tick in ticks},
        "digest": f"sha256:{hashlib.sha256(numbers.astype('<u4').tobytes()).hexdigest()}",
        "streams": {
            str(x): [f"{word:#018x}" for word in stream.tolist()]
            for x, stream in zip(thresholds, streams, strict=True)
        },
    }


def golden_files() -> dict[str, str]:
    """Text of every file, by name."""
    return {
        f"{kind}.json": "[\n" + ",\n".join(json.dumps(golden(s)) for s in sources) + "\n]\n"
        for kind, sources in golden_sources().items()
    }


def main(arguments: list[str]) -> int:
    """Write the files into the folder named, or say how to."""
    if len(arguments) != 1:
        print("usage: python -m sc_neurocore.bitstream.golden FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in golden_files().items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
