"""Sweeps: the same from the same seed, every design sound, layers that compute what they claim."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sc_neurocore.accelerator import engine_shape, write_accelerator
from sc_neurocore.bitstream import Lfsr
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl import blocks
from sc_neurocore.optimizer.farm import (
    DECORRELATORS,
    Job,
    Result,
    block_jobs,
    engine_jobs,
    held_out,
    layer_jobs,
    sc_layer,
    sweep,
)
from sc_neurocore.optimizer.farm._engine import engine_of
from sc_neurocore.toolchain import lint

LAYER = {"mac_count": 5, "bitstream_length": 64, "precision_bits": 5, "decorrelator": "shared",
         "polynomial": "7,6"}  # fmt: skip


def test_a_sweep_is_the_same_from_the_same_seed() -> None:
    first = [job.key for job in itertools.islice(sweep(3, 6, 4), 60)]
    assert first == [job.key for job in itertools.islice(sweep(3, 6, 4), 60)]
    assert first != [job.key for job in itertools.islice(sweep(4, 6, 4), 60)]
    assert len(set(first)) == len(first)


def test_more_networks_change_none_of_the_first() -> None:
    few, many = list(engine_jobs(1, 3)), list(engine_jobs(1, 5))
    assert [j.key for j in many[: len(few)]] == [j.key for j in few]


def test_networks_can_be_written_and_are_seen_as_they_are() -> None:
    for job in list(engine_jobs(11, 6)):
        network, foldings = engine_of(job.parameters)
        rtl = write_accelerator(network, foldings)
        shape = engine_shape(network, foldings)
        assert rtl.top == "net"
        assert [x.size for x in shape.layers] == [x["size"] for x in job.parameters["layers"]]
        assert [[x.pe, x.simd] for x in shape.layers] == job.parameters["foldings"]
        assert all(x.lane_bits > 0 and x.lane_depth > 0 for x in shape.layers)


def test_a_threshold_beyond_the_state_is_seen() -> None:
    jobs = [j for j in engine_jobs(5, 25) if j.group == "network-5-24"]
    network, foldings = engine_of(jobs[0].parameters)
    assert [x.silent for x in engine_shape(network, foldings).layers] == [True, False]
    sources = write_accelerator(network, foldings).sources
    assert "above = 1'b0" in sources["net_layer0_lane.sv"]
    assert "above = 1'b0" not in sources["net_layer1_lane.sv"]


def test_a_fifth_of_the_networks_is_held_out() -> None:
    groups = {job.group for job in engine_jobs(1, 20)}
    assert sum(map(held_out, groups)) == 4


def test_jobs_and_results_survive_json() -> None:
    job = next(iter(layer_jobs(1, 1)))
    result = Result(job, "failed", "does not fit", {"luts": 3}, {"yosys": "k"}, {"yosys": "1"}, 2.0)
    again = Result.from_json(result.to_json())
    assert again.job.key == job.key and again.to_json() == result.to_json()
    assert Job(**{**job.to_json(), "seed": 2}).key != job.key


def test_blocks_of_the_sweep_are_in_the_library() -> None:
    jobs = list(block_jobs())
    known = {block.module for block in (*blocks.BLOCKS, *blocks.VARIANTS)}
    assert {job.kind for job in jobs} <= known
    assert len({(job.group, job.target) for job in jobs}) == len(jobs)


@pytest.mark.parametrize("decorrelator", DECORRELATORS)
def test_layers_are_clean_verilog(decorrelator: str, tmp_path) -> None:
    sources, top = sc_layer({**LAYER, "decorrelator": decorrelator})
    warnings = lint(sources, top, store=EvidenceStore(tmp_path / "e.sqlite")).result["warnings"]
    # The lower bits of the register's number are not compared.
    assert [w for w in warnings if "'number'[1:0]" not in w["message"]] == [] or decorrelator in (
        "shared", "shuffle", "tracking",
    )  # fmt: skip


def test_the_register_has_the_feedback_and_seed_of_the_source() -> None:
    source = Lfsr(7, taps=(7, 6))
    text = sc_layer(LAYER)[0]["sc_layer.sv"]
    assert f".TAPS(7'h{source.feedback.taps:x}), .SEED(7'h{source.seed:x})" in text
    assert text.count("sc_lfsr_fibonacci #") == 2
    assert sc_layer({**LAYER, "decorrelator": "delay"})[0]["sc_layer.sv"].count("sc_lfsr_") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mac_count": 0}, "mac_count is 0"),
        ({"mac_count": True}, "mac_count is True"),
        ({"bitstream_length": 1.5}, "bitstream_length is 1.5"),
        ({"decorrelator": "luck"}, "decorrelator is 'luck'; allowed: none, shared"),
        ({"polynomial": "x^7"}, "polynomial is 'x\\^7'; give its exponents"),
        ({"polynomial": "4,3"}, "degree 4, but levels have 5 bits"),
        ({"polynomial": "7,5"}, "not primitive"),
    ],
)
def test_impossible_layers_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        sc_layer({**LAYER, **changes})


def test_random_draws_stay_in_range() -> None:
    for job in layer_jobs(2, 30):
        sc_layer(job.parameters)
    numbers = np.array([j.parameters["mac_count"] for j in layer_jobs(2, 30)])
    assert numbers.min() >= 1 and numbers.max() <= 128
