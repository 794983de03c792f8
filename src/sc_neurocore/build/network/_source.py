"""The network to build: read from a file, with what the file and the options state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.accelerator import Quantisation
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.datasets import load_dataset
from sc_neurocore.evidence import digest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph, Input
from sc_neurocore.nir_bridge import SCNetwork, from_nir, from_onnx
from sc_neurocore.nir_bridge._graphs import settings_of

#: Training samples that the scales of an ONNX model are fitted to.
_CALIBRATING = 256
#: Taken where neither the file nor the user states them.
_DEFAULTS: Mapping[str, Any] = {"ticks": 16, "coding": "rate", "input_bits": 4, "weight_bits": 6}
#: Stream clocks of an inference that the default length stays within.
_STREAM_CLOCKS = 128


@dataclass(frozen=True, eq=False)
class NetworkSource:
    """A network, and the file that it came from.

    Attributes:
        name: of the network, after its file.
        file: name of the file, without its directory.
        content: of the file.
        network: the float reference; `SCNetwork.normal` is what is quantised.
        settings: what the file states beyond the graph: ``ticks``, ``coding`` and so on.
    """

    name: str
    file: str
    content: bytes
    network: SCNetwork
    settings: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Content hash of the file."""
        return digest(self.content)


def read_network(path: Path | str, options: NetworkOptions | None = None) -> NetworkSource:
    """Read a ``.nir`` or ``.onnx`` file.

    Args:
        path: the file.
        options: assumptions that go before those of the file.

    Raises:
        SCConfigError: there is no such file, or it holds no network that can be read.
        SCDependencyError: the package that reads it is not installed.
    """
    path, options = Path(path), options or NetworkOptions()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SCConfigError(f"{path}: no such file") from None
    except OSError as error:
        raise SCConfigError(f"{path} cannot be read: {error.strerror}") from None
    network = from_nir(
        _onnx_graph(path, options) if path.suffix == ".onnx" else path,
        dt=options.dt,
        reset_mode=options.reset,
        reset_when=options.reset_when,
        cuba_order=options.cuba_order,
        delay_rounding=options.delay_rounding,
    )
    settings = dict(settings_of(network.graph.metadata))
    bits = settings.get("weight_bits")
    if isinstance(bits, Mapping):  # one per connection: the widest holds them all
        settings["weight_bits"] = max(bits.values(), default=None)
    return NetworkSource(path.stem, path.name, content, network, settings)


def _onnx_graph(path: Path, options: NetworkOptions) -> Graph:
    """A graph whose scales come from the training samples, where there are any."""
    stated = {
        name: value
        for name in ("coding", "ticks", "input_bits", "dt")
        if (value := getattr(options, name)) is not None
    }
    graph = from_onnx(path, **stated)
    dataset = None if options.data is None else load_dataset(options.data)
    if dataset is None or not len(dataset.train_x):
        return graph
    op = graph.inputs[0].op
    assert isinstance(op, Input) and op.shape is not None
    levels = dataset.train_x[:_CALIBRATING]
    if math.prod(op.shape) != dataset.size:  # refused where data and network meet
        return graph
    highest = 2.0**dataset.bits if dataset.bits is not None else float(dataset.train_x.max())
    return from_onnx(path, calibration=levels.reshape(-1, *op.shape) / highest, **stated)


def quantisation_of(
    source: NetworkSource, options: NetworkOptions, data_bits: int | None
) -> tuple[Quantisation, tuple[str, ...]]:
    """The quantisation that options, file and defaults state, and sentences about the defaults.

    Of a hybrid it is the fixed one, from which the layers are then chosen.

    Args:
        source: the network.
        options: what the user asks.
        data_bits: bits of the data set's levels, if it states them.
    """
    if options.configuration is not None:
        return options.configuration.quantisation, ()
    stated: dict[str, Any] = {}
    taken = []
    for name, default in _DEFAULTS.items():
        value = getattr(options, name)
        if value is None:
            value = source.settings.get(name)
        if value is None and name == "input_bits":
            value = data_bits
        if value is None:
            value = default
            if name in ("ticks", "coding", "input_bits"):
                taken.append(f"{name} {value}")
        stated[name] = value
    length = options.length or source.settings.get("length")
    sentences = []
    if taken:
        sentences.append(f"Neither the file nor the options state {', '.join(taken)}.")
    chosen = Quantisation(
        bits=stated["weight_bits"],
        backend="fixed" if options.backend == "hybrid" else options.backend,
        length=length or _default_length(stated["ticks"], stated["weight_bits"]),
        ticks=stated["ticks"],
        coding=stated["coding"],
        input_bits=stated["input_bits"],
    )
    return chosen, tuple(sentences)


def _default_length(ticks: int, bits: int) -> int:
    """The longest stream per tick within `_STREAM_CLOCKS`, no longer than is exact."""
    length = 2
    while 2 * length * ticks <= _STREAM_CLOCKS and length < 1 << bits:
        length *= 2
    return length
