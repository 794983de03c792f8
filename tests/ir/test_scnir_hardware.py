"""SC-NIR in hardware: correlation is measured, sources are emitted, handoffs are audited."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore.bitstream import (
    Lfsr,
    encode_thresholds,
    scc,
    source_of,
    unpack_bitstream,
)
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.ir import (
    SCNIRCorrelationError,
    SCNIRDocument,
    SCNIRHDLHandoffAuditError,
    SCNIRSource,
    audit_scnir_hdl_handoff,
    build_scnir_source_bundle,
    measure_scnir_correlations,
    require_scnir_correlations,
    write_scnir_handoff,
    write_scnir_hdl_handoff_audit,
)
from sc_neurocore.toolchain import lint, simulate_rtl

from .scnir_documents import SPIKES, WEIGHTS, nested, pair, sobol

# --- correlation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [1, 0x55, 0x1234, 0xFFFF, 0x8000])
def test_one_sobol_dimension_under_two_seeds_is_refused(shift: int) -> None:
    # The documented seed rule, base seed XOR stream index, gives pairs like these.
    document = pair(sobol(1), sobol(1, shift))
    (check,) = measure_scnir_correlations(document)
    assert abs(check.scc) == 1.0
    assert not check.within
    with pytest.raises(SCNIRCorrelationError) as caught:
        build_scnir_source_bundle(document)
    message = str(caught.value)
    assert f"'{WEIGHTS}' and '{SPIKES}' are multiplied" in message
    assert f"SCC {check.scc:+.3f}" in message
    assert "at most 0.25 is allowed" in message
    # The remedy in the message is a remedy.
    remedy = re.search(rf"give '{WEIGHTS}' the source (\S+),", message)
    assert remedy is not None
    dimension = source_of(remedy[1]).dimension  # type: ignore[attr-defined]
    require_scnir_correlations(pair(sobol(1), sobol(dimension, shift)))


def test_what_is_measured_is_the_scc_of_streams() -> None:
    # At half and half the worst of the pair: the AND gate copies or annihilates.
    length = 256
    streams = [
        encode_thresholds([1 << 15], length, sobol(1, s).generator())[0] for s in (0, 0x8000)
    ]
    (check,) = measure_scnir_correlations(pair(sobol(1), sobol(1, 0x8000)))
    assert float(scc(streams[0], streams[1], length)) == check.scc == -1.0
    assert check.product_error == pytest.approx(-0.25)


def test_different_dimensions_and_phases_are_accepted() -> None:
    (check,) = measure_scnir_correlations(pair(sobol(1), sobol(2)))
    assert check.within and abs(check.scc) < 0.1
    require_scnir_correlations(pair(sobol(1, 0xBEEF), sobol(2, 0xBEEF)))


def test_one_source_for_both_streams_is_refused_and_a_phase_helps() -> None:
    register = SCNIRSource("lfsr", 16, 0xACE1)
    with pytest.raises(SCNIRCorrelationError, match=r"SCC \+1.000") as caught:
        require_scnir_correlations(pair(register, register))
    remedy = re.search(r"the source lfsr(?::16:(0x\w+))?,", str(caught.value))
    assert remedy is not None and remedy[1] is not None
    require_scnir_correlations(pair(register, replace(register, seed=int(remedy[1], 16))))


def test_halton_in_base_two_is_the_same_points_as_the_first_dimension() -> None:
    halton = SCNIRSource("halton", 16, base=2)
    with pytest.raises(SCNIRCorrelationError, match=r"sources halton and sobol have"):
        require_scnir_correlations(pair(sobol(1), halton))
    require_scnir_correlations(pair(sobol(1), replace(halton, base=3), limit=0.5))


def test_a_limit_of_zero_cannot_be_met_and_says_so() -> None:
    with pytest.raises(SCNIRCorrelationError, match="use longer streams, or allow more"):
        require_scnir_correlations(pair(sobol(1), sobol(2), limit=0.0))


def test_a_stream_too_long_to_be_measured_is_refused() -> None:
    with pytest.raises(
        SCNIRCorrelationError, match="of up to 1048576 bits, but one has 4294967296"
    ):
        require_scnir_correlations(pair(sobol(1), sobol(2), length=1 << 32))


# --- sources -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["halton", "counter", "random"])
def test_other_kinds_of_source_are_not_emitted(kind: Any) -> None:
    source = {
        "halton": SCNIRSource("halton", 16, base=3),
        "counter": SCNIRSource("counter", 16),
        "random": SCNIRSource("random", 16, seed=1),
    }[kind]
    with pytest.raises(SCCompilerError, match=rf"kind '{kind}', for which no module is emitted"):
        build_scnir_source_bundle(pair(source, sobol(2), limit=1.0))


def test_the_manifest_has_a_row_per_stream() -> None:
    document = nested()
    bundle = build_scnir_source_bundle(document)
    assert [entry.stream for entry in bundle.entries] == [s.id for s in document.streams]
    assert json.loads(json.dumps(bundle.manifest_dicts())) == bundle.manifest_dicts()
    rows = bundle.manifest_dicts()
    assert [row["parent"] for row in rows] == ["scnir_top", "block_a", "block_a", "scnir_top"]
    assert [source_of(row["source"]) for row in rows] == [
        stream.source.generator() for stream in document.streams
    ]
    assert rows[1]["delay_steps"] == [0, 2, 1]
    assert bundle == build_scnir_source_bundle(document)


@pytest.mark.parametrize("document", [nested(), pair(sobol(1), sobol(2), length=1, limit=1.0)])
def test_no_front_end_warns(document: SCNIRDocument, store: EvidenceStore) -> None:
    bundle = build_scnir_source_bundle(document)
    assert lint(bundle.files, bundle.top, store=store).result["warnings"] == []


def mismatches(
    document: SCNIRDocument, files: Mapping[str, str], simulator: str, store: EvidenceStore
) -> list[str]:
    """Streams of a simulated top module that are not, again and again, the bitstream core's."""
    ticks = 3 * 128
    thresholds = dict(enumerate([40000, 65536, 12345, 100]))
    _, outputs, _ = simulate_rtl(
        simulator,
        files,
        "scnir_top",
        clock="clk",
        reset="rst_n",
        inputs={"enable": np.ones(ticks, np.uint64)}
        | {f"threshold_{i}": np.full(ticks, x, np.uint64) for i, x in thresholds.items()},
        input_widths={"enable": 1}
        | {f"threshold_{i}": s.source.width + 1 for i, s in enumerate(document.streams)},
        output_widths={f"stream_{i}": 1 for i in thresholds},
        store=store,
    )
    found = []
    for i, stream in enumerate(document.streams):
        length = stream.bitstream_length
        packed = encode_thresholds([thresholds[i]], length, stream.source.generator())[0]
        expected = np.resize(unpack_bitstream(packed, length), ticks + 1)
        # Row t is what follows the rising edge after tick t: tick t + 1.
        if not np.array_equal(outputs[f"stream_{i}"], expected[1:]):
            found.append(stream.id)
    return found


@pytest.mark.parametrize("simulator", ["yosys", "verilator"])
def test_the_top_gives_the_streams_of_the_bitstream_core(
    simulator: str, store: EvidenceStore
) -> None:
    # In the top module and inside the hierarchy instance, of both lengths, with restarts.
    bundle = build_scnir_source_bundle(nested())
    assert mismatches(nested(), bundle.files, simulator, store) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "stream"),
    [
        ("scnir_top.sv", ".restart(restart_64)", ".restart(1'b0)", SPIKES),
        ("scnir_source_2_pop_hidden_spike.sv", "16'hace1", "16'hace2", "pop.hidden.spike"),
        ("scnir_top.sv", ".weights_threshold(threshold_1)", ".weights_threshold(17'd9)", WEIGHTS),
    ],
)
def test_a_fault_shows(
    file: str, before: str, after: str, stream: str, store: EvidenceStore
) -> None:
    files = dict(build_scnir_source_bundle(nested()).files)
    assert files[file].count(before) == 1
    files[file] = files[file].replace(before, after)
    assert mismatches(nested(), files, "yosys", store) == [stream]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (sobol(1), sobol(2), 0.04),
        (sobol(1), sobol(1, 0x55), 1.0),
        (sobol(1), SCNIRSource("halton", 16, base=2), 1.0),
        (
            SCNIRSource("lfsr", 16, 0xACE1),
            SCNIRSource("lfsr", 16, Lfsr().jump(40504).seed),
            0.24,
        ),
    ],
)
def test_the_published_figures_are_what_is_measured(
    first: SCNIRSource, second: SCNIRSource, expected: float
) -> None:
    (check,) = measure_scnir_correlations(pair(first, second))
    assert abs(check.scc) == pytest.approx(expected, abs=0.005)


# --- handoff -------------------------------------------------------------------------------------


@pytest.fixture
def handoff(tmp_path: Path) -> Path:
    write_scnir_handoff(tmp_path / "handoff", nested())
    return tmp_path / "handoff"


def test_a_handoff_passes_its_audit(handoff: Path, tmp_path: Path) -> None:
    report = write_scnir_hdl_handoff_audit(handoff, tmp_path / "audit.json")
    assert json.loads((tmp_path / "audit.json").read_text()) == report.as_dict()
    assert report.streams == 4
    assert report.signal_kinds == {"analogue_state": 1, "spiking": 2, "weight": 1}
    assert report.source_kinds == {"lfsr": 1, "sobol": 3}
    assert report.hierarchy == ("block/a",)
    assert set(report.files) == {path.name for path in handoff.iterdir()}


def test_a_handoff_is_written_once_or_not_at_all(handoff: Path, tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match="exists already"):
        write_scnir_handoff(handoff, nested())
    with pytest.raises(SCConfigError, match="cannot be written: No such file"):
        write_scnir_handoff(tmp_path / "missing" / "handoff", nested())
    with pytest.raises(SCNIRCorrelationError):
        write_scnir_handoff(tmp_path / "bad", pair(sobol(1), sobol(1)))
    assert list(tmp_path.iterdir()) == [handoff]


def edit(name: str, before: str, after: str) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        text = (root / name).read_text()
        assert text.count(before) >= 1
        (root / name).write_text(text.replace(before, after, 1))

    return apply


def rows(change: Callable[[list[Any]], Any]) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        manifest = json.loads((root / "sources.json").read_text())
        change(manifest["sources"])
        (root / "sources.json").write_text(json.dumps(manifest))

    return apply


def remove(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


MODULE = "scnir_source_0_pop_input_spike"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("scnir.json"), "scnir.json is missing"),
        (remove("sources.json"), "sources.json is missing"),
        (remove("scnir_top.sv"), "scnir_top.sv is missing"),
        (remove("sc_sobol.sv"), "sc_sobol.sv is missing"),
        (remove(f"{MODULE}.sv"), f"{MODULE}.sv is missing"),
        (remove("block_a.sv"), "block_a.sv is missing"),
        (edit("scnir.json", '"spiking"', '"spikey"'), "did you mean 'spiking'?"),
        (edit("scnir.json", '"dimension": 2', '"dimension": 1'), "are multiplied"),
        (edit("scnir.json", '"nested"', '"other"'), "document is '"),
        (edit("sources.json", '"top": "scnir_top"', '"top": "other"'), "top is 'other', but"),
        (edit("sources.json", '"schema"', '"shcema"'), "did you mean 'schema'?"),
        (edit("sources.json", '"seed": 0', '"seeds": 0'), "did you mean 'seed'?"),
        (edit("sources.json", '"seed": 44257', '"seed": 44258'), "sources[2].seed is 44258"),
        (edit("sources.json", '"index": 0', '"index": false'), "sources[0].index is False"),
        (rows(lambda r: r.pop(1)), f"stream '{WEIGHTS}' has 0 rows in sources.json"),
        (rows(lambda r: r.append(r[1])), f"stream '{WEIGHTS}' has 2 rows"),
        (rows(lambda r: r.append({**r[1], "stream": "x"})), "has 5 rows for 4 streams"),
        (rows(lambda r: r.reverse()), "sources[0].index is 3"),
        (
            edit("scnir_top.sv", "SCNIR_STREAMS = 4", "SCNIR_STREAMS = 5"),
            "SCNIR_STREAMS is 5, but the document gives 4",
        ),
        (
            edit("scnir_top.sv", "    localparam integer SCNIR_WEIGHT_STREAMS = 1;\n", ""),
            "SCNIR_WEIGHT_STREAMS is nothing",
        ),
        (
            edit("scnir_top.sv", f"    {MODULE} source_0 (", "    other source_0 ("),
            f"scnir_top.sv instantiates '{MODULE}' 0 times",
        ),
        (edit("scnir_top.sv", "block_a block_a_0", "block_a twin"), "instances ['twin']"),
        (edit("scnir_top.sv", "    block_a block", "    gone block"), "instances [] of"),
        (edit("block_a.sv", "module block_a", "module block_b"), "declared 0 times"),
        (edit("block_a.sv", "source_1 (", "source_9 ("), "block_a.sv is not the text"),
        (edit(f"{MODULE}.sv", f"module {MODULE}", "module x"), f"'{MODULE}' is declared 0 times"),
        (edit(f"{MODULE}.sv", "16'h0000", "16'h0001"), f"{MODULE}.sv is not the text"),
        (edit("sc_sobol.sv", "number ^ flip", "number | flip"), "sc_sobol.sv is not the text"),
        (lambda root: (root / "extra.sv").write_text(""), "extra.sv is Verilog that no stream"),
    ],
)
def test_damage_is_found(damage: Callable[[Path], None], message: str, handoff: Path) -> None:
    damage(handoff)
    with pytest.raises(SCNIRHDLHandoffAuditError) as caught:
        audit_scnir_hdl_handoff(handoff)
    assert message in str(caught.value)
