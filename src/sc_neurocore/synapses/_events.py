"""Which cells have an event in which tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._arguments import indices, whole_array

_NONE = np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Events:
    """Which of a number of places have an event in each of a run of ticks.

    Attributes:
        start: ``(T + 1,)`` the events of tick ``t`` are ``index[start[t]:start[t + 1]]``.
        index: terminals, or neurons, in the order in which they are worked off.
    """

    start: NDArray[np.int64]
    index: NDArray[np.int32]

    @staticmethod
    def of(ticks: int, at: ArrayLike, index: ArrayLike) -> Events:
        """Sort events ``(tick, index)`` by tick, then by index; ticks are 0 to ``ticks − 1``.

        Raises:
            SCConfigError: a tick is outside the run, an index is negative or beyond 32 bits, or the
                two lists differ in length.
        """
        ticks = require_whole("ticks", ticks, 0)
        when, who = whole_array("ticks of events", at).ravel(), indices("events", index).ravel()
        if when.shape != who.shape:
            raise SCConfigError(
                f"{len(when)} ticks are given for {len(who)} events; give one tick per event"
            )
        if len(when) and not 0 <= when.min() <= when.max() < ticks:
            raise SCConfigError(
                f"events happen at ticks {when.min()} to {when.max()}; "
                f"the run has ticks 0 to {ticks - 1}"
            )
        order = np.lexsort((who, when))
        start = np.searchsorted(when[order], np.arange(ticks + 1))
        return Events(start.astype(np.int64), who[order])


def event_rows(
    what: str, given: Events | None, ticks: int, cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Starts and indices of the events of a call, as a kernel reads them.

    Raises:
        SCConfigError: they are not those of ``ticks`` ticks and ``cells`` cells; a kernel would
            read beyond its arrays.
    """
    if given is None:
        return np.zeros(ticks + 1, np.int64), _NONE
    if not isinstance(given, Events):
        raise SCConfigError(f"{what} are {given!r:.60}; give Events, such as Events.of(…)")
    start, index = whole_array(f"starts of {what}", given.start), indices(what, given.index)
    if start.shape != (ticks + 1,):
        raise SCConfigError(
            f"{what} are given for {start.size - 1} ticks; the call advances {ticks}"
        )
    if start[0] != 0 or start[-1] != index.size or (np.diff(start) < 0).any():
        raise SCConfigError(
            f"starts of {what} must rise from 0 to the number of events, {index.size}"
        )
    if index.size and index.max() >= cells:
        raise SCConfigError(
            f"{what} name {index.min()} to {index.max()}; allowed: 0 to {cells - 1}"
        )
    return start, index
