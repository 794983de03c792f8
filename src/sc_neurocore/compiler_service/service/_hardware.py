"""What the service knows of a live design: plain JSON, written by the isolated process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler_service.update import LiveDesign
from sc_neurocore.devices import Design
from sc_neurocore.exceptions import SCConfigError

#: Samples of a bundle that a device is recorded with before an update.
_SAMPLES = 64


@dataclass(frozen=True, eq=False)
class Hardware:
    """A live design.

    Attributes:
        design: for the drivers of boards.
        live: for updates.
        samples: that the bundle was tested with.
    """

    design: Design
    live: LiveDesign
    samples: NDArray[np.int64]


def describe_hardware(bundle: Path) -> dict[str, Any]:
    """A live bundle as JSON; reads the network's file, so for the isolated process only.

    Raises:
        BundleError: the bundle is damaged, or not live.
    """
    from sc_neurocore.accelerator import bank_words
    from sc_neurocore.build.network import open_live_bundle

    live = open_live_bundle(bundle)
    device, network = live.device, live.network
    return {
        "name": live.name,
        "digest": live.digest,
        "bus": device.bus,
        "top": device.top,
        "sources": dict(device.sources),
        "registers": device.registers.to_dict(),
        "coding": asdict(network.input),
        "ticks": network.ticks,
        "layers": [layer.size for layer in network.layers],
        "update": device.update.to_dict(),
        "image": {k: v.tolist() for k, v in bank_words(network, live.foldings).items()},
        "samples": np.asarray(_inputs(live.samples))[:_SAMPLES].tolist(),
    }


def _inputs(samples: Any) -> Any:
    return getattr(samples, "inputs", samples)


def read_hardware(data: bytes) -> Hardware:
    """Read what `describe_hardware` gives.

    Raises:
        SCConfigError: it is none.
    """
    from sc_neurocore.accelerator import InputCoding
    from sc_neurocore.compiler.live_control import MMIOUpdateSpec
    from sc_neurocore.hdl.registers import RegisterMap

    try:
        found: Mapping[str, Any] = json.loads(data)
        design = Design(
            name=found["name"],
            digest=found["digest"],
            bus=found["bus"],
            top=found["top"],
            sources=found["sources"],
            registers=RegisterMap.from_dict(found["registers"]),
            coding=InputCoding(**found["coding"]),
            ticks=found["ticks"],
            layers=tuple(found["layers"]),
        )
        image = {name: np.array(words, np.uint64) for name, words in found["image"].items()}
        spec = MMIOUpdateSpec.from_dict(found["update"])
        samples = np.array(found["samples"], np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise SCConfigError(f"the description of the hardware is damaged: {error}") from None
    return Hardware(design, LiveDesign(design.digest[:32], spec, image), samples)
