"""Lossless spike codecs that round-trip exactly and refuse corrupt streams."""

from __future__ import annotations

__all__: list[str] = []
