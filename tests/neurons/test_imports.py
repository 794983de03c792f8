"""What listing the catalogue and importing the package do not load: modules, not seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sc_neurocore.neurons

HEAVY = ("numpy", "numba", "llvmlite", "scipy", "pint", "torch", "matplotlib", "elephant")
LIST = """
from sc_neurocore.cli import main
try:
    main(["models", "list"])
except SystemExit as done:
    assert not done.code
"""


@pytest.mark.parametrize("statement", ["import sc_neurocore", "import sc_neurocore.neurons", LIST])
def test_nothing_heavy_is_loaded(statement: str) -> None:
    script = (
        f"import sys\n{statement}\nprint([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == "[]\n"


def test_every_public_name_loads_and_an_unknown_one_is_refused() -> None:
    room = sc_neurocore.neurons
    assert all(getattr(room, name) is not None for name in room.__all__)
    assert set(room._HOME) == set(room.__all__)
    with pytest.raises(AttributeError, match="AdExNeuron"):
        _ = room.AdExNeurn
