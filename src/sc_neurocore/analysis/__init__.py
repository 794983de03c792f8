"""Spike statistics behind one documented set of names, over the libraries of the field."""

from __future__ import annotations

__all__: list[str] = []
