"""A network's options layer by layer: what `optimise` chooses and `build` builds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from sc_neurocore.accelerator import Backend, Coding, Folding, Quantisation
from sc_neurocore.exceptions import SCConfigError

CONFIGURATION_SCHEMA = "sc-neurocore.configuration.v1"
#: Largest files that are read; a configuration has some hundred bytes per layer.
_MAX_BYTES = 1 << 22
_MAX_FOLD = 256


@dataclass(frozen=True)
class LayerConfiguration:
    """How one layer is made.

    Attributes:
        name: of the population in the graph.
        bits: width of a weight, 2 to 16.
        backend: ``fixed`` or ``stochastic``.
        length: stream clocks per tick, a power of two from 2 on; 1 for ``fixed``.
        pe: neurons at once, 1 to 256.
        simd: neighbouring sources that an event carries, 1 to 256.
    """

    name: str
    bits: int
    backend: Backend
    length: int
    pe: int
    simd: int

    def __post_init__(self) -> None:
        where = f"layer '{self.name}' of the configuration"
        if self.backend not in get_args(Backend):
            raise SCConfigError(
                f"{where} has backend {self.backend!r}; allowed: {', '.join(get_args(Backend))}"
            )
        for what, low, high in (
            ("bits", 2, 16), ("length", 1, 1 << 16), ("pe", 1, _MAX_FOLD), ("simd", 1, _MAX_FOLD)
        ):  # fmt: skip
            value = getattr(self, what)
            if type(value) is not int or not low <= value <= high:
                raise SCConfigError(
                    f"{where} has {what} {value!r}; it must be a whole number from {low} to {high}"
                )
        if self.backend == "fixed" and self.length != 1:
            raise SCConfigError(f"{where} is fixed and has length {self.length}; it must be 1")
        if self.backend == "stochastic" and (self.length < 2 or self.length & (self.length - 1)):
            raise SCConfigError(
                f"{where} has streams of {self.length} clocks per tick; it must be a power of two "
                "from 2 on"
            )

    @property
    def folding(self) -> Folding:
        """Its folding."""
        return Folding(self.pe, self.simd)


@dataclass(frozen=True)
class Configuration:
    """How a whole network is made.

    Attributes:
        layers: in the order of the network.
        ticks: of one inference.
        coding: of the input: ``rate``, ``direct`` or ``events``.
        input_bits: levels are 0 to 2**input_bits.
    """

    layers: tuple[LayerConfiguration, ...]
    ticks: int
    coding: Coding
    input_bits: int

    def foldings_of(self, names: Sequence[str]) -> tuple[Folding, ...]:
        """Foldings of a network's populations, in its order.

        Raises:
            SCConfigError: the configuration is of other populations.
        """
        own = {layer.name: layer.folding for layer in self.layers}
        if set(own) != set(names) or len(own) != len(self.layers):
            raise SCConfigError(
                f"the configuration has layers {', '.join(x.name for x in self.layers)}; the "
                f"network has {', '.join(names)}"
            )
        return tuple(own[name] for name in names)

    @property
    def quantisation(self) -> Quantisation:
        """Formats and coding; checks ticks, coding and bits of the input."""
        return Quantisation(
            bits={layer.name: layer.bits for layer in self.layers},
            backend={layer.name: layer.backend for layer in self.layers},
            length={layer.name: max(2, layer.length) for layer in self.layers},
            ticks=self.ticks,
            coding=self.coding,
            input_bits=self.input_bits,
        )

    @property
    def backend(self) -> str:
        """``fixed``, ``stochastic``, or ``hybrid`` where layers differ."""
        kinds = {layer.backend for layer in self.layers}
        return kinds.pop() if len(kinds) == 1 else "hybrid"

    def as_dict(self) -> dict[str, Any]:
        """The configuration as its file holds it."""
        return {"schema": CONFIGURATION_SCHEMA, **asdict(self), "layers": [
            asdict(layer) for layer in self.layers
        ]}  # fmt: skip


def read_configuration(path: Path | str) -> Configuration:
    """Read a ``configuration.json``.

    Raises:
        SCConfigError: there is no such file, it is not JSON, or an entry is missing, unknown or
            out of range.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise SCConfigError(
            f"configuration {path} cannot be read: {error.strerror or error}"
        ) from None
    try:
        if len(data) > _MAX_BYTES:
            raise SCConfigError(f"it is larger than {_MAX_BYTES >> 20} MiB")
        document = json.loads(data)
    except (ValueError, RecursionError) as error:  # SCConfigError is one
        raise SCConfigError(f"configuration {path} cannot be read: {error}") from None
    try:
        return _configuration(document)
    except SCConfigError as error:
        raise SCConfigError(f"configuration {path}: {error}") from None


def _configuration(document: Any) -> Configuration:
    found = _entries(document, "it", {f.name for f in fields(Configuration)} | {"schema"})
    if found["schema"] != CONFIGURATION_SCHEMA:
        raise SCConfigError(
            f"it has schema {found['schema']!r}; this version reads {CONFIGURATION_SCHEMA!r}"
        )
    rows = found["layers"]
    if not isinstance(rows, list) or not rows:
        raise SCConfigError("'layers' must be a list with an object per layer")
    wanted = {f.name for f in fields(LayerConfiguration)}
    layers = []
    for number, row in enumerate(rows):
        entry = _entries(row, f"layers[{number}]", wanted)
        if not isinstance(entry["name"], str):
            raise SCConfigError(f"layers[{number}] has name {entry['name']!r}; it must be a string")
        layers.append(LayerConfiguration(**entry))
    for what in ("ticks", "input_bits"):
        if type(found[what]) is not int:
            raise SCConfigError(f"'{what}' is {found[what]!r}; it must be a whole number")
    if not isinstance(found["coding"], str):
        raise SCConfigError(f"'coding' is {found['coding']!r}; it must be a string")
    coding: Any = found["coding"]
    made = Configuration(tuple(layers), found["ticks"], coding, found["input_bits"])
    _ = made.quantisation  # refuses ticks, coding and bits that no network has
    return made


def _entries(value: Any, where: str, wanted: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SCConfigError(f"{where} must be an object")
    wrong = sorted(set(value) ^ wanted)
    if wrong:
        what = "misses" if wrong[0] in wanted else "has unknown"
        raise SCConfigError(f"{where} {what} '{wrong[0]}'; it holds {', '.join(sorted(wanted))}")
    return value
