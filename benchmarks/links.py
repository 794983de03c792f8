"""Spikes per second over one link on loopback, beside what the machine's sockets can do at most.

    python benchmarks/links.py [--seconds 2]

The link has its two ends in two processes, as a run has them. Every tick carries the same random
spikes of a population of 65 536 neurons. The bound is one process that sends datagrams of the same
bytes with `sendto` and does nothing else, and one that only receives them; it has no flow control,
so part of what it sends is lost, and what arrives is counted. Spikes per second of processor time
at either end say what a link costs on a machine that does other things too.
Results go to benchmarks/results/links.json.
"""

from __future__ import annotations

import argparse
import os
import platform
import select
import socket
import tempfile
import time
from pathlib import Path

import numpy as np

from machine import processor, write_results
from sc_neurocore.partition import AERReceiver, AERSender, SpikePacket
from sc_neurocore.partition._transport import (
    Channel,
    ReliableChannel,
    UdpChannel,
    bind_udp,
    udp_sender,
)

NEURONS, PROGRAM = 65536, bytes(range(32))
#: Datagrams that fit an Ethernet frame, and those that only loopback carries.
SIZES = {"ethernet": 1472, "loopback": 32768}


def spikes(rate: float) -> np.ndarray:
    chosen = np.random.default_rng(1).random(NEURONS) < rate
    return np.flatnonzero(chosen).astype(np.uint32)


def link(transport: str, size: int, rate: float, ticks: int) -> dict[str, float]:
    """Both ends of a link in two processes; seconds from the first tick to the last."""
    with tempfile.TemporaryDirectory() as folder:
        own = bind_udp("127.0.0.1", 0, "target")
        port = own.getsockname()[1]
        endpoint = f"ipc://{folder}/link"
        child, spent = os.fork(), time.process_time()
        if child == 0:
            sending: Channel = (
                udp_sender("127.0.0.1", port)
                if transport == "udp"
                else ReliableChannel(endpoint, False, "source")
            )
            sender = AERSender(sending, PROGRAM, size=size)
            addresses = spikes(rate)
            tick = 0
            while not (tick == ticks and sender.done):
                came = sender.receive()
                if not sender.greeted:
                    sender.greet()
                    time.sleep(0.01)
                elif sender.ready and tick < ticks:
                    sender.send(tick, addresses)
                    tick += 1
                elif not came and not sending.pending():
                    select.select([sending], [], [], 0.05)
                    sender.remind()
            Path(folder, "cpu").write_text(str(time.process_time() - spent))
            os._exit(0)
        receiving: Channel = (
            UdpChannel(own) if transport == "udp" else ReliableChannel(endpoint, True, "target")
        )
        receiver = AERReceiver(receiving, PROGRAM, size=NEURONS, ticks=ticks)
        began, tick, count = 0.0, 0, 0
        while tick < ticks:
            if not receiver.receive() and not receiving.pending():
                select.select([receiving], [], [], 0.05)
            while (found := receiver.spikes(tick)) is not None:
                began = began or time.perf_counter()
                count += len(found)
                tick += 1
                receiver.advance(tick, tick)
        seconds = time.perf_counter() - began
        spent = time.process_time() - spent
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            receiver.receive()
        counters = receiver.counters
        receiver.close()
        own.close()
        assert counters.lost == counters.duplicates == counters.damaged == 0
        first = count / ticks
        return {
            "spikes": count,
            "packets": counters.packets,
            "seconds": seconds,
            "spikes_per_s": (count - first) / seconds,
            "sender_spikes_per_cpu_s": count / float(Path(folder, "cpu").read_text()),
            "receiver_spikes_per_cpu_s": count / spent,
            "bytes_per_s": (4 * count + 28 * counters.packets) / seconds,
        }


def bound(size: int, seconds: float) -> dict[str, float]:
    """Datagrams of the same size, one process that sends and one that receives, nothing else."""
    data = bytes(size)
    own = bind_udp("127.0.0.1", 0, "target")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    own.settimeout(1.0)
    address = own.getsockname()
    child = os.fork()
    if child == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun:
            limit = time.perf_counter() + seconds
            while time.perf_counter() < limit:
                for _ in range(64):
                    gun.sendto(data, address)
        os._exit(0)
    own.recv(1 << 16)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < 0.9 * seconds:
        own.recv(1 << 16)
        count += 1
    took = time.perf_counter() - began
    os.waitpid(child, 0)
    own.close()
    return {"datagrams_per_s": count / took, "spikes_per_s": count * ((size - 28) // 4) / took}


def codec() -> dict[str, float]:
    """Encoding and decoding alone, in one process, without sockets."""
    packet = SpikePacket(addresses=np.arange(361, dtype=np.uint32))
    data, rounds = packet.encode(), 5000
    began = time.perf_counter()
    for _ in range(rounds):
        packet.encode()
    encoded = time.perf_counter()
    for _ in range(rounds):
        SpikePacket.decode(data)
    decoded = time.perf_counter()
    return {
        "encode_spikes_per_s": rounds * 361 / (encoded - began),
        "decode_spikes_per_s": rounds * 361 / (decoded - encoded),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of a bound")
    seconds = parser.parse_args().seconds
    rows = []
    for name, size in SIZES.items():
        limit = bound(size, seconds)
        for transport in ("udp", "reliable"):
            best = max((link(transport, size, 0.1, 400) for _ in range(3)),
                       key=lambda row: row["spikes_per_s"])  # fmt: skip
            ratio = best["spikes_per_s"] / limit["spikes_per_s"]
            rows.append({"datagram": name, "bytes": size, "transport": transport, **best,
                         "bound": limit, "of_bound": ratio})  # fmt: skip
            print(f"{transport:9}{size:6} B  {best['spikes_per_s'] / 1e6:8.2f} M spikes/s  "
                  f"bound {limit['spikes_per_s'] / 1e6:8.2f} M  ratio {ratio:.2f}  "
                  f"per CPU s: {best['sender_spikes_per_cpu_s'] / 1e6:.1f} M sent, "
                  f"{best['receiver_spikes_per_cpu_s'] / 1e6:.1f} M received")  # fmt: skip
    found = {
        "machine": {"cpus": os.cpu_count(), "machine": processor(),
                    "python": platform.python_version(), "load": os.getloadavg()[0]},
        "neurons": NEURONS, "codec": codec(), "links": rows,
    }  # fmt: skip
    write_results("links", found)


if __name__ == "__main__":
    main()
