"""The README's commands are those that CI runs, its picture and its links are real."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _ci_command(name: str) -> str:
    """What CI's own extraction finds in the README."""
    function = CI[CI.index("command_of() {") : CI.index("}\n", CI.index("command_of() {")) + 2]
    script = f"{function}\ncommand_of {name}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_ci_installs_and_builds_as_the_readme_says() -> None:
    assert _ci_command("main") == (
        "python3 -m venv .venv && . .venv/bin/activate && pip install -e '.[hardware,dev]' &&\n"
        "sc-neurocore build lif --target ice40-hx8k"
    )


def test_ci_tests_as_the_readme_says() -> None:
    assert _ci_command("test") == "pytest"


def test_ci_runs_the_commands_and_the_checks_in_order() -> None:
    steps = ['eval "$(command_of main)"', 'eval "$(command_of test)"', "ruff check .",
             "ruff format --check .", "mypy", "lint-imports", "mkdocs build --strict"]  # fmt: skip
    at = [CI.index(f"\n{step}") for step in steps]
    assert at == sorted(at)


def test_extras_that_are_named_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"]
    for page in pages:
        for group in re.findall(r"'(?:\.|sc-neurocore)\[([\w,]+)\]'", page.read_text("utf-8")):
            assert set(group.split(",")) <= project["optional-dependencies"].keys(), page


def test_local_links_lead_somewhere() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text):
            if "://" not in target:
                assert (ROOT / target).exists(), f"{name} links to {target}"
