"""A live build, its virtual board, and updates: applied, refused, rolled back, recovered."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from sc_neurocore.cli import main
from sc_neurocore.compiler_service.client import Client, ServiceError
from sc_neurocore.compiler_service.service import JobLimits, Keeper, start_worker
from sc_neurocore.compiler_service.service._queue import release, worker_name

from .running import DIGITS, Running, settings, start

OPTIONS = {"place_and_route": False, "samples": 30, "live": "axi_lite",
           "data": "digits"}  # fmt: skip


@dataclass
class Bench:
    """A service with a board.

    Attributes:
        running: the service.
        client: of an administrator.
        keeper: of its boards.
        build: that the board runs.
        folder: for files.
    """

    running: Running
    client: Client
    keeper: Keeper
    build: str
    folder: Path

    def retrained(self, seed: int, spread: float = 0.03) -> Path:
        """The network with other weights, in the range of the old."""
        path = self.folder / f"new-{seed}-{spread}.nir"
        shutil.copy(DIGITS, path)
        rng = np.random.default_rng(seed)

        def disturb(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and name.endswith("weight"):
                w = item[()]
                noise = rng.normal(0, spread, w.shape) * np.abs(w).max()
                item[...] = np.clip(w + noise, w.min(), w.max())

        with h5py.File(path, "r+") as file:
            file.visititems(disturb)
        return path

    def planned(self, seed: int, **options: Any) -> dict[str, Any]:
        network = self.client.upload(self.retrained(seed))
        made = self.client.plan_update("bench-1", network, **options)
        return self.client.wait_for_update(made["id"])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    running, stop = start(folder / "state", limits=JobLimits(seconds=900))
    ends = threading.Event()
    runner = running.runner()
    worker = threading.Thread(target=runner.run, args=(lambda: not ends.is_set(),))
    worker.start()
    keeper = Keeper(running.service)
    try:
        with running.client() as client:
            project = client.create_project("digits")["id"]
            build = client.create_build(project, "digits", client.upload(DIGITS), options=OPTIONS)
            assert client.wait(build["job"]["id"])["state"] == "succeeded"
            client.create_device("bench-1", build["id"])
            keeper.step()
            assert client.wait_for_device("bench-1")["version"] == 0
            yield Bench(running, client, keeper, build["id"], folder)
    finally:
        ends.set()
        worker.join()
        keeper.stop()
        stop()


def test_the_board_answers(bench: Bench) -> None:
    found = bench.client.device("bench-1")
    assert bench.client.identity("bench-1")["digest"] == found["design"]
    before = bench.client.telemetry("bench-1")["inferences"]
    answer = bench.client.classify("bench-1", np.zeros(64, np.int64))
    assert 0 <= answer["prediction"] < 10 and answer["clocks"] > 0
    assert bench.client.telemetry("bench-1")["inferences"] == before + 1
    for sample in ([1, 2], [[1]], [1 << 31] * 64):
        with pytest.raises(ServiceError, match=r"body\.sample") as refused:
            bench.client.classify("bench-1", sample)
        assert refused.value.status == 422


def test_an_update_and_its_rollback(bench: Bench) -> None:
    client = bench.client
    old = client.device("bench-1")
    first = bench.planned(1, tick=2)
    assert first["state"] == "planned", first["reason"]
    assert [gate["passed"] for gate in first["gates"]] == [True, True, True]
    second = bench.planned(2)  # planned beside it, from the same parameters
    package = client.package(first["id"])
    client.apply_update(first["id"])
    done = client.wait_for_update(first["id"])
    assert done["state"] == "committed", done["reason"]
    now = client.device("bench-1")
    assert (now["version"], now["parameters"]) == (done["version"], done["parameters"])
    for ask, status, kind in (
        (lambda: client.apply_update(first["id"]), 409, "conflict"),
        (lambda: client.apply_update(second["id"]), 409, "digest-mismatch"),
        (lambda: client.bring_package("bench-1", package), 409, "stale-version"),
        (lambda: client.bring_package("bench-1", package.replace(b'"version":', b'"version":1')),
         422, "bad-signature"),
        (lambda: client.bring_package("bench-1", b"{}"), 422, "invalid"),
        (lambda: client.rollback_update(second["id"]), 409, "conflict"),
    ):  # fmt: skip
        with pytest.raises(ServiceError) as refused:
            ask()
        assert (refused.value.status, refused.value.kind) == (status, kind), str(refused.value)
    third = bench.planned(3)  # from what is committed now
    assert third["base"] == done["parameters"] and third["state"] == "planned"
    client.rollback_update(first["id"])
    assert client.wait_for_update(first["id"])["state"] == "rolled_back"
    back = client.device("bench-1")
    assert back["parameters"] == old["parameters"] and back["version"] > now["version"]
    assert all(found["sound"] for found in client.verify_ledger())


def test_a_replay_that_diverges_refuses_the_update(bench: Bench) -> None:
    network = bench.client.upload(bench.retrained(4, spread=1.5))
    made = bench.client.plan_update("bench-1", network)
    refused = bench.client.wait_for_update(made["id"])
    assert refused["state"] == "refused"
    assert not refused["gates"][0]["passed"] and refused["package"] is None
    with pytest.raises(ServiceError, match="the gate digital_twin_replay refused") as error:
        bench.client.apply_update(made["id"])
    assert (error.value.status, error.value.kind) == (409, "replay-diverged")


def test_samples_and_limits_of_a_plan(bench: Bench) -> None:
    file = bench.folder / "recent.npz"
    rng = np.random.default_rng(3)
    np.savez(file, x=rng.integers(0, 17, (150, 64)), y=rng.integers(0, 10, 150), bits=4)
    network, samples = bench.client.upload(bench.retrained(8)), bench.client.upload(file)

    def plan(client: Client, **options: Any) -> dict[str, Any]:
        made = client.plan_update("bench-1", network, **options)
        return client.wait_for_update(made["id"])

    loose = {"min_agreement": 0.0, "max_accuracy_drop": 1.0, "max_outside": 1.0}
    found = plan(bench.client, samples=samples, limits=loose)
    assert found["state"] == "planned", found["reason"]
    signed = json.loads(bench.client.package(found["id"]))["update"]["gates"]
    assert signed == found["gates"]
    replayed, bounds = signed[0]["evidence"], signed[1]["evidence"]
    assert replayed["samples"] == samples and replayed["inferences"] == 150
    assert replayed["recorded"] and 0 <= replayed["accuracy_old"] <= 1
    assert (replayed["min_agreement"], replayed["max_accuracy_drop"]) == (0.0, 1.0)
    assert bounds["max_outside"] == 1.0
    with bench.running.client("operator") as operator:
        for name, value in loose.items():
            with pytest.raises(ServiceError, match=f"{name} .* is looser than the service's") as no:
                operator.plan_update("bench-1", network, limits={name: value})
            assert no.value.status == 403 and "only the role admin can loosen" in str(no.value)
        found = plan(operator, limits={"max_outside": 0.0, "min_agreement": 0.9})
        assert found["gates"][1]["evidence"]["max_outside"] == 0.0
        assert found["gates"][0]["evidence"]["min_agreement"] == 0.9
        assert found["gates"][0]["evidence"]["max_accuracy_drop"] == 0.01
        for limits in ({"min_agreement": 1.1}, {"max_outside": -0.1}, {"colour": 0.5}):
            with pytest.raises(ServiceError, match=r"body\.limits\.") as refused:
                operator.plan_update("bench-1", network, limits=limits)
            assert refused.value.status == 422
        with pytest.raises(ServiceError, match="no uploaded file of kind npz") as refused:
            operator.plan_update("bench-1", network, samples=network)
        assert refused.value.status == 404
    np.savez(file, x=np.zeros((3, 9), int), y=np.zeros(3, int), bits=4)
    found = plan(bench.client, samples=bench.client.upload(file))
    assert found["state"] == "failed" and "has 9 values; the network takes 64" in found["reason"]


def test_a_board_that_dies_gets_its_parameters_again(bench: Bench) -> None:
    made = bench.planned(5)
    bench.client.apply_update(made["id"])
    assert bench.client.wait_for_update(made["id"])["state"] == "committed"
    pid = bench.keeper._own["bench-1"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ServiceError) as refused:
        bench.client.identity("bench-1")
    assert (refused.value.status, refused.value.kind) == (502, "device")
    assert "/" not in str(refused.value)
    bench.keeper.step()
    assert bench.client.device("bench-1")["parameters"] == made["parameters"]
    assert bench.client.ledger("bench-1")[-1]["content"]["entry"] == "restored"


def test_rights_to_devices(bench: Bench) -> None:
    with bench.running.client("operator", "bench-2") as other:
        assert other.devices() == []
        for ask in (other.device, other.identity, other.updates):
            with pytest.raises(ServiceError, match="has no right to device 'bench-1'") as refused:
                ask("bench-1")
            assert refused.value.status == 403
    with bench.running.client("viewer", "bench-1") as viewer:
        assert [found["name"] for found in viewer.devices()] == ["bench-1"]
        with pytest.raises(ServiceError, match="needs the role operator"):
            viewer.classify("bench-1", [0] * 64)
        with pytest.raises(ServiceError, match="needs the role admin"):
            viewer.create_device("bench-3", bench.build)
    with pytest.raises(ServiceError, match="there is no device 'bench-9'") as refused:
        bench.client.device("bench-9")
    assert refused.value.status == 404


def test_commands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SC_NEUROCORE_TOKEN", bench.running.token())
    monkeypatch.setenv("SC_NEUROCORE_URL", bench.running.url)
    runner = CliRunner()
    limits = ["--min-agreement", "0.5", "--max-accuracy-drop", "0.5", "--max-outside", "1"]
    done = runner.invoke(main, ["update", "plan", "bench-1", str(bench.retrained(6)), *limits])
    assert done.exit_code == 0 and "rollback_package" in done.output
    missing = ["--samples", str(bench.folder / "no.npz")]
    refused = runner.invoke(main, ["update", "plan", "bench-1", str(bench.retrained(6)), *missing])
    assert refused.exit_code == 2 and "no.npz: no such file" in refused.output
    identity = done.output.split()[0]
    for verb, state in (("apply", "committed"), ("rollback", "rolled_back")):
        done = runner.invoke(main, ["update", verb, identity])
        assert done.exit_code == 0 and f": {state}" in done.output
    done = runner.invoke(main, ["update", "status", "--device", "bench-1"])
    assert identity in done.output
    done = runner.invoke(main, ["update", "apply", identity])
    assert done.exit_code == 9 and "plan another" in done.output
    token = bench.folder / "token"
    token.write_text("x")
    token.chmod(0o644)
    done = runner.invoke(main, ["update", "status", identity, "--token-file", str(token)])
    assert done.exit_code == 2 and "others can read the token" in done.output
    assert "Traceback" not in done.output


@pytest.mark.exhaustive
@pytest.mark.parametrize("moment", [x / 25 for x in range(50)])
def test_kill_of_a_worker_while_it_updates(bench: Bench, moment: float) -> None:
    """The device has the old parameters or the new, and its ledger says which."""
    import time

    client = bench.client
    # So little noise that the gates let every one through.
    network = client.upload(bench.retrained(int(moment * 1000) + 100, spread=0.025))
    made = client.wait_for_update(client.plan_update("bench-1", network)["id"])
    ours = settings(bench.running.service.settings.state)
    worker = start_worker(ours)
    time.sleep(1.5)
    client.apply_update(made["id"])
    time.sleep(moment / 4)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    with bench.running.service.database.writing() as connection:
        release(connection, worker_name(worker.pid))
    done = client.wait_for_update(made["id"])
    assert done["state"] in ("committed", "reverted", "planned")
    now = client.device("bench-1")
    assert now["parameters"] == made["parameters" if done["state"] == "committed" else "base"]
    assert all(found["sound"] for found in client.verify_ledger())
    identity = client.identity("bench-1")
    assert identity["digest"] == now["design"]
    ends = [
        e for e in client.ledger("bench-1")
        if e["content"].get("package") == f"{made['id']}:hot_swap"
        and e["content"]["entry"] in ("committed", "reverted")
    ]  # fmt: skip
    assert len(ends) <= 2 and sum(e["content"]["entry"] == "committed" for e in ends) <= 1
