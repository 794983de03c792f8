"""The process of a virtual board: started, owned, ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import stat
import subprocess
import time
from pathlib import Path

from sc_neurocore._scratch import ScratchDirectory
from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices._channel import port_of
from sc_neurocore.devices._compile import compile_board
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import DeviceError, SCConfigError, ToolError

_COMPILE_S = 600.0
_START_S = 30.0
_HDL = (".v", ".sv")


class BoardProcess:
    """A running virtual board; it ends with `stop`, and with the process that started it.

    Args:
        design: what it runs.
        listen: path of a Unix socket, or a TCP port of this machine (0: any free one); by
            default a socket in a directory of its own.
        seed: of its registers before reset, and of its faults.
        store: keeps compiled programs; by default the user's.

    Raises:
        DeviceError: the address is in use, or cannot be opened.
        SCDependencyError: Verilator or a C++ compiler is missing.
        ToolError: one of them failed, or the board ended at once.
    """

    def __init__(
        self,
        design: LiveBundle,
        *,
        listen: str | None = None,
        seed: int = 1,
        store: EvidenceStore | None = None,
    ) -> None:
        if seed < 0 or seed >= 1 << 64:
            raise SCConfigError(f"seed {seed} is out of range; use 0 to 2^64 - 1")
        self.private = listen is None
        program = compile_board(design, store or EvidenceStore(), _COMPILE_S)
        self._scratch = ScratchDirectory("sc-board-")
        work = self._scratch.path
        try:
            for name, text in design.device.sources.items():
                if not name.endswith(_HDL):
                    (work / name).write_text(text)
            executable = work / "board"
            executable.write_bytes(program)
            executable.chmod(0o700)
            address = str(work / "socket") if listen is None else listen
            port = port_of(address)
            if port is None:
                _clear(address)
                # The board runs in a directory of its own.
                address = os.fspath(Path(address).absolute())
            place = ["unix", address] if port is None else ["tcp", str(port)]
            self._child = subprocess.Popen(
                [str(executable), *place, str(seed)],
                cwd=work,
                env={"LC_ALL": "C.UTF-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except BaseException:
            self._scratch.remove()
            raise
        try:
            about = f"bundle={design.path.absolute()}\ndigest={design.digest}\n\n"
            assert self._child.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.write(about.encode())
                self._child.stdin.flush()
            self.address = self._await_start()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def wait(self) -> int:
        """Wait until it ends by itself, and return its exit status."""
        return self._child.wait()

    def stop(self) -> None:
        """End it."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._child.wait(2)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._scratch.remove()

    def _await_start(self) -> str:
        """Return the address that the board says it listens on."""
        assert self._child.stdout is not None
        text, deadline = b"", time.monotonic() + _START_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    break
                chunk = os.read(self._child.stdout.fileno(), 4096)
                text += chunk
                for line in text.decode(errors="replace").splitlines():
                    if line.startswith("listening ") and text.endswith(b"\n"):
                        return line.split(" ", 2)[2]
                    if line.startswith("error: ") and text.endswith(b"\n"):
                        raise DeviceError(f"the virtual board cannot start: {line[7:]}")
                    if "$readmem" in line:
                        raise ToolError(f"the virtual board could not read a memory file: {line}")
                if not chunk:
                    break
        raise ToolError(
            "the virtual board ended before it could be connected to: "
            + (text.decode(errors="replace").strip() or "it printed nothing")
        )


def _clear(path: str) -> None:
    """Remove the socket of a board that has gone.

    Raises:
        DeviceError: something else is there, or a board still listens.
    """
    try:
        mode = Path(path).lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise DeviceError(f"{path} cannot be used: {os.strerror(error.errno or 0)}") from None
    if not stat.S_ISSOCK(mode):
        raise DeviceError(f"{path} is there and no socket; name another path to listen on")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            Path(path).unlink()
            return
    raise DeviceError(f"a board listens on {path} already; name another path")
