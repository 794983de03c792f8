"""Parts as processes: the same spikes as in one piece, whatever happens to processes and links."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import PartitionError, Partitions, Wire
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.partition import (
    FaultPlan,
    Pace,
    PartStatus,
    read_status,
    run_place,
    run_program,
    spike_digests,
)
from sc_neurocore.partition._snapshot import read_snapshot, write_snapshot

from .programs import cut, network, noise


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """No process, no file and no open descriptor is left behind."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = len([*Path("/proc/self/fd").iterdir()])
    yield
    assert multiprocessing.active_children() == []
    assert list(tmp_path.glob("sc-partition-*")) == []
    assert len([*Path("/proc/self/fd").iterdir()]) <= before


def free_port() -> int:
    """A port with some free ones behind it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 60000)


@pytest.mark.parametrize("kind, places", [("feedforward", 4), ("recurrent", 2), ("delayed", 3)])
@pytest.mark.parametrize("transport", ["udp", "reliable"])
def test_spikes_are_those_of_one_piece(kind: str, places: int, transport: str) -> None:
    graph, where = network(kind, places)
    ticks = 120
    expected, count = spike_digests(from_nir(graph), noise(ticks), ticks)
    whole = from_nir(graph).run(noise(ticks), record=True)
    run = run_program(
        cut(graph, where, Wire(transport=transport)), noise(ticks), ticks, spikes=True
    )
    assert count > 1000 and run.digests == expected
    assert np.array_equal(run.output, whole.output)
    assert all(np.array_equal(run.spikes[name], found) for name, found in whole.spikes.items())
    assert {n: t for n, t in run.traffic.items() if not t} == {}
    for link in run.links:
        assert link.sent is not None and link.received is not None
        assert link.sent.spikes == link.received.spikes
        assert link.received.packets == link.sent.packets == ticks


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["feedforward", "recurrent", "delayed"])
@pytest.mark.parametrize("places", [2, 4, 8])
def test_a_million_spikes_are_those_of_one_piece(kind: str, places: int) -> None:
    size, ticks = 512, 6000 // places
    graph, where = network(kind, places, size)
    expected, count = spike_digests(from_nir(graph), noise(ticks, size), ticks)
    assert count >= 10**6
    assert run_program(cut(graph, where), noise(ticks, size), ticks).digests == expected


def test_samples_begin_at_rest() -> None:
    graph, where = network("delayed", 2)
    samples = noise(90).reshape(3, 30, 24)
    run = run_program(cut(graph, where), samples, 30)
    whole = np.stack([from_nir(graph).run(sample).output for sample in samples])
    assert np.array_equal(run.output, whole)


@pytest.mark.parametrize("kind", ["feedforward", "delayed"])
def test_a_killed_part_goes_on_from_its_snapshot(kind: str) -> None:
    graph, where = network(kind, 3)
    ticks, killed = 800, []

    def kill(status: PartStatus) -> None:
        if status.tick > 200 and status.place not in killed and not status.finished:
            killed.append(status.place)
            os.kill(status.pid, signal.SIGKILL)

    expected, _ = spike_digests(from_nir(graph), noise(ticks), ticks)
    run = run_program(cut(graph, where), noise(ticks), ticks, snapshot_every=64, on_status=kill)
    assert killed and run.digests == expected
    assert run.restarts == {place: int(place in killed) for place in where.values()}
    assert np.array_equal(run.output, from_nir(graph).run(noise(ticks)).output)


def test_a_part_goes_on_while_the_place_behind_it_waits() -> None:
    """p2 stands still, p1 waits for it with its credits given; p0 is killed and comes back."""
    graph, where = network("feedforward", 3)
    ticks, seen = 800, dict.fromkeys(where.values(), (0, 0))
    stopped, killed = 0, (0, 0)

    def kill(status: PartStatus) -> None:
        nonlocal stopped, killed
        before, seen[status.place] = seen[status.place], (status.pid, status.tick)
        if status.place == "p2" and status.tick > 0 and not stopped:
            stopped = status.pid
            os.kill(stopped, signal.SIGSTOP)
        elif status.place == "p0" and stopped and not killed[0] and before == seen["p0"]:
            killed = seen["p0"]
            os.kill(status.pid, signal.SIGKILL)
        elif status.place == "p0" and killed[0] not in (0, status.pid) and status.tick > killed[1]:
            os.kill(stopped, signal.SIGCONT)

    expected, _ = spike_digests(from_nir(graph), noise(ticks), ticks)
    run = run_program(
        cut(graph, where, Wire(credits=16)), noise(ticks), ticks, snapshot_every=64, on_status=kill
    )
    assert run.digests == expected
    assert run.restarts == {"p0": 1, "p1": 0, "p2": 0}


@pytest.mark.parametrize("transport", ["udp", "reliable"])
def test_parts_killed_before_any_snapshot_was_due_begin_again(transport: str) -> None:
    graph, where = network("delayed", 3)
    ticks = 2000
    running: dict[str, int] = {}

    def kill(status: PartStatus) -> None:
        if running.get(status.place) is None and 0 < status.tick < ticks // 2:
            running[status.place] = status.pid
            if {"p0", "p2"} <= running.keys():
                for place in ("p0", "p2"):
                    os.kill(running[place], signal.SIGKILL)
                running.clear()
                running.update(p0=0, p1=0, p2=0)

    expected, _ = spike_digests(from_nir(graph), noise(ticks), ticks)
    program = cut(graph, where, Wire(transport=transport))
    run = run_program(program, noise(ticks), ticks, snapshot_every=10**6, on_status=kill)
    assert run.digests == expected
    assert run.restarts == {"p0": 1, "p1": 0, "p2": 1}


@pytest.mark.parametrize("kept", [0, 40, -30])
def test_a_damaged_snapshot_ends_the_run_with_a_sentence(kept: int, tmp_path: Path) -> None:
    graph, where = network("recurrent", 2)

    def harm(status: PartStatus) -> None:
        if status.place == "p1" and status.tick > 0:
            os.kill(status.pid, signal.SIGSTOP)
            found = next(tmp_path.glob("sc-partition-*/snapshot-1.npz"))
            found.write_bytes(found.read_bytes()[:kept])
            os.kill(status.pid, signal.SIGKILL)

    with pytest.raises(PartitionError, match=r"snapshot-1\.npz is no whole snapshot"):
        run_program(
            cut(graph, where), noise(50000), 50000, snapshot_every=10**6, on_status=harm
        )  # fmt: skip


def test_a_snapshot_of_another_program_is_refused(tmp_path: Path) -> None:
    graph, where = network("recurrent", 2)

    def swap(status: PartStatus) -> None:
        if status.place == "p1" and status.tick > 0:
            os.kill(status.pid, signal.SIGSTOP)
            path = next(tmp_path.glob("sc-partition-*/snapshot-1.npz"))
            found = read_snapshot(path)
            assert found is not None
            write_snapshot(path, {**found[0], "program": "0" * 64}, found[1])
            os.kill(status.pid, signal.SIGKILL)

    with pytest.raises(PartitionError, match=r"snapshot-1\.npz is of another program"):
        run_program(
            cut(graph, where), noise(50000), 50000, snapshot_every=10**6, on_status=swap
        )  # fmt: skip


RUN_LONG = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.partition.programs import cut, network, noise
from sc_neurocore.partition import run_program
graph, where = network("recurrent", 2)
run_program(cut(graph, where), noise(10**6), 10**6, on_status=lambda s: print(s.pid, flush=True))
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_parts_end_with_their_supervisor(sent: signal.Signals) -> None:
    here = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", RUN_LONG, here], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        parts: set[int] = set()
        while len(parts) < 2:
            parts.add(int(process.stdout.readline()))
        stopped = min(parts)
        if sent == signal.SIGKILL:
            os.kill(stopped, signal.SIGSTOP)  # it can look at nothing itself
            os.kill(process.pid, sent)
        else:
            os.killpg(process.pid, sent)
        # The streams end when nobody holds them any more.
        _, said = process.communicate(timeout=60)
        assert said.count(b"Traceback") == (sent == signal.SIGINT)


def test_without_snapshots_a_killed_part_ends_the_run() -> None:
    graph, where = network("recurrent", 2)

    def kill(status: PartStatus) -> None:
        if status.place == "p1":
            os.kill(status.pid, signal.SIGKILL)

    with pytest.raises(PartitionError, match=r"process of place 'p1' ended \(signal 9\)"):
        run_program(cut(graph, where), noise(50000), 50000, on_status=kill)


@pytest.mark.parametrize("kind, places", [("feedforward", 2), ("recurrent", 2), ("delayed", 3)])
def test_counters_are_what_was_injected(kind: str, places: int) -> None:
    """All faults together; delays end when the packet already counts as lost."""
    graph, where = network(kind, places)
    ticks = 150
    plan = FaultPlan(
        drop=0.01, repeat=0.1, corrupt=0.01, reorder=0.05, delay=0.02, delay_s=0.6,
        cuts=((20, 23), (140, 142)), seed=3,
    )  # fmt: skip
    run = run_program(
        cut(graph, where, Wire(window=256)), noise(ticks), ticks, faults=plan,
        pace=Pace(patience_s=0.2),
    )  # fmt: skip
    for link in run.links:
        did, saw = link.injected, link.received
        assert did is not None and saw is not None and link.sent is not None
        assert did.packets == link.sent.packets and did.repeated and did.cut == 5
        assert saw.damaged == did.corrupted
        assert saw.lost == did.dropped + did.cut + did.corrupted
        assert saw.duplicates == did.repeated
        assert saw.overtaken == did.overtaken
        assert saw.packets == did.packets - saw.lost
        assert (saw.stale, saw.malformed, saw.foreign) == (0, 0, 0)
    assert sum(link.injected.delayed for link in run.links if link.injected) > 0


def test_repeats_and_reordering_change_no_spike() -> None:
    graph, where = network("recurrent", 2)
    expected, _ = spike_digests(from_nir(graph), noise(100), 100)
    plan = FaultPlan(repeat=0.3, reorder=0.05, delay=0.1, delay_s=0.01)
    run = run_program(
        cut(graph, where), noise(100), 100, faults={("p0", "p1"): plan, ("p1", "p0"): plan},
        pace=Pace(patience_s=5.0),
    )  # fmt: skip
    assert run.digests == expected


def test_garbage_at_the_ports_changes_no_spike() -> None:
    graph, where = network("recurrent", 2)
    expected, _ = spike_digests(from_nir(graph), noise(300), 300)
    port, done = free_port(), threading.Event()

    def shoot() -> None:
        random = np.random.default_rng(5)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun:
            while not done.wait(0.001):
                for target in (port, port + 10):
                    gun.sendto(random.bytes(int(random.integers(200))), ("127.0.0.1", target))

    gunner = threading.Thread(target=shoot)
    gunner.start()
    try:
        run = run_program(cut(graph, where, ports=port), noise(300), 300)
    finally:
        done.set()
        gunner.join()
    assert run.digests == expected
    assert all(link.received is not None and link.received.damaged for link in run.links)


def test_a_silent_peer_ends_the_run_with_a_sentence() -> None:
    graph, where = network("recurrent", 2)

    def stop(status: PartStatus) -> None:
        if status.place == "p1" and status.tick > 0:
            os.kill(status.pid, signal.SIGSTOP)

    with pytest.raises(PartitionError) as error:
        run_program(
            cut(graph, where), noise(50000), 50000, on_status=stop, pace=Pace(silence_s=1.0)
        )
    assert str(error.value).startswith("place 'p1' has said nothing to place 'p0' for 1 s, at tick")


def test_a_part_that_does_not_start_ends_the_run_with_a_sentence() -> None:
    graph, where = network("recurrent", 2)

    def stop(status: PartStatus) -> None:
        if status.place == "p1":
            os.kill(status.pid, signal.SIGSTOP)

    with pytest.raises(PartitionError, match="place 'p1'"):
        run_program(
            cut(graph, where), noise(50000), 50000, on_status=stop,
            pace=Pace(start_s=1.0, silence_s=1.0),
        )  # fmt: skip


def test_late_spikes_halt_the_network_if_the_wire_says_so() -> None:
    graph, where = network("recurrent", 2)
    partitions = cut(graph, where, Wire(late="halt"))
    crossings = {i: replace(c, deadline_ns=1_000_000) for i, c in partitions.crossings.items()}
    with pytest.raises(PartitionError, match="too late, and the wire's policy is `halt`"):
        run_program(
            replace(partitions, crossings=crossings), noise(3000), 3000,
            faults={("p0", "p1"): FaultPlan(delay=1.0, delay_s=0.2)},
            pace=Pace(tick_ns=1_000_000),
        )  # fmt: skip


def places_apart(
    programs: dict[str, Partitions],
    ticks: int | dict[str, int],
    pace: Pace,
    status: Path | None = None,
) -> dict[str, object]:
    """Run every place in a thread, as if on a machine of its own."""
    results: dict[str, object] = {}

    def one(place: str) -> None:
        own = ticks if isinstance(ticks, int) else ticks[place]
        try:
            results[place] = run_place(
                programs[place], place, noise(own), own, pace=pace, status_dir=status
            )
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=one, args=(place,)) for place in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("transport", ["udp", "reliable"])
def test_places_on_several_machines(transport: str, tmp_path: Path) -> None:
    graph, where = network("recurrent", 2)
    program = cut(graph, where, Wire(transport=transport), ports=free_port())
    expected, _ = spike_digests(from_nir(graph), noise(60), 60)
    found = places_apart(dict.fromkeys(program.parts, program), 60, Pace(), tmp_path)
    digests: dict[str, str] = {}
    for run in found.values():
        digests |= run.digests  # type: ignore[attr-defined]
    assert digests == expected
    status = read_status(tmp_path)
    assert {s.place: (s.tick, s.finished) for s in status.values()} == {
        "p0": (60, True), "p1": (60, True),
    }  # fmt: skip


def test_peers_with_other_programs_refuse_each_other() -> None:
    graph, where = network("recurrent", 2)
    one = cut(graph, where, ports=free_port())
    other = cut(network("recurrent", 2, seed=2)[0], where)
    other = replace(other, places=one.places)
    found = places_apart({"p0": one, "p1": other}, 60, Pace(start_s=1.0))
    texts = [str(error) for error in found.values()]
    assert any("compile once and give every place the same directory" in text for text in texts)
    assert all(isinstance(error, PartitionError) for error in found.values())


@pytest.mark.parametrize("kind", ["feedforward", "recurrent"])
def test_runs_of_different_length_refuse_each_other(kind: str) -> None:
    """Whoever has fewer samples would end, and the other wait in vain."""
    graph, where = network(kind, 2)
    program = cut(graph, where, ports=free_port())
    found = places_apart(dict.fromkeys(program.parts, program), {"p0": 60, "p1": 40}, Pace())
    assert {place: str(error) for place, error in found.items()} == {
        "p0": "place 'p0' is to run 60 ticks and place 'p1' 40; give every place the same number "
        "of samples, and of ticks of each",
        "p1": "place 'p1' is to run 40 ticks and place 'p0' 60; give every place the same number "
        "of samples, and of ticks of each",
    }
    assert all(isinstance(error, PartitionError) for error in found.values())


def test_a_sender_of_another_program_is_told_why() -> None:
    """It hears the receiver's digest, and does not wait for an answer in vain."""
    graph, where = network("feedforward", 2)
    one = cut(graph, where, ports=free_port())
    other = replace(cut(network("feedforward", 2, seed=2)[0], where), places=one.places)
    found = places_apart({"p0": one, "p1": other}, 60, Pace(start_s=5.0))
    for error in found.values():
        assert "compile once and give every place the same directory" in str(error)


def test_differing_passports_are_refused() -> None:
    graph, where = network("recurrent", 2)
    passports = {"p0": {"program": "1" * 64}, "p1": {"program": "2" * 64}}
    program = replace(cut(graph, where), passports=passports)
    with pytest.raises(PartitionError) as error:
        run_program(program, noise(5), 5)
    assert str(error.value) == (
        "place 'p0' runs the program 111111111111 and place 'p1' the program 222222222222; "
        "compile once and give every place the same directory"
    )


def test_what_cannot_run_is_refused() -> None:
    graph, where = network("recurrent", 2)
    program = cut(graph, where)
    with pytest.raises(SCConfigError, match=r"input 'in' has shape \(5, 23\)"):
        run_program(program, np.zeros((5, 23)), 5)
    with pytest.raises(PartitionError, match="no place 'p7'; its places are p0, p1"):
        run_place(program, "p7", noise(5), 5)
    with pytest.raises(PartitionError, match="place 'p0' has no `port`"):
        run_place(program, "p0", noise(5), 5)
    with pytest.raises(PartitionError, match="no link from 'p0' to 'p9' for faults"):
        run_program(program, noise(5), 5, faults={("p0", "p9"): FaultPlan()})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PartitionError, match=r"cannot receive at 127\.0\.0\.1"):
            run_program(cut(graph, where, ports=taken.getsockname()[1]), noise(5), 5)


@pytest.mark.parametrize(
    "host, sentence",
    [
        ("255.255.255.255", r"host '255\.255\.255\.255' cannot be reached \(.*check the network"),
        ("no-such-host.invalid", r"host 'no-such-host\.invalid' is not known"),
    ],
)
def test_a_host_that_cannot_be_reached_is_a_sentence(host: str, sentence: str) -> None:
    graph, where = network("feedforward", 2)
    program = cut(graph, where, ports=free_port())
    there = {n: replace(p, host=host) if n == "p1" else p for n, p in program.places.places.items()}
    program = replace(program, places=replace(program.places, places=there))
    with pytest.raises(PartitionError, match=sentence):
        run_place(program, "p0", noise(5), 5)


def test_only_spikes_travel() -> None:
    """An Input that crosses with a graded value is refused when it is sent."""
    graph, where = network("feedforward", 2)
    where["layer0.fc"] = where["layer0.lif"] = "p1"
    where["more"] = "p0"
    from sc_neurocore.ir import Edge, Graph, Node

    from .programs import lif

    nodes = [*graph.nodes.values(), Node("more", lif(24))]
    graph = Graph.of("graded", nodes, [*graph.edges, Edge("in", "more")], graph.dt)
    with pytest.raises(PartitionError, match="node 'in' gives place 'p1' something else than spik"):
        run_program(cut(graph, where), noise(5) / 2, 5)
