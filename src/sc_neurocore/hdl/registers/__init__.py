"""One description of a register map, and everything that is written from it."""

from __future__ import annotations
