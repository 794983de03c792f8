"""The directory of a search: written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sc_neurocore import __version__
from sc_neurocore._svg import standalone
from sc_neurocore.build._bundle import SCHEMA, SEARCH, write_files, write_manifest, writing
from sc_neurocore.optimizer.search._page import render_search_page
from sc_neurocore.optimizer.search._plot import pareto_plot
from sc_neurocore.optimizer.search._report import CONFIGURATION_FILE


def write_search(report: Mapping[str, Any], out: Path) -> None:
    """Write report, page, picture and, where there is one, the chosen configuration.

    An unchanged directory of an earlier search is replaced.

    Args:
        report: of a search.
        out: the directory; it must not exist, be empty, or hold an unchanged search or bundle.

    Raises:
        SCConfigError: it holds something else, or cannot be written.
    """
    files: dict[str, str | bytes] = {
        "pareto.svg": standalone(pareto_plot(report)),
    }
    if report["chosen"] is not None:
        text = json.dumps(report["chosen"]["configuration"], indent=2)
        files[CONFIGURATION_FILE] = text + "\n"
    with writing(out) as scratch:
        manifest = {
            "schema": SCHEMA,
            "kind": SEARCH,
            "version": __version__,
            "model": report["network"]["name"],
            "files": write_files(scratch, files),
        }
        write_manifest(scratch, manifest)
        text = json.dumps(report, indent=2, allow_nan=False)
        (scratch / "report.json").write_text(text + "\n", encoding="utf-8")
        (scratch / "report.html").write_text(render_search_page(report), encoding="utf-8")
