"""openFPGALoader: bitstreams into boards."""

from __future__ import annotations

from sc_neurocore.exceptions import DeviceError
from sc_neurocore.toolchain._process import Completed, job_directory, run_process, telling_line
from sc_neurocore.toolchain._tools import require


def load_bitstream(
    bitstream: bytes,
    suffix: str,
    *,
    board: str,
    cable: str | None = None,
    timeout_s: float = 120.0,
) -> Completed:
    """Load a bitstream into a board's FPGA (not into its flash memory).

    Args:
        bitstream: the file's bytes.
        suffix: of the file's name, by which the format is known, as ``.bit``.
        board: name of the board, of ``openFPGALoader --list-boards``.
        cable: name of the cable, of ``openFPGALoader --list-cables``, if not the board's own.
        timeout_s: limit in seconds.

    Returns:
        What openFPGALoader printed.

    Raises:
        SCDependencyError: openFPGALoader is not installed.
        DeviceError: it says that there is no such board, or that loading failed.
        ToolError: it could not be started, or passed its time limit.
    """
    loader = require("openFPGALoader")
    options = ["--board", board, *(["--cable", cable] if cable else [])]
    with job_directory() as work:
        (work / f"bitstream{suffix}").write_bytes(bitstream)
        done = run_process(
            "openFPGALoader",
            [*loader.argv, *options, f"bitstream{suffix}"],
            cwd=work,
            timeout_s=timeout_s,
            env=loader.env,
        )
    if done.status != 0:
        raise DeviceError(
            f"openFPGALoader could not load the board '{board}': {telling_line(done.log)}; "
            "connect the board, and see `openFPGALoader --list-boards`"
        )
    return done
