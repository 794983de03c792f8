"""``python -m sc_neurocore``: the command ``sc-neurocore``."""

from sc_neurocore.cli import main

main(prog_name="sc-neurocore")
