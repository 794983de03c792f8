"""``models scan``: what a model does along one input or parameter."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._output import (
    examples,
    json_option,
    plot_option,
    print_json,
    print_table,
    require_place,
    require_svg,
    write_file,
)
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sc_neurocore.neurons import Scan

_MEASURES = ("rate", "first-spike", "interval-cv", "mean", "minimum", "maximum")


@click.command(
    epilog=examples(
        "sc-neurocore models scan lif --parameter I=0:4:21",
        "sc-neurocore models scan adex --parameter tau_w=20:300:15 --measure interval-cv",
        "sc-neurocore models scan hodgkin_huxley --parameter I=0:50:26 --plot rate.svg",
        codes="0 success, 2 bad input",
    ),
)
@click.argument("model")
@click.option("--parameter", required=True, metavar="NAME=LOW:HIGH:POINTS",
              help="The parameter, or driven input, and its evenly spaced values.")  # fmt: skip
@click.option("--measure", type=click.Choice(_MEASURES), default="rate", show_default=True,
              help="What is measured; the last three are of the first state.")  # fmt: skip
@plot_option
@json_option
def scan(model: str, parameter: str, measure: str, plot: Path | None, as_json: bool) -> None:
    """Run MODEL under its default protocol at each value of a parameter or of its input."""
    from sc_neurocore.neurons import load_schema, scan_model

    require_svg(plot)
    if plot is not None:
        require_place(plot)
    name, low, high, points = _range(parameter)
    found = scan_model(load_schema(model), name, low, high, points, measure)
    if plot is not None:
        write_file(plot, _picture(found, measure))
    values = [None if math.isnan(y) else float(y) for y in found.measured]
    if as_json:
        print_json(
            {
                "model": found.model,
                "parameter": name,
                "unit": found.unit,
                "measure": measure,
                "measure_unit": found.measure_unit,
                "values": found.values.tolist(),
                "measured": values,
            }
        )
        return
    print_table(
        (_label(name, found.unit), _label(measure, found.measure_unit)),
        [
            (f"{x:.6g}", "" if y is None else f"{y:.6g}")
            for x, y in zip(found.values, values, strict=True)
        ],
    )


def _range(text: str) -> tuple[str, float, float, int]:
    """Name, low, high and number of points of ``NAME=LOW:HIGH:POINTS``."""
    name, equals, rest = text.partition("=")
    parts = rest.split(":")
    try:
        low, high, points = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        points = 0
    if not (name and equals and len(parts) == 3 and 2 <= points <= 1000 and low < high):
        raise SCConfigError(
            f"--parameter is '{text}'; write NAME=LOW:HIGH:POINTS with LOW below HIGH and 2 to "
            "1000 points, such as I=0:4:21"
        )
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SCConfigError(f"--parameter is '{text}'; LOW and HIGH must be finite")
    return name, low, high, points


def _label(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _picture(found: Scan, measure: str) -> str:
    import numpy as np

    from sc_neurocore._svg import (
        LEFT,
        RIGHT,
        WIDTH,
        Scale,
        bottom_axis,
        frame,
        path,
        standalone,
        svg,
    )

    height, top = 250, 8
    known = ~np.isnan(found.measured)
    x, y = found.values[known], found.measured[known]
    low, high = _span(y)
    across = Scale(float(found.values[0]), float(found.values[-1]), LEFT, WIDTH - RIGHT)
    down = Scale(low, high, top + height, top)
    dots = "".join(
        f'<circle class="dot float" cx="{across(a):.1f}" cy="{down(b):.1f}" r="3"/>'
        for a, b in zip(x, y, strict=True)
    )
    parts: list[Any] = [
        frame(across, top, height, down, measure, found.measure_unit),
        f'<path class="float" d="{path(across(x), down(y))}"/>',
        dots,
        bottom_axis(across, top + height, _label(found.parameter, found.unit)),
    ]
    return standalone(svg(top + height + 36, f"{measure} of {found.model}", parts))


def _span(y: NDArray[np.float64]) -> tuple[float, float]:
    if not len(y):
        return 0.0, 1.0
    low, high = min(0.0, float(y.min())) if y.min() < 1e9 else 0.0, float(y.max())
    if low < 0 and high < 0:
        low, high = float(y.min()), float(y.max())
    margin = 0.06 * (high - low or 1.0)
    return low if low == 0.0 else low - margin, high + margin
