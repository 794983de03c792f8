"""Targets: the devices that we can synthesise for, as data."""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sc_neurocore.exceptions import SCConfigError

# The tools that place and route a family, and the extra that installs them.
_NEXTPNR = {
    "ice40": ("nextpnr-ice40", "hardware"),
    "ecp5": ("nextpnr-ecp5", "ecp5"),
    "gowin": ("nextpnr-himbaechel-gowin", "gowin"),
}


@dataclass(frozen=True)
class Target:
    """A device, or a cell library, that designs are mapped to.

    Attributes:
        name: how users call it.
        family: which synthesis and cost rules apply.
        device: the vendor's part name.
        package: the package whose pins are used; empty if not placed.
        description: one line for people.
        synth: the Yosys command that maps to it.
        finish: a Yosys command for the top alone, after mapping; empty if none.
        nextpnr: the options that select it in nextpnr; empty if it cannot be placed.
        luts: LUTs or logic cells on the device; None if it is not one device.
        ffs: flip-flops on the device.
        brams: block RAMs on the device.
        dsps: multiplier blocks on the device.
        ios: user pins of the package.
        liberty: the cell library's file, for an ASIC.
    """

    name: str
    family: str
    device: str
    package: str
    description: str
    synth: str
    finish: str = ""
    nextpnr: tuple[str, ...] = ()
    luts: int | None = None
    ffs: int | None = None
    brams: int | None = None
    dsps: int | None = None
    ios: int | None = None
    liberty: str | None = None

    @property
    def place_and_route(self) -> bool:
        """Whether the target can be placed and routed, not only synthesised."""
        return bool(self.nextpnr)

    @property
    def router(self) -> str | None:
        """The tool that places and routes it, if any."""
        return _NEXTPNR[self.family][0] if self.nextpnr else None

    @property
    def extra(self) -> str:
        """The extra of sc-neurocore that installs what the target needs."""
        return _NEXTPNR[self.family][1] if self.nextpnr else "hardware"

    @property
    def available(self) -> bool:
        """Whether the data that the target needs is on this machine."""
        return self.liberty is None or Path(self.liberty).is_file()


@functools.cache
def targets() -> Mapping[str, Target]:
    """Return every target by name."""
    document = tomllib.loads(Path(__file__).with_name("targets.toml").read_text())
    return MappingProxyType({name: _target(name, entry) for name, entry in document.items()})


def _target(name: str, entry: dict[str, Any]) -> Target:
    entry["nextpnr"] = tuple(entry.get("nextpnr", ()))
    return Target(name=name, **entry)


def get_target(name: str) -> Target:
    """Return a target by its name.

    Raises:
        SCConfigError: if there is none of that name, or its library is not installed.
    """
    known = targets()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SCConfigError(f"unknown target {name!r}{hint} (targets: {', '.join(known)})")
    target = known[name]
    if not target.available:
        raise SCConfigError(
            f"target {name!r} needs the cell library {target.liberty}, which is not installed"
        )
    return target
