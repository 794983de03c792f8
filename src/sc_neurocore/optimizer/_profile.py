"""What is given: the layers of a network, and the budget they share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError


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
        mac_count: products of one dot product that the layer forms, at least 1.
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
        count = require_whole(f"mac_count of layer '{self.id}'", self.mac_count, 1)
        object.__setattr__(self, "mac_count", count)
        if not isinstance(self.is_critical_path, (bool, np.bool_)):
            raise SCConfigError(
                f"is_critical_path of layer '{self.id}' is {self.is_critical_path!r}; it must be "
                "True or False"
            )


def require_network(network: Sequence[LayerProfile]) -> tuple[LayerProfile, ...]:
    """Return the layers, at least one, with different names.

    Raises:
        SCConfigError: there is none, one is something else, or two have one name.
    """
    layers = tuple(network)
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
