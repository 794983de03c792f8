"""Rate, irregularity, synchrony and rhythm of spikes, against values by hand and the analysis."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.analysis import cv_isi
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import Activity


def test_by_hand() -> None:
    """Cell 0: intervals of 10 and 30 ms, CV 0.5; cell 1 every 20 ms; cell 2 has one interval."""
    tick = np.array([100, 200, 500, 100, 300, 500, 150, 700])
    cell = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    activity = Activity.of((tick, cell), 3, 0.1, 60.0, 5.0)
    assert activity.duration == 55
    assert activity.rate() == pytest.approx(7 / 3 / 0.055)
    assert activity.irregularity() == pytest.approx(0.25)
    assert np.isnan(activity.irregularity(4))
    assert np.array_equal(activity.rate_over_time(5.0)[:4], np.array([0, 2, 1, 1]) * 200 / 3)


def test_irregularity_is_that_of_the_analysis() -> None:
    rng = np.random.default_rng(2)
    trains = rng.random((40, 4000)) < 0.01
    cell, tick = np.nonzero(trains)
    shuffled = rng.permutation(len(cell))
    found = Activity.of((tick[shuffled], cell[shuffled]), 40, 1.0, 4000.0)
    assert found.irregularity() == pytest.approx(np.mean([cv_isi(t) for t in trains]))


def test_correlation_of_copies_and_of_strangers() -> None:
    """Three copies of one train and one other: three pairs of 1, three of about 0."""
    rng = np.random.default_rng(3)
    one, other = rng.random((2, 20_000)) < 0.02
    cell, tick = np.nonzero([one, one, one, other])
    found = Activity.of((tick, cell), 4, 1.0, 20_000.0)
    between = np.corrcoef(one.reshape(-1, 5).sum(1), other.reshape(-1, 5).sum(1))[0, 1]
    assert found.correlation(5.0) == pytest.approx((3 + 3 * between) / 6)
    assert found.correlation(5.0, cells=3) == pytest.approx(1.0)
    assert np.isnan(Activity.of((tick[:0], cell[:0]), 4, 1.0, 100.0).correlation())


@pytest.mark.parametrize("hertz", [22.0, 180.0, 333.0])
def test_frequency_of_volleys(hertz: float) -> None:
    """A hundred spikes in each volley, which spreads over a tenth of a period, among strays."""
    rng = np.random.default_rng(4)
    volleys = np.repeat(np.arange(0, 1, 1 / hertz), 100) * 1000
    time = np.concatenate(
        [volleys + rng.normal(0, 100 / hertz, len(volleys)), rng.random(3000) * 1000]
    )
    tick = np.round(np.clip(time, 0, 999) / 0.1).astype(int)
    found = Activity.of((tick, rng.integers(0, 1000, len(tick))), 1000, 0.1, 1000.0)
    assert found.frequency(high=500.0) == pytest.approx(hertz, abs=1.0)


def test_what_makes_no_sense_is_refused() -> None:
    none = (np.zeros(0, int), np.zeros(0, int))
    for start, stop in ((5.0, 5.0), (-1.0, 5.0)):
        with pytest.raises(SCConfigError, match="ends after that"):
            Activity.of(none, 3, 0.1, stop, start)
    empty = Activity.of(none, 3, 0.1, 10.0)
    with pytest.raises(SCConfigError, match="must hold at least 2"):
        empty.correlation(8.0)
    with pytest.raises(SCConfigError, match="can show"):
        empty.frequency(10.0, 2000.0)
    with pytest.raises(SCConfigError, match="from 3 on"):
        empty.irregularity(2)
    assert np.isnan(empty.frequency())
