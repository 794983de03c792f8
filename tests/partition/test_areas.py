"""Areas: estimated ones cover what synthesis then measures, and chips are filled by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Assumptions, PartitionError, Place, PlaceNodes, Places
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition import find_areas, upper_ends
from small_networks import SETTINGS, pairs_graph


@pytest.fixture(scope="module")
def network() -> SCNetwork:
    graph = pairs_graph("pairs", 3, 4, noise=0.1, gain=0.5, settings=SETTINGS)
    return SCNetwork(graph, Assumptions(dt=1e-3, reset="subtract"))


def chips(**capacity: int) -> Places:
    chip = Place("chip", "chip", target="ice40-hx8k", capacity=capacity)
    return Places({"chip": chip, "host": Place("host")})


def test_measured_figures_lie_within_the_estimates(network: SCNetwork, tmp_path: Path) -> None:
    places = chips(luts=7680)
    estimated = find_areas(network, places)["chip"]
    store = EvidenceStore(tmp_path / "evidence.sqlite")
    measured = find_areas(network, places, store=store)["chip"]
    assert set(estimated) == set(measured) == {"hidden", "answer"}
    for name, figures in measured.items():
        for resource, area in figures.items():
            guess = estimated[name][resource]
            assert (area.word, guess.word, guess.record) == ("measured", "estimated", "")
            assert area.low == area.value == area.high
            assert guess.low <= area.value <= guess.high
            record = store.get(area.record)
            assert record is not None and record.result[resource] == area.value
    assert find_areas(network, places, store=store)["chip"] == measured
    assert len(store.records()) == 2


def test_a_chip_is_filled_by_area(network: SCNetwork) -> None:
    areas = upper_ends(find_areas(network, chips(luts=1, brams=1)))["chip"]
    smaller = min(areas, key=lambda name: areas[name]["luts"])
    larger = max(areas, key=lambda name: areas[name]["luts"])
    room = int(areas[smaller]["luts"]) + 1
    places = chips(luts=room)
    placed = PlaceNodes(places, areas={"chip": areas})(network.flat)
    assert (placed.nodes[smaller].place, placed.nodes[larger].place) == ("chip", "host")
    step = PlaceNodes(places, areas={"chip": areas}, assignment={larger: "chip", smaller: "host"})
    with pytest.raises(PartitionError, match=rf"hold [0-9.]+ luts, its capacity is {room} \("):
        step(network.flat)


def test_places_without_limits_need_no_areas(network: SCNetwork) -> None:
    assert find_areas(network, chips(neurons=10)) == {}


def test_a_family_that_the_cost_model_does_not_know(network: SCNetwork) -> None:
    chip = Place("chip", "chip", target="gowin-gw1n9", capacity={"luts": 100})
    with pytest.raises(SCConfigError, match="gowin"):
        find_areas(network, Places({"chip": chip}))
