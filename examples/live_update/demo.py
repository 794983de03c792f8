"""A network is updated while it runs on a virtual board, and a faulty update undoes itself.

    python examples/live_update/demo.py

A service builds the digits network with writable weights and keeps its board. The scanner slips by
a pixel, so half of the answers are wrong; retrained weights are swapped in. When the scanner is
mended, the first weights shall come back, but a bit of the board's memory is stuck: the service
reads that back, and takes the update back.
"""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from retrain import slipped
from rich import box
from rich.console import Console
from rich.table import Table

from sc_neurocore.build.network import open_live_bundle
from sc_neurocore.compiler_service.client import Client
from sc_neurocore.datasets import load_digits
from sc_neurocore.devices import Instruments

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-m", "sc_neurocore"]
#: Scans that the board classifies each time; the gates take all 599.
SCANS = 100
OPTIONS = {"target": "ecp5-85k", "live": "axi_lite", "place_and_route": False}
console = Console(highlight=False)


def start(stack: ExitStack, *arguments: str) -> dict[str, Any]:
    """Start a command that prints JSON once it listens; it ends with the stack."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    stack.callback(process.wait)
    stack.callback(process.send_signal, signal.SIGINT)
    text = ""
    assert process.stdout is not None and process.stderr is not None
    for line in process.stdout:
        text += line
        if line.rstrip().endswith("}"):
            found: dict[str, Any] = json.loads(text)
            return found
    raise SystemExit(process.stderr.read())


def build(client: Client, network: str, samples: str) -> dict[str, Any]:
    """Build the network with writable weights, and say what was found of it."""
    begin, project = time.monotonic(), client.create_project("digits")["id"]
    made = client.create_build(project, "digits", network, samples=samples, options=OPTIONS)
    stages = 0
    with console.status("building") as status:
        for event in client.follow(made["job"]["id"]):
            if event["kind"] == "stage":
                stages += 1
                status.update(event["stage"])
    job = client.wait(made["job"]["id"])
    if job["result"] is None:
        raise SystemExit(f"the build {job['state']}: {job['error']}")
    console.print(f"{stages} stages in {time.monotonic() - begin:.0f} s")
    for rung, state in job["result"]["ladder"].items():
        console.print(f"  {rung[2:].replace('_', ' ')}: {state}")
    return made


def classify(client: Client, what: str, scans: NDArray[np.integer], labels: NDArray[Any]) -> None:
    """Let the board classify some scans."""
    found = [client.classify("scanner", scan) for scan in scans[:SCANS]]
    right = sum(a["prediction"] == y for a, y in zip(found, labels, strict=False))
    console.print(
        f"{right} of {SCANS} {what} scans are classified rightly "
        f"(weights of generation {found[-1]['generation']})"
    )


def settled(client: Client, update: dict[str, Any]) -> dict[str, Any]:
    """Wait for an update, and say what became of it."""
    found = client.wait_for_update(update["id"])
    console.print(f"[bold]{found['state']}[/bold]: {found['reason'].removeprefix('refused by ')}")
    return found


def plan(client: Client, network: str, samples: str, **limits: float) -> dict[str, Any]:
    """Plan an update, and show its gates."""
    made = client.plan_update("scanner", network, samples=samples, limits=limits)
    found = settled(client, made)
    table = Table("gate", "", "found", box=box.SIMPLE_HEAD)
    for gate in found["gates"]:
        table.add_row(gate["name"], "passed" if gate["passed"] else "refused", gate["reason"])
    console.print(table)
    return found


def stick_a_bit(client: Client, bench: Instruments, bundle: Path, update: dict[str, Any]) -> None:
    """Let a bit that an update will write stay as it is, in the half that it is written to."""
    content = json.loads(client.package(update["id"]))["update"]
    bank, ((entry, new), *_) = next(iter(content["writes"].items()))
    changed = int(new, 16) ^ int(content["inverse"][bank][0][1], 16)
    bit = changed.bit_length() - 1
    spec = open_live_bundle(bundle).device.update
    index = spec.bank_index(bank)
    memory = next(m for m in bench.state().memories if m.bank == index)
    active_half = client.telemetry("scanner")["update_status"] >> 4 & 1
    first = 0 if active_half else memory.words - spec.banks[index].entries
    bench.stick(memory.index, first + entry, bit, not int(new, 16) >> bit & 1)
    console.print(f"bit {bit} of entry {entry} of bank '{bank}' is stuck")


def main() -> None:
    """Build, serve, classify, swap, break, roll back, verify."""
    data = load_digits()
    straight, labels = data.test_x.reshape(-1, 64), data.test_y
    shifted = slipped(straight)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, scans in (("straight", straight), ("shifted", shifted)):
            np.savez(work / f"{name}.npz", x=scans, y=labels, bits=4)
        state = ("--state", str(work / "state"))
        create = [*COMMAND, "serve", "token", "create", "--role", "admin", "--json", *state]
        done = subprocess.run(create, stdout=subprocess.PIPE, check=True)
        token = json.loads(done.stdout)["token"]
        service = start(stack, "serve", "--port", "0", *state)
        client = stack.enter_context(Client(service["url"], token))
        network = client.upload(HERE.parent / "digits" / "digits.nir")
        new_network = client.upload(HERE / "shifted.nir")
        samples = {x: client.upload(work / f"{x}.npz") for x in ("straight", "shifted")}

        console.rule(f"the service at {service['url']} builds the digits network, live")
        made = build(client, network, samples["straight"])
        bundle = work / "bundle"
        with tarfile.open(fileobj=io.BytesIO(client.download(made["id"]))) as archive:
            archive.extractall(bundle, filter="data")

        console.rule("a virtual board runs its RTL")
        board = start(stack, "board", str(bundle), "--listen", "0")
        bench = stack.enter_context(Instruments(board["address"]))
        client.create_device("scanner", made["id"], port=int(board["address"]))
        client.wait_for_device("scanner")
        classify(client, "straight", straight, labels)

        console.rule("the scanner slips by a pixel; retrained weights are swapped in")
        classify(client, "shifted", shifted, labels)
        update = plan(client, new_network, samples["shifted"])
        settled(client, client.apply_update(update["id"]))
        classify(client, "shifted", shifted, labels)

        console.rule("the scanner is mended; the first weights shall come back")
        classify(client, "straight", straight, labels)
        plan(client, network, samples["straight"])
        console.print("Other weights, other spikes: an admin loosens that limit for one plan.")
        update = plan(client, network, samples["straight"], max_outside=0.4)

        console.rule("but a bit of the memory is stuck")
        stick_a_bit(client, bench, bundle, update)
        settled(client, client.apply_update(update["id"]))
        bench.clear_faults()
        console.print("the bit is free again; once more")
        settled(client, client.apply_update(update["id"]))
        classify(client, "straight", straight, labels)

        console.rule("the ledger")
        table = Table("", "entry", "version", "parameters", "digest", box=box.SIMPLE_HEAD)
        for entry in client.ledger("scanner"):
            content = entry["content"]
            parameters = str(content.get("parameters", content.get("result", "")))
            table.add_row(
                str(entry["sequence"]), content["entry"], str(content.get("version", "")),
                parameters[:12], entry["digest"][:12],
            )  # fmt: skip
        console.print(table)
        for chain in client.verify_ledger():
            sound = "sound" if chain["sound"] else chain["reason"]
            console.print(f"{chain['device']}: {chain['entries']} entries, chain {sound}")


if __name__ == "__main__":
    main()
