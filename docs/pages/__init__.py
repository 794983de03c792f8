"""What `docs/generate.py` writes: a module per page, and the tables of the figures by subject."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
