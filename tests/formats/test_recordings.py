"""Recorded spikes as bits, currents and probabilities: by hand, by property, and through pynwb."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pynwb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError, SCDependencyError, SCNeuroError
from sc_neurocore.io import (
    DoubleSpikeWarning,
    UnreadWarning,
    firing_rates_to_sc_probs,
    from_sorting,
    read_nwb,
    spike_trains_to_bitstreams,
    spike_trains_to_population_input,
    to_sorting,
    write_nwb,
)

START = datetime(2024, 5, 1, 12, tzinfo=UTC)


def test_bits_by_hand() -> None:
    bits = spike_trains_to_bitstreams({"b": [0.0, 2.5], "a": [3.999]}, 4.0, 1.0)
    assert bits.tolist() == [[1, 0, 1, 0], [0, 0, 0, 1]] and bits.dtype == np.uint8
    # 0.3/0.1 is 2.9999999999999996 in floating point, and still the edge of bin 3.
    assert spike_trains_to_bitstreams({0: [0.3]}, 1.0, 0.1)[0].argmax() == 3
    assert spike_trains_to_bitstreams({}, 4.0).shape == (0, 4)


def test_currents_are_the_bits_by_time() -> None:
    times = {1: [0.5, 3.0], 7: [1.0]}
    current = spike_trains_to_population_input(times, 5.0, 0.5)
    assert current.shape == (10, 2) and current.dtype == np.float64
    assert (current == spike_trains_to_bitstreams(times, 5.0, 0.5).T).all()


@given(st.lists(st.integers(0, 999), unique=True), st.sampled_from([0.1, 0.025, 1.0, 1 / 3, 7.0]))
def test_every_spike_is_the_bit_of_its_bin(bins: list[int], dt: float) -> None:
    times = np.sort(np.array(bins, float)) * dt
    bits = spike_trains_to_bitstreams({0: times}, 1000 * dt, dt)
    assert np.flatnonzero(bits[0]).tolist() == sorted(bins)


def test_double_spikes_are_counted() -> None:
    times = {0: [0.1, 0.2, 0.9, 1.5], 1: [0.5, 1.0]}
    with pytest.raises(SCConfigError, match="2 of 6 spikes are in a bin of 1 ms that has a spike"):
        spike_trains_to_bitstreams(times, 2.0)
    with pytest.warns(DoubleSpikeWarning, match="2 of 6 spikes"):
        assert spike_trains_to_bitstreams(times, 2.0, doubles="merge").sum() == 4


def test_probabilities_by_hand() -> None:
    times = {0: np.arange(10) * 100.0, 1: [], 2: np.arange(40) * 25.0}
    assert firing_rates_to_sc_probs(times, 1000.0, 40.0).tolist() == [0.25, 0.0, 1.0]
    with pytest.raises(SCConfigError, match="unit 2 fires at 40 Hz, above max_rate_hz of 39 Hz"):
        firing_rates_to_sc_probs(times, 1000.0, 39.0)
    with pytest.raises(SCConfigError, match="duration_ms is inf"):  # all rates would be 0
        firing_rates_to_sc_probs(times, float("inf"), 39.0)


@pytest.mark.parametrize(
    ("times", "duration", "dt", "said"),
    [
        ([-0.1], 4.0, 1.0, "a spike at -0.1 ms; times are from 0"),
        ([4.0], 4.0, 1.0, "a spike at 4 ms; times are from 0 to below 4"),
        ([2.0, 1.0], 4.0, 1.0, "are not ascending"),
        ([np.nan], 4.0, 1.0, "list of finite ms"),
        (["x"], 4.0, 1.0, "are not numbers"),
        ([[1.0]], 4.0, 1.0, "list of finite ms"),
        ([1.0], 4.5, 1.0, "a whole number of bins"),
        ([0.2], 0.5, 1.0, "a whole number of bins"),
        ([1.0], -4.0, 1.0, "duration_ms is -4.0; it must"),
        ([1.0], float("inf"), 1.0, "duration_ms is inf; it must be a finite number"),
        ([1.0], 4.0, 0.0, "dt is 0.0; it must"),
        ([1.0], 4.0, float("nan"), "dt is nan; it must"),
        ([1.0], 1e12, 1e-2, "take a larger dt"),
    ],
)
def test_bad_times_are_refused(times: Any, duration: float, dt: float, said: str) -> None:
    with pytest.raises(SCConfigError, match=said):
        spike_trains_to_bitstreams({0: times}, duration, dt)


class Sorted:
    """The methods of SpikeInterface's `BaseSorting` that are used."""

    def __init__(self, frames: dict[Any, Any], rate: float = 30000.0, segments: int = 1) -> None:
        self.frames, self.rate, self.segments = frames, rate, segments

    def get_unit_ids(self) -> list[Any]:
        return list(self.frames)

    def get_unit_spike_train(self, unit_id: Any) -> Any:
        return np.asarray(self.frames[unit_id])

    def get_sampling_frequency(self) -> float:
        return self.rate

    def get_num_segments(self) -> int:
        return self.segments


def test_a_sorting_by_hand() -> None:
    sorting = Sorted({"u": [0, 29, 90], "v": [30]})  # 30 frames are 1 ms
    with pytest.raises(SCConfigError, match="1 of 4 spikes"):
        from_sorting(sorting)
    bits = from_sorting(sorting, 0.5)
    assert bits.tolist() == [[1, 1, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0, 0]]
    assert from_sorting(sorting, 0.5, duration_ms=10.0).shape == (2, 20)
    assert from_sorting(Sorted({"u": []})).tolist() == [[0]]
    for bad, said in (
        (Sorted({"u": [3, 1]}), "not ascending"), (Sorted({"u": [0.5]}), "no whole numbers"),
        (Sorted({"u": [-3]}), "spike at -0.1 ms"), (Sorted({}, rate=0.0), "sampling frequency"),
        (Sorted({}, segments=2), "has 2 segments"),
        (Sorted({}, rate=None), "sampling frequency is None; it must"),  # type: ignore[arg-type]
        (Sorted({"u": np.array([2**63 + 1], np.uint64)}), "frames count to"),
    ):  # fmt: skip
        with pytest.raises(SCConfigError, match=said):
            from_sorting(bad)


def test_without_spikeinterface_a_sorting_cannot_be_made() -> None:
    with pytest.raises(SCConfigError, match="two spikes in one frame"):
        to_sorting({0: [1.0, 1.01]}, 30000.0)
    with pytest.raises(SCConfigError, match=r"unit 0 has a spike at 1e\+300 ms, in frame 3e"):
        to_sorting({0: [1e300]}, 30000.0)
    with pytest.raises(SCDependencyError, match="pip install spikeinterface"):
        to_sorting({0: [1.0]}, 30000.0)


def test_nwb_comes_back_and_pynwb_reads_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    times = {4: np.sort(rng.uniform(0, 1000, 50)), 2: np.array([]), 9: np.array([0.0, 7.25])}
    path = tmp_path / "units.nwb"
    write_nwb(path, times, session_start=START, description="made up", identifier="a")
    found = read_nwb(path)
    assert list(found) == [4, 2, 9]
    assert all(np.allclose(found[k], times[k], rtol=1e-15, atol=0) for k in times)
    with pynwb.NWBHDF5IO(str(path), "r") as file:
        units = file.read().units
        assert units.id[:].tolist() == [4, 2, 9]
        assert units["spike_times"][2].tolist() == [0.0, 0.00725]  # seconds
    assert not pynwb.validate(path=str(path))
    with pytest.raises(SCConfigError, match="exists already"):
        write_nwb(path, times, session_start=START, description="x", identifier="a")


def test_columns_of_nwb_that_are_not_read_are_reported(tmp_path: Path) -> None:
    file = pynwb.NWBFile("x", "a", START)
    file.add_unit_column("quality", "how good it is")
    file.add_unit(spike_times=[0.5], obs_intervals=[[0.0, 1.0]], quality="good")
    with pynwb.NWBHDF5IO(str(tmp_path / "x.nwb"), "w") as out:
        out.write(file)
    with pytest.warns(UnreadWarning, match="column 'quality' .*column 'obs_intervals' of its un"):
        assert read_nwb(tmp_path / "x.nwb")[0].tolist() == [500.0]


def test_bad_nwb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "units.nwb"
    for times, start, said in (
        ({"a": [1.0]}, START, "is no whole number"),
        ({1: [1.0]}, START.replace(tzinfo=None), "with its time zone"),
        ({1: [2.0, 1.0]}, START, "not ascending"),
        ({}, START, "no unit to write"),
        ({2**63: [1.0]}, START, "too large; ids in NWB have 64 bits"),
        ({1: [1.0]}, "2024-05-01", "session_start is '2024-05-01'; NWB needs a datetime"),
    ):
        with pytest.raises(SCConfigError, match=said):
            write_nwb(path, times, session_start=start, description="x", identifier="a")  # type: ignore[arg-type]
    with pytest.raises(SCConfigError, match="identifier is 3; NWB needs a text"):
        write_nwb(path, {1: [1.0]}, session_start=START, description="x", identifier=3)  # type: ignore[arg-type]
    with pytest.raises(SCConfigError, match="cannot be written"):
        write_nwb(tmp_path / "no/units.nwb", {1: [1.0]}, session_start=START, description="x",
                  identifier="a")  # fmt: skip
    assert not list(tmp_path.iterdir())
    with pytest.raises(SCConfigError, match="is not a file"):
        read_nwb(path)
    write_nwb(path, {1: [1.0]}, session_start=START, description="x", identifier="a")
    whole = path.read_bytes()
    for k in range(6):
        path.write_bytes(whole[: len(whole) * k // 6])
        with pytest.raises(SCNeuroError, match="cannot be read as NWB"):
            read_nwb(path)
