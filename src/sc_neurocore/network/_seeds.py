"""Seeds of the streams of a network: functions of its seed and of names, of nothing else."""

from __future__ import annotations

import numpy as np

from sc_neurocore.exceptions import SCConfigError


def check_seed(seed: int) -> int:
    """Return a seed, or refuse what is not a whole number from 0 to 2**64 − 1."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise SCConfigError(f"seed is {seed!r}; it must be a whole number from 0 to 2**64 - 1")
    return int(seed)


def stream(seed: int, *names: str) -> int:
    """Seed of the stream that ``names`` mean.

    It is spawned from ``seed`` with the names as key (numpy's `SeedSequence`), so adding another
    object to a network changes no stream.
    """
    key = tuple("\0".join(names).encode(errors="surrogatepass"))
    found = np.random.SeedSequence(seed, spawn_key=key).generate_state(1, np.uint64)
    return int(found[0])
