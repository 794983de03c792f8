"""What is connected to what: weights, and populations with their projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.viz._axes import COLOURS, SOFT, axes, colour_bar, label, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Rows and columns of a picture at most.
_MOST = 1000


def weight_matrix(projection: Any, ax: Axes | None = None, cmap: str | None = None) -> Axes:
    """Weights as a picture: sources upwards, targets to the right; no synapse is white.

    Args:
        projection: one with ``csr()`` (indptr, indices, data), ``source.n`` and ``target.n``; or
            such a triple; or a matrix (sources, targets).
        ax: axes to draw into; new ones by default.
        cmap: colours of Matplotlib; by default blue, or red to blue about 0 if signs differ.

    Returns:
        The axes. Weights of several synapses of a pair are summed, and of neighbours so that no
        more than 1000 rows and columns are left.
    """
    dense, extent = _dense(projection), _extent(projection)
    shown = np.ma.masked_equal(dense, 0)
    ax = axes(ax, (4.2, 3.4))
    signs = dense.min() < 0 < dense.max()
    size = float(np.abs(dense).max()) or 1.0
    chosen = cmap or ("RdBu" if signs else "Blues" if dense.max() > 0 else "Reds_r")
    image = ax.imshow(
        shown, origin="lower", aspect="auto", interpolation="nearest", cmap=chosen,
        extent=extent,
        vmin=-size if dense.min() < 0 else 0, vmax=size if dense.max() > 0 else 0,
    )  # fmt: skip
    colour_bar(ax, image, "Weight")
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
    from matplotlib.patches import Circle, FancyArrowPatch

    populations = list(network.populations)
    if not populations:
        raise SCConfigError("the network has no population, so there is nothing to draw")
    ax = axes(ax, (4.4, 4.0))
    count = len(populations)
    angle = (np.pi if count == 2 else np.pi / 2) - 2 * np.pi * np.arange(count) / count
    at = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (count > 1)
    sizes = np.array([p.n for p in populations], dtype=float)
    most = 0.48 * np.sin(np.pi / max(count, 3))
    radius = most * (0.7 + 0.3 * np.sqrt(sizes / sizes.max()))
    place = {id(p): k for k, p in enumerate(populations)}
    drawn: dict[tuple[int, int], int] = {}
    for projection in network.projections:
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
        name = getattr(population, "label", "") or f"population {k}"
        ax.text(
            at[k, 0],
            at[k, 1],
            f"{name}\n{population.n}",
            ha="center",
            va="center",
            fontsize=9 if count < 6 else 7,
            zorder=3,
        )
    reach = (1.0 if count > 1 else 0.0) + radius.max() * 2.3
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.axis("off")
    return ax


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


def _dense(projection: Any) -> np.ndarray:
    """Weights (sources, targets), those of neighbours summed where there are too many to see."""
    if hasattr(projection, "csr"):
        shape = (projection.source.n, projection.target.n)
        parts = projection.csr()
    elif isinstance(projection, tuple) and len(projection) == 3:
        parts = projection
        shape = (len(parts[0]) - 1, int(np.max(parts[1], initial=-1)) + 1)
    else:
        return _matrix(projection)
    indptr, indices, data = (np.asarray(x) for x in parts)
    rows = np.repeat(np.arange(shape[0]), np.diff(indptr))
    dense = np.zeros([min(n, _MOST) for n in shape])
    place = [x.astype(np.int64) * m // n
             for x, m, n in zip((rows, indices), dense.shape, shape, strict=True)]  # fmt: skip
    np.add.at(dense, tuple(place), np.broadcast_to(data, indices.shape))
    return _matrix(dense)


def _extent(projection: Any) -> tuple[float, float, float, float] | None:
    """Numbers of the neurons at the edges, where a projection knows them."""
    if not hasattr(projection, "csr"):
        return None
    return (-0.5, projection.target.n - 0.5, -0.5, projection.source.n - 0.5)


def _matrix(values: ArrayLike) -> np.ndarray:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or not found.size or not np.all(np.isfinite(found)):
        raise SCConfigError(
            f"weights have shape {found.shape}; give a projection or a finite matrix "
            "(sources, targets)"
        )
    return found
