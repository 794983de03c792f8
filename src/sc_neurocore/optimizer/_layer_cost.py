"""Area of a parallel stochastic layer. PROVISIONAL until the cost model's sc_layer is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost import BlockShape

Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Areas:
    """Counts of several layers, each with its interval.

    Attributes:
        value: middle.
        low: lower end.
        high: upper end.
        extrapolates: whether the model was asked beyond what it was fitted to.
    """

    value: Reals
    low: Reals
    high: Reals
    extrapolates: NDArray[np.bool_]


def layer_area(shapes: Sequence[BlockShape], family: str, metric: str) -> Areas:
    """Predict a metric of several layers."""
    n, L, w = (np.array([s.parameters[k] for s in shapes], float) for k in ("mac_count","bitstream_length","precision_bits"))
    d = [s.parameters["decorrelator"] for s in shapes]
    reg = np.array([int(str(s.parameters["polynomial"]).split(",")[0]) for s in shapes], float)
    extra = np.array([{"none":0,"shared":0,"delay":1,"shuffle":17,"tracking":3}[x] for x in d]) + np.array([2.6*v if x=="tracking" else 0 for x,v in zip(d,w)])
    if metric == "luts":
        v = n*(2.3*w+3+extra)+np.log2(n*L)*2+20
    else:
        v = 2*n*(w+1)+reg*(1+np.isin(d,["shared","shuffle","tracking"]))+np.log2(n*L)+np.log2(L)+n*np.array([{"none":0,"shared":0,"delay":4,"shuffle":8,"tracking":9}[x] for x in d])
    return Areas(v, v*.9, v*1.1, n > 256)
