"""The registers of a live device."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers._document import map_from_dict
from sc_neurocore.hdl.registers._map import Register, RegisterMap

#: Where the counters of the layers' spikes start, one word each.
_SPIKES = 0x100


@cache
def _common() -> RegisterMap:
    text = (files("sc_neurocore.hdl.registers") / "device.toml").read_text(encoding="utf-8")
    return map_from_dict(tomllib.loads(text))


def device_registers(layers: int) -> RegisterMap:
    """The register map of a live device: ``device.toml`` and ``SPIKES_k`` for each layer.

    Args:
        layers: layers of the network, 1 to 960.

    Raises:
        SCConfigError: there is no room for so many layers.
    """
    common = _common()
    room = ((1 << common.address_bits) - _SPIKES) // common.word_bytes
    if isinstance(layers, bool) or not isinstance(layers, int) or not 1 <= layers <= room:
        raise SCConfigError(f"layers is {layers!r}; it must be a whole number from 1 to {room}")
    spikes = tuple(
        Register(
            f"SPIKES_{k}",
            _SPIKES + common.word_bytes * k,
            "ro",
            meaning=f"Spikes of layer {k} in the last inference.",
        )
        for k in range(layers)
    )
    return RegisterMap(
        common.name, common.registers + spikes, common.address_bits, common.data_bits,
        common.meaning,
    )  # fmt: skip
