"""The virtual board: a design's RTL in a process of its own, and instruments to disturb it."""

from __future__ import annotations

from pathlib import Path

from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices._bundle import open_bundle
from sc_neurocore.devices._channel import SocketChannel
from sc_neurocore.devices._device import RegisterDevice
from sc_neurocore.devices._instruments import Instruments
from sc_neurocore.devices._link import FrameLink
from sc_neurocore.devices._process import BoardProcess
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import DeviceError


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
        """Start the board again with a bundle's design."""
        self.start(open_bundle(bundle))

    def start(self, design: LiveBundle) -> None:
        """Start the board again with a design, at the same address unless that was private."""
        if self.process is None:
            with Instruments(self.address) as bench:
                state = bench.state()
            if state.digest != design.digest:
                raise DeviceError(
                    f"the board at {self.address} was started elsewhere and runs another design; "
                    f"end it and run `sc-neurocore board {design.path}`"
                )
            self.reset()
            return
        self._drop()
        self.process.stop()
        listen = None if self.process.private else self.address
        self.process = BoardProcess(design, listen=listen, store=self._store)
        self.address = self.process.address
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
    _instruments: Instruments | None = None

    @classmethod
    def start(
        cls,
        bundle: Path | str | LiveBundle,
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
        design = open_bundle(bundle)
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
        bundle: Path | str | LiveBundle | None = None,
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
            with Instruments(address) as bench:
                bundle = bench.state().bundle
        design = open_bundle(bundle)
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
    def instruments(self) -> Instruments:
        """What disturbs the board and looks into it; closed with the board."""
        if self._instruments is None:
            self._instruments = Instruments(self.address)
        return self._instruments

    def load(self, bundle: Path | str) -> None:
        """Start the board again with a bundle's design, in its initial state."""
        self._disconnect()
        super().load(bundle)

    def close(self) -> None:
        """Release the board, and end it if it was started from here."""
        self._disconnect()
        super().close()

    def _disconnect(self) -> None:
        if self._instruments is not None:
            self._instruments.close()
            self._instruments = None

    @property
    def pid(self) -> int | None:
        """Process id of a board that was started from here."""
        return None if self.link.process is None else self.link.process.pid
