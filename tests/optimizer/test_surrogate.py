"""Settings of every layer led by evidence: within budget, measured first, honest about the rest."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer import (
    BenchmarkObservation,
    HardwareBudget,
    LayerProfile,
    SurrogateSCOptimizer,
    TargetHardwareProfile,
)
from sc_neurocore.optimizer._choices import ACCURACY, LUTS, POWER, full_grid
from sc_neurocore.optimizer._conditioning import conditioning_of
from sc_neurocore.optimizer._stochastic_layer import polynomial_text

SEEN = BenchmarkObservation(
    mac_count=24,
    bitstream_length=256,
    decorrelator="shared",
    precision_bits=8,
    polynomial="x^16+x^14+x^13+x^11+1",
    luts_used=400,
    power_mw=3.0,
    dynamic_mw=3.0,
    latency_cycles=304,
    accuracy_score=0.99,
    source="run 7",
)


def target(luts: int = 5000, power: float = 500.0, latency: int | None = None, **more: object):  # type: ignore[no-untyped-def]
    return TargetHardwareProfile("ecp5", HardwareBudget(luts, power, latency), **more)  # type: ignore[arg-type]


def test_the_documented_example_runs_as_written() -> None:
    from sc_neurocore.optimizer.sc_optimizer import HardwareBudget, LayerProfile
    from sc_neurocore.optimizer.surrogate_sc_optimizer import (
        SurrogateSCOptimizer,
        TargetHardwareProfile,
    )

    profile = TargetHardwareProfile(
        name="pynq-z2", budget=HardwareBudget(max_luts=12_000, max_power_mw=2_500.0)
    )
    report = SurrogateSCOptimizer(profile).optimise((LayerProfile("hidden", mac_count=256),))
    assert report.feasible and report.rejected == ()
    chosen = report.layers[0]
    assert chosen.layer_id == "hidden" and chosen.luts.low <= chosen.luts.value <= chosen.luts.high
    assert 0 < chosen.estimated_luts <= 12_000 and chosen.luts.word == "estimated"
    assert chosen.accuracy.word == "executed" and chosen.power_mw.word == "estimated"
    assert chosen.decorrelator in ("none", "shared", "delay", "shuffle", "tracking")
    assert "utility" in report.summary() and report.gap is not None and report.gap < 1e-4


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=4),
    st.integers(40, 6000),
    st.floats(0.3, 100),
    st.none() | st.integers(60, 4000),
)
def test_feasible_is_every_layer_within_the_budget(
    macs: list[int], luts: int, power: float, latency: int | None
) -> None:
    network = [LayerProfile(f"l{i}", mac_count=n) for i, n in enumerate(macs)]
    report = SurrogateSCOptimizer(target(luts, power, latency)).optimise(network)
    told = [c.layer_id for c in report.layers] + [r.layer_id for r in report.rejected]
    assert sorted(told) == sorted(p.id for p in network)
    assert report.totals.luts.high <= luts * (1 + 1e-9)
    assert report.totals.power_mw.value <= power * (1 + 1e-9)
    assert latency is None or report.totals.latency_cycles.value <= latency
    assert report.feasible == (not report.rejected)
    if not report.feasible:
        assert report.verdict.startswith("does not fit: the nearest point takes")
        assert all(r.reason for r in report.rejected)


def test_more_budget_is_never_worth_less() -> None:
    network = [LayerProfile("a", 30), LayerProfile("b", 50)]
    need = sum(full_grid(n, "ecp5", 50.0).high[:, LUTS].min() for n in (30, 50))
    # Only accuracy counts, so the budgets do not change what a choice is worth.
    found = [
        SurrogateSCOptimizer(
            target(math.ceil(part * need), lut_weight=0, power_weight=0, latency_weight=0)
        ).optimise(network)
        for part in (0.9, 1.0, 1.2, 1.5, 2.0, 4.0)
    ]
    assert [r.feasible for r in found] == [False] + [True] * 5
    scores = [r.weighted_accuracy for r in found[1:]]
    assert scores == sorted(scores) and scores[-1] > scores[0]


def test_weights_move_the_choice() -> None:
    network = [LayerProfile("a", 64)]
    keen = SurrogateSCOptimizer(target(lut_weight=0, power_weight=0)).optimise(network)
    thrifty = SurrogateSCOptimizer(target(lut_weight=5.0)).optimise(network)
    assert thrifty.layers[0].luts.value < keen.layers[0].luts.value
    assert thrifty.weighted_accuracy < keen.weighted_accuracy


def test_a_measured_point_is_taken_at_its_word() -> None:
    network = [LayerProfile("a", 24)]
    splendid = replace(
        SEEN, accuracy_score=1.0, luts_used=50, power_mw=0.2, dynamic_mw=0.2, latency_cycles=300
    )
    report = SurrogateSCOptimizer(target(), [splendid]).optimise(network)
    chosen = report.layers[0]
    assert chosen.basis == "measured" and chosen.bitstream_length == 256
    for name, value in (("luts", 50), ("power_mw", 0.2), ("latency_cycles", 300), ("accuracy", 1)):
        figure = getattr(chosen, name)
        assert (figure.value, figure.word) == (value, "measured")
        assert figure.low == figure.high == value
    assert chosen.utility == pytest.approx(1.0 - 0.01 * 50 / 5000 - 0.01 * 0.2 / 500)


def test_a_measured_point_may_use_what_the_library_has_not() -> None:
    strange = replace(
        SEEN, decorrelator="Own Circuit", polynomial="x^9+x^5+1", precision_bits=7,
        accuracy_score=1.0, luts_used=50, power_mw=0.2, dynamic_mw=0.2, bitstream_length=300,
    )  # fmt: skip
    report = SurrogateSCOptimizer(target(), [strange]).optimise([LayerProfile("a", 24)])
    assert report.layers[0].decorrelator == "own_circuit"
    assert report.layers[0].basis == "measured"
    assert any("run 7 has a decorrelator or polynomial" in n for n in report.notices)


def test_a_bad_measurement_keeps_its_point_from_being_chosen() -> None:
    network = [LayerProfile("a", 24)]
    before = SurrogateSCOptimizer(target()).optimise(network).layers[0]
    bad = replace(
        SEEN, bitstream_length=before.bitstream_length, decorrelator=before.decorrelator,
        precision_bits=before.precision_bits, polynomial=before.polynomial, accuracy_score=0.3,
    )  # fmt: skip
    after = SurrogateSCOptimizer(target(), [bad]).optimise(network).layers[0]
    key = ("bitstream_length", "decorrelator", "precision_bits", "polynomial")
    assert [getattr(after, k) for k in key] != [getattr(before, k) for k in key]


def test_hexadecimal_taps_are_the_same_polynomial() -> None:
    by_taps = SurrogateSCOptimizer(target(), [replace(SEEN, polynomial="0xb400")])
    by_powers = SurrogateSCOptimizer(target(), [SEEN])
    network = [LayerProfile("a", 24), LayerProfile("b", 40)]
    assert by_taps.optimise(network) == by_powers.optimise(network)


def test_near_points_are_corrected_and_narrowed_and_far_ones_are_not() -> None:
    model, notices = conditioning_of([SEEN], "ecp5", 50.0)
    grid = full_grid(24, "ecp5", 50.0)
    moved = model.apply(grid, 24)
    assert notices == ()

    def row(length: int, kind: str, precision: int, register: int) -> int:
        found = (grid.length == length) & (grid.decorrelator == kind)
        found &= (grid.precision == precision) & (grid.polynomial == polynomial_text(register))
        return int(np.flatnonzero(found)[0])

    here = row(256, "shared", 8, 16)
    # The process passes nearly through its one observation: 1 % of the variance is noise.
    for metric, value in ((LUTS, 400.0), (POWER, 3.0), (ACCURACY, 0.99)):
        predicted, after = grid.value[here, metric], moved.value[here, metric]
        assert abs(after - value) < 0.05 * abs(predicted - value)
        width = grid.high[here, metric] - grid.low[here, metric]
        assert moved.high[here, metric] - moved.low[here, metric] < 0.3 * width
    near, far = row(512, "shared", 8, 16), row(2048, "none", 4, 10)
    assert moved.informed[here] == 1.0 and 0.5 < moved.informed[near] < 1.0
    assert moved.informed[far] == 0.0
    np.testing.assert_array_equal(moved.value[far], grid.value[far])
    # The same ratio, drawn back towards the model with distance.
    ratio = np.log(moved.value[:, LUTS] / grid.value[:, LUTS])
    assert 0 < ratio[near] / ratio[here] < 1
    assert (moved.low <= moved.value + 1e-12).all() and (moved.value <= moved.high + 1e-12).all()


def test_corrected_choices_say_so_and_are_no_longer_executed() -> None:
    report = SurrogateSCOptimizer(target(), [SEEN]).optimise([LayerProfile("b", 40)])
    chosen = report.layers[0]
    if "corrected" in chosen.basis:
        assert chosen.accuracy.word == "estimated" and chosen.luts.word == "estimated"
    assert chosen.luts.word != "measured"


def test_several_measurements_of_one_point_become_their_mean_and_range() -> None:
    from sc_neurocore.optimizer._conditioning import measured_choices

    found = measured_choices(LayerProfile("a", 24), [SEEN, replace(SEEN, luts_used=420)], 50.0)
    assert found is not None and len(found) == 1
    assert (found.value[0, LUTS], found.low[0, LUTS], found.high[0, LUTS]) == (410, 400, 420)


def test_observations_of_other_layers_and_targets_do_not_pass_for_this_one() -> None:
    network = [LayerProfile("a", 24)]
    splendid = replace(SEEN, accuracy_score=1.0, luts_used=10, power_mw=0.01, dynamic_mw=0.01)
    other_layer = SurrogateSCOptimizer(target(), [replace(splendid, layer_id="b")])
    assert other_layer.optimise(network).layers[0].basis != "measured"
    other_target = SurrogateSCOptimizer(target(), [replace(splendid, target="ice40")])
    report = other_target.optimise(network)
    assert report.layers[0].basis.startswith("estimated")
    assert report.notices == ("1 observations of other targets (ice40) were left out",)
    board = TargetHardwareProfile("pynq-z2", HardwareBudget(5000, 500.0))
    same = SurrogateSCOptimizer(board, [replace(splendid, target="zynq")]).optimise(network)
    assert same.layers[0].basis == "measured"


def test_luts_of_another_kind_are_refused() -> None:
    wrong = SurrogateSCOptimizer(target(), [replace(SEEN, lut_unit="alm")])
    with pytest.raises(SCConfigError, match="adaptive logic modules"):
        wrong.optimise([LayerProfile("a", 24)])


def test_a_rejected_layer_has_its_reason() -> None:
    report = SurrogateSCOptimizer(target(luts=700)).optimise(
        [LayerProfile("small", 16), LayerProfile("large", 128)]
    )
    assert not report.feasible
    assert [c.layer_id for c in report.layers] == ["small"]
    assert report.rejected[0].layer_id == "large"
    assert "its smallest configurations need" in report.rejected[0].reason
    assert "raise max_luts from 700 to" in report.verdict
    assert "large: rejected, " in report.summary()


def test_layers_that_fit_alone_but_not_together_say_what_is_left() -> None:
    network = [LayerProfile("a", 32), LayerProfile("b", 32), LayerProfile("c", 32)]
    need = min(full_grid(32, "ecp5", 50.0).high[:, LUTS])
    report = SurrogateSCOptimizer(target(luts=int(2.5 * need))).optimise(network)
    assert len(report.layers) == 2 and len(report.rejected) == 1
    assert report.rejected[0].reason.startswith("the other layers leave ")


def test_nothing_fits_without_a_figure_of_nothing() -> None:
    report = SurrogateSCOptimizer(target(luts=3)).optimise([LayerProfile("a", 32)])
    assert report.layers == () and len(report.rejected) == 1 and not report.feasible
    assert "measured" not in report.summary()


@pytest.mark.parametrize("critical", [True, False])
def test_layers_beside_the_critical_path_need_the_longest_time_not_the_sum(critical: bool) -> None:
    network = [LayerProfile("c", 4, critical), LayerProfile("a", 100), LayerProfile("b", 90)]
    first = SurrogateSCOptimizer(target(50_000, 5000.0, 50)).optimise(network)
    # 2 × 100 levels and 32 clocks; without a critical layer all follow one another.
    need = 232 if critical else 232 + 212 + 40
    assert f"raise max_latency_cycles from 50 to {need} (" in first.verdict
    assert f"latency in clocks {need} of 50" in first.verdict
    for more, fits in ((need, True), (need - 1, False)):
        report = SurrogateSCOptimizer(target(50_000, 5000.0, more)).optimise(network)
        assert report.feasible is fits


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=3), st.floats(0.02, 0.3))
def test_a_budget_raised_as_told_is_enough(macs: list[int], power: float) -> None:
    network = [LayerProfile(f"l{i}", n) for i, n in enumerate(macs)]
    budget = HardwareBudget(40 * sum(macs), power * sum(macs))
    for luts in (5 * sum(macs), 40 * sum(macs)):
        tight = replace(budget, max_luts=luts)
        report = SurrogateSCOptimizer(TargetHardwareProfile("ecp5", tight)).optimise(network)
        for name, to in re.findall(r"raise (\w+) from \S+ to (\S+)", report.verdict):
            enough = replace(tight, **{name: int(to) if name == "max_luts" else float(to)})
            again = SurrogateSCOptimizer(TargetHardwareProfile("ecp5", enough)).optimise(network)
            assert again.feasible, (name, to)


def test_layers_beside_a_rejected_critical_one_still_run_beside_each_other() -> None:
    network = [LayerProfile("c", 1000, True), *(LayerProfile(f"a{i}", 100) for i in range(3))]
    report = SurrogateSCOptimizer(target(50_000, 5000.0, 500)).optimise(network)
    assert [r.layer_id for r in report.rejected] == ["c"] and not report.feasible
    assert report.totals.latency_cycles.value == max(c.latency_cycles.value for c in report.layers)
    assert all(check.within for check in report.checks)


def test_a_reason_counts_what_the_selection_counts() -> None:
    grid = full_grid(32, "ecp5", 50.0)
    middle, upper = grid.value[:, LUTS].min(), grid.high[:, LUTS].min()
    between = SurrogateSCOptimizer(target(luts=int((middle + upper) / 2)))
    reason = between.optimise([LayerProfile("a", 32)]).rejected[0].reason
    assert reason.startswith(f"its smallest configurations need {upper:.6g} LUTs (upper end) of ")
    least = float(grid.value[:, POWER].min()) * 1.0001
    both = SurrogateSCOptimizer(target(luts=int(upper) + 3, power=least))
    reason = both.optimise([LayerProfile("a", 32)]).rejected[0].reason
    assert reason.startswith("no configuration of it is within ") and reason.endswith(" at once")


def test_a_vendors_estimate_of_power_is_not_called_measured() -> None:
    network = [LayerProfile("a", 24)]
    good = replace(
        SEEN, accuracy_score=1.0, luts_used=50, power_mw=90.0, dynamic_mw=0.2,
        power_source="vendor estimate",
    )  # fmt: skip
    report = SurrogateSCOptimizer(target(), [good]).optimise(network)
    chosen = report.layers[0]
    assert chosen.basis == "measured, its power estimated" and chosen.luts.word == "measured"
    # The dynamic part counts, not the whole chip's 90 mW.
    assert (chosen.power_mw.value, chosen.power_mw.word) == (0.2, "estimated")
    assert str(chosen.power_mw) == "0.2 (estimated, error not known)"
    assert [c.verdict for c in report.checks] == ["fits", "may fit"] and report.feasible
    assert "the power of run 7 is the vendor tool's estimate" in report.notices
    # It says nothing of the power of other points; its LUTs do.
    grid = full_grid(24, "ecp5", 50.0)
    moved = conditioning_of([good], "ecp5", 50.0)[0].apply(grid, 24)
    np.testing.assert_array_equal(moved.value[:, POWER], grid.value[:, POWER])
    np.testing.assert_array_equal(moved.high[:, POWER], grid.high[:, POWER])
    assert (moved.value[:, LUTS] < grid.value[:, LUTS]).any()


def test_power_is_brought_to_the_clock_that_is_meant_and_then_estimated() -> None:
    network = [LayerProfile("a", 24)]
    fast = replace(SEEN, accuracy_score=1.0, luts_used=50, clock_mhz=200.0)
    report = SurrogateSCOptimizer(target(), [fast]).optimise(network)
    power = report.layers[0].power_mw
    assert (power.value, power.word) == (3.0 * 50 / 200, "estimated")
    assert "the dynamic power of run 7 is scaled from 200 MHz to 50" in report.notices
    same = SurrogateSCOptimizer(target(clock_mhz=200.0), [fast]).optimise(network)
    assert (same.layers[0].power_mw.value, same.layers[0].power_mw.word) == (3.0, "measured")


def test_whole_power_and_scores_and_sizes_of_another_kind_are_remarked_on() -> None:
    whole = replace(SEEN, dynamic_mw=None, accuracy_score=0.7, layer_id="a")
    report = SurrogateSCOptimizer(target(), [whole]).optimise([LayerProfile("a", 25)])
    told = "\n".join(report.notices)
    assert "run 7 knows no dynamic power, so its whole power counts as such" in told
    assert "run 7 has an accuracy_score of 0.7 where the bit-true model gives at least 0.9" in told
    assert "run 7 is of layer 'a' with 24 products, which has 25 here" in told
    fine = SurrogateSCOptimizer(target(), [SEEN]).optimise([LayerProfile("a", 24)])
    assert fine.notices == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: target(lut_weight=-1), "lut_weight is -1"),
        (lambda: target(accuracy_weight=math.nan), "accuracy_weight is nan"),
        (lambda: target(power_weight=True), "power_weight is True"),
        (lambda: target(clock_mhz=0), "clock_mhz is 0"),
        (lambda: target(family="asic"), "family of target 'ecp5' is 'asic'"),
        (lambda: TargetHardwareProfile(" ", HardwareBudget(1, 1.0)), "name of a target is ' '"),
        (lambda: TargetHardwareProfile("x", 3), "it must be a HardwareBudget"),  # type: ignore[arg-type]
        (lambda: SurrogateSCOptimizer("ecp5"), "it must be a TargetHardwareProfile"),  # type: ignore[arg-type]
        (lambda: SurrogateSCOptimizer(target(), [3]), "observation 0 is 3"),  # type: ignore[list-item]
        (lambda: SurrogateSCOptimizer(target()).optimise([]), "the network has no layers"),
        (
            lambda: SurrogateSCOptimizer(
                TargetHardwareProfile("edge", HardwareBudget(1, 1.0))
            ).optimise([LayerProfile("a", 1)]),
            "target 'edge' is no device that we know, so give its family",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SCConfigError) as error:
        make()
    assert message in str(error.value)


def test_choosing_loads_neither_the_engines_nor_the_farm() -> None:
    code = (
        "import sys; from sc_neurocore.optimizer import SurrogateSCOptimizer, SCOptimizer; "
        "print(sorted(m for m in sys.modules if m.split('.')[:2] == ['sc_neurocore', 'accelerator']"
        " or m.startswith(('sc_neurocore.optimizer.farm', 'scipy.optimize', 'torch'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
