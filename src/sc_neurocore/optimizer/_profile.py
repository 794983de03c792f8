"""What is given: the layers of a network, the budget they share, the device."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._device import find_device


@dataclass(frozen=True)
class HardwareBudget:
    """What a network may take.

    Attributes:
        max_luts: LUTs, above 0.
        max_power_mw: dynamic power in mW, above 0.
        max_latency_cycles: clocks from the first bit of the first layer to the last of the last;
            None for no limit.

    Raises:
        SCConfigError: a number that is not finite and above 0, or a count that is not whole.
    """

    max_luts: int
    max_power_mw: float
    max_latency_cycles: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_luts", require_whole("max_luts", self.max_luts, 1))
        power = require_positive("max_power_mw", self.max_power_mw)
        object.__setattr__(self, "max_power_mw", power)
        if self.max_latency_cycles is not None:
            latency = require_whole("max_latency_cycles", self.max_latency_cycles, 1)
            object.__setattr__(self, "max_latency_cycles", latency)


@dataclass(frozen=True)
class LayerProfile:
    """A layer before anything is decided.

    Attributes:
        id: its name.
        mac_count: products of one dot product that the layer forms, 1 to 2**24.
        is_critical_path: whether the layer waits for the other critical ones. Their latencies add
            up, and other layers run beside them; if no layer is critical, all follow one another.

    Raises:
        SCConfigError: an empty name, or a count that is not a whole number above 0.
    """

    id: str
    mac_count: int
    is_critical_path: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id.strip():
            raise SCConfigError(f"id of a layer is {self.id!r}; it must be text")
        count = require_whole(f"mac_count of layer '{self.id}'", self.mac_count, 1, 1 << 24)
        object.__setattr__(self, "mac_count", count)
        if not isinstance(self.is_critical_path, (bool, np.bool_)):
            raise SCConfigError(
                f"is_critical_path of layer '{self.id}' is {self.is_critical_path!r}; it must be "
                "True or False"
            )


@dataclass(frozen=True)
class TargetHardwareProfile:
    """A device, its budget, and what is preferred within it.

    The utility of a choice is ``accuracy_weight`` × its share of the network's accuracy, less each
    other weight × the share of that budget which it takes. With the defaults a whole budget is
    worth one point of accuracy.

    Attributes:
        name: of a device or board (`fit_to_target`'s targets, ``pynq-z2``, …), or any name together
            with ``family``.
        budget: what the network may take.
        accuracy_weight: at least 0, as the others.
        lut_weight: of LUTs.
        power_weight: of power.
        latency_weight: of latency; without effect if the budget has no limit on it.
        family: ``ice40``, ``ecp5`` or ``xilinx``; None takes that of the name.
        clock_mhz: at which power is meant.

    Raises:
        SCConfigError: an empty name, a negative or non-finite weight, or a clock not above 0.
    """

    name: str
    budget: HardwareBudget
    accuracy_weight: float = 1.0
    lut_weight: float = 0.01
    power_weight: float = 0.01
    latency_weight: float = 0.01
    family: str | None = None
    clock_mhz: float = 50.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise SCConfigError(f"name of a target is {self.name!r}; it must be text")
        if not isinstance(self.budget, HardwareBudget):
            raise SCConfigError(
                f"budget of target '{self.name}' is {self.budget!r}; it must be a HardwareBudget"
            )
        for name in ("accuracy_weight", "lut_weight", "power_weight", "latency_weight"):
            object.__setattr__(self, name, require_weight(name, getattr(self, name)))
        object.__setattr__(self, "clock_mhz", require_positive("clock_mhz", self.clock_mhz))
        if self.family is not None and self.family not in ("ice40", "ecp5", "xilinx"):
            raise SCConfigError(
                f"family of target '{self.name}' is {self.family!r}; it must be ice40, ecp5 or "
                "xilinx"
            )

    @property
    def device_family(self) -> str:
        """The family whose cells are counted.

        Raises:
            SCConfigError: neither ``family`` nor the name says it.
        """
        if self.family is not None:
            return self.family
        try:
            return find_device(self.name).family
        except SCConfigError:
            raise SCConfigError(
                f"target '{self.name}' is no device that we know, so give its family: ice40, ecp5 "
                "or xilinx"
            ) from None


def require_network(network: Sequence[LayerProfile]) -> tuple[LayerProfile, ...]:
    """Return the layers, at least one, with different names.

    Raises:
        SCConfigError: there is none, one is something else, or two have one name.
    """
    layers = tuple(network) if isinstance(network, Iterable) else ()
    if not layers:
        raise SCConfigError("the network has no layers; give at least one LayerProfile")
    seen: set[str] = set()
    for layer in layers:
        if not isinstance(layer, LayerProfile):
            raise SCConfigError(f"a layer of the network is {layer!r}; it must be a LayerProfile")
        if layer.id in seen:
            raise SCConfigError(f"two layers have the id '{layer.id}'; give each its own")
        seen.add(layer.id)
    return layers


def require_positive(what: str, value: Any) -> float:
    """Return a finite number above 0.

    Raises:
        SCConfigError: it is not one.
    """
    number = _real(value)
    if not (math.isfinite(number) and number > 0):
        raise SCConfigError(f"{what} is {value!r}; it must be a finite number above 0")
    return number


def require_weight(what: str, value: Any) -> float:
    """Return a finite number of at least 0.

    Raises:
        SCConfigError: it is not one.
    """
    number = _real(value)
    if not (math.isfinite(number) and number >= 0):
        raise SCConfigError(f"{what} is {value!r}; it must be a finite number of at least 0")
    return number


def _real(value: Any) -> float:
    if isinstance(value, (bool, np.bool_, str, bytes)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
