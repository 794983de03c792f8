"""The network of a bundle, quantised again as it was, and the device around it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from operator import index
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import (
    DeviceRtl,
    Folding,
    IntegerNetwork,
    Quantisation,
    write_device,
)
from sc_neurocore.build._bundle import MANIFEST, Bundle, BundleError, load_bundle
from sc_neurocore.build.network._ladder import IntegerForm, integer_form
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._source import read_network


@dataclass(frozen=True, eq=False)
class Reopened:
    """What a bundle was built from.

    Attributes:
        options: of the build.
        form: the integers.
        foldings: one per layer.
        inputs: samples of the co-simulation.
    """

    options: NetworkOptions
    form: IntegerForm
    foldings: tuple[Folding, ...]
    inputs: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LiveBundle:
    """A live device as a bundle holds it.

    Attributes:
        path: directory of the bundle.
        name: of the network.
        digest: of the design, as the device's registers have its first half.
        network: the integers that it was built with.
        foldings: one per layer.
        device: its RTL, registers and banks.
        samples: inputs of inferences, as `simulate_network` takes them.
    """

    path: Path
    name: str
    digest: str
    network: IntegerNetwork
    foldings: tuple[Folding, ...]
    device: DeviceRtl
    samples: NDArray[np.int64]


def reopen(bundle: Bundle) -> Reopened:
    """Quantise a bundle's network again.

    Raises:
        BundleError: the manifest does not hold the options of a build.
    """
    try:
        options = NetworkOptions(**bundle.manifest["options"])
        quantisation = Quantisation(**bundle.manifest["quantisation"])
        foldings = tuple(
            Folding(index(row["pe"]), index(row["simd"])) for row in bundle.manifest["foldings"]
        )
        source = read_network(bundle.path / "model" / bundle.manifest["file"], options)
    except (KeyError, TypeError):
        raise BundleError(
            f"{bundle.path / MANIFEST} does not hold the options of a build; build it again"
        ) from None
    data = (bundle.path / "sim" / "samples.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        inputs, calibration = file["inputs"], file["calibration"]
    form = integer_form(source, quantisation, calibration if calibration.size else None)
    return Reopened(options, form, foldings, inputs)


def open_live_bundle(path: Path | str) -> LiveBundle:
    """Open the bundle of a live device.

    Raises:
        BundleError: a file differs from the manifest, it is not the bundle of a live device, or
            this version would write another device.
    """
    bundle = load_bundle(path)
    if bundle.manifest.get("kind") != "network" or not isinstance(
        held := bundle.manifest.get("device"), dict
    ):
        raise BundleError(
            f"'{bundle.path}' is not the bundle of a live device; build the network with --live "
            "axi_lite or wishbone"
        )
    found = reopen(bundle)
    network = found.form.network
    device = write_device(network, found.foldings, str(held.get("bus")))
    if device.digest != held.get("digest") or any(
        bundle.text(f"rtl/{name}") != text for name, text in device.sources.items()
    ):
        raise BundleError(
            f"'{bundle.path}' holds a device that this version would write otherwise; build it "
            "again"
        )
    return LiveBundle(
        bundle.path, network.name, device.digest, network, found.foldings, device, found.inputs
    )
