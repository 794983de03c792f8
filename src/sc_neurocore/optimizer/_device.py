"""Devices with their capacities, by the names that users give them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain import Target, get_target


@dataclass(frozen=True)
class Device:
    """A device and what it has.

    Attributes:
        name: how users call it.
        target: the toolchain's target that designs for it are synthesised for.
        part: the vendor's part.
        luts: LUTs on it.
        ffs: flip-flops.
        brams: block RAMs, as synthesis counts them.
        dsps: multiplier blocks.
        source: where the vendor says so.
        also: other names.
    """

    name: str
    target: str
    part: str
    luts: int
    ffs: int
    brams: int
    dsps: int
    source: str
    also: tuple[str, ...] = ()

    @property
    def toolchain_target(self) -> Target:
        """What the toolchain synthesises for."""
        return get_target(self.target)

    @property
    def family(self) -> str:
        """Family of the device: ``ice40``, ``ecp5`` or ``xilinx``."""
        return self.toolchain_target.family


@functools.cache
def devices() -> Mapping[str, Device]:
    """Every device by name."""
    text = files("sc_neurocore.optimizer").joinpath("devices.toml").read_text("utf-8")
    return MappingProxyType(
        {
            name: Device(name, **{**entry, "also": tuple(entry["also"])})
            for name, entry in tomllib.loads(text).items()
        }
    )


def find_device(name: str) -> Device:
    """The device of a name, or of another of its names.

    Raises:
        SCConfigError: there is none.
    """
    for device in devices().values():
        if name in (device.name, *device.also):
            return device
    raise SCConfigError(f"target is {name!r}; it must be one of {', '.join(devices())}")


def same_device(one: str, other: str) -> bool:
    """Whether two names are of one device."""
    try:
        return find_device(one) == find_device(other)
    except SCConfigError:
        return False
