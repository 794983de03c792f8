"""What an engine costs in cells and clock, predicted from this project's own synthesis records."""

from __future__ import annotations

from sc_neurocore.cost._shape import BlockShape, EngineShape, LayerShape

__all__ = ["BlockShape", "EngineShape", "LayerShape"]
