"""A picture of a plan: how many synapses have which width and length."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from sc_neurocore._svg import WIDTH, svg
from sc_neurocore.bitstream._length import grouped
from sc_neurocore.compiler.adaptive_precision._plan import SynapsePlan

_LEFT, _TOP, _GAP, _HIGH = 60, 46, 18, 26


def precision_plot(plan: SynapsePlan) -> str:
    """Synapses by width and length, those that miss the target apart.

    Returns:
        One ``<svg>`` element.
    """
    met = plan.targets_met
    columns = [(n, True) for n in np.unique(plan.bitstream_lengths[met]).tolist()]
    columns += [(n, False) for n in np.unique(plan.bitstream_lengths[~met]).tolist()]
    widths = np.unique(plan.bit_widths).tolist()
    keys, counts = np.unique(
        np.stack([plan.bit_widths, plan.bitstream_lengths, met]), axis=1, return_counts=True
    )
    number = {tuple(k): int(n) for k, n in zip(keys.T.tolist(), counts, strict=True)}
    wide = min(90.0, (WIDTH - _LEFT - _GAP - 14) / len(columns))
    most = max(number.values())
    parts = [
        f'<text class="name" x="{_LEFT}" y="18">{escape(plan.verdict)}</text>',
        f'<text x="{_LEFT - 8}" y="{_TOP - 6}" text-anchor="end">bits</text>',
    ]
    for i, (length, fits) in enumerate(columns):
        x = _LEFT + wide * i + (0 if fits else _GAP)
        middle = x + wide / 2
        for j, width in enumerate(widths):
            count = number.get((width, length, int(fits)), 0)
            if not count:
                continue
            y = _TOP + _HIGH * j
            # No stronger than that numbers can be read on it, on light pages and on dark ones.
            strength = 0.1 + 0.45 * math.sqrt(count / most)
            parts.append(
                f'<path d="M{x:.1f} {y}h{wide - 1:.1f}v{_HIGH - 1}h-{wide - 1:.1f}z" '
                f'fill="var({"--float" if fits else "--fixed"})" opacity="{strength:.2f}"/>'
                f'<text x="{middle:.1f}" y="{y + 17}" text-anchor="middle" '
                f'style="fill:var(--ink)">'
                f"{grouped(count)}</text>"
            )
        bottom = _TOP + _HIGH * len(widths) + 15
        parts.append(
            f'<text x="{middle:.1f}" y="{bottom}" text-anchor="middle">{length}'
            f"{'' if fits else ' missed'}</text>"
        )
    for j, width in enumerate(widths):
        y = _TOP + _HIGH * j + 17
        parts.append(f'<text x="{_LEFT - 8}" y="{y}" text-anchor="end">{width}</text>')
    height = _TOP + _HIGH * len(widths) + 40
    parts.append(
        f'<text class="name" x="{_LEFT}" y="{height - 6}">length of the stream (bits)</text>'
    )
    return svg(height, "Synapses by width and length", parts)
