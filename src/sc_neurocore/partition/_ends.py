"""Opens the ends of a program's links."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sc_neurocore.ir import Partitions
from sc_neurocore.partition._links import Link
from sc_neurocore.partition._lossy import FaultPlan, LossyChannel
from sc_neurocore.partition._transport import (
    Channel,
    ReliableChannel,
    UdpChannel,
    ipc_endpoint,
    udp_sender,
)


@dataclass(frozen=True)
class Ends:
    """Opens the ends of links."""

    links: tuple[Link, ...]
    partitions: Partitions
    sockets: Mapping[int, socket.socket]
    directory: Path
    plans: Mapping[int, FaultPlan]

    def open(self, place: str) -> dict[int, Channel]:
        """This place's ends, by index of the link."""
        channels: dict[int, Channel] = {}
        try:
            for i, link in enumerate(self.links):
                if place in (link.source, link.target):
                    channels[i] = self._open(i, link, place == link.target)
        except BaseException:
            for channel in channels.values():
                channel.close()
            raise
        return channels

    def _open(self, i: int, link: Link, receives: bool) -> Channel:
        host = self.partitions.places.places[link.target].host
        port = port_of(self.links, self.partitions, i)
        channel: Channel
        if link.wire.transport == "reliable":
            endpoint = f"tcp://{host}:{port}" if port else ipc_endpoint(self.directory, i)
            channel = ReliableChannel(endpoint, receives, link.target)
        elif receives:
            channel = UdpChannel(self.sockets[i].dup())
        else:
            if i in self.sockets:
                port = self.sockets[i].getsockname()[1]
            channel = udp_sender(host, port)
        if not receives and i in self.plans:
            return LossyChannel(channel, self.plans[i])
        return channel


def port_of(links: tuple[Link, ...], partitions: Partitions, index: int) -> int:
    """Port of a link's receiving end: the place's, and the links before it; 0 for any."""
    target = links[index].target
    port = partitions.places.places[target].port
    return port + sum(link.target == target for link in links[:index]) if port else 0
