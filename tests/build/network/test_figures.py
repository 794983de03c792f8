"""Intervals, confusion, toggles and energy: hand-derived values and independent checks."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sc_neurocore._svg import standalone
from sc_neurocore.build.network import (
    AreaPoint,
    LengthPoint,
    Proportion,
    accuracy_of,
    area_plot,
    confusion_matrix,
    confusion_plot,
    count_toggles,
    estimate_energy,
    ladder_plot,
    length_plot,
)
from sc_neurocore.exceptions import SCConfigError


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(pair: tuple[int, int]) -> None:
    found = binomtest(*pair).proportion_ci(0.95, method="wilson")
    assert Proportion(*pair).interval == pytest.approx((found.low, found.high), abs=1e-12)


def test_a_sample_that_is_all_right_still_has_an_interval() -> None:
    # Wilson's lower end of n of n is n / (n + z²).
    low, high = Proportion(20, 20).interval
    assert low == pytest.approx(20 / (20 + 1.959963984540054**2))
    assert high == 1.0


@pytest.mark.parametrize("pair", [(1, 0), (-1, 3), (4, 3)])
def test_no_proportion(pair: tuple[int, int]) -> None:
    with pytest.raises(SCConfigError, match="is no proportion of a sample"):
        Proportion(*pair)


def test_confusion_has_labels_in_rows() -> None:
    labels, predictions = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2])
    found = confusion_matrix(predictions, labels, 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]
    assert accuracy_of(predictions, labels) == Proportion(4, 6)


DUMP = b"""$timescale 1ns $end
$scope module bench $end
$var wire 1 ! clk $end
$scope module dut $end
$var wire 1 ! clk $end
$var wire 4 " count [3:0] $end
$var wire 4 " same [3:0] $end
$var wire 1 # go $end
$var parameter 8 $ WIDTH $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
0!
bxxxx "
0#
#5
1!
b0011 "
#10
0!
b0110 "
1#
#15
1!
b1001 "
x#
#20
0!
0#
"""


def test_toggles_are_counted_by_hand() -> None:
    # count: undefined → 3 is none, 3 → 6 is two bits, 6 → 9 four; go: 0 → 1, x, then 0 is one
    # change between defined values; the two names of count are one net, the clock is apart.
    found = count_toggles(DUMP, "clk")
    assert (found.signals, found.toggles, found.clock) == (5, 2 + 4 + 1 + 1, 4)


def test_toggles_of_a_window() -> None:
    found = count_toggles(DUMP, "clk", start=10, end=20)
    assert (found.toggles, found.clock) == (2 + 1 + 4, 2)


def test_energy_is_toggles_times_capacitance_times_half_v_squared() -> None:
    found = estimate_energy(count_toggles(DUMP, "clk"), 10, "ice40")
    assert found is not None
    assert found.joules == pytest.approx((8 * 1e-12 + 4 * 10 * 0.05e-12) * 1.2**2 / 2)
    section = found.as_dict()
    assert (section["word"], section["toggles_word"]) == ("estimated", "executed")
    assert "assumed" in section["method"] and "factor of 5" in section["method"]
    assert estimate_energy(count_toggles(DUMP, "clk"), 10, "asic") is None


HALF, MOST = Proportion(10, 20), Proportion(19, 20)
PLOTS = {
    "ladder": ladder_plot([("float", MOST), ("RTL <sample>", HALF)]),
    "length": length_plot([LengthPoint(1, HALF), LengthPoint(64, MOST)], [("fixed", MOST)]),
    "area": area_plot(
        [
            AreaPoint("6-bit", "fixed", 900, MOST, built=True),
            AreaPoint("L=64", "stochastic", 905, HALF),
        ]
    ),
    "confusion": confusion_plot(np.array([[8, 2], [0, 10]])),
}


@pytest.mark.parametrize("name", PLOTS)
def test_plots_are_svg_with_a_title(name: str) -> None:
    tree = ElementTree.fromstring(standalone(PLOTS[name]))
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    titles = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) > 1 and all(titles)


def test_the_confusion_plot_says_each_count() -> None:
    assert "label 0 taken for 1: 2 of 10" in PLOTS["confusion"]
    assert "label 1 taken for 0: 0 of 10" in PLOTS["confusion"]


def test_the_built_network_has_a_ring() -> None:
    assert PLOTS["area"].count('r="9"') == 1
