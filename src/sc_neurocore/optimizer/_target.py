"""Whether evidence is of the kind of device that a target is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from sc_neurocore.optimizer._observation import (
    UNIT_NAMES,
    BenchmarkObservation,
    LutUnit,
    ObservationLoadError,
)

_LUTS_OF_TARGET: Mapping[str, tuple[LutUnit, ...]] = MappingProxyType(
    {
        "ice40": ("lut4", "lc"),
        "ecp5": ("lut4",),
        "gowin": ("lut4",),
        "artix7": ("lut6",),
        "kintex7": ("lut6",),
        "virtex7": ("lut6",),
        "spartan7": ("lut6",),
        "zynq": ("lut6",),
        "xilinx7": ("lut6",),
    }
)
# How AMD's part numbers begin, without the leading xc.
_FAMILY_OF_PART = {
    "7a": "artix7", "7k": "kintex7", "7v": "virtex7", "7s": "spartan7", "7z": "zynq"
}  # fmt: skip


def family_of(target: str) -> str:
    """The family that a target's name begins with; empty if it is none that is known.

    ``artix7-35t`` and ``Artix-7`` are both ``artix7``.
    """
    plain = re.sub(r"[^a-z0-9]", "", target.lower())
    return next((family for family in _LUTS_OF_TARGET if plain.startswith(family)), "")


def lut_units_of(target: str) -> tuple[LutUnit, ...]:
    """Units in which LUTs of a target are counted; empty if it is not known."""
    return _LUTS_OF_TARGET.get(family_of(target), ())


def require_target_of_device(target: str, device: str, source: str) -> None:
    """Refuse a report of another family than the target's.

    Raises:
        ObservationLoadError: the device is of another family.
    """
    part = device.lower().removeprefix("xc")
    family, wanted = _FAMILY_OF_PART.get(part[:2], ""), family_of(target)
    if family and wanted and family != wanted and wanted != "xilinx7":
        raise ObservationLoadError(
            f"{source} is of device '{device}', which is no '{target}' but a {family}"
        )


def require_target(observation: BenchmarkObservation, target: str) -> None:
    """Refuse evidence of one target for another.

    Raises:
        ObservationLoadError: the observation names another target, or counts LUTs that the
            target does not have.
    """
    own = observation.target
    if own and own != target and not (family_of(own) and family_of(own) == family_of(target)):
        raise ObservationLoadError(
            f"{observation.source}: measured for target '{own}', not for '{target}'"
        )
    units = lut_units_of(target)
    if units and observation.lut_unit and observation.lut_unit not in units:
        raise ObservationLoadError(
            f"{observation.source}: {UNIT_NAMES[observation.lut_unit]} were counted, but target "
            f"'{target}' has {UNIT_NAMES[units[0]]}"
        )
