"""Where the bytes of frames go: a local socket, or a serial port."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any, Protocol

from sc_neurocore.exceptions import DeviceError, LinkError, SCConfigError, SCDependencyError

_CHUNK = 1 << 16


class Channel(Protocol):
    """A stream of bytes in both directions, which may lose and damage them."""

    name: str

    def send(self, data: bytes) -> None:
        """Send bytes; raises `LinkError` if the other end has gone."""
        ...

    def receive(self, timeout_s: float) -> bytes:
        """Return bytes that have arrived, empty after the time; `LinkError` at the end."""
        ...

    def close(self) -> None:
        """Release it."""
        ...


class SocketChannel:
    """A Unix socket (a path) or a TCP port of this machine (a number)."""

    def __init__(self, address: str) -> None:
        self.name = address
        port = port_of(address)
        try:
            if port is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._socket.connect(address)
            else:
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise DeviceError(
                f"no board answers at {address} ({reason}); start one with "
                f"`sc-neurocore board BUNDLE --listen {address}`"
            ) from None

    def send(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._socket.settimeout(None)
            self._socket.sendall(data)
        except OSError:
            raise self._gone() from None

    def receive(self, timeout_s: float) -> bytes:
        """Return bytes that have arrived, empty after the time."""
        try:
            self._socket.settimeout(max(timeout_s, 1e-4))
            data = self._socket.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError:
            raise self._gone() from None
        if not data:
            raise self._gone()
        return data

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _gone(self) -> LinkError:
        return LinkError(
            f"the board at {self.name} closed the connection; is it still running, and has it "
            "fewer than 64 clients?"
        )


class SerialChannel:
    """A serial port, through pyserial."""

    def __init__(self, port: str, baud: int) -> None:
        try:
            import serial
        except ImportError:
            raise SCDependencyError(
                "pyserial is not installed; run `pip install 'sc-neurocore[serial]'`"
            ) from None
        self.name = port
        self._error: type[Exception] = serial.SerialException
        try:
            self._port: Any = serial.Serial(port, baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else str(error)
            raise DeviceError(
                f"serial port {port} cannot be opened ({reason}); connect the board, and name the "
                "port that `python -m serial.tools.list_ports` shows"
            ) from None

    def send(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._port.write(data)
        except (self._error, OSError):
            raise self._gone() from None

    def receive(self, timeout_s: float) -> bytes:
        """Return bytes that have arrived, empty after the time."""
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            waiting = self._port.in_waiting if first else 0
            if waiting:
                first += self._port.read(min(waiting, _CHUNK))
        except (self._error, OSError):
            raise self._gone() from None
        return first

    def close(self) -> None:
        """Close the port."""
        with contextlib.suppress(self._error, OSError):
            self._port.close()

    def _gone(self) -> LinkError:
        return LinkError(f"serial port {self.name} has gone; is the board still connected?")


def port_of(address: str) -> int | None:
    """Return the TCP port that an address is, or None if it is the path of a Unix socket.

    Raises:
        SCConfigError: the number is no port.
    """
    if not address.isascii() or not address.isdigit():
        return None
    port = int(address)
    if port > 65535:
        raise SCConfigError(f"port {address} is too large; ports go to 65535")
    return port
