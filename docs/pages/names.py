"""The table of documented names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from pages import DOCS
from pages.markdown import markdown_table


def load_names() -> Mapping[str, Any]:
    """The content of ``names.toml``."""
    return tomllib.loads((DOCS / "names.toml").read_text(encoding="utf-8"))


def names() -> str:
    """Documented names and ours."""
    table = load_names()
    same = [[f"`{theirs}`", f"`{ours}`"] for theirs, ours in sorted(table["same"].items())]
    covered = [
        [f"`{theirs}`", f"`{ours}`", how]
        for theirs, (ours, how) in sorted(table["covered"].items())
    ]
    return "\n".join(
        [
            "# Documented names",
            "",
            "Where a name of the wider documented interface lives here. What is not listed is not",
            "built yet. This page is generated, and a test imports every name under *Here*.",
            "",
            *markdown_table(["Documented", "Here"], same),
            "",
            "The same capability in another shape:",
            "",
            *markdown_table(["Documented", "Here", "How"], covered),
            "",
        ]
    )
