"""What is asked of the spikes of a population: rate, irregularity, synchrony, rhythm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import require_finite, require_positive
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._units import whole_number

Indices = NDArray[np.int64]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Activity:
    """Spikes of a population in a window of time.

    Attributes:
        time: ``(K,)`` time of each spike in ms from the start of the window.
        cell: ``(K,)`` cell of each spike.
        n: number of cells.
        duration: length of the window in ms.
    """

    time: Array
    cell: Indices
    n: int
    duration: float

    @classmethod
    def of(
        cls,
        raster: tuple[ArrayLike, ArrayLike],
        n: int,
        dt: float,
        stop_ms: float,
        start_ms: float = 0.0,
    ) -> Activity:
        """The part of a raster from ``start_ms`` to before ``stop_ms``.

        Args:
            raster: tick and cell of every spike, as `SpikeMonitor.raster_data` gives them.
            n: number of cells.
            dt: tick in ms.
            stop_ms: end of the window.
            start_ms: start of the window.

        Raises:
            SCConfigError: the window is empty, or ``dt`` is not a length of time.
        """
        whole_number("n", n, 1)
        require_positive("dt", dt)
        if not 0 <= require_finite("start_ms", start_ms) < require_finite("stop_ms", stop_ms):
            raise SCConfigError(
                f"the window is from {start_ms:g} to {stop_ms:g} ms; it starts at 0 or later and "
                "ends after that"
            )
        tick, cell = (np.asarray(x, np.int64) for x in raster)
        kept = (tick >= round(start_ms / dt)) & (tick < round(stop_ms / dt))
        time = np.asarray(tick[kept] * dt - start_ms, np.float64)
        return cls(time, cell[kept], n, stop_ms - start_ms)

    def rate(self) -> float:
        """Mean rate of a cell in Hz."""
        return 1000 * len(self.time) / self.n / self.duration

    def irregularity(self, least: int = 3) -> float:
        """Mean coefficient of variation of the intervals of cells with at least ``least`` spikes.

        0 for clocks, 1 for Poisson processes; not-a-number where no cell has so many spikes.

        Raises:
            SCConfigError: ``least`` is not a whole number from 3 on.
        """
        least = whole_number("least", least, 3)
        order = np.lexsort((self.time, self.cell))
        time, cell = self.time[order], self.cell[order]
        same = cell[1:] == cell[:-1]
        gaps, owner = np.diff(time)[same], cell[1:][same]
        count = np.bincount(owner, minlength=self.n)
        many = count >= least - 1
        if not many.any():
            return float("nan")
        mean = np.bincount(owner, gaps, self.n)[many] / count[many]
        square = np.bincount(owner, gaps**2, self.n)[many] / count[many]
        return float((np.sqrt(np.maximum(square - mean**2, 0.0)) / mean).mean())

    def correlation(self, bin_ms: float = 5.0, cells: int = 300) -> float:
        """Mean Pearson coefficient of the counts of pairs of the first ``cells`` cells.

        Cells whose counts never change have none, and are left out; not-a-number where fewer than
        two are left.

        Args:
            bin_ms: width of a bin.
            cells: how many cells to pair; memory grows with their square.

        Raises:
            SCConfigError: a bin is not a length of time, or is longer than half the window.
        """
        counts = self._counts(bin_ms, min(whole_number("cells", cells, 2), self.n))
        counts = counts[counts.std(axis=1) > 0]
        if len(counts) < 2:
            return float("nan")
        matrix = np.corrcoef(counts)
        return float(matrix[np.triu_indices(len(matrix), 1)].mean())

    def rate_over_time(self, bin_ms: float = 1.0) -> Array:
        """``(bins,)`` mean rate of a cell in Hz in every bin that is complete.

        Raises:
            SCConfigError: a bin is not a length of time, or is longer than the window.
        """
        bins = self._bins(bin_ms, 1)
        place = (self.time / bin_ms + 1e-9).astype(np.int64)
        counts = np.bincount(place, minlength=bins)[:bins]
        return np.asarray(counts * (1000 / (bin_ms * self.n)), np.float64)

    def frequency(self, low: float = 5.0, high: float = 300.0, bin_ms: float = 0.5) -> float:
        """Frequency in Hz at which the rate over time has most power, between two frequencies.

        The rate is taken without its mean, under a Hann window, and padded to 16 times its length,
        so the peak is found on a grid finer than the window resolves.

        Raises:
            SCConfigError: the frequencies are not in order, or the bins too wide for them.
        """
        return dominant(self.rate_over_time(bin_ms), bin_ms, low, high)

    def _bins(self, bin_ms: float, least: int) -> int:
        bins = int(self.duration / require_positive("bin_ms", bin_ms) + 1e-9)
        if bins < least:
            raise SCConfigError(
                f"bin_ms is {bin_ms:g}; the window of {self.duration:g} ms must hold at least "
                f"{least} of them"
            )
        return bins

    def _counts(self, bin_ms: float, cells: int) -> Array:
        bins = self._bins(bin_ms, 2)
        place = (self.time / bin_ms + 1e-9).astype(np.int64)
        kept = (self.cell < cells) & (place < bins)
        flat = np.bincount(self.cell[kept] * bins + place[kept], minlength=cells * bins)
        return flat.reshape(cells, bins).astype(np.float64)


def dominant(rate: ArrayLike, bin_ms: float, low: float, high: float) -> float:
    """Frequency in Hz of the highest peak of the power of a rate; see `Activity.frequency`.

    Not-a-number for a rate that is constant.
    """
    values = np.asarray(rate, np.float64)
    fastest = 500 / require_positive("bin_ms", bin_ms)
    if not 0 < require_finite("low", low) < require_finite("high", high) <= fastest:
        raise SCConfigError(
            f"frequencies from {low:g} to {high:g} Hz: both above 0, the lower one first, and at "
            f"most {fastest:g} Hz, which bins of {bin_ms:g} ms can show"
        )
    if len(values) < 2 or values.std() == 0:
        return float("nan")
    padded = 16 * len(values)
    power = np.abs(np.fft.rfft((values - values.mean()) * np.hanning(len(values)), padded)) ** 2
    at = np.fft.rfftfreq(padded, bin_ms / 1000)
    inside = np.flatnonzero((at >= low) & (at <= high))
    if not len(inside):
        raise SCConfigError(f"{len(values)} bins of {bin_ms:g} ms resolve nothing in that range")
    return float(at[inside[np.argmax(power[inside])]])
