"""Where plots are drawn and how they look: one size, one palette, and files that repeat."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sc_neurocore.exceptions import SCConfigError, SCDependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colours that stay apart in print and for colour-blind readers; the first is that of one curve.
COLOURS = ("#17507a", "#d9731a", "#2b8a57", "#8a4f9e", "#b3333f", "#5d6b7a")
SOFT = "#667085"
_SIZE = (5.6, 2.9)
_FORMATS = (".pdf", ".png", ".svg")
#: Rows and columns of a picture at most.
_PIXELS = 250


def axes(ax: Axes | None, size: tuple[float, float] = _SIZE) -> Axes:
    """The given axes, or those of a new figure of ``size`` inches, in the style of the room."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SCDependencyError(
            "plots need matplotlib; install it with: pip install 'sc-neurocore[analysis]'"
        ) from None
    found = Figure(figsize=size, layout="constrained").add_subplot() if ax is None else ax
    found.spines[["top", "right"]].set_visible(False)
    found.tick_params(labelsize=8)
    return found


def figure_of(ax: Axes) -> Figure:
    """The whole figure that axes are in, also from within a part of it."""
    return ax.figure.figure


def label(ax: Axes, x: str, y: str) -> Axes:
    """Name both axes, with units; returns the axes."""
    ax.set_xlabel(x, fontsize=9)
    ax.set_ylabel(y, fontsize=9)
    return ax


def note(ax: Axes, text: str) -> None:
    """A remark above the axes, at the right."""
    ax.set_title(text, fontsize=8, loc="right", color=SOFT)


def colour_bar(ax: Axes, image: Any, text: str) -> Any:
    """A scale beside a picture of values; returns its axes."""
    bar = figure_of(ax).colorbar(image, ax=ax, pad=0.02)
    bar.set_label(text, fontsize=9)
    bar.ax.tick_params(labelsize=8)
    cast("Any", bar.outline).set_visible(False)
    return bar.ax


def block(count: int) -> int:
    """How many rows or columns of a picture are summed: more than it has pixels would be lost."""
    return -(-count // _PIXELS)


def whole_ticks(axis: Any, most: int = 6) -> None:
    """Only whole numbers on an axis of indices."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))


def save(ax: Axes, path: str | Path) -> None:
    """Write the figure of some axes; the same figure gives the same bytes.

    Args:
        ax: any axes of the figure.
        path: ``.svg``, ``.png`` or ``.pdf``; an existing file is replaced.

    Raises:
        SCConfigError: another ending, or the folder does not exist.
    """
    file = Path(path)
    if file.suffix not in _FORMATS:
        raise SCConfigError(f"{file.name} ends in none of {', '.join(_FORMATS)}")
    if not file.parent.is_dir():
        raise SCConfigError(f"there is no folder {file.parent} to write {file.name} to")
    file.write_bytes(drawn(ax, file.suffix))


def drawn(ax: Axes, suffix: str) -> bytes:
    """The figure of some axes as a file, without a date."""
    import matplotlib

    dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}
    found = io.BytesIO()
    # Identifiers in an SVG are random without a salt.
    with matplotlib.rc_context({"svg.hashsalt": "sc-neurocore", "svg.fonttype": "path"}):
        figure_of(ax).savefig(found, dpi=200, metadata=dates[suffix], format=suffix[1:])
    return found.getvalue()
