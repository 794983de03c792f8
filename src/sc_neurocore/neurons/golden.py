"""Fingerprints of the default protocols; ``python -m sc_neurocore.neurons.golden`` prints them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.dynamics import simulate
from sc_neurocore.exceptions import SCConfigError, SCNeuroError
from sc_neurocore.neurons._document import list_bundled_schemas, load_schema
from sc_neurocore.neurons._model import model_of
from sc_neurocore.neurons._protocol import protocol_of

SAMPLES = 50
RESOLUTION = 100_000
# Moves the edges of the rounding cells away from the round numbers that states rest at, so that
# an error in the last place cannot move a resting state into the next cell.
_OFFSET = 0.618034


@dataclass(frozen=True)
class Golden:
    """Fingerprint of a run of the default protocol.

    Attributes:
        digest: ``sha256:…`` over spike ticks and sampled states.
        spikes: number of spikes.
    """

    digest: str
    spikes: int


def golden(document: Mapping[str, Any]) -> Golden:
    """Run the default protocol of a model document and fingerprint it.

    The digest covers the ticks of all spikes and, at 50 evenly spaced ticks, every state as a
    whole number of 10⁻⁵ of its declared range. Draws come from seed 0.

    Raises:
        SCConfigError: no ``[protocol]`` table, or a state without a range.
    """
    model, protocol = model_of(document), protocol_of(document)
    for q in model.states:
        if not np.isfinite(q.high - q.low):
            raise SCConfigError(f"[states.{q.name}] needs 'low' and 'high' for a golden digest")
    run = simulate(
        model, {protocol.input: protocol.current(model.dt)},
        record=model.state_names, seed=0, engine="interpreted",
    )  # fmt: skip
    text = [f"spikes {' '.join(map(str, run.spikes.tick))}"]
    chosen = np.linspace(0, run.ticks - 1, SAMPLES).round().astype(int)
    for q in model.states:
        part = (run.states[q.name][chosen, 0] - q.low) / (q.high - q.low)
        cells = np.floor(part * RESOLUTION + _OFFSET).astype(int)
        text.append(f"{q.name} {' '.join(map(str, cells))}")
    digest = hashlib.sha256("\n".join(text).encode()).hexdigest()
    return Golden(f"sha256:{digest}", len(run.spikes))


def main(names: Sequence[str]) -> int:
    """Print the ``[golden]`` table of each named model (default: all bundled ones).

    Returns:
        0 if every recorded digest is the one just computed, else 1.
    """
    status = 0
    for name in names or list_bundled_schemas():
        try:
            document = load_schema(name)
            found = golden(document)
        except SCNeuroError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        recorded = document.get("golden", {})
        same = (recorded.get("digest"), recorded.get("spikes")) == (found.digest, found.spikes)
        status |= not same
        note = "" if same else "  # not what the file records"
        print(f'# {name}{note}\n[golden]\ndigest = "{found.digest}"\nspikes = {found.spikes}\n')
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
