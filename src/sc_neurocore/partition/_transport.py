"""What carries packets from one place to another."""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sc_neurocore.exceptions import SCDependencyError
from sc_neurocore.ir import PartitionError

_BUFFER_BYTES = 1 << 22
_LARGEST = 1 << 18
#: Packets taken from a channel before anything else is done, so that a flood stops nothing.
AT_ONCE = 256

Address = tuple[str, int]


class Channel(Protocol):
    """One end of a link; nothing blocks.

    A receiver's end answers whoever sent the last packet that it was told to trust.
    """

    def fileno(self) -> int:
        """What a selector waits on; -1 for nothing."""
        ...

    def send(self, data: bytes) -> bool:
        """Pass a packet on; whether it was taken."""
        ...

    def receive(self) -> bytes | None:
        """The next packet, None if there is none."""
        ...

    def pending(self) -> bool:
        """Whether there is a packet that a selector would not tell of."""
        ...

    def trust(self) -> None:
        """Answer whoever sent the last packet."""
        ...

    def poll(self) -> None:
        """Do what is due."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


class UdpChannel:
    """A UDP socket.

    Args:
        own: bound socket; it belongs to the channel.
        peer: where packets go; None for a receiver, which learns it.
    """

    def __init__(self, own: socket.socket, peer: Address | None = None) -> None:
        own.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with suppress(OSError):
                own.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        self._socket, self._peer, self._heard = own, peer, peer
        self._connected = peer is not None
        if peer is not None:
            own.connect(peer)

    def fileno(self) -> int:
        """The socket's."""
        return self._socket.fileno()

    def send(self, data: bytes) -> bool:
        """False if the system refuses, or nobody is known yet."""
        try:
            if self._connected:
                self._socket.send(data)
            elif self._peer is None:
                return False
            else:
                self._socket.sendto(data, self._peer)
        except OSError:
            return False
        return True

    def receive(self) -> bytes | None:
        """A datagram."""
        try:
            data, self._heard = self._socket.recvfrom(_LARGEST)
        except OSError:  # nothing there, or an earlier packet found nobody
            return None
        return data

    def pending(self) -> bool:
        """Never: the system tells of all."""
        return False

    def trust(self) -> None:
        """Answer the sender of the last datagram."""
        self._peer = self._heard

    def poll(self) -> None:
        """Nothing is ever due."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def bind_udp(host: str, port: int, place: str) -> socket.socket:
    """A socket that receives at an address.

    Raises:
        PartitionError: the address is in use or not this machine's.
    """
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own.bind((host, port))
    except (OSError, OverflowError) as error:
        own.close()
        raise PartitionError(
            f"place {place!r} cannot receive at {host}:{port} ({error}); give it another `port`, "
            "or a `host` of this machine"
        ) from None
    return own


def udp_sender(host: str, port: int) -> UdpChannel:
    """The sending end of a link.

    Raises:
        PartitionError: the host is not known, or there is no way to it.
    """
    try:
        address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
    except OSError:
        raise PartitionError(f"host {host!r} is not known; write its address") from None
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        return UdpChannel(own, (str(address[0]), int(address[1])))
    except OSError as error:
        own.close()
        raise PartitionError(
            f"host {host!r} cannot be reached ({error}); check the network and its address"
        ) from None


class ReliableChannel:
    """A ZeroMQ socket, which repeats what is lost and connects again by itself.

    Args:
        endpoint: such as ``tcp://127.0.0.1:5000`` or ``ipc:///path``.
        receives: whether this is the receiving end, which binds.
        place: for messages.

    Raises:
        SCDependencyError: pyzmq is not installed.
        PartitionError: the address is in use or not this machine's.
    """

    def __init__(self, endpoint: str, receives: bool, place: str) -> None:
        try:
            import zmq
        except ImportError:
            raise SCDependencyError(
                "reliable wires need the package pyzmq; run: pip install 'sc-neurocore[partition]'"
            ) from None
        self._zmq: Any = zmq
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER if receives else zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 200)
        for option in (zmq.SNDHWM, zmq.RCVHWM):
            self._socket.setsockopt(option, 0)
        self._receives = receives
        self._peer: bytes | None = None
        self._heard: bytes | None = None
        try:
            (self._socket.bind if receives else self._socket.connect)(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise PartitionError(
                f"place {place!r} cannot receive at {endpoint} ({error}); give it another `port`"
            ) from None

    def fileno(self) -> int:
        """The descriptor that ZeroMQ signals its events on."""
        return int(self._socket.getsockopt(self._zmq.FD))

    def send(self, data: bytes) -> bool:
        """False if nobody is known yet."""
        try:
            if not self._receives:
                self._socket.send(data, self._zmq.NOBLOCK)
            elif self._peer is None:
                return False
            else:
                self._socket.send_multipart((self._peer, data), self._zmq.NOBLOCK)
        except self._zmq.ZMQError:
            return False
        return True

    def receive(self) -> bytes | None:
        """A message."""
        try:
            parts = self._socket.recv_multipart(self._zmq.NOBLOCK)
        except self._zmq.ZMQError:
            return None
        if self._receives:
            self._heard = parts[0]
        return bytes(parts[-1])

    def pending(self) -> bool:
        """Whether there is one; the descriptor signals changes only."""
        return bool(self._socket.getsockopt(self._zmq.EVENTS) & self._zmq.POLLIN)

    def trust(self) -> None:
        """Answer the sender of the last message."""
        self._peer = self._heard

    def poll(self) -> None:
        """Nothing is ever due."""

    def close(self) -> None:
        """Close socket and context."""
        self._socket.close()
        self._context.term()


def ipc_endpoint(directory: Path, link: int) -> str:
    """Address of a link between processes of one machine."""
    return f"ipc://{directory / f'link-{link}'}"


class MemoryChannel:
    """One end of a link within a process."""

    def __init__(self, outgoing: deque[bytes], incoming: deque[bytes]) -> None:
        self._outgoing, self._incoming = outgoing, incoming

    def fileno(self) -> int:
        """Nothing to wait on."""
        return -1

    def send(self, data: bytes) -> bool:
        """Always taken."""
        self._outgoing.append(data)
        return True

    def receive(self) -> bytes | None:
        """The oldest packet."""
        return self._incoming.popleft() if self._incoming else None

    def pending(self) -> bool:
        """Whether there is one."""
        return bool(self._incoming)

    def trust(self) -> None:
        """There is one peer only."""

    def poll(self) -> None:
        """Nothing is ever due."""

    def close(self) -> None:
        """Nothing is held."""


def memory_link() -> tuple[MemoryChannel, MemoryChannel]:
    """Both ends of a link within a process: the sender's, the receiver's."""
    there: deque[bytes] = deque()
    back: deque[bytes] = deque()
    return MemoryChannel(there, back), MemoryChannel(back, there)
