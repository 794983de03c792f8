"""The virtual board: a design's RTL in a process of its own, and instruments to disturb it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from sc_neurocore.devices._bundle import open_design
from sc_neurocore.devices._channel import SocketChannel
from sc_neurocore.devices._design import Design
from sc_neurocore.devices._device import RegisterDevice
from sc_neurocore.devices._faults import FAULTS, BoardState, Fault, read_log, read_state
from sc_neurocore.devices._frame import Kind
from sc_neurocore.devices._link import FrameLink
from sc_neurocore.devices._process import BoardProcess
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import DeviceError, SCConfigError


class BoardLink(FrameLink):
    """The link to a virtual board, which can be loaded if it was started from here."""

    def __init__(
        self,
        address: str,
        *,
        process: BoardProcess | None = None,
        store: EvidenceStore | None = None,
        timeout_s: float = 1.0,
        attempts: int = 8,
    ) -> None:
        self.address, self.process, self._store = address, process, store
        super().__init__(
            lambda: SocketChannel(self.address), timeout_s=timeout_s, attempts=attempts
        )

    def load(self, bundle: Path) -> None:
        """Start the board again with a bundle's design, at the same address."""
        self.start(open_design(bundle))

    def start(self, design: Design) -> None:
        """Start the board again with a design, at the same address."""
        if self.process is None:
            running = instruments(self.address)
            state = read_state(running.call(Kind.INFO, b"")[1].decode())
            running.close()
            if state.digest != design.digest:
                raise DeviceError(
                    f"the board at {self.address} was started elsewhere and runs another design; "
                    f"end it and run `sc-neurocore board {design.bundle or 'BUNDLE'}`"
                )
            self.reset()
            return
        self._drop()
        self.process.stop()
        self.process = BoardProcess(design, listen=self.address, store=self._store)
        self._renew()

    def close(self) -> None:
        """Close the link, and end the board if it was started from here."""
        super().close()
        if self.process is not None:
            self.process.stop()


class VirtualBoard(RegisterDevice):
    """The RTL of a bundle, compiled and running in a process of its own.

    Its clock runs only while operations are performed and in `step`, so what it does depends on
    what it is told, never on time. `start` starts one that ends with its owner, `connect` uses one
    that ``sc-neurocore board`` started.
    """

    link: BoardLink

    @classmethod
    def start(
        cls,
        bundle: Path | str | Design,
        *,
        listen: str | None = None,
        seed: int = 1,
        store: EvidenceStore | None = None,
        timeout_s: float = 1.0,
        attempts: int = 8,
    ) -> VirtualBoard:
        """Start a board.

        Args:
            bundle: directory of a live bundle.
            listen: path of a Unix socket, or a TCP port of this machine; default a private socket.
            seed: of its registers before reset, and of its faults.
            store: keeps compiled programs; by default the user's.
            timeout_s: how long to wait for the answer to a frame.
            attempts: how often to send a frame.

        Raises:
            BundleError: the bundle is damaged, or not live.
            DeviceError: the board cannot start.
            SCDependencyError: Verilator or a C++ compiler is missing.
        """
        design = open_design(bundle)
        process = BoardProcess(design, listen=listen, seed=seed, store=store)
        try:
            link = BoardLink(
                process.address,
                process=process,
                store=store,
                timeout_s=timeout_s,
                attempts=attempts,
            )
            board = cls(link, design, f"virtual board at {process.address}")
            board.check()
        except BaseException:
            process.stop()
            raise
        return board

    @classmethod
    def connect(
        cls,
        address: str | int,
        bundle: Path | str | Design | None = None,
        *,
        timeout_s: float = 1.0,
        attempts: int = 8,
    ) -> VirtualBoard:
        """Use a board that runs.

        Args:
            address: its socket's path, or its TCP port.
            bundle: what it should run; default the bundle that it was started with.
            timeout_s: how long to wait for the answer to a frame.
            attempts: how often to send a frame.

        Raises:
            DeviceError: no board answers there.
            DeviceMismatchError: it runs another design.
        """
        address = str(address)
        if bundle is None:
            bench = instruments(address)
            bundle = read_state(bench.call(Kind.INFO, b"")[1].decode()).bundle
            bench.close()
        design = open_design(bundle)
        link = BoardLink(address, timeout_s=timeout_s, attempts=attempts)
        board = cls(link, design, f"virtual board at {address}")
        try:
            board.check()
        except BaseException:
            board.close()
            raise
        return board

    def __enter__(self) -> VirtualBoard:
        return self

    @property
    def address(self) -> str:
        """Where others can connect to it: a socket's path, or a TCP port."""
        return self.link.address

    @property
    def pid(self) -> int | None:
        """Process id of a board that was started from here."""
        return None if self.link.process is None else self.link.process.pid

    def state(self) -> BoardState:
        """Return what the board says of itself."""
        return read_state(self._measure(Kind.INFO, b"").decode())

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
        self._measure(Kind.FAULTS, "\n".join(lines).encode())

    def clear_faults(self) -> None:
        """Switch all faults off, and free all stuck bits; flipped bits stay flipped."""
        self.set_faults({name: 0.0 for name in FAULTS if name != "link.delay_ms"})
        self._measure(Kind.INJECT, b"free")

    def flip(self, memory: int, word: int, bit: int) -> None:
        """Flip one bit of a parameter memory, as a particle would."""
        self._measure(Kind.INJECT, f"flip {memory} {word} {bit}".encode())

    def stick(self, memory: int, word: int, bit: int, value: bool) -> None:
        """Make one bit of a parameter memory stay at a value, whatever is written."""
        self._measure(Kind.INJECT, f"stick {memory} {word} {bit} {int(value)}".encode())

    def lose_power(self) -> None:
        """Take the board's power away and give it back: it starts from its image."""
        self._measure(Kind.INJECT, b"power")

    def faults(self, since: int = 0) -> list[Fault]:
        """Return the faults injected, from a number on; the last 131 072 are kept."""
        found: list[Fault] = []
        while page := read_log(self._measure(Kind.LOG, struct.pack("<Q", since)).decode()):
            found += page
            since = page[-1].number + 1
        return found

    def _measure(self, kind: Kind, payload: bytes) -> bytes:
        bench = instruments(self.address)
        try:
            return bench.call(kind, payload)[1]
        finally:
            bench.close()


def instruments(address: str) -> FrameLink:
    """Return a link for the frames that are not sent over the board's own line."""
    return FrameLink(lambda: SocketChannel(address), timeout_s=60.0, attempts=1)
