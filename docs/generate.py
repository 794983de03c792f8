"""Write the generated parts of the documentation; the tests check that they are up to date.

Run ``python docs/generate.py`` after a change of a command, of ``names.toml`` or of the benchmark
results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pages import ROOT
from pages.analysis import analysis_page
from pages.catalogue import catalogue_page, not_included_page
from pages.command_line import command_line
from pages.cost_validation import cost_validation_page
from pages.figures import figures_page
from pages.names import names
from pages.readme import readme

#: Every generated file, and what writes its text.
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/cli.md": command_line,
    "docs/reference/names.md": names,
    "docs/reference/analysis.md": analysis_page,
    "docs/reference/figures.md": figures_page,
    "docs/reference/cost-validation.md": cost_validation_page,
    "docs/reference/catalogue.md": catalogue_page,
    "docs/reference/not-included.md": not_included_page,
    "README.md": readme,
}


def main() -> None:
    """Write every generated file that differs."""
    for name, page in PAGES.items():
        path, text = ROOT / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
