"""Behaviour of the catalogue as it was measured: the tags in ``behaviour.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("behaviour.toml")


def recorded_behaviour(name: str) -> tuple[str, ...]:
    """Measured tags of a bundled model; empty when it was not measured."""
    return _recorded().get(name, ())


@cache
def _recorded() -> Mapping[str, tuple[str, ...]]:
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return MappingProxyType({name: tuple(tags) for name, tags in found.items()})
