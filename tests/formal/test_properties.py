"""What is claimed, and that the claims do not lean on the datapath's own wires."""

from __future__ import annotations

import pytest

from sc_neurocore.dynamics import build_model
from sc_neurocore.formal import properties
from sc_neurocore.formal._integers import after_spike, condition

from .models import ADAPTIVE, EDGE, LIF, QUADRATIC, built


def names(case: object) -> set[str]:
    return set(properties(case.datapath, case.rtl).names)  # type: ignore[attr-defined]


def test_the_claims_of_a_leaky_neuron() -> None:
    assert names(built(LIF)) == {
        "valid_when_tick_ends", "refractory_bound", "refractory_gap", "refractory_count",
        "range_0", "output_0", "stable_0", "held_0", "advance_0", "after_spike_0",
        "stable_spike_out", "spike_iff_threshold", "silent_below_threshold",
        "reset_0", "reset_outputs", "reset_refractory",
    }  # fmt: skip


def test_more_features_more_claims() -> None:
    assert {"edge_memory"} <= names(built(EDGE))
    assert {"busy_during_tick", "clock_count"} <= names(built(LIF, pipeline=1))
    assert {"trap_sticky", "trap_at_tick_end", "reset_trap"} <= names(built(LIF, overflow="trap"))


def test_every_property_has_a_sentence_and_a_label_of_its_own() -> None:
    for case in (built(ADAPTIVE), built(EDGE, pipeline=1), built(QUADRATIC, pipeline=None)):
        claimed = properties(case.datapath, case.rtl)
        assert len(set(claimed.names)) == len(claimed.names)
        assert all(len(p.meaning.split()) >= 3 for p in claimed.properties)
        text = claimed.inject(case.rtl.source)
        assert text.count(": assert (") == len(claimed.properties)
        assert text.index("assert (") < text.index("endmodule")


def test_thresholds_are_compiled_from_the_model() -> None:
    lif = built(LIF).datapath
    # v > -50 in Q8.8: the raw value exceeds -12800.
    assert condition(lif, {"v": "v"}, 3) == "(64'(v) > -64'sd12800)"
    edge = built(EDGE).datapath
    # x + y > 1 with both in Q8.8: x + y - 256 > 0.
    assert condition(edge, {"x": "x", "y": "y"}, 3) == (
        "((-64'sd256 + (64'(x) <<< 0) + (64'(y) <<< 0)) > 64'sd0)"
    )


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        # 0.3 · 256 = 76.8, rounded to 3 guard bits 76.75: raw > 76 means raw ≥ 77.
        ("v > 0.3", "(64'(v) > 64'sd76)"),
        ("v >= 0.3", "(64'(v) >= 64'sd77)"),
        ("v < 0.3", "(64'(v) < 64'sd77)"),
        ("v <= 0.3", "(64'(v) <= 64'sd76)"),
        ("-2*v < 1", "(64'(v) > -64'sd128)"),
        ("not (v > 1) and v > -1", "(!(64'(v) > 64'sd256) && (64'(v) > -64'sd256))"),
    ],
)
def test_levels_between_codes(threshold: str, expected: str) -> None:
    model = build_model(
        "v[n+1] = v/2 + I", threshold=threshold, ranges={"v": (-4, 4), "I": (0, 1)}, name="m"
    )
    assert condition(built(model).datapath, {"v": "v"}, 3) == expected


def test_a_threshold_over_inputs_or_products_is_left_to_the_datapath() -> None:
    for threshold in ("v*v > 1", "v > I", "sin(v) > 0.5"):
        model = build_model(
            "v[n+1] = v/2 + I", threshold=threshold, ranges={"v": (-2, 2), "I": (0, 1)}, name="m"
        )
        case = built(model, pipeline=None)
        assert condition(case.datapath, {"v": "v"}, 3) is None
        claimed = properties(case.datapath, case.rtl)
        assert any("not an integer comparison" in note for note in claimed.notes)


def test_resets_that_add_are_exact_and_saturate() -> None:
    case = built(ADAPTIVE).datapath
    found = after_spike(case, {"v": "v", "w": "w"})
    # w += 0.5 is + 128 in Q8.8, kept within [-1, 3], which is [-256, 768].
    total = "64'sd128 + 64'(w)"
    assert found["w"] == (
        f"((({total}) < -64'sd256) ? -64'sd256 : (({total}) > 64'sd768) ? 64'sd768 : ({total}))"
    )
