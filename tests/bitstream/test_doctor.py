"""The audit finds what is wrong, says what would help, and is silent about what is right."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from sc_neurocore.bitstream import (
    FAMILIES,
    OPERATIONS,
    AuditSeverity,
    Counter,
    DriftDetector,
    ErrorCurve,
    NumpyRandom,
    Sobol,
    StochasticDoctor,
    audit_plot,
    compute_scc,
    curve_plot,
    encode,
    error_curve,
    hoeffding_radius,
    standalone,
)
from sc_neurocore.exceptions import SCConfigError

DOCTOR = StochasticDoctor()


def bits(text: str) -> np.ndarray:
    return np.array([c == "1" for c in text])


def kinds(report: object) -> list[tuple[str, str]]:
    return [(f.severity.value, f.kind) for f in report.findings]  # type: ignore[attr-defined]


def test_sound_streams_have_no_findings() -> None:
    sources = [Sobol(d) for d in (1, 2, 3)]
    p = np.array([0.5, 0.25, 0.7])
    report = DOCTOR.audit_packed("l0", encode(p, 1024, sources), 1024, expected=p)
    assert report.findings == () and report.severity is None
    assert [s.ones for s in report.streams] == [512, 256, 717]
    assert report.streams[1].value_error == 0.0
    assert report.value_limit == hoeffding_radius(1024, 1 - 0.05 / 3)


def test_measures_by_hand() -> None:
    report = DOCTOR.audit_layer("l", bits("1111000011001000"))
    (stream,) = report.streams
    assert (stream.ones, stream.probability) == (7, 7 / 16)
    assert (stream.longest_ones, stream.longest_zeros) == (4, 4)
    assert stream.window_rates == (1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0)
    assert stream.drift == 9 / 16
    assert stream.expected is None and stream.value_error is None
    assert report.scc == ((1.0,),)


def test_correlated_pair_is_critical_and_names_both() -> None:
    streams = encode([0.5, 0.5], 1024, [Sobol(1), Sobol(1, shift=0x8000)])
    report = DOCTOR.audit_packed("l", streams, 1024, names=["x", "w"])
    (finding,) = report.findings
    assert finding.severity is AuditSeverity.CRITICAL and finding.streams == ("x", "w")
    assert finding.message == (
        "x and w have an SCC of -1.000; AND is off by -0.2500 of their product"
    )
    assert finding.remedy.startswith("if they are multiplied, encode one from an unrelated source")


def test_thresholds_grade_a_correlation() -> None:
    rng = np.random.default_rng(3)
    a = rng.random(4096) < 0.5
    half = np.where(rng.random(4096) < 0.5, a, rng.random(4096) < 0.5)
    report = DOCTOR.audit_layer("l", np.array([a, half]))
    assert kinds(report) == [("warning", "correlation")]
    assert kinds(StochasticDoctor(0.6, 0.9).audit_layer("l", np.array([a, half]))) == []
    strict = StochasticDoctor(0.1, 0.3).audit_layer("l", np.array([a, half]))
    assert kinds(strict) == [("critical", "correlation")]


def test_correlation_of_rare_ones_is_no_more_than_chance_may_show() -> None:
    # Two streams of one 1 in 64 bits, at the same place: SCC 1, but AND is off by 1/64 at most.
    one = np.zeros((2, 64), np.uint8)
    one[:, 5] = 1
    report = DOCTOR.audit_layer("l", one)
    assert report.scc[0][1] == 1.0
    assert kinds(report) == []


def test_counter_drifts_and_runs_and_a_short_one_is_off() -> None:
    streams = encode([0.5], 1024, Counter(16))
    report = DOCTOR.audit_packed("l", streams, 1024, expected=[0.5])
    assert kinds(report) == [("critical", "value")]  # all ones: constant, so no drift
    report = DOCTOR.audit_packed("l", encode([0.5], 1024, Counter(10)), 1024, expected=[0.5])
    assert kinds(report) == [("warning", "drift"), ("info", "runs"), ("info", "runs")]
    assert report.findings[1].message == (
        "0 has a run of 512 zeros; independent bits of its rate have at most 14"
    )


def test_random_streams_are_seldom_accused() -> None:
    accused = sum(
        bool(DOCTOR.audit_packed("l", encode([p] * 4, 1024, sources), 1024, expected=[p] * 4)
             .findings)
        for seed, p in enumerate(np.linspace(0.05, 0.95, 60))
        for sources in [[NumpyRandom(4 * seed + i) for i in range(4)]]
    )  # fmt: skip
    assert accused <= 3


def test_report_is_json() -> None:
    streams = encode([0.5, 0.5], 256, Counter(8))
    report = DOCTOR.audit_packed("l", streams, 256, expected=[0.5, 0.25])
    document = json.loads(report.to_json())
    assert document["word"] == "measured"
    assert document["streams"][1]["value_error"] == 0.25
    assert document["findings"][0]["severity"] == "critical"
    assert document["scc"] == [[1.0, 1.0], [1.0, 1.0]]
    assert document == json.loads(json.dumps(report.to_dict()))


def test_documented_single_measures() -> None:
    assert compute_scc(bits("11110000"), bits("11101000")) == 0.5
    assert DOCTOR.compute_correlation(bits("1010"), bits("0101")) == -1.0
    assert DOCTOR.estimate_precision(bits("1110")) == (0.75, hoeffding_radius(4))
    assert DOCTOR.compute_histogram(bits("11110001000001"), 4).tolist() == [1, 1, 0, 0, 1]


def test_drift_detector_by_hand() -> None:
    detector = DriftDetector(alpha=0.5, threshold=0.3)
    assert [detector.observe(x) for x in (0.0, 0.4, 0.6, -1.0)] == [False, False, True, False]
    assert detector.history() == pytest.approx([0.0, 0.2, 0.4, -0.3])
    detector.reset()
    assert detector.history() == []
    # What is there from the beginning is not hidden by a start at zero.
    assert DriftDetector(alpha=0.01, threshold=0.3).observe(0.9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: StochasticDoctor(0.8, 0.7),
         "correlation_threshold is 0.8, above critical_threshold, 0.7"),
        (lambda: StochasticDoctor(critical_threshold=1.5),
         "critical_threshold is 1.5; it must be from 0 to 1"),
        (lambda: StochasticDoctor(confidence=1.0),
         "confidence is 1; it must lie between 0 and 1, both excluded"),
        (lambda: DOCTOR.audit_layer("l", np.zeros((2, 3, 8), np.uint8)),
         "bitstreams have shape (2, 3, 8); it must be (L,) or (N, L)"),
        (lambda: DOCTOR.audit_layer("l", np.full((1, 8), 2, np.uint8)),
         "bits hold 2; a bit is 0 or 1"),
        (lambda: DOCTOR.audit_layer("l", np.zeros((1, 8))),
         "bits have dtype float64; they must be a NumPy array of uint8 or bool"),
        (lambda: DOCTOR.audit_layer("l", np.zeros((1, 7), np.uint8)),
         "length is 7; it must be a whole number from 8 to 16777216"),
        (lambda: DOCTOR.audit_layer("l", np.zeros((2, 8), np.uint8), names=["a"]),
         "there are 2 streams but 1 names"),
        (lambda: DOCTOR.audit_layer("l", np.zeros((2, 8), np.uint8), expected=[0.5]),
         "expected has shape (1,); for these streams it must be (2,)"),
        (lambda: DOCTOR.audit_layer("l", np.zeros((2, 8), np.uint8), expected=[0.5, 2]),
         "expected[1] is 2; it must be from 0 to 1"),
        (lambda: DOCTOR.audit_packed("l", np.zeros((1025, 1), np.uint64), 64),
         "streams have shape (1025, 1); an audit takes (N, words), N from 1 to 1024"),
        (lambda: compute_scc(bits("10"), bits("100")),
         "a has shape (2,) and b (3,); they must be two streams of one length"),
        (lambda: DOCTOR.compute_histogram(bits("10"), 3),
         "word_size is 3; it must be a whole number from 1 to 2"),
        (lambda: DOCTOR.compute_histogram(np.full(64, 7, np.uint8)),
         "bits hold 7; a bit is 0 or 1"),
        (lambda: DOCTOR.compute_histogram(np.zeros((2, 64), np.uint8)),
         "bitstream has shape (2, 64); it must be one stream, (L,)"),
        (lambda: DOCTOR.estimate_precision(np.zeros((2, 64), np.uint8)),
         "bitstream has shape (2, 64); it must be one stream, (L,)"),
        (lambda: compute_scc(np.zeros((2, 64), np.uint8), np.zeros((2, 64), np.uint8)),
         "a has shape (2, 64); it must be one stream, (L,)"),
        (lambda: DriftDetector(alpha=0.0),
         "alpha is 0; it must be above 0, or no value would count"),
        (lambda: DriftDetector().observe(1.5), "scc_value is 1.5; it must be from -1 to 1"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(call: object, message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == message


def test_audit_plot_draws_every_pair_and_stream() -> None:
    streams = encode([0.5, 0.5, 0.2], 256, [Sobol(1), Sobol(1), Sobol(2)])
    report = DOCTOR.audit_packed("l", streams, 256, names=["a<b", "b", "c"])
    svg = standalone(audit_plot(report))
    root = ElementTree.fromstring(svg)
    titles = [t.text for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "a<b, b: +1.000" in titles and f"c: {report.streams[2].probability:.4f}" in titles
    assert sum(": +" in t or ": -" in t for t in titles if t) == 9
    assert "nan" not in svg and "−0.0" not in svg


def test_audit_plot_of_many_streams_shows_what_fits() -> None:
    streams = encode(np.full(40, 0.5), 64, [Sobol(d + 1) for d in range(40)])
    svg = audit_plot(DOCTOR.audit_packed("l", streams, 64))
    assert svg.count('class="key"') == 24
    ElementTree.fromstring(svg)


def test_curve_plot_has_one_panel_per_operation_and_one_line_per_curve() -> None:
    curves: list[ErrorCurve] = [
        error_curve(FAMILIES[name], operation, lengths=(64, 128), trials=100)
        for operation in OPERATIONS
        for name in ("sobol", "counter")
    ]
    svg = standalone(curve_plot(curves))
    ElementTree.fromstring(svg)
    assert svg.count('class="line"') == svg.count('class="band"') == 6
    assert svg.count("length (bits)") == 3 and svg.count('class="key"') == 2
    assert "nan" not in svg and "inf" not in svg
