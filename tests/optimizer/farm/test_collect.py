"""The farm: real jobs, what fails is a result, what is known is not run again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.farm import Job, Result, collect, engine_jobs, read_results, run_job
from sc_neurocore.optimizer.farm._dataset import block_rows, engine_rows

SMALL = {"mac_count": 2, "bitstream_length": 16, "precision_bits": 3, "decorrelator": "none",
         "polynomial": "3,2"}  # fmt: skip
GOOD = Job("sc_layer", "layer-1-0", SMALL, "ice40-hx8k", False)
WRONG = Job("sc_layer", "layer-1-1", {**SMALL, "polynomial": "3,1,1"}, "ice40-hx8k", False)
BLOCK = Job("sc_counter", "sc_counter-1", {"WIDTH": "6"}, "ice40-hx8k", False)


@pytest.fixture(scope="module")
def scheduler():
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=False,
                     dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        yield client.scheduler.address


def test_no_directory_is_made_up(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match=r"there is no directory .*none; create it first"):
        collect([GOOD], tmp_path / "none" / "results.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_three_jobs_are_run_once(tmp_path: Path, scheduler: str) -> None:
    out, store = tmp_path / "results.jsonl", tmp_path / "evidence.sqlite"
    seen: list[str] = []

    def on_result(done: int, total: int, result: Result) -> None:
        seen.append(f"{done}/{total} {result.job.kind} {result.status}")

    found = collect([GOOD, WRONG], out, store=store, scheduler=scheduler, on_result=on_result)
    assert sorted(x.split()[-1] for x in seen) == ["failed", "measured"]
    good, wrong = found[GOOD.key], found[WRONG.key]
    assert good.status == "measured" and good.figures["ffs"] > 10 and good.reason == ""
    assert set(good.versions) == {"yosys"}
    assert wrong.status == "failed" and wrong.figures == {} and "taps are (3, 1, 1)" in wrong.reason

    # Broken off in the middle of a line: that line's job is run again, the others are not.
    text = out.read_text()
    kept, cut = text.splitlines()
    out.write_text(f"{kept}\n{cut[:40]}")
    seen.clear()
    again = collect([GOOD, WRONG, BLOCK], out, store=store, scheduler=scheduler,
                    on_result=on_result)  # fmt: skip
    assert [x.split()[0] for x in seen] == ["2/3", "3/3"]
    assert again[GOOD.key].figures == good.figures
    assert again[BLOCK.key].figures["ffs"] == 6
    seen.clear()
    collect([GOOD, WRONG, BLOCK], out, store=store, on_result=on_result)  # nothing left: no cluster
    assert seen == []
    assert len(read_results(out)) == 3


def test_what_does_not_fit_keeps_its_count_and_says_so(tmp_path: Path) -> None:
    parameters = {"WIDTH": "32", "DEPTH": "8192"}  # 256 kbit in blocks of 4 kbit
    job = Job("sc_stream_fifo", "sc_stream_fifo-1", parameters, "ice40-hx8k", True)
    result = run_job(job, tmp_path / "e.sqlite", 300)
    assert result.status == "failed"
    assert result.reason == "does not fit ice40-hx8k: 64 brams of 32"
    assert result.figures["brams"] == 64 and "fmax_mhz" not in result.figures


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    line = json.dumps(Result(GOOD, "measured", "", {"luts": 1}).to_json())
    out.write_text(f"{line}\nnonsense\n{line}\n")
    with pytest.raises(SCConfigError, match="line 2: not a result"):
        read_results(out)


def test_rows_join_what_was_measured_of_one_design() -> None:
    jobs = [j for j in engine_jobs(5, 1) if j.place]
    results = [
        Result(job, "measured", "", {"luts": 100 + k, "fmax_mhz": 50.5})
        for k, job in enumerate(jobs)
    ]
    other = Result(replace(jobs[0], seed=2), "measured", "", {"fmax_mhz": 1.0})
    failed = Result(replace(jobs[0], target="xilinx7"), "failed", "Yosys took longer than 300 s")
    (row,) = engine_rows([*results, other, failed])
    assert row.network == "network-5-0" and row.held_out
    assert row.figures["ecp5", "luts"] == 100 and row.figures["ecp5", "fmax_mhz"] == 50.5
    assert not any(family == "xilinx" for family, _ in row.figures)
    (block,) = block_rows([*results, Result(BLOCK, "measured", "", {"luts": 7})])
    assert block.shape.kind == "sc_counter" and block.shape.parameters == {"WIDTH": 6}
