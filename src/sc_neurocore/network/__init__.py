"""Networks of populations and projections: clock-driven and event-driven, watched by monitors."""

from __future__ import annotations

__all__: list[str] = []
