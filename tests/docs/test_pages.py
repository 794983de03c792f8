"""Tutorials and guides are executed: what they tell the reader to type, does what they show.

A page is one session in one empty directory. ``console`` blocks hold commands after ``$ `` and what
they print; ``pycon`` blocks are doctests; ``python`` blocks run as they stand; blocks with a
``title="FILE"`` are written to that file. In expected output ``...`` stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [*sorted((DOCS / "tutorials").glob("*.md")), *sorted((DOCS / "how-to").glob("*.md")),
         DOCS / "reference" / "model-schema.md",
         DOCS / "reference" / "spike-codecs.md"]  # fmt: skip
# Guides that build, prove or serve for long: `pytest -m exhaustive tests/docs` runs them too.
SLOW = {"build-a-network", "meet-a-clock", "evidence-store", "one-machine-to-a-cluster",
        "watch-a-device", "virtual-board", "optimise", "choose-format", "read-a-mismatch",
        "plan-precision"}  # fmt: skip
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it is, its text, its line in the page."""

    language: str
    file: str | None
    text: str
    line: int


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', match[2])
        line = text.count("\n", 0, match.start()) + 1
        yield Block(match[1], title and title[1], match[3], line)


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Commands, which ``\\`` continues, and what each prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\\n")) + 1
        yield "".join(lines[:end]), "".join(lines[end:])


def _named(page: Path) -> Any:
    marks = [pytest.mark.exhaustive] if page.parent.name == "how-to" and page.stem in SLOW else []
    return pytest.param(page, id=f"{page.parent.name}/{page.stem}", marks=marks)


@pytest.mark.parametrize("page", [_named(page) for page in PAGES])
def test_page_does_what_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(DOCS.parent / "examples")
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1",
                   "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # fmt: skip
    names: dict[str, object] = {"__name__": "page"}
    for block in _blocks(page):
        where = f"{page.name}:{block.line}"
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, expected in _commands(block.text):
                done = subprocess.run(
                    ["bash", "-c", command], env=environment, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False,
                )  # fmt: skip
                _same(expected, done.stdout, f"{where}: $ {command}")
        elif block.language == "pycon":
            test = doctest.DocTestParser().get_doctest(
                block.text, names, where, str(page), block.line
            )
            runner = doctest.DocTestRunner(optionflags=_FLAGS)
            said: list[str] = []
            runner.run(test, out=said.append, clear_globs=False)
            names = test.globs
            assert runner.summarize(verbose=False).failed == 0, "".join(said)
        elif block.language == "python":
            exec(compile(block.text, where, "exec"), names)  # noqa: S102 our own page


def _same(expected: str, found: str, where: str) -> None:
    tidy = "\n".join(line.rstrip() for line in found.strip().splitlines())
    matches = doctest.OutputChecker().check_output(expected.strip() + "\n", tidy + "\n", _FLAGS)
    assert matches, f"{where}\nexpected:\n{expected}\nfound:\n{tidy}"


def test_every_tutorial_and_guide_is_checked_by_output() -> None:
    for page in PAGES:
        if page.parent.name in ("tutorials", "how-to"):
            assert any(b.language in ("console", "pycon") for b in _blocks(page)), page
