"""The page on bundles lists what is in a bundle and in a report, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from sc_neurocore.build import BuildOptions, build, source_of
from sc_neurocore.neurons import load_schema

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "bundle.md"


def test_the_page_lists_every_file_and_every_key(tmp_path: Path) -> None:
    files_part, keys_part = PAGE.read_text(encoding="utf-8").split("## `report.json`")
    done = build(source_of(load_schema("lif")), BuildOptions(cycles=1000), tmp_path / "lif")

    listed = {key for row in re.findall(r"^\| (`.*?) \|", keys_part, re.MULTILINE)
              for key in re.findall(r"`(\w+)`", row)}  # fmt: skip
    assert listed == set(done.report)

    rows = re.findall(r"^\| (`.*?) \|", files_part, re.MULTILINE)
    places = {name.split("/")[0] for row in rows for name in re.findall(r"`([\w.*/]+)`", row)}
    assert {p.name for p in (tmp_path / "lif").iterdir()} <= places


def test_the_keys_of_each_section_are_those_of_a_build() -> None:
    keys_part = PAGE.read_text(encoding="utf-8").split("## `report.json`")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", keys_part, re.MULTILINE))
    report = build(source_of(load_schema("lif")), BuildOptions(cycles=1000)).report
    for section in ("synthesis", "fidelity", "formal"):
        named = set(re.findall(r"`(\w+)`", rows[section]))
        assert named, section
        assert named <= set(report[section]), section
    assert set(re.findall(r"`(\w+)`", rows["cosim"])) == set(report["cosim"][0])
