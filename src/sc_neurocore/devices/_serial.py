"""Boards behind a serial port, on which firmware answers the frames of the board protocol."""

from __future__ import annotations

import json
from pathlib import Path

from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices._bundle import open_bundle
from sc_neurocore.devices._channel import SerialChannel
from sc_neurocore.devices._device import RegisterDevice
from sc_neurocore.devices._link import FrameLink
from sc_neurocore.exceptions import DeviceError
from sc_neurocore.toolchain import load_bitstream

_BITS_PER_BYTE = 10  # start bit, eight of data, stop bit


class SerialLink(FrameLink):
    """Frames over a serial port; loads bitstreams with openFPGALoader, if it knows the board."""

    def __init__(
        self, port: str, baud: int, board: str | None, timeout_s: float, attempts: int
    ) -> None:
        self._board = board
        super().__init__(
            lambda: SerialChannel(port, baud),
            timeout_s=timeout_s,
            attempts=attempts,
            bytes_per_s=baud / _BITS_PER_BYTE,
        )

    def load(self, bundle: Path) -> None:
        """Load a bundle's bitstream into the board's FPGA."""
        if self._board is None:
            raise DeviceError(
                f"it is not known which board is at {self.name}, so it cannot be loaded; name it "
                "with board=…, one of `openFPGALoader --list-boards`"
            )
        bitstream = bitstream_of(bundle)
        load_bitstream(bitstream.read_bytes(), bitstream.suffix, board=self._board)
        self._renew()


class SerialDevice(RegisterDevice):
    """A board behind a serial port.

    Args:
        port: as ``/dev/ttyUSB0``.
        bundle: directory of the live bundle that it should run.
        baud: speed of the port in bits per second.
        board: its name for openFPGALoader; only to `load` it.
        timeout_s: how long to wait for the answer to a frame, beyond its time on the line.
        attempts: how often to send a frame.

    Raises:
        SCDependencyError: pyserial is not installed (extra ``serial``).
        DeviceError: there is no such port.
        LinkError: no board answers there.
        DeviceMismatchError: it runs another design.
    """

    def __init__(
        self,
        port: str,
        bundle: Path | str | LiveBundle,
        *,
        baud: int = 115_200,
        board: str | None = None,
        timeout_s: float = 0.5,
        attempts: int = 4,
    ) -> None:
        design = open_bundle(bundle)
        link = SerialLink(port, baud, board, timeout_s, attempts)
        super().__init__(link, design, f"board at serial port {port}")
        try:
            self.check()
        except BaseException:
            self.close()
            raise


def bitstream_of(bundle: Path | str) -> Path:
    """Return the file of a bundle's bitstream.

    Raises:
        DeviceError: it has none.
    """
    root = Path(bundle)
    try:
        report = json.loads((root / "report.json").read_text(encoding="utf-8"))
        name = report["synthesis"]["bitstream"]
    except (OSError, ValueError, KeyError, TypeError):
        name = None
    if not isinstance(name, str) or not (root / name).is_file():
        raise DeviceError(
            f"{root} has no bitstream, so no board can be loaded with it; build it for a target "
            "with place and route, as `--target ecp5-25k`"
        )
    return root / name
