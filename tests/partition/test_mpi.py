"""Real ranks: processes that mpiexec starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.nir_bridge import write_nir
from sc_neurocore.partition import MPIDriver, run_on_ranks

from .rank_networks import make

PROGRAM = Path(__file__).with_name("rank_program.py")
SITE = Path(sys.executable).parent


def _mpi(ranks: int, *command: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{SITE}:{os.environ['PATH']}"}
    return subprocess.run(
        ["mpiexec", "-n", f"{ranks}", sys.executable, *map(str, command)],
        capture_output=True, text=True, timeout=timeout, check=False, env=environment,
    )  # fmt: skip


def _lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_two_ranks_spike_as_one_process() -> None:
    found = _lines(_mpi(2, PROGRAM, "equal"))
    assert [run["kind"] for run in found] == ["feed-forward", "recurrent", "delayed"]
    for run in found:
        assert run["spikes"] > 100
        assert run["digests"] == [run["one"]] * 2
    assert found[2]["exchanges"] == ceil(50 / 3)


@pytest.mark.exhaustive
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_a_million_spikes_are_equal(ranks: int) -> None:
    for run in _lines(_mpi(ranks, PROGRAM, "equal", 3000, 600, timeout=900)):
        assert run["spikes"] >= 10**6
        assert run["digests"] == [run["one"]] * ranks
        assert (
            run["exchanges"]
            == ceil(600 / run["lookahead"]) * (2 if run["kind"] == "feed-forward" else 1)
            or run["kind"] == "recurrent"
        )


def test_a_rank_that_fails_ends_all_with_a_sentence() -> None:
    done = _mpi(2, PROGRAM, "fail")
    said = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert said == ["Error: rank 1 ended every rank: MemoryError: no room"], done.stderr
    assert done.returncode == 1


def test_work_is_shared_in_rows_and_joined_in_order() -> None:
    (found,) = _lines(_mpi(3, PROGRAM, "share"))
    assert found["counts"] == [2, 2, 3]
    assert found["joined"] == (np.arange(14).reshape(7, 2) ** 2).tolist()


def test_the_driver_works_alone() -> None:
    driver = MPIDriver()
    assert (driver.rank, driver.size) == (0, 1)
    rows = np.arange(6).reshape(3, 2)
    assert np.array_equal(driver.scatter_workload(rows), rows)
    joined = driver.gather_results(rows)
    assert joined is not None and np.array_equal(joined, rows)
    driver.barrier()
    with pytest.raises(SCConfigError, match="must be an array of numbers with rows"):
        driver.scatter_workload(np.array(["a"]))
    with pytest.raises(SCConfigError, match="must be alike but for their rows"):
        driver.gather_results(3.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network and its inputs on disk."""
    root = tmp_path_factory.mktemp("ranks")
    write_nir(make("recurrent").normal, root / "net.nir")
    np.save(root / "in.npy", (np.random.default_rng(1).random((20, 20)) < 0.4).astype(float))
    return root


def test_the_command_prints_what_the_function_gives(files: Path) -> None:
    arguments = ("-m", "sc_neurocore", "run-on-ranks", files / "net.nir",
                 "--inputs", files / "in.npy", "--ticks", 20)  # fmt: skip
    done = _mpi(2, *arguments, "--json", "--out", files / "out.npz")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    from sc_neurocore.nir_bridge import from_nir

    run = run_on_ranks(from_nir(files / "net.nir"), np.load(files / "in.npy"), 20)
    assert (found["digest"], found["ranks"]) == (run.digest, 2)
    assert found["spikes"] == dict(run.spikes)
    with np.load(files / "out.npz") as outputs:
        assert {name: outputs[name].tolist() for name in outputs} == {
            name: value.tolist() for name, value in run.outputs.items()
        }


def test_bad_input_is_said_once_by_the_root(files: Path) -> None:
    """Here a file that only the first rank has."""
    told = ("-m", "sc_neurocore", "run-on-ranks", files / "net.nir", "--ticks", 20,
            "--out", files / "no.npz", "--inputs")  # fmt: skip
    done = _mpi(1, *told, files / "in.npy", ":", "-n", 1, sys.executable, *told, files / "no.npy")
    assert done.returncode == 2
    (said,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert said.startswith(f"Error: Rank 1: {files / 'no.npy'} holds no arrays of numbers: ")
    assert not (files / "no.npz").exists()


def test_a_missing_mpi4py_is_said_in_a_line(files: Path) -> None:
    """Without mpi4py a process that mpiexec started must not run the network alone."""
    hidden = "import sys; sys.modules['mpi4py'] = None; from sc_neurocore.cli import main; main()"
    arguments = ("run-on-ranks", files / "net.nir", "--inputs", files / "in.npy", "--ticks", 20)
    done = _mpi(1, "-c", hidden, *arguments)
    assert done.returncode == 4
    assert done.stderr.strip() == (
        "Error: running on MPI ranks needs mpi4py; run: pip install 'sc-neurocore[mpi]'"
    )
    alone = subprocess.run(
        [sys.executable, "-c", hidden, *map(str, arguments)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stderr
    assert "1 rank(s)" in alone.stdout
