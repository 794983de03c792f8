"""What the examples of circuits share: their options, their rasters, their files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore import viz
from sc_neurocore.exceptions import SCNeuroError

BLUE, RED, GREY = "#1f4e79", "#c0392b", "#b0b0b0"
#: A population in a raster: time of its spikes in ms, their cells, number of cells, name, colour.
Layer = tuple[np.ndarray, np.ndarray, int, str, str]


def options(about: str) -> argparse.ArgumentParser:
    """A parser of what every example takes; its help is the example's own description."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default 1)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="picture to write: .svg, .png")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures to write")
    return parser


def run(main: Any) -> None:
    """Run an example; what the user got wrong is one line, not a traceback."""
    try:
        main()
    except SCNeuroError as error:
        sys.exit(f"error: {error}")


def shows_progress() -> bool:
    """Whether somebody is there to see a bar."""
    return sys.stdout.isatty()


def raster(ax: Any, layers: Sequence[Layer], every: int = 1, size: float = 1.2) -> None:
    """Draw one cell of ``every``, layer above layer, the first on top, in dots of a size."""
    base, places = 0, []
    for time, cell, n, name, colour in reversed(layers):
        shown = cell % every == 0
        ax.plot(time[shown], base + cell[shown] // every, ".", ms=size, color=colour, mew=0,
                rasterized=True)  # fmt: skip
        rows = -(-n // every)
        places.append((base + rows / 2, name))
        base += rows + max(1, rows // 25)
    named = [(y, name) for y, name in places if name]
    ax.set_yticks([y for y, _ in named], [name for _, name in named])
    ax.set_ylim(-1, base)
    ax.set_xlabel("time (ms)")


def write_picture(figure: Any, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes."""
    viz.save(figure.axes[0], path)


def write_figures(found: Any, path: Path) -> None:
    """Write what was measured as JSON."""
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
