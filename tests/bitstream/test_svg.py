"""The logarithmic axis."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore._svg import LogScale


def test_decades_are_equally_long_and_values_below_the_range_lie_at_its_end() -> None:
    scale = LogScale(1e-4, 1.0, 200.0, 0.0)
    assert scale(np.array([1e-4, 1e-3, 1e-2, 1.0, 1e-9, 0.0])) == pytest.approx(
        [200.0, 150.0, 100.0, 0.0, 200.0, 200.0]
    )


def test_marks_are_powers_of_the_base() -> None:
    assert LogScale(16, 256, 0, 1, base=2).ticks(10) == [16.0, 32.0, 64.0, 128.0, 256.0]
    assert LogScale(3e-5, 2.0, 0, 1).ticks(5) == pytest.approx([1e-4, 1e-3, 1e-2, 0.1, 1.0])
    assert LogScale(2, 2**16, 0, 1, base=2).ticks(5) == [2.0, 16.0, 128.0, 1024.0, 8192.0, 65536.0]
