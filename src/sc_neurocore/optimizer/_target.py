"""Whether evidence is of the device that a target is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from types import MappingProxyType

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._device import find_device, same_device
from sc_neurocore.optimizer._observation import (
    UNIT_NAMES,
    BenchmarkObservation,
    LutUnit,
    ObservationLoadError,
)

_LUTS: Mapping[str, tuple[LutUnit, ...]] = MappingProxyType(
    {
        "ice40": ("lut4", "lc"),
        "ecp5": ("lut4",),
        "gowin": ("lut4",),
        "xilinx": ("lut6",),
        "artix7": ("lut6",),
        "kintex7": ("lut6",),
        "virtex7": ("lut6",),
        "spartan7": ("lut6",),
        "zynq": ("lut6",),
    }
)
# How AMD's part numbers begin, without the leading xc.
_SERIES_OF_PART = {
    "7a": "artix7", "7k": "kintex7", "7v": "virtex7", "7s": "spartan7", "7z": "zynq",
    "au": "Artix UltraScale+", "ku": "Kintex UltraScale", "vu": "Virtex UltraScale",
    "zu": "Zynq UltraScale+", "vc": "Versal", "ve": "Versal", "vm": "Versal", "vp": "Versal",
}  # fmt: skip


def require_luts_of(observation: BenchmarkObservation, target: str) -> None:
    """Refuse an observation that counts LUTs which a target does not have.

    Raises:
        ObservationLoadError: it counts others. Nothing is said of a target that is not known.
    """
    units = _LUTS.get(_series_of(target), ())
    if units and observation.lut_unit and observation.lut_unit not in units:
        raise ObservationLoadError(
            f"{observation.source}: {UNIT_NAMES[observation.lut_unit]} were counted, but target "
            f"'{target}' has {UNIT_NAMES[units[0]]}"
        )


def require_device_of(target: str, device: str, source: str) -> None:
    """Refuse a report of a device of another series than a target's.

    Raises:
        ObservationLoadError: the device is of another.
    """
    series = _SERIES_OF_PART.get(device.lower().removeprefix("xc")[:2], "")
    wanted = _series_of(target)
    if series and wanted in _SERIES_OF_PART.values() and series != wanted:
        raise ObservationLoadError(
            f"{source} is of device '{device}', of series {series}, but target '{target}' is of "
            f"{wanted}"
        )


def is_measured_for(observation: BenchmarkObservation, name: str, family: str) -> bool:
    """Whether evidence names a target, its family, another name of its device, or none."""
    own = observation.target
    return own in ("", name, family) or same_device(own, name)


def require_measured_for(observation: BenchmarkObservation, name: str, family: str) -> None:
    """Refuse evidence of one target for another.

    Args:
        observation: the evidence.
        name: the target's name.
        family: its family.

    Raises:
        ObservationLoadError: the observation names another device, or counts LUTs that the
            target does not have.
    """
    if not is_measured_for(observation, name, family):
        raise ObservationLoadError(
            f"{observation.source}: measured for target '{observation.target}', not for '{name}'"
        )
    require_luts_of(observation, family)


def _series_of(target: str) -> str:
    """The key of `_LUTS` for a device, a board, or a name that begins with one; else empty."""
    with contextlib.suppress(SCConfigError):
        target = find_device(target).name
    plain = re.sub(r"[^a-z0-9]", "", target.lower())
    return next((series for series in _LUTS if plain.startswith(series)), "")
