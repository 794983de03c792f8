"""Boards that run a bundle: one interface, its drivers, and the virtual board."""

from __future__ import annotations
