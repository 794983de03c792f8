"""Machines that set the correlation of two streams and keep their ones.

After Lee, Alaghi & Ceze, "Correlation manipulating circuits for stochastic computing" (DATE 2018).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sc_neurocore.bitstream._machine import MAX_STATES, Machine
from sc_neurocore.bitstream._require import require_whole

_A = np.array([0, 1, 0, 1])
_B = np.array([0, 0, 1, 1])


@lru_cache(maxsize=64)
def synchroniser(depth: int = 1) -> Machine:
    """Pair the ones of two streams: towards SCC +1.

    The streams keep their ones, but for up to ``depth`` of one of them that are held at the end.

    Clock-exact: a signed register ``s`` from ``-depth`` to ``depth``, reset 0, counts ones held
    back: of ``a`` if positive, of ``b`` if negative. Equal bits pass and ``s`` holds. A lone one of
    ``a`` is put out as a pair if ``s < 0``, is held back (both outputs zero) if
    ``0 <= s < depth``, and passes alone if ``s = depth``; in the first two cases ``s`` goes up by
    one at the clock edge. A lone one of ``b`` is treated alike with the signs exchanged. State of
    the machine: ``s + depth``.

    Args:
        depth: most ones to hold back, from 1.
    """
    require_whole("depth", depth, 1, (MAX_STATES - 1) // 2)
    s = np.arange(-depth, depth + 1)[:, None]
    lone = _A - _B  # 1, -1 or 0
    pair = lone * s < 0
    stuck = lone * s == depth
    held = (lone != 0) & ~pair & ~stuck
    out_a = np.where(pair, 1, np.where(held, 0, _A))
    out_b = np.where(pair, 1, np.where(held, 0, _B))
    after = s + np.where(pair | held, lone, 0)
    return Machine(after + depth, out_a | out_b << 1, depth)


@lru_cache(maxsize=64)
def desynchroniser(depth: int = 1) -> Machine:
    """Separate the ones of two streams: towards SCC -1.

    The streams keep their ones, but for up to ``depth`` of ``b`` that are held at the end.

    Clock-exact: a register ``s`` from 0 to ``depth``, reset 0, counts ones of ``b`` held back. When
    both bits are one and ``s < depth``, the one of ``b`` is held back, only ``a`` puts out a one,
    and ``s`` goes up; when both are zero and ``s > 0``, ``b`` puts out a held one and ``s`` goes
    down. All else passes.

    Args:
        depth: most ones to hold back, from 1.
    """
    require_whole("depth", depth, 1, MAX_STATES - 1)
    s = np.arange(depth + 1)[:, None]
    hold = (_A & _B == 1) & (s < depth)
    release = (_A | _B == 0) & (s > 0)
    out_b = np.where(hold, 0, np.where(release, 1, _B))
    return Machine(s + hold.astype(np.int64) - release, _A | out_b << 1, 0)
