"""Generated documentation is what its sources say, and every name in it exists."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


sys.path.insert(0, str(ROOT / "docs"))
PAGES = importlib.import_module("generate").PAGES
NAMES = importlib.import_module("pages.names").load_names()


@pytest.mark.parametrize("path", PAGES)
def test_generated_files_are_up_to_date(path: str) -> None:
    found = (ROOT / path).read_text(encoding="utf-8")
    assert found == PAGES[path](), f"{path} is out of date; run python docs/generate.py"


@pytest.mark.parametrize(("documented", "ours"), sorted(NAMES["same"].items()))
def test_documented_names_keep_their_name_here(documented: str, ours: str) -> None:
    assert documented.rpartition(".")[2] == ours.rpartition(".")[2]
    _public(ours)


@pytest.mark.parametrize("ours", sorted({ours for ours, _ in NAMES["covered"].values()}))
def test_covering_names_exist(ours: str) -> None:
    _public(ours)


def _public(dotted: str) -> None:
    """Import a name, and see that its package declares it public."""
    module_name, _, name = dotted.rpartition(".")
    module = importlib.import_module(module_name)
    assert hasattr(module, name), f"{dotted} does not exist"
    if hasattr(module, "__all__"):
        assert name in module.__all__, f"{dotted} is not public"


def test_every_public_package_has_a_reference_page() -> None:
    packages = {p.parent.name for p in (ROOT / "src" / "sc_neurocore").glob("*/__init__.py")
                if p.read_text(encoding="utf-8").strip()}  # fmt: skip
    pages = {p.stem for p in (ROOT / "docs" / "reference" / "api").glob("*.md")}
    assert packages - {"cli"} | {"exceptions"} == pages


def test_exit_codes_are_those_of_the_errors() -> None:
    for package in (ROOT / "src" / "sc_neurocore").glob("*/__init__.py"):
        module = importlib.import_module(f"sc_neurocore.{package.parent.name}")
        for name in getattr(module, "__all__", ()):  # some load when they are first used
            getattr(module, name)
    errors = importlib.import_module("sc_neurocore.exceptions")
    codes: dict[int, set[str]] = {}
    todo = [errors.SCNeuroError]
    while todo:
        error = todo.pop()
        todo += error.__subclasses__()
        if not error.__name__.startswith("_"):
            codes.setdefault(error.exit_code, set()).add(error.__name__)
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    listed = {int(code): set(re.findall(r"`(\w+)`", rest))
              for code, rest in re.findall(r"^\| (\d+) \|(.*)$", page, re.MULTILINE)}  # fmt: skip
    for code, names in codes.items():
        assert listed[code] == names, f"exit code {code}"


def test_no_page_is_long() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        if str(page.relative_to(ROOT)) not in PAGES:
            assert len(page.read_text(encoding="utf-8").splitlines()) <= 160, page


def test_python_is_new_enough_for_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "Python 3.11 or newer" in readme
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert sys.version_info >= (3, 11)
