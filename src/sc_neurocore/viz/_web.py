"""A network as one page of HTML that needs nothing else: no script, no other file, no network."""

from __future__ import annotations

import base64
import html
import itertools
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.viz._axes import drawn
from sc_neurocore.viz._network import matrix_of, network_graph, weight_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .9rem; text-align: right }}
th:first-child, td:first-child {{ text-align: left }} tr {{ border-bottom: 1px solid #d0d5dd }}
figure {{ display: inline-block; margin: 1rem 0 }} img {{ max-width: 100% }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""
_HEAD = ("Layer", "Sources", "Targets", "Synapses", "Least weight", "Mean", "Largest")


class WebVisualizer:
    """Writes a network as a page of HTML, to look at or to send.

    The live pages of the documented studio are another matter: this one is a picture.
    """

    def generate_html(
        self, layers: Any | Sequence[Any], filename: str | Path, *, title: str = "Network"
    ) -> Path:
        """Write one self-contained page: the graph, a table of the layers, their weights.

        Args:
            layers: a network with ``populations`` and ``projections``; or its layers in order, each
                a matrix of weights (sources, targets).
            filename: ends in ``.html``; an existing file is replaced.
            title: heading of the page.

        Returns:
            The path written.

        Raises:
            SCConfigError: there is no layer, the layers do not follow one another, or the folder of
                the file does not exist.
        """
        file = Path(filename)
        if file.suffix != ".html":
            raise SCConfigError(f"{file.name} does not end in .html")
        if not file.parent.is_dir():
            raise SCConfigError(f"there is no folder {file.parent} to write {file.name} to")
        network = layers if hasattr(layers, "projections") else _chain(layers)
        if not all(hasattr(p, "csr") for p in network.projections):
            raise SCConfigError("a projection of the network does not tell its synapses by csr()")
        parts = [_figure(network_graph(network), "populations and projections"), _table(network)]
        for name, projection in _named(network):
            parts.append(_figure(weight_matrix(projection), f"weights from {name}"))
        page = _PAGE.format(title=html.escape(title), body="\n".join(parts))
        part = file.with_name(f".{file.name}.part")
        part.write_text(page, encoding="utf-8")
        return part.replace(file)


def _chain(layers: Any) -> SimpleNamespace:
    """Layers in order as populations and projections."""
    try:
        given = list(layers)
    except TypeError:
        given = []
    if not given:
        raise SCConfigError("layers is no network and holds no layer, so there is nothing to show")
    found = [matrix_of(layer) for layer in given]
    for k, (a, b) in enumerate(itertools.pairwise(found), 1):
        if a.shape[1] != len(b):
            raise SCConfigError(
                f"layer {k} has {a.shape[1]} targets, but layer {k + 1} has {len(b)} sources"
            )
    sizes = [found[0].shape[0], *(x.shape[1] for x in found)]
    names = ["input", *(f"layer {k}" for k in range(1, len(found) + 1))]
    populations = [SimpleNamespace(label=a, n=n) for a, n in zip(names, sizes, strict=True)]
    ends = itertools.pairwise(populations)
    projections = [
        SimpleNamespace(source=a, target=b, weight=x, csr=partial(_csr, x))
        for (a, b), x in zip(ends, found, strict=True)
    ]
    return SimpleNamespace(populations=populations, projections=projections)


def _csr(dense: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(dense)
    return np.searchsorted(rows, np.arange(len(dense) + 1)), columns, dense[rows, columns]


def _named(network: Any) -> list[tuple[str, Any]]:
    return [(f"{p.source.label} to {p.target.label}", p) for p in network.projections]


def _table(network: Any) -> str:
    rows = []
    for name, projection in _named(network):
        data = np.asarray(projection.csr()[2], dtype=np.float64)
        count = len(projection.csr()[1])
        known = (data.min(), data.mean(), data.max()) if count else ()
        cells = [
            name,
            projection.source.n,
            projection.target.n,
            count,
            *(f"{x:.4g}" for x in known),
        ]
        rows.append("".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells))
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _figure(ax: Axes, text: str) -> str:
    """A plot inside of the page, with a text for who cannot see it."""
    image = base64.b64encode(drawn(ax, ".svg")).decode("ascii")
    said = html.escape(text)
    return (
        f'<figure><img src="data:image/svg+xml;base64,{image}" alt="{said}">'
        f"<figcaption>{said}</figcaption></figure>"
    )
