"""Plasticity and synapse rules as data, their kernels and their hardware lanes."""

from __future__ import annotations

__all__: list[str] = []
