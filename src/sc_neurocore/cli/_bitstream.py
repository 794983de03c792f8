"""``bitstream``: what streams of bits do, measured: audits and error curves."""

from __future__ import annotations

import click

from sc_neurocore.cli._bitstream_audit import audit
from sc_neurocore.cli._bitstream_error_curve import error_curve
from sc_neurocore.cli._group import SuggestingGroup
from sc_neurocore.cli._output import examples


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "sc-neurocore bitstream audit sobol:1@0.5 sobol:2@0.5",
        "sc-neurocore bitstream error-curve --plot error.svg",
        codes="0 success, 2 bad input, 6 an audit found streams that give wrong results",
    ),
)
def bitstream() -> None:
    """Audit streams, and measure the errors of sources and operations."""


bitstream.add_command(audit)
bitstream.add_command(error_curve)
