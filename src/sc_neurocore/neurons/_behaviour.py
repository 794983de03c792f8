"""What models do, as it was measured: the tags in ``behaviour.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


def recorded_behaviour(name: str) -> tuple[str, ...]:
    """Measured tags of a bundled model; empty when it was not measured."""
    return _recorded().get(name, ())


@cache
def _recorded() -> Mapping[str, tuple[str, ...]]:
    text = files("sc_neurocore.neurons").joinpath("behaviour.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: tuple(tags) for name, tags in tomllib.loads(text).items()})
