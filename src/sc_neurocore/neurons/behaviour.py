"""``python -m sc_neurocore.neurons.behaviour`` measures what the models do, for the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sc_neurocore.evidence import atomic_write
from sc_neurocore.exceptions import SCNeuroError
from sc_neurocore.neurons._behaviour import FILE, recorded_behaviour
from sc_neurocore.neurons._document import list_bundled_schemas, load_schema
from sc_neurocore.neurons._probe import measure


def main(names: Sequence[str]) -> int:
    """Measure the named models (default: all) and write their tags to ``behaviour.toml``.

    Returns:
        The exit code: 0, or that of a model that cannot be measured.
    """
    bundled = list_bundled_schemas()
    found = {name: recorded_behaviour(name) for name in bundled}
    for name in names or bundled:
        try:
            found[name] = measure(load_schema(name))
        except SCNeuroError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        print(f"{name}: {', '.join(found[name])}")
    lines = ["# Measured by `python -m sc_neurocore.neurons.behaviour`; never edited by hand."]
    for name in bundled:
        tags = ", ".join(f'"{tag}"' for tag in found[name])
        lines.append(f"{name} = [{tags}]")
    atomic_write(FILE, "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
