"""The instruments of a virtual board: they disturb it and look into it, beside its own link."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import TracebackType

from sc_neurocore.devices._channel import SocketChannel
from sc_neurocore.devices._faults import FAULTS, BoardState, Fault, read_log, read_state
from sc_neurocore.devices._frame import Kind
from sc_neurocore.devices._link import FrameLink
from sc_neurocore.exceptions import SCConfigError

_PATIENCE_S = 60.0


class Instruments:
    """Faults of a virtual board, and what it says of itself.

    What is sent here is subject to no fault.

    Args:
        address: the board's socket, or its port.

    Raises:
        DeviceError: no board answers there.
    """

    def __init__(self, address: str | int) -> None:
        self._link = FrameLink(
            lambda: SocketChannel(str(address)), timeout_s=_PATIENCE_S, attempts=1
        )

    def __enter__(self) -> Instruments:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect."""
        self._link.close()

    def state(self) -> BoardState:
        """Return what the board says of itself."""
        return read_state(self._ask(Kind.INFO, b"").decode())

    def set_faults(self, rates: Mapping[str, float], *, seed: int | None = None) -> None:
        """Switch faults on and off; those not named stay as they are.

        Args:
            rates: numbers by name, as in `FAULTS`.
            seed: starts the random numbers of all faults anew.

        Raises:
            SCConfigError: there is no such fault, or its number makes no sense.
        """
        for name, rate in rates.items():
            if name not in FAULTS:
                raise SCConfigError(f"there is no fault '{name}'; there are {', '.join(FAULTS)}")
            probability = name not in ("link.delay_ms", "link.bytes_per_s")
            if not 0 <= rate < float("inf") or (probability and rate > 1):
                raise SCConfigError(f"fault '{name}' is {rate}; it is a {FAULTS[name]}")
        lines = [f"{name}={rate!r}" for name, rate in rates.items()]
        if seed is not None:
            lines.append(f"seed={seed}")
        self._ask(Kind.FAULTS, "\n".join(lines).encode())

    def clear_faults(self) -> None:
        """Switch all faults off, and free all stuck bits; flipped bits stay flipped."""
        self.set_faults({name: 0.0 for name in FAULTS if name != "link.delay_ms"})
        self._ask(Kind.INJECT, b"free")

    def flip(self, memory: int, word: int, bit: int) -> None:
        """Flip one bit of a parameter memory, as a particle would."""
        self._ask(Kind.INJECT, f"flip {memory} {word} {bit}".encode())

    def stick(self, memory: int, word: int, bit: int, value: bool) -> None:
        """Make one bit of a parameter memory stay at a value, whatever is written."""
        self._ask(Kind.INJECT, f"stick {memory} {word} {bit} {int(value)}".encode())

    def lose_power(self) -> None:
        """Take the board's power away and give it back: it starts from its image."""
        self._ask(Kind.INJECT, b"power")

    def faults(self, since: int = 0) -> list[Fault]:
        """Return the faults injected, from a number on; the last 131 072 are kept."""
        found: list[Fault] = []
        while page := read_log(self._ask(Kind.LOG, struct.pack("<Q", since)).decode()):
            found += page
            since = page[-1].number + 1
        return found

    def _ask(self, kind: Kind, payload: bytes) -> bytes:
        return self._link.call(kind, payload)[1]
