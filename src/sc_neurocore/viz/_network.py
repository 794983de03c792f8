"""What is connected to what: weights, and populations with their projections."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.viz._axes import COLOURS, SOFT, axes, block, colour_bar, label, note, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More populations than these have discs too small for their names, which stand outside then.
_NAMED_INSIDE = 8
#: Letters of a name in a line.
_LINE = 11


def weight_matrix(projection: Any, ax: Axes | None = None, cmap: str | None = None) -> Axes:
    """Weights as a picture: sources upwards, targets to the right; no synapse is white.

    Args:
        projection: one with ``csr()`` (indptr, indices, data), ``source.n`` and ``target.n``; or
            such a triple; or a matrix (sources, targets).
        ax: axes to draw into; new ones by default.
        cmap: colours of Matplotlib; by default blue, or red to blue about 0 if signs differ.

    Returns:
        The axes. Weights of several synapses of a pair are summed, and of neighbours so that no
        more than 250 rows and columns are left: so no synapse is lost between pixels.
    """
    dense, (sources, targets) = _dense(projection)
    extent = (-0.5, dense.shape[1] * block(targets) - 0.5,
              -0.5, dense.shape[0] * block(sources) - 0.5)  # fmt: skip
    shown = np.ma.masked_equal(dense, 0)
    ax = axes(ax, (4.2, 3.4))
    low, high = float(dense.min()), float(dense.max())
    size = max(-low, high) or 1.0
    chosen = cmap or ("Blues" if low >= 0 else "RdBu" if high > 0 else "Reds_r")
    try:
        image = ax.imshow(
            shown, origin="lower", aspect="auto", interpolation="nearest", cmap=chosen,
            extent=extent, vmin=-size if low < 0 else 0, vmax=size if high > 0 or low >= 0 else 0,
        )  # fmt: skip
    except (TypeError, ValueError):
        raise SCConfigError(f"cmap is {cmap!r}, but must name colours of Matplotlib") from None
    if low == high == 0:
        note(ax, "no synapse")
    rows, columns = block(sources), block(targets)
    colour_bar(
        ax, image, "Weight" if rows * columns == 1 else f"Weight of {rows} × {columns} pairs"
    )
    ax.set_xlim(-0.5, targets - 0.5)
    ax.set_ylim(-0.5, sources - 0.5)
    whole_ticks(ax.xaxis)
    whole_ticks(ax.yaxis)
    return label(ax, "Target neuron", "Source neuron")


def network_graph(network: Any, ax: Axes | None = None) -> Axes:
    """Populations as discs, projections as arrows: blue if excitatory, red if inhibitory.

    Args:
        network: one with ``populations`` (each with ``label`` and ``n``) and ``projections`` (each
            with ``source`` and ``target``; with ``weight``, its sign gives the colour, grey if it
            has both or is unknown).
        ax: axes to draw into; new ones by default.

    Returns:
        The axes. The area of a disc grows with the number of neurons.
    """
    populations = list(getattr(network, "populations", []))
    if not populations:
        raise SCConfigError("the network has no population, so there is nothing to draw")
    ax = axes(ax, (4.4, 4.0))
    from matplotlib.patches import Circle, FancyArrowPatch

    count = len(populations)
    angle = (np.pi if count == 2 else np.pi / 2) - 2 * np.pi * np.arange(count) / count
    at = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (count > 1)
    sizes = np.array([p.n for p in populations], dtype=float)
    most = 0.48 * np.sin(np.pi / max(count, 3))
    radius = most * (0.7 + 0.3 * np.sqrt(sizes / (sizes.max() or 1.0)))
    place = {id(p): k for k, p in enumerate(populations)}
    drawn: dict[tuple[int, int], int] = {}
    for projection in network.projections:
        if not {id(projection.source), id(projection.target)} <= set(place):
            raise SCConfigError("a projection joins a population that the network does not have")
        a, b = place[id(projection.source)], place[id(projection.target)]
        again = drawn[a, b] = drawn.get((a, b), -1) + 1  # parallel ones bend further
        look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 11, "lw": 1.2, "zorder": 1,
                "color": _sign_colour(projection)}  # fmt: skip
        if a == b:
            out = at[a] / (np.hypot(*at[a]) or 1) if count > 1 else np.array([0.0, 1.0])
            side = np.array([-out[1], out[0]])
            start, end = (at[a] + radius[a] * (0.8 * out + 0.6 * s * side) for s in (1, -1))
            bend = f"arc3,rad={-1.6 - 0.5 * again}"
            patch = FancyArrowPatch(start, end, connectionstyle=bend, **look)
        else:
            way = (at[b] - at[a]) / np.hypot(*(at[b] - at[a]))
            turn = np.array([way[1], -way[0]]) * 0.25  # two directions leave side by side
            start = at[a] + radius[a] * (way + turn) / np.hypot(*(way + turn))
            end = at[b] + (radius[b] + 0.02) * (turn - way) / np.hypot(*(turn - way))
            bend = f"arc3,rad={0.12 + 0.14 * again}"
            patch = FancyArrowPatch(start, end, connectionstyle=bend, **look)
        ax.add_patch(patch)
    for k, population in enumerate(populations):
        ax.add_patch(Circle(at[k], radius[k], facecolor="#e8eef4", edgecolor=COLOURS[0], lw=1.2,
                            zorder=2))  # fmt: skip
        name = str(getattr(population, "label", "") or f"population {k}")
        outside = count > _NAMED_INSIDE
        x, y = at[k] * (1.1 + radius[k]) if outside else at[k]
        away = "center" if not outside or abs(x) < 0.3 else "left" if x > 0 else "right"
        said = (f"{_short(name, 1)} ({population.n})" if outside
                else f"{_short(name, 2)}\n{population.n}")  # fmt: skip
        small = outside or count > 5 or len(name) > _LINE
        ax.text(x, y, said, ha=away, va="center", fontsize=7 if small else 9, zorder=3)
    reach = (1.0 if count > 1 else 0.0) + radius.max() * (4 if count > _NAMED_INSIDE else 2.3)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.axis("off")
    return ax


def _short(name: str, lines: int) -> str:
    """A name that fits into a disc: broken into lines, and cut where they are too many."""
    shown = textwrap.wrap(name.replace("_", " "), _LINE) if len(name) > _LINE else [name]
    return "\n".join(shown[:lines]) + ("…" if len(shown) > lines else "")


def _sign_colour(projection: Any) -> str:
    weight = getattr(projection, "weight", None)
    try:
        values = np.asarray(weight, dtype=np.float64)
    except (TypeError, ValueError):
        mean = getattr(weight, "mean", None)  # a distribution
        if not isinstance(mean, int | float):
            return SOFT
        values = np.asarray(float(mean))
    if not values.size or not np.all(np.isfinite(values)):
        return SOFT
    if values.min() >= 0:
        return COLOURS[0]
    return COLOURS[4] if values.max() <= 0 else SOFT


def _dense(projection: Any) -> tuple[np.ndarray, tuple[int, int]]:
    """Weights, of neighbours summed where there are too many to see, and (sources, targets)."""
    if hasattr(projection, "csr"):
        shape = (projection.source.n, projection.target.n)
        parts = projection.csr()
    elif isinstance(projection, tuple) and len(projection) == 3:
        parts = projection
        shape = (len(parts[0]) - 1, int(np.max(parts[1], initial=0)) + 1)
    else:
        full = matrix_of(projection)
        shape = (full.shape[0], full.shape[1])
        rows, indices = np.nonzero(full)
        return _blocks(rows, indices, full[rows, indices], shape), shape
    indptr, indices, data = (np.asarray(x) for x in parts)
    try:
        rows = np.repeat(np.arange(shape[0]), np.diff(indptr))
        if rows.shape != indices.shape:
            raise ValueError
        dense = _blocks(rows, indices, np.broadcast_to(data, indices.shape), shape)
    except (IndexError, TypeError, ValueError):
        raise SCConfigError(
            f"indptr, indices and data of shapes {indptr.shape}, {indices.shape} and {data.shape} "
            f"are no matrix of {shape[0]} sources and {shape[1]} targets"
        ) from None
    return matrix_of(dense), shape


def _blocks(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Sums of weights over blocks of neighbours, few enough to be seen."""
    sizes = [block(n) for n in shape]
    found = np.zeros([-(-n // size) for n, size in zip(shape, sizes, strict=True)])
    np.add.at(found, (rows // sizes[0], columns.astype(np.int64) // sizes[1]), weights)
    return found


def matrix_of(values: ArrayLike) -> np.ndarray:
    """A finite matrix of weights (sources, targets)."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 2 or not found.size or not np.all(np.isfinite(found)):
        raise SCConfigError(
            f"weights have shape {found.shape}; give a projection or a finite matrix "
            "(sources, targets)"
        )
    return found
