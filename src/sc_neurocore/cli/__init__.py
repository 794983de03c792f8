"""The command ``sc-neurocore``: one file per command, each a thin face of a public function."""

from __future__ import annotations

import click

from sc_neurocore import __version__
from sc_neurocore.cli._group import LazyGroup

__all__ = ["main"]

#: Command name to the module that holds it, under the same name with its hyphens as underscores;
#: imported when it is used.
_COMMANDS = {
    "build": "_build",
    "verify": "_verify",
    "board": "_board",
    "partition": "_partition",
    "optimise": "_optimise",
    "simulate": "_simulate",
    "models": "_models",
    "bitstream": "_bitstream",
    "plan-precision": "_plan_precision",
    "scnir": "_scnir",
    "serve": "_serve",
    "update": "_update",
    "run-on-ranks": "_run_on_ranks",
    "collect-synthesis": "_collect_synthesis",
    "targets": "_targets",
    "cost-model": "_cost_model",
    "doctor": "_doctor",
    "completion": "_completion",
}

_EPILOG = """\b
Start here:
  sc-neurocore doctor
  sc-neurocore build lif --target ice40-hx8k

\b
Exit codes:
  0    success
  1    a fault in sc-neurocore itself
  2    bad input: an unknown name, an invalid model or option
  3    the model cannot be compiled as asked
  4    a tool is missing
  5    a tool failed, crashed or passed its time limit
  6    verification failed: a mismatch, or a refuted proof
  7    the evidence store cannot be used
  8    the device: no board, a broken link, another design
  9    the service refuses, or does not answer
  130  interrupted with Ctrl-C

Set SC_NEUROCORE_DEBUG=1 to see a traceback, NO_COLOR=1 for plain tables.
"""


@click.group(
    cls=LazyGroup,
    package=__name__,
    modules=_COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="sc-neurocore", message="%(prog)s %(version)s")
def main() -> None:
    """From a neuron's equations to verified hardware, every figure measured."""
