"""An electrical synapse, as two neurons or a matrix of them see it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_finite
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._arguments import numbers
from sc_neurocore.synapses._document import load_rule


class GapJunction:
    """An electrical synapse between two neurons (rule ``gap_junction``).

    Args:
        conductance: in nS, 0 or more.
        rectification: 0 passes current both ways alike, 1 from the first neuron to the second only.

    Raises:
        SCConfigError: a number is outside its range.
    """

    def __init__(self, conductance: float = 0.1, rectification: float = 0.0) -> None:
        rule = load_rule("gap_junction").with_initial({"w": conductance})
        rule = rule.with_parameters({"rectification": rectification})
        self.rule = rule
        self.conductance, self.rectification = float(conductance), float(rectification)

    def current(self, v_pre: float, v_post: float) -> float:
        """Current in pA from the first neuron into the second, of potentials in mV."""
        drop = require_finite("v_pre", v_pre) - require_finite("v_post", v_post)
        return self.conductance * (drop if drop > 0 else (1 - self.rectification) * drop)

    def current_matrix(
        self, voltages: NDArray[np.float64], adjacency: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Currents in pA into ``(N,)`` neurons that are joined alike; they sum to 0.

        Args:
            voltages: ``(N,)`` potentials in mV.
            adjacency: ``(N, N)``, 0 or 1. Without rectification it is symmetric; with it, entry
                ``[i, j]`` is a junction that passes current from ``i`` to ``j``.

        Raises:
            SCConfigError: shapes or entries are not those.
        """
        v, joined = numbers("voltages", voltages), numbers("adjacency", adjacency)
        if v.ndim != 1 or joined.shape != (len(v), len(v)) or not np.isfinite(v).all():
            raise SCConfigError(
                f"voltages have shape {v.shape} and adjacency {joined.shape}; "
                "they must be finite, (N,) and (N, N)"
            )
        if not np.isin(joined, (0.0, 1.0)).all() or joined.diagonal().any():
            raise SCConfigError("adjacency holds 0 and 1 only, and 0 on its diagonal")
        drop = v[:, None] - v[None, :]
        if self.rectification == 0:
            if not np.array_equal(joined, joined.T):
                raise SCConfigError("adjacency of ohmic junctions is symmetric; add its transpose")
            return np.asarray(self.conductance * (joined * drop).sum(axis=0))
        if (joined * joined.T).any():
            raise SCConfigError(
                "adjacency of rectifying junctions has one direction per pair of neurons"
            )
        open_ = np.where(drop > 0, 1.0, 1 - self.rectification)
        flow = self.conductance * joined * open_ * drop
        return np.asarray(flow.sum(axis=0) - flow.sum(axis=1))
