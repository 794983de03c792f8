"""A link of frames: checked, repeated until answered, and never executed twice."""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sc_neurocore.devices._channel import Channel
from sc_neurocore.devices._frame import (
    HEADER,
    MAX_OPERATIONS,
    REPLY,
    STATUS,
    Frame,
    FrameReader,
    Kind,
    Status,
)
from sc_neurocore.devices._protocol import Operation, Write
from sc_neurocore.exceptions import BusError, DeviceError, LinkError, SCConfigError

_WRITE = 1 << 31
_ADDRESSES = 1 << 12
#: Longest pause within a frame, in seconds.
_GAP_S = 0.2
#: Clocks to advance in a frame: few enough that a slow simulation answers in time.
_PART = 1 << 15


@dataclass
class LinkCounters:
    """What a link has seen since it was opened.

    Attributes:
        frames: frames sent for the first time.
        repeats: frames sent again, because no answer came.
        damaged: answers that arrived damaged.
        late: answers to frames that had been answered already.
    """

    frames: int = 0
    repeats: int = 0
    damaged: int = 0
    late: int = 0


class FrameLink:
    """Register operations in frames over a channel.

    A frame that is not answered in time is sent again; the board answers a frame that it has
    executed already from memory. If the board says that it does not know the session, it has
    started again since: the frame may or may not have been executed before that, and the link
    raises `LinkError` and goes on with a new session.

    Args:
        open_channel: opens the channel; called again after it broke.
        timeout_s: how long to wait for an answer.
        attempts: how often to send a frame.
        bytes_per_s: speed that is expected of the channel.
    """

    def __init__(
        self,
        open_channel: Callable[[], Channel],
        *,
        timeout_s: float = 1.0,
        attempts: int = 8,
        bytes_per_s: float = 1e6,
    ) -> None:
        self._open = open_channel
        self._channel: Channel | None = open_channel()
        self.name = self._channel.name
        self._reader = FrameReader()
        self._timeout_s, self._attempts, self._speed = timeout_s, attempts, bytes_per_s
        self._closed = False
        self.counters = LinkCounters()
        self.boots = 0
        self._renew()

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        """Perform operations in order and return the values of the reads."""
        words = _pack(operations)
        values: list[int] = []
        for first in range(0, len(operations), MAX_OPERATIONS):
            status, body = self.call(Kind.TRANSFER, words[first : first + MAX_OPERATIONS].tobytes())
            if status == Status.BUS_ERROR:
                index, silent = struct.unpack_from("<II", body)
                raise _refused(operations[first + index], bool(silent))
            values += np.frombuffer(body, "<u4").tolist()
        return values

    def advance(self, clocks: int) -> None:
        """Let the board's clock run."""
        if clocks < 0:
            raise SCConfigError(f"{clocks} clocks are negative")
        while clocks:
            part = min(clocks, _PART)
            self.call(Kind.ADVANCE, struct.pack("<Q", part))
            clocks -= part

    def load(self, bundle: Path) -> None:
        """Frames cannot carry a design."""
        raise DeviceError(f"the board at {self.name} cannot be loaded over this link")

    def reset(self) -> None:
        """Start the board again from its design."""
        self.call(Kind.RESET, b"")

    def close(self) -> None:
        """Close the channel."""
        self._closed = True
        self._drop()

    def call(self, kind: Kind, payload: bytes) -> tuple[Status, bytes]:
        """Send a frame until it is answered; return status and body of the answer.

        Raises:
            LinkError: no answer, or the board forgot the session.
            DeviceError: the board says that the frame makes no sense.
        """
        if self._closed:
            raise DeviceError(f"the link to the board at {self.name} is closed")
        self._sequence += 1
        frame = Frame(kind, self._session, self._sequence, payload)
        answer = self._exchange(frame)
        status, self.boots = STATUS.unpack_from(answer)
        body = answer[STATUS.size :]
        if status == Status.UNKNOWN_SESSION:
            self._renew()
            raise LinkError(
                f"the board at {self.name} has started again (start {self.boots}); it cannot be "
                "known whether it performed the last operations before that"
            )
        if status == Status.MALFORMED:
            raise DeviceError(
                f"the board at {self.name} refused a frame: {body.decode(errors='replace')}"
            )
        return Status(status), body

    def _renew(self) -> None:
        self._session, self._sequence = secrets.randbits(64), 0

    def _exchange(self, frame: Frame) -> bytes:
        data = frame.encode()
        # No answer but that to a frame for the log is longer than its request by more than this.
        patience = self._timeout_s + (2 * len(data) + HEADER) / self._speed
        for attempt in range(self._attempts):
            try:
                if self._channel is None:
                    self._channel, self._reader = self._open(), FrameReader()
                self._channel.send(data)
                if attempt:
                    self.counters.repeats += 1
                else:
                    self.counters.frames += 1
                answer = self._await(frame, patience)
            except (LinkError, DeviceError) as error:
                self._drop()
                if attempt + 1 == self._attempts:
                    self._renew()
                    raise LinkError(f"{error}; the last operations may have been done") from None
                time.sleep(0.05)
                continue
            if answer is not None:
                return answer
        self._renew()
        raise LinkError(
            f"the board at {self.name} did not answer {self._attempts} times within "
            f"{patience:.3g} s; it cannot be known whether it performed the last operations"
        )

    def _await(self, frame: Frame, patience: float) -> bytes | None:
        assert self._channel is not None
        deadline = time.monotonic() + patience
        heard = time.monotonic()
        while (left := deadline - time.monotonic()) > 0:
            data = self._channel.receive(min(left, _GAP_S))
            if data:
                heard = time.monotonic()
                found = self._reader.feed(data)
            elif self._reader.partial and time.monotonic() - heard > _GAP_S:
                found = self._reader.skip()
            else:
                continue
            answer = None
            for got in found:
                if (got.kind, got.session, got.sequence) == (
                    frame.kind | REPLY,
                    frame.session,
                    frame.sequence,
                ) and len(got.payload) >= STATUS.size:
                    answer = got.payload
                else:
                    self.counters.late += 1
            self.counters.damaged += self._reader.damaged
            self._reader.damaged = 0
            if answer is not None:
                return answer
        return None

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def _pack(operations: Sequence[Operation]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    """Return address and value of every operation, shape (n, 2)."""
    words = np.zeros((len(operations), 2), "<u4")
    for i, operation in enumerate(operations):
        check_operation(operation)
        if isinstance(operation, Write):
            words[i] = operation.address | _WRITE, operation.value
        else:
            words[i, 0] = operation.address
    return words


def check_operation(operation: Operation) -> None:
    """Refuse an operation that no bus can carry.

    Raises:
        SCConfigError: the address is no word's, or the value has more than 32 bits.
    """
    address = operation.address
    if not 0 <= address < _ADDRESSES or address % 4:
        raise SCConfigError(
            f"address {address:#x} is no register's; use a multiple of 4 from 0 to "
            f"{_ADDRESSES - 4:#x}"
        )
    if isinstance(operation, Write) and not 0 <= operation.value < 1 << 32:
        raise SCConfigError(
            f"value {operation.value} for address {address:#x} is no unsigned 32-bit word"
        )


def _refused(operation: Operation, silent: bool) -> BusError:
    what = "write to" if isinstance(operation, Write) else "read"
    how = "never answered a" if silent else "refused to"
    if silent:
        what = "write to" if isinstance(operation, Write) else "read of"
    return BusError(f"the board {how} {what} address {operation.address:#05x}")
