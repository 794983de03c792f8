"""The service under kill -9 in the middle of updates.

`sc-neurocore serve` runs as a user runs it, with one worker and the virtual board of a small live
network. Again and again an update is applied, or a committed one rolled back, and at a random
moment the worker or the whole server is killed. The server is started again if it was killed; when
the service has settled, what is left is compared with what must be: the device holds the old
parameters or the new, word by word, and they are those of its ledger; the ledger verifies; what
the service says of the update is what the ledger says; no update was committed twice. Results go
to benchmarks/results/update_kills.json.

    python benchmarks/update_kills.py [--kills 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from machine import write_results
from sc_neurocore.compiler_service.client import Client
from sc_neurocore.compiler_service.service import Database, Settings, create_token
from sc_neurocore.compiler_service.service._boards import Boards
from sc_neurocore.compiler_service.service._isolation import descendants
from sc_neurocore.compiler_service.service._ledger import Ledger
from sc_neurocore.compiler_service.update import bank_digest, standing
from sc_neurocore.devices import update as live
from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir

DEVICE = "bench-1"
OPTIONS = {"place_and_route": False, "samples": 20, "target": "ecp5-85k", "live": "axi_lite"}


def _network(path: Path, changed: int) -> Path:
    """Which of four pairs of inputs is strongest; some of 16 small weights differ."""
    rng = np.random.default_rng(3)
    first, second = rng.normal(0, 0.08, (16, 8)), rng.normal(0, 0.08, (4, 16))
    for k in range(4):
        first[4 * k : 4 * k + 4, 2 * k : 2 * k + 2] += 0.45
        second[k, 4 * k : 4 * k + 4] += 0.3
    for k in range(changed):
        first[k, (2 * (k // 4) + 4) % 8] *= -1

    def lif(size: int) -> Neurons:
        one = np.ones(size)
        of = {"tau": 8e-3 * one, "r": 8 * one, "v_leak": 0 * one, "v_threshold": one}
        return Neurons("lif", of, (size,))

    nodes = [
        Node("input", Input((8,))),
        Node("fc1", Affine(first, np.zeros(16))),
        Node("hidden", lif(16)),
        Node("fc2", Affine(second, np.zeros(4))),
        Node("answer", lif(4)),
        Node("output", Output((4,))),
    ]
    settings = {"ticks": 12, "coding": "rate", "input_bits": 4, "dt": 1e-3, "reset": "subtract",
                "reset_when": "same_tick", "weight_bits": 5, "length": 16}  # fmt: skip
    edges = list(itertools.pairwise(node.id for node in nodes))
    graph = Graph.of("pairs", nodes, edges, 1e-3, {"sc_neurocore": json.dumps(settings)})
    return write_nir(graph, path)


@dataclass
class Server:
    """`sc-neurocore serve` on a state directory, started again after it was killed."""

    state: Path
    token: str
    process: subprocess.Popen[str] | None = None
    client: Client = field(init=False)

    def start(self) -> None:
        """Start it and connect to it."""
        command = [sys.executable, "-m", "sc_neurocore", "serve", "--port", "0",
                   "--rate", "10000", "--state", str(self.state)]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.client = Client(self.process.stdout.readline().split()[2].rstrip(","), self.token)

    def worker(self) -> int | None:
        """Process of the worker, if there is one now."""
        assert self.process is not None
        for pid in descendants(self.process.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"service._worker" in command:
                return pid
        return None

    def kill(self, whole: bool) -> None:
        """Kill the worker, or the whole server, which is then started again."""
        assert self.process is not None
        pid = self.process.pid if whole else self.worker()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        if whole:
            self.process.wait()
            self.client.close()
            self.start()

    def stop(self) -> None:
        """End it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


@dataclass
class Found:
    """What was seen."""

    kills: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    settled_s: list[float] = field(default_factory=list)


class Campaign:
    """A service, its board, and two networks that follow each other."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng, self.found = random.Random(seed), Found()
        settings = Settings(folder / "state")
        settings.prepare()
        self.database = Database(settings.url)
        self.boards = Boards(settings, self.database)
        self.ledger = Ledger(self.database, DEVICE)
        with self.database.writing() as connection:
            token = create_token(connection, "campaign", "admin")
        self.server = Server(folder / "state", token)
        self.server.start()
        client = self.server.client
        old, *new = (client.upload(_network(folder / f"{k}.nir", k)) for k in (0, 16, 8, 4, 2, 1))
        project = client.create_project("pairs")["id"]
        build = client.create_build(project, "pairs", old, options=OPTIONS)
        ended = client.wait(build["job"]["id"])
        if ended["state"] != "succeeded":
            raise SystemExit(f"the build has failed: {ended['error']}")
        client.create_device(DEVICE, build["id"])
        client.wait_for_device(DEVICE)
        self.planned: dict[str, Any] | None = None
        self.image = client.device(DEVICE)["parameters"]
        # The largest of the changes that the gates let pass.
        self.networks = [old, next(x for x in new if self._passes(x))]

    def _passes(self, network: str) -> bool:
        client = self.server.client
        made = client.plan_update(DEVICE, network)
        return client.wait_for_update(made["id"])["state"] == "planned"

    def plan(self) -> dict[str, Any]:
        """The update to the network that the device does not have."""
        client = self.server.client
        has_image = client.device(DEVICE)["parameters"] == self.image
        made = client.plan_update(DEVICE, self.networks[1 if has_image else 0])
        found = client.wait_for_update(made["id"])
        if found["state"] != "planned":
            raise SystemExit(f"the plan has failed: {found['state']}: {found['reason']}")
        return found

    def begin(self) -> dict[str, Any]:
        """Ask for an update, or for undoing the last one; return it as it was before."""
        client = self.server.client
        if self.planned is not None and self.planned["state"] == "committed":
            if self.rng.random() < 0.5:
                client.rollback_update(self.planned["id"])
                return self.planned
            self.planned = None
        if self.planned is None or self.planned["state"] not in ("planned", "reverted"):
            self.planned = self.plan()
        client.apply_update(self.planned["id"])
        return self.planned

    def measure(self) -> float:
        """Seconds from the request to the end of an update that is not disturbed."""
        before = self.begin()
        began = time.monotonic()
        self.planned = self.server.client.wait_for_update(before["id"])
        return time.monotonic() - began

    def round(self, longest: float) -> None:
        """One kill, and everything that must hold after it."""
        old = self.server.client.device(DEVICE)
        before = self.begin()
        entries = len(self.ledger.entries())
        time.sleep(self.rng.uniform(0.0, longest))
        whole = self.rng.random() < 0.3
        self.server.kill(whole)
        self.found.kills["server" if whole else "worker"] += 1
        steps = [str(e.content["entry"]) for e in self.ledger.entries()[entries:]]
        self.found.moments[" ".join(["begun", *steps])] += 1
        began = time.monotonic()
        client = self.server.client
        after = client.wait_for_update(before["id"], 120)
        now = client.wait_for_device(DEVICE, 120)
        self.found.settled_s.append(time.monotonic() - began)
        self.planned = after
        self.found.ends[f"{before['state']} -> {after['state']}"] += 1
        self.check(before, after, old, now)

    def check(self, before: dict[str, Any], after: dict[str, Any], old: Any, now: Any) -> None:
        """Compare service, ledger and device."""
        new = before["base" if before["state"] == "committed" else "parameters"]
        changed = now["parameters"] == new
        good = {False: ("planned", "reverted"), True: ("committed",)}[changed]
        if before["state"] == "committed":
            good = {False: ("committed",), True: ("rolled_back",)}[changed]
        if now["parameters"] not in (old["parameters"], new):
            self.wrong(after, "its parameters are neither old nor new")
        if after["state"] not in good:
            self.wrong(after, f"the update is {after['state']}, the parameters are "
                              f"{'new' if changed else 'old'}")  # fmt: skip
        if not all(chain["sound"] for chain in self.server.client.verify_ledger()):
            self.wrong(after, "the ledger does not verify")
        with self.boards.locked(DEVICE), self.boards.connected(DEVICE) as (board, hardware):
            entries = self.ledger.entries()
            here = standing(entries, DEVICE)
            held = bank_digest(live.read_back(board, hardware.live.spec))
            state = live.status(board)
        if here is None or here.open is not None or here.parameters != now["parameters"]:
            self.wrong(after, "the ledger says another thing than the service")
        elif held != here.parameters or not state.clean:
            self.wrong(after, "the device does not hold what its ledger says")
        ends = Counter(e.content["version"] for e in entries if e.content["entry"] == "committed")
        if any(number > 1 for number in ends.values()):
            self.wrong(after, "a version was committed twice")

    def report(self, took: float) -> dict[str, Any]:
        """What was found until now."""
        found = self.found
        return {
            "kills": dict(found.kills),
            "update_undisturbed_s": round(took, 3),
            "ledger_when_killed": dict(found.moments.most_common()),
            "ends": dict(found.ends.most_common()),
            "ledger_entries": len(self.ledger.entries()),
            "settled_after_s": {
                "median": round(float(np.median(found.settled_s)), 2),
                "worst": round(max(found.settled_s), 2),
            },
            "violations": found.wrong,
        }

    def wrong(self, after: dict[str, Any], what: str) -> None:
        """Note a fault."""
        print(f"{after['id']}: {what}", flush=True)
        self.found.wrong.append(what)


def main(kills: int, seed: int) -> bool:
    """Run the campaign, and write down what was found; return whether all was as it must be."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(),
               "load_before": [round(x, 2) for x in os.getloadavg()]}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), seed)
        try:
            took = max(campaign.measure() for _ in range(3))
            for number in range(kills):
                campaign.round(1.2 * took)
                if number % 10 == 9 or number + 1 == kills:
                    report = {"machine": machine, "seed": seed, **campaign.report(took)}
                    write_results("update_kills", report)
                    print(json.dumps(report), flush=True)
        finally:
            campaign.server.stop()
            campaign.database.close()
    return not campaign.found.wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(0 if main(options.kills, options.seed) else 1)
