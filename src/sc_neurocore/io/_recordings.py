"""Recorded spike trains as bitstreams, currents and probabilities; SpikeInterface and NWB."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.io._sonata_hdf5 import existing, need, replacing
from sc_neurocore.io._unread import report_unread

SpikeTimes = Mapping[Any, ArrayLike]
Doubles = Literal["refuse", "merge"]
Array = NDArray[np.float64]

#: Share of a bin by which a time may miss an edge that it is meant to be on.
_NEAR = 1e-9
_MOST_BYTES = 2**33
#: From here on a number of 64 bits is not every whole number.
_MOST_FRAMES = 2**53


class Sorting(Protocol):
    """What `from_sorting` needs of a sorting; SpikeInterface's `BaseSorting` has it."""

    def get_unit_ids(self) -> Any:
        """Ids of the units."""

    def get_unit_spike_train(self, unit_id: Any) -> Any:
        """Frames of a unit's spikes."""

    def get_sampling_frequency(self) -> float:
        """Frames per second."""


class DoubleSpikeWarning(UserWarning):
    """Several spikes of a unit fell into one bin and were merged."""


def spike_trains_to_bitstreams(
    spike_times: SpikeTimes, duration_ms: float, dt: float = 1.0, *, doubles: Doubles = "refuse"
) -> NDArray[np.uint8]:
    """Spike times as bits: 1 in every bin with a spike.

    Bin ``k`` is from ``k·dt`` on to ``(k + 1)·dt``.

    Args:
        spike_times: times in ms of each unit, ascending, from 0 to below ``duration_ms``.
        duration_ms: length of the recording, a whole number of bins.
        dt: width of a bin in ms.
        doubles: ``"refuse"`` two spikes of a unit in one bin, or ``"merge"`` them with a
            `DoubleSpikeWarning` that counts the spikes lost.

    Returns:
        ``(n_units, n_bins)``, 0 or 1, units in the order of ``spike_times``.

    Raises:
        SCConfigError: times that are unsorted, outside the recording, or two in a bin.
    """
    if doubles not in ("refuse", "merge"):
        raise SCConfigError(f"doubles is {doubles!r}; it must be 'refuse' or 'merge'")
    trains = _trains(spike_times, duration_ms)
    bins = _bin_count(duration_ms, dt)
    _require_room(len(trains) * bins)
    out = np.zeros((len(trains), bins), np.uint8)
    for row, times in zip(out, trains.values(), strict=True):
        row[np.minimum(_bins(times, dt), bins - 1)] = 1
    lost = sum(map(len, trains.values())) - int(out.sum(dtype=np.int64))
    if lost:
        what = f"{lost} of {sum(map(len, trains.values()))} spikes are in a bin of {dt:g} ms that "
        what += "has a spike of the same unit already"
        if doubles == "refuse":
            raise SCConfigError(f"{what}; take a smaller dt, or doubles='merge'")
        warnings.warn(f"{what}; they were merged", DoubleSpikeWarning, stacklevel=2)
    return out


def spike_trains_to_population_input(
    spike_times: SpikeTimes, duration_ms: float, dt: float = 1.0, *, doubles: Doubles = "refuse"
) -> Array:
    """Spike times as currents: a pulse of amplitude 1.0 in every bin with a spike.

    Args:
        spike_times: as for `spike_trains_to_bitstreams`.
        duration_ms: as there.
        dt: width of a step in ms.
        doubles: as there.

    Returns:
        ``(n_timesteps, n_units)``, values of a `network.TimedArray`.

    Raises:
        SCConfigError: as there.
    """
    bits = spike_trains_to_bitstreams(spike_times, duration_ms, dt, doubles=doubles)
    return np.ascontiguousarray(bits.T, np.float64)


def firing_rates_to_sc_probs(
    spike_times: SpikeTimes, duration_ms: float, max_rate_hz: float
) -> Array:
    """Mean firing rates as probabilities of bits.

    Args:
        spike_times: times in ms of each unit, ascending, from 0 to below ``duration_ms``.
        duration_ms: length of the recording.
        max_rate_hz: rate that is probability 1.

    Returns:
        ``(n_units,)`` rate over ``max_rate_hz``, from 0 to 1.

    Raises:
        SCConfigError: times that are unsorted or outside the recording, or a unit above
            ``max_rate_hz``.
    """
    _positive("max_rate_hz", max_rate_hz)
    trains = _trains(spike_times, duration_ms)
    rates = np.array([len(times) for times in trains.values()], np.float64) * 1000 / duration_ms
    if len(rates) and rates.max() > max_rate_hz:
        unit = list(trains)[int(rates.argmax())]
        raise SCConfigError(f"unit {unit!r} fires at {rates.max():.6g} Hz, above max_rate_hz of "
                            f"{max_rate_hz:g} Hz; raise that")  # fmt: skip
    return np.asarray(rates / max_rate_hz, np.float64)


def from_sorting(
    sorting: Sorting,
    dt: float = 1.0,
    *,
    duration_ms: float | None = None,
    doubles: Doubles = "refuse",
) -> NDArray[np.uint8]:
    """A sorting of SpikeInterface as bits.

    Args:
        sorting: SpikeInterface's `BaseSorting` of one segment, or anything with its methods.
        dt: width of a bin in ms.
        duration_ms: length of the recording; by default up to the end of the last spike's bin.
        doubles: as for `spike_trains_to_bitstreams`.

    Returns:
        ``(n_units, n_bins)``, 0 or 1, units in the order of the sorting.

    Raises:
        SCConfigError: several segments, frames that are unsorted or outside, or two spikes in a
            bin.
    """
    segments = getattr(sorting, "get_num_segments", lambda: 1)()
    if segments != 1:
        raise SCConfigError(f"the sorting has {segments} segments; select one, as "
                            "sorting.select_segments([0])")  # fmt: skip
    rate = sorting.get_sampling_frequency()
    _positive("the sorting's sampling frequency", rate)
    _positive("dt", dt)
    times: dict[Any, Array] = {}
    for unit in sorting.get_unit_ids():
        frames = np.asarray(sorting.get_unit_spike_train(unit))
        if frames.ndim != 1 or (len(frames) and frames.dtype.kind not in "iu"):
            raise SCConfigError(f"the frames of unit {unit!r} are no whole numbers")
        if len(frames) and int(frames.max()) >= _MOST_FRAMES:
            raise SCConfigError(f"unit {unit!r} has a spike in frame {frames.max()}; frames count "
                                "to 2**53")  # fmt: skip
        times[unit] = frames.astype(np.float64) * (1000 / float(rate))
    if duration_ms is None:
        last = max((float(x.max()) for x in times.values() if len(x)), default=0.0)
        duration_ms = (int(_bins(np.array([max(last, 0.0)]), dt)[0]) + 1) * dt
    return spike_trains_to_bitstreams(times, duration_ms, dt, doubles=doubles)


def to_sorting(spike_times: SpikeTimes, sampling_frequency: float) -> Any:
    """Spike times as a `NumpySorting` of SpikeInterface.

    Args:
        spike_times: times in ms of each unit, ascending, from 0 on.
        sampling_frequency: frames per second; each time goes to its nearest frame.

    Raises:
        SCConfigError: times that are unsorted or negative, or two spikes of a unit in one frame.
        SCDependencyError: spikeinterface is not installed.
    """
    _positive("sampling_frequency", sampling_frequency)
    frames = {}
    for unit, times in _trains(spike_times, None).items():
        exact = np.rint(times * (sampling_frequency / 1000))
        if len(exact) and exact[-1] >= _MOST_FRAMES:
            raise SCConfigError(f"unit {unit!r} has a spike at {times[-1]:g} ms, in frame "
                                f"{exact[-1]:.3g}; frames count to 2**53")  # fmt: skip
        frames[unit] = exact.astype(np.int64)
        if len(np.unique(frames[unit])) < len(times):
            raise SCConfigError(f"unit {unit!r} has two spikes in one frame; raise "
                                "sampling_frequency")  # fmt: skip
    try:
        core = importlib.import_module("spikeinterface.core")
    except ImportError:
        raise SCDependencyError(
            "spikeinterface is not installed; pip install spikeinterface to make a sorting"
        ) from None
    return core.NumpySorting.from_unit_dict([frames], float(sampling_frequency))


def read_nwb(path: str | Path) -> dict[int, Array]:
    """Spike times of the units table of an NWB file.

    Other columns of that table are not read, and an `UnreadWarning` names them.

    Args:
        path: the file.

    Returns:
        Times in ms by unit id, in the order of the table. NWB keeps seconds: times that were
        written from ms come back to the 15th digit.

    Raises:
        SCConfigError: the file is missing or damaged, or has no units with spike times.
        SCDependencyError: pynwb is not installed.
    """
    pynwb = need("pynwb")
    found = existing(path, "NWB file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pynwb.NWBHDF5IO(str(found), "r") as file:
                units = file.read().units
                if units is None or "spike_times" not in units.colnames:
                    raise SCConfigError(f"{found} has no units with spike_times")
                others = [x for x in units.colnames if x != "spike_times"]
                ids = [int(x) for x in units.id[:]]
                seconds = [np.asarray(units["spike_times"][k], float) for k in range(len(ids))]
    except SCConfigError:
        raise
    except Exception as error:  # pynwb and hdmf raise many kinds for a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SCConfigError(f"{found} cannot be read as NWB: {reason}") from None
    if len(set(ids)) < len(ids):
        raise SCConfigError(f"{found}: a unit id stands in the units table twice")
    report_unread(found, [f"column '{x}' of its units" for x in others])
    times = {unit: s * 1000 for unit, s in zip(ids, seconds, strict=True)}
    return _trains(times, None, f"{found}: ")


def write_nwb(
    path: str | Path,
    spike_times: SpikeTimes,
    *,
    session_start: datetime,
    description: str,
    identifier: str,
) -> None:
    """Write spike times as the units table of a new NWB file, all or nothing.

    Args:
        path: must not exist yet.
        spike_times: times in ms by unit; ids are whole numbers.
        session_start: when the recording began, with its time zone.
        description: of the session.
        identifier: of the session, unique.

    Raises:
        SCConfigError: times that are unsorted or negative, ids that are no whole numbers, a start
            without a time zone, or a file that exists or cannot be written.
        SCDependencyError: pynwb is not installed.
    """
    trains = _trains(spike_times, None)
    for unit in trains:
        if isinstance(unit, bool) or not isinstance(unit, int | np.integer):
            raise SCConfigError(f"unit {unit!r} is no whole number, as ids in NWB are")
        if not -(2**63) <= unit < 2**63:
            raise SCConfigError(f"unit {unit!r} is too large; ids in NWB have 64 bits")
    if not isinstance(session_start, datetime) or session_start.tzinfo is None:
        raise SCConfigError(f"session_start is {session_start!r}; NWB needs a datetime with its "
                            "time zone")  # fmt: skip
    for name, text in (("description", description), ("identifier", identifier)):
        if not isinstance(text, str) or not text:
            raise SCConfigError(f"{name} is {text!r}; NWB needs a text that is not empty")
    pynwb = need("pynwb")
    file = pynwb.NWBFile(session_description=description, identifier=identifier,
                         session_start_time=session_start)  # fmt: skip
    for unit, times in trains.items():
        file.add_unit(id=int(unit), spike_times=times / 1000)
    if file.units is None:
        raise SCConfigError("there is no unit to write")
    with replacing(path) as draft, pynwb.NWBHDF5IO(str(draft), "w") as out:
        out.write(file)


def _trains(spike_times: SpikeTimes, duration: float | None, where: str = "") -> dict[Any, Array]:
    """Times by unit, checked; ``None`` is a recording of unknown length."""
    if not isinstance(spike_times, Mapping):
        raise SCConfigError("spike_times must map each unit to its times in ms")
    if duration is None:
        duration = np.inf
    else:
        _positive("duration_ms", duration)
    found: dict[Any, Array] = {}
    for unit, given in spike_times.items():
        try:
            times = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            raise SCConfigError(f"{where}the times of unit {unit!r} are not numbers") from None
        if times.ndim != 1 or not np.isfinite(times).all():
            raise SCConfigError(f"{where}the times of unit {unit!r} must be a list of finite ms")
        if (np.diff(times) < 0).any():
            raise SCConfigError(f"{where}the times of unit {unit!r} are not ascending; sort them")
        if len(times) and (times[0] < 0 or times[-1] >= duration):
            bad = times[0] if times[0] < 0 else times[-1]
            raise SCConfigError(f"{where}unit {unit!r} has a spike at {bad:g} ms; times are from 0 "
                                f"to below {duration:g} ms")  # fmt: skip
        found[unit] = times
    return found


def _bins(times: Array, dt: float) -> NDArray[np.int64]:
    """Bin of each time; one that is an edge but for rounding belongs to the bin after it."""
    scaled = times / dt
    nearest = np.rint(scaled)
    near = np.abs(scaled - nearest) <= _NEAR * np.maximum(1, nearest)
    return np.where(near, nearest, np.floor(scaled)).astype(np.int64)


def _bin_count(duration: float, dt: float) -> int:
    _positive("dt", dt)
    bins = duration / dt
    if bins < 1 - _NEAR or abs(bins - round(bins)) > 1e-6 * max(1, bins):
        raise SCConfigError(f"duration_ms is {duration:g}, {bins:g} bins of {dt:g} ms; give a "
                            "whole number of bins")  # fmt: skip
    return round(bins)


def _require_room(size: float) -> None:
    if size > _MOST_BYTES:
        raise SCConfigError(f"{size:.3g} bits of a byte each would take {size / 2**30:.0f} GiB; "
                            "take a larger dt, or a part of the recording")  # fmt: skip


def _positive(what: str, value: Any) -> None:
    fits = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not fits or not np.isfinite(value) or value <= 0:
        raise SCConfigError(f"{what} is {value!r}; it must be a finite number above 0")
