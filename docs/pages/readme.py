"""The README, whose figures of hardware are generated."""

from __future__ import annotations

from pages import ROOT
from pages.hardware import hardware_table

BEGIN, END = "<!-- begin figures -->", "<!-- end figures -->"


def readme() -> str:
    """The README as it is, with the figures of today between the markers."""
    before, rest = (ROOT / "README.md").read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{hardware_table(brief=True)}\n{END}{after}"
