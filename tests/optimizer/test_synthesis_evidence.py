"""From reports and a design file to evidence, and on to the optimiser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sc_neurocore.cli import main
from sc_neurocore.evidence import EvidenceStore, digest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._target import is_measured_for, require_device_of
from sc_neurocore.optimizer.feedback_loop import (
    optimise_from_evidence_payload,
    optimise_from_synthesis_reports,
)
from sc_neurocore.optimizer.observation_loader import (
    ObservationLoadError,
    load_observations,
    load_synthesis_observation,
    observation_from_synthesis_reports,
    observations_from_payload,
)
from sc_neurocore.optimizer.sc_optimizer import HardwareBudget, LayerProfile
from sc_neurocore.optimizer.surrogate_sc_optimizer import TargetHardwareProfile
from sc_neurocore.optimizer.synthesis_evidence import (
    build_payload_from_reports,
    load_design,
    write_payload,
)
from sc_neurocore.toolchain import get_target, implement, run_yosys

REPORTS = Path(__file__).parent / "reports"
AREA = REPORTS / "vivado_2018_utilisation.rpt"
POWER = REPORTS / "vivado_2018_power.rpt"
TIMING = REPORTS / "vivado_2018_timing.rpt"
FIT = REPORTS / "quartus_20_cyclonev.fit.summary"
FIT_POWER = REPORTS / "quartus_20_cyclonev.pow.summary"
FIT_TIMING = REPORTS / "quartus_20_cyclonev.sta.rpt"

DESIGN: dict[str, Any] = {
    "layer_id": "hidden", "mac_count": 64, "bitstream_length": 256, "decorrelator": "shared",
    "precision_bits": 8, "polynomial": "x^16+x^14+x^13+x^11+1", "target": "artix7",
}  # fmt: skip
REST: dict[str, Any] = {"accuracy_score": 0.9625, "latency_cycles": 2048}


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "design.json"
    path.write_text(json.dumps(DESIGN))
    return path


def refused(paths: list[Path], message: str, **change: Any) -> None:
    given = {"design": DESIGN, **REST, **change}
    with pytest.raises(ObservationLoadError) as caught:
        load_synthesis_observation(paths, **given)
    assert str(caught.value) == message


def test_reports_of_vivado_in_any_order() -> None:
    for paths in ([AREA, POWER, TIMING], [TIMING, AREA, POWER]):
        found = load_synthesis_observation(paths, design=DESIGN, **REST)
        assert (found.luts_used, found.lut_unit, found.ffs) == (2417, "lut6", 1880)
        assert (found.brams, found.dsps, found.fmax_mhz) == (9, 2, 130.634)
        assert (found.power_mw, found.dynamic_mw, found.accuracy_score) == (112.0, 41.0, 0.9625)
        assert found.layer_id == "hidden" and found.word == "measured"
        assert found.source == ", ".join(path.name for path in paths)


def test_power_says_whether_a_meter_or_the_vendor_knows_it() -> None:
    vendor = load_synthesis_observation([AREA, POWER], design=DESIGN, **REST)
    assert vendor.power_source == "vendor estimate"
    metered = {**DESIGN, "power_mw": 98.0}
    assert load_synthesis_observation(AREA, design=metered, **REST).power_source == "board"
    other = {**metered, "power_source": "vendor estimate"}
    assert load_synthesis_observation(AREA, design=other, **REST).power_source == "vendor estimate"
    refused(
        [AREA, POWER],
        "vivado_2018_utilisation.rpt, vivado_2018_power.rpt: 'power_source' is board in the design "
        "but vendor estimate in the reports; only one of them can be right",
        design={**DESIGN, "power_source": "board"},
    )


def test_texts_are_files() -> None:
    texts = [path.read_text() for path in (AREA, POWER, TIMING)]
    read = load_synthesis_observation([AREA, POWER, TIMING], design=DESIGN, **REST)
    assert observation_from_synthesis_reports(texts, design=DESIGN, **REST) == read
    named = dict(zip("abc", texts, strict=True))
    assert observation_from_synthesis_reports(named, design=DESIGN, **REST) == read
    whole = "\n".join(texts)
    found = observation_from_synthesis_reports(whole, design=DESIGN, **REST)
    assert found == read and found.source == "<synthesis-reports>"


def test_alms_of_quartus_stay_alms() -> None:
    bare = {k: v for k, v in DESIGN.items() if k != "target"}
    found = load_synthesis_observation([FIT, FIT_POWER, FIT_TIMING], design=bare, **REST)
    assert (found.luts_used, found.lut_unit, found.fmax_mhz) == (1234, "alm", 118.03)
    refused(
        [FIT, FIT_POWER],
        "quartus_20_cyclonev.fit.summary, quartus_20_cyclonev.pow.summary: adaptive logic modules "
        "(ALMs) were counted, but target 'artix7' has 6-input LUTs",
    )


def test_contradictory_reports_are_both_named(tmp_path: Path) -> None:
    other = REPORTS / "vivado_2020_synthesised.rpt"
    refused(
        [AREA, other],
        f"{AREA} is of device '7a35tcpg236-1' and {other} of device '7z020clg400-1'; "
        "give reports of one design",
    )
    refused(
        [AREA, FIT_POWER],
        f"{AREA} is of Vivado and {FIT_POWER} of Quartus; give the reports of one tool",
    )
    two = REPORTS / "vivado_2022_two_clocks.rpt"
    refused(
        [AREA, POWER, TIMING, two],
        f"fmax_mhz is 130.634 in {TIMING} but 166.667 in {two}; give one report of it",
    )
    renamed = tmp_path / "p.rpt"
    renamed.write_text(POWER.read_text().replace("hidden_layer", "output_layer"))
    refused(
        [AREA, renamed],
        f"{AREA} is of design 'hidden_layer' and {renamed} of design 'output_layer'; "
        "give reports of one design",
    )
    cyclone = REPORTS / "quartus_13_cycloneiv.fit.rpt"
    same = tmp_path / "same.rpt"
    same.write_text(cyclone.read_text().replace("EP4CE22F17C6", "5CSEBA6U23I7"))
    refused(
        [FIT, same],
        f"{FIT} counts adaptive logic modules (ALMs) and {same} 4-input LUTs; "
        "give one report of the area",
    )
    refused(
        [AREA, POWER],
        f"{AREA} is of device '7a35tcpg236-1', of series artix7, but target 'pynq-z2' is of zynq",
        design={**DESIGN, "target": "pynq-z2"},
    )


def test_what_is_nowhere_is_never_made_up() -> None:
    name = "vivado_2018_utilisation.rpt"
    refused([], "there is no report; give at least one of the area")
    refused([POWER], "vivado_2018_power.rpt: 'luts_used' is missing; give a report of utilisation")
    refused(
        [AREA],
        f"{name}: 'power_mw' is missing; give a report of power, or the power that you metered "
        "as power_mw in the design",
    )
    refused(
        [AREA, POWER],
        f"{name}, vivado_2018_power.rpt: 'latency_cycles' is missing; give latency_cycles, or "
        "state it in the design; reports do not say it",
        latency_cycles=None,
    )
    refused(
        [AREA, POWER],
        f"{name}, vivado_2018_power.rpt: 'accuracy_score' is missing; give what you measured",
        accuracy_score=None,
    )


def test_what_the_design_says() -> None:
    stated = {**DESIGN, "latency_cycles": 2048, "power_mw": 80.5}
    found = load_synthesis_observation([AREA], design=stated, accuracy_score=0.9)
    assert (found.latency_cycles, found.power_mw, found.dynamic_mw) == (2048, 80.5, None)
    both = "vivado_2018_utilisation.rpt, vivado_2018_power.rpt: "
    refused(
        [AREA, POWER],
        f"{both}'power_mw' is 80.5 in the design but 112.0 in the reports; only one of them can "
        "be right",
        design=stated,
    )
    refused(
        [AREA, POWER],
        f"{both}'latency_cycles' is 7 in the design but 2048 in the arguments; only one of them "
        "can be right",
        design={**DESIGN, "latency_cycles": 7},
    )
    refused([AREA], "design: 'polynomial' is missing",
            design={k: v for k, v in DESIGN.items() if k != "polynomial"})  # fmt: skip
    refused([AREA], "design: mac_count is True; it must be a whole number of at least 1",
            design={**DESIGN, "mac_count": True})  # fmt: skip
    refused([AREA], "design: there is no field 'bitstream_lenght'; did you mean "
            "'bitstream_length'?", design={**DESIGN, "bitstream_lenght": 1})  # fmt: skip
    refused([AREA], "design is 3; it must be an object of fields", design=3)
    refused([AREA, POWER], f"{both}accuracy_score is 96; it must be a number from 0 to 1",
            accuracy_score=96)  # fmt: skip
    refused([AREA, POWER], f"{both}latency_cycles is True; it must be a whole number of at least 0",
            latency_cycles=True)  # fmt: skip


def test_a_design_file(design: Path, tmp_path: Path) -> None:
    assert load_design(design) == DESIGN
    design.write_text('{"mac_count": 1, ')
    with pytest.raises(ObservationLoadError, match=r"design\.json is no JSON: "):
        load_design(design)
    with pytest.raises(ObservationLoadError, match=r"none cannot be read: No such file"):
        load_design(tmp_path / "none")


def build(design: Path, **change: Any) -> dict[str, Any]:
    given = {"utilisation_path": AREA, "power_path": POWER, **REST, **change}
    return build_payload_from_reports(design_path=design, **given)


def test_a_payload_says_where_it_comes_from(design: Path, tmp_path: Path) -> None:
    payload = build(design, timing_path=TIMING)
    assert payload["schema"] == "sc-neurocore.synthesis-evidence.v1"
    assert [r["kind"] for r in payload["reports"]] == [
        "Vivado utilisation", "Vivado power", "Vivado timing"
    ]  # fmt: skip
    assert payload["reports"][1] == {
        "file": "vivado_2018_power.rpt", "kind": "Vivado power", "version": "Vivado 2018.3",
        "stage": "routed", "top": "hidden_layer", "device": "xc7a35tcpg236-1",
        "power_confidence": "Medium", "static_mw": 72.0, "sha256": digest(POWER.read_bytes()),
    }  # fmt: skip
    (record,) = payload["observations"]
    assert record["design"] == DESIGN and "energy" not in record and "workload" not in record
    path = tmp_path / "evidence.json"
    write_payload(payload, path)
    direct = load_synthesis_observation([AREA, POWER, TIMING], design=DESIGN, **REST)
    assert load_observations(path) == (direct,) == observations_from_payload(payload)


def test_energy_needs_both_the_clock_and_the_inferences(design: Path) -> None:
    for part in ({"clock_mhz": 100.0}, {"inferences_per_run": 4}):
        (record,) = build(design, **part)["observations"]
        assert "energy" not in record and record["workload"] == part
    (record,) = build(design, clock_mhz=100.0, inferences_per_run=4)["observations"]
    assert record["energy"]["energy_per_inference_nj"] == 573.44
    with pytest.raises(ObservationLoadError, match="clock_mhz is 0; it must be a finite number ab"):
        build(design, clock_mhz=0)
    with pytest.raises(ObservationLoadError, match="inferences_per_run is 0; it must be a whole"):
        build(design, inferences_per_run=0)


def test_a_report_in_the_wrong_place_is_refused(design: Path) -> None:
    for change, message in (
        ({"utilisation_path": POWER},
         f"{POWER}, given for utilisation, is a Vivado power: it holds no area"),
        ({"power_path": AREA}, f"{AREA}, given for power, is a Vivado utilisation: "
                               "it holds no power"),
        ({"timing_path": AREA}, f"{AREA}, given for timing, is a Vivado utilisation: "
                                "it holds no Fmax"),
    ):  # fmt: skip
        with pytest.raises(ObservationLoadError) as caught:
            build(design, **change)
        assert str(caught.value) == message


def test_a_run_is_not_faster_than_the_reports_allow(design: Path) -> None:
    assert build(design, timing_path=TIMING, clock_mhz=130.634)
    with pytest.raises(ObservationLoadError, match=r"'clock_mhz' is 131, but 130\.634 MHz is"):
        build(design, timing_path=TIMING, clock_mhz=131.0)


def test_statistics_and_placement_of_different_designs(tmp_path: Path) -> None:
    def written(name: str, document: dict[str, Any]) -> Path:
        (tmp_path / name).write_text(json.dumps(document))
        return tmp_path / name

    def stat(cells: dict[str, int]) -> Path:
        return written("stat.json", {"modules": {"\\t": {"num_cells_by_type": cells}}})

    def placed(brams: int) -> Path:
        cells = {"ICESTORM_LC": 9, "ICESTORM_RAM": brams}
        used = {kind: {"used": n, "available": 99} for kind, n in cells.items()}
        return written("p.json", {"utilization": used, "fmax": {"clk": {"achieved": 50.0}}})

    file = written("d.json", {**DESIGN, "target": "ice40-hx8k", "power_mw": 21.5})
    given: dict[str, Any] = {"power_path": None, "timing_path": placed(2)}
    one = stat({"SB_LUT4": 7, "SB_RAM40_4K": 2})
    assert build(file, utilisation_path=one, **given)["observations"][0]["metrics"]["brams"] == 2
    with pytest.raises(ObservationLoadError, match=r"has 3 block RAMs but \S+ has 2; give reports"):
        build(file, utilisation_path=stat({"SB_LUT4": 7, "SB_RAM40_4K": 3}), **given)
    with pytest.raises(ObservationLoadError, match=r"is of family ecp5 and \S+ of family ice40"):
        build(file, utilisation_path=stat({"LUT4": 7, "TRELLIS_FF": 3}), **given)


def test_a_report_is_checked_against_the_series_of_the_target() -> None:
    require_device_of("artix7", "", "x.rpt")
    require_device_of("artix7", "xc7a35tcpg236-1", "x.rpt")
    require_device_of("ice40-hx8k", "xc7a35tcpg236-1", "x.rpt")  # its LUTs are refused elsewhere
    for device in ("xc7z020clg400-1", "xcku040-ffva1156-2-e"):
        with pytest.raises(ObservationLoadError, match="but target 'artix7' is of artix7"):
            require_device_of("artix7", device, "x.rpt")


def test_evidence_of_a_family_serves_its_devices() -> None:
    found = load_synthesis_observation([AREA, POWER], design=DESIGN, **REST)
    for target, serves in (("", True), ("fabric", True), ("board", True), ("other", False)):
        assert is_measured_for(replace(found, target=target), "board", "fabric") == serves


@pytest.mark.parametrize("wrong", [None, 3])
def test_what_is_no_path(design: Path, wrong: Any) -> None:
    for refused_by in (
        lambda: load_design(wrong),
        lambda: load_observations(wrong),
        lambda: load_synthesis_observation(wrong, design=DESIGN, **REST),
        lambda: load_synthesis_observation([AREA, wrong], design=DESIGN, **REST),
        lambda: build(design, utilisation_path=wrong),
    ):
        with pytest.raises(ObservationLoadError, match=f" is {wrong}; it must be the path of a fi"):
            refused_by()
    with pytest.raises(ObservationLoadError, match=f"report 0 is {wrong}; it must be the report's"):
        observation_from_synthesis_reports(wrong, design=DESIGN, **REST)


def test_a_payload_is_written_whole_or_not_at_all(
    design: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = build(design)
    with pytest.raises(SCConfigError, match="cannot be written: No such file or directory"):
        write_payload(payload, tmp_path / "none" / "e.json")
    with pytest.raises(SCConfigError, match="cannot be written: Is a directory"):
        write_payload(payload, tmp_path)
    with pytest.raises(ObservationLoadError, match=r"^the payload holds no records; "):
        write_payload({}, tmp_path / "e.json")
    with pytest.raises(ObservationLoadError, match=r"^the payload is no JSON: "):
        write_payload({**payload, "extra": {1, 2}}, tmp_path / "e.json")
    assert list(tmp_path.iterdir()) == [design]
    for output in (None, "-"):
        write_payload(payload, output)
        assert json.loads(capsys.readouterr().out) == payload


# The tools of this project ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ice40-hx8k"])
def test_real_reports_of_yosys_and_nextpnr(name: str, tmp_path: Path) -> None:
    target = get_target(name)
    text = "module t (input clk, input [3:0] d, output reg [7:0] q);\n" \
           "always @(posedge clk) q <= q + d;\nendmodule\n"  # fmt: skip
    files = run_yosys(
        ["read_verilog t.v", f"{target.synth} -top t -json n.json", "tee -q -o s.json stat -json"],
        {"t.v": text}, outputs=["s.json", "n.json"],
    ).files  # fmt: skip
    stat, report = tmp_path / "stat.json", tmp_path / "nextpnr.json"
    stat.write_bytes(files["s.json"])
    layout = implement({"t.v": text}, "t", target, clock="clk", reset="clk",
                       store=EvidenceStore(tmp_path / "e.sqlite")).layout.result  # fmt: skip
    report.write_text(json.dumps({
        "utilization": layout["utilisation"], "fmax": {"clk": {"achieved": layout["fmax_mhz"],
                                                               "constraint": 12.0}}
    }))  # fmt: skip
    design = tmp_path / "d.json"
    design.write_text(json.dumps({**DESIGN, "target": name, "power_mw": 21.5}))
    given: dict[str, Any] = {"design_path": design, "power_path": None, **REST}
    placed = build_payload_from_reports(utilisation_path=report, timing_path=report, **given)
    mapped = build_payload_from_reports(utilisation_path=stat, timing_path=report, **given)
    for payload, unit in ((placed, "lc" if name == "ice40-hx8k" else "lut4"), (mapped, "lut4")):
        metrics = payload["observations"][0]["metrics"]
        assert metrics["fmax_mhz"] == layout["fmax_mhz"] and metrics["lut_unit"] == unit
        assert metrics["power_mw"] == 21.5
    assert len(placed["reports"]) == 1 and len(mapped["reports"]) == 2
    # Without being told which is which, the two areas contradict each other.
    with pytest.raises(ObservationLoadError, match="; give one report of "):
        load_synthesis_observation([stat, report], design=load_design(design), **REST)


# The optimiser ------------------------------------------------------------------------------------

NETWORK = [LayerProfile("hidden", 64, is_critical_path=True), LayerProfile("out", 16)]
TARGET = TargetHardwareProfile("artix7", HardwareBudget(20_000, 500.0, 100_000))


def test_measured_evidence_leads_the_choice(design: Path) -> None:
    result = optimise_from_synthesis_reports(
        network=NETWORK, target=TARGET, design_path=design, utilisation_path=AREA,
        power_path=POWER, timing_path=TIMING, clock_mhz=100.0, inferences_per_run=1, **REST,
    )  # fmt: skip
    assert result.feasible == result.report.feasible
    assert [layer.layer_id for layer in result.report.layers] == ["hidden", "out"]
    again = optimise_from_evidence_payload(network=NETWORK, target=TARGET, payload=result.payload)
    assert again.report == result.report and again.observations == result.observations


def test_a_measured_point_outranks_the_model(design: Path) -> None:
    record = {**DESIGN, **REST, "luts_used": 10, "power_mw": 0.1, "accuracy_score": 1.0,
              "latency_cycles": 1}  # fmt: skip
    result = optimise_from_evidence_payload(
        network=NETWORK, target=TARGET, payload={"observations": [record]}
    )
    hidden = result.report.layers[0]
    assert hidden.basis.startswith("measured") and hidden.estimated_luts == 10
    assert (hidden.bitstream_length, hidden.decorrelator, hidden.precision_bits) == (
        256, "shared", 8
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "zynq"}, "<memory>: runs[0]: measured for target 'zynq', not for 'artix7'"),
        ({"target": "mine"}, "<memory>: runs[0]: measured for target 'mine', not for 'artix7'"),
        ({"target": "", "lut_unit": "lut4"},
         "<memory>: runs[0]: 4-input LUTs were counted, but target 'xilinx' has 6-input LUTs"),
    ],
)  # fmt: skip
def test_evidence_of_another_target_is_refused(change: dict[str, Any], message: str) -> None:
    record = {**DESIGN, **REST, "luts_used": 10, "power_mw": 0.1, **change}
    with pytest.raises(ObservationLoadError) as caught:
        optimise_from_evidence_payload(network=NETWORK, target=TARGET, payload={"runs": [record]})
    assert str(caught.value) == message
    alias = {**record, "target": "basys3", "lut_unit": "lut6"}
    assert optimise_from_evidence_payload(
        network=NETWORK, target=TARGET, payload={"runs": [alias]}
    ).observations


# The command --------------------------------------------------------------------------------------


def run(design: Path, *more: str) -> Any:
    return CliRunner().invoke(main, [
        "collect-synthesis", "--design", str(design), "--utilisation", str(AREA),
        "--power", str(POWER), "--accuracy-score", "0.9625", *more,
    ])  # fmt: skip


def test_the_command_writes_what_the_library_builds(design: Path, tmp_path: Path) -> None:
    more = ("--latency-cycles", "2048", "--timing", str(TIMING), "--clock-mhz", "100",
            "--inferences-per-run", "4")  # fmt: skip
    wanted = build(design, timing_path=TIMING, clock_mhz=100.0, inferences_per_run=4)
    for output in ((), ("--out", "-"), ("--json",)):
        result = run(design, *more, *output)
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout) == wanted
    path = tmp_path / "e.json"
    result = run(design, *more, "--out", str(path))
    assert json.loads(path.read_text()) == wanted
    assert "luts_used                2417     lut6" in result.stdout
    assert "vivado_2018_power.rpt: Vivado power of Vivado 2018.3" in result.stdout
    assert json.loads(run(design, *more, "--out", str(path), "--json").stdout) == wanted


def test_the_command_refuses_in_one_sentence(design: Path, tmp_path: Path) -> None:
    for more, message in (
        ((), "vivado_2018_utilisation.rpt, vivado_2018_power.rpt: 'latency_cycles' is missing; "
             "give latency_cycles, or state it in the design; reports do not say it"),
        (("--timing", "none.rpt", "--latency-cycles", "1"),
         "none.rpt cannot be read: No such file or directory"),
        (("--latency-cycles", "-1"), "vivado_2018_utilisation.rpt, vivado_2018_power.rpt: "
         "latency_cycles is -1; it must be a whole number of at least 0"),
        (("--latency-cycles", "1.5"), "Invalid value for '--latency-cycles': '1.5' is not a valid "
         "integer."),
        (("--accuracy-score", "nan", "--latency-cycles", "1"),
         "vivado_2018_utilisation.rpt, vivado_2018_power.rpt: accuracy_score is nan; it must be a "
         "number from 0 to 1"),
        (("--latency-cycles", "1", "--out", "no/e.json"),
         "no/e.json cannot be written: No such file or directory"),
    ):  # fmt: skip
        result = run(design, *more)
        assert (result.stderr, result.stdout, result.exit_code) == (f"Error: {message}\n", "", 2)
    assert list(tmp_path.iterdir()) == [design]
