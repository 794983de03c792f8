"""Rest states of a model and their stability in plain NumPy; runs without compiling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import fsolve

from sc_neurocore import dynamics
from sc_neurocore.dynamics import Model
from sc_neurocore.dynamics._evaluate import evaluate
from sc_neurocore.dynamics._methods import inlined

Array = NDArray[np.float64]

#: Equal to the kernels bit for bit, without compiling one per model.
simulate = partial(dynamics.simulate, engine="interpreted")


class Flow:
    """The right sides of a model as a function of its states."""

    def __init__(self, model: Model) -> None:
        self.names = model.state_names
        self.is_map = model.method == "map"
        self._sides = list(inlined(model).values())
        self._known = model.parameter_values | {q.name: q.value for q in model.inputs}

    def __call__(self, at: ArrayLike, **inputs: float) -> Array:
        """Derivatives (maps: next values) of the states at a point."""
        point = np.asarray(at, np.float64).tolist()
        values = self._known | inputs | dict(zip(self.names, point, strict=True))
        return np.array([evaluate(side, values) for side in self._sides])

    def rest(self, guess: ArrayLike, **inputs: float) -> Array:
        """The rest state near a guess."""

        def change(at: Array) -> Array:
            return self(at, **inputs) - at if self.is_map else self(at, **inputs)

        found, _, good, why = fsolve(change, guess, xtol=1e-12, full_output=True)
        assert good == 1, why
        return np.asarray(found)

    def jacobian(self, at: ArrayLike, **inputs: float) -> Array:
        """The Jacobian at a point, by central differences."""
        point = np.asarray(at, np.float64)
        columns = [
            (self(point + step, **inputs) - self(point - step, **inputs)) / 2e-6
            for step in 1e-6 * np.eye(len(point))
        ]
        return np.column_stack(columns)

    def eigenvalues(self, at: ArrayLike, **inputs: float) -> NDArray[np.complex128]:
        """Eigenvalues of the Jacobian at a point."""
        return np.asarray(np.linalg.eigvals(self.jacobian(at, **inputs)), np.complex128)

    def growth(self, guess: ArrayLike, **inputs: float) -> float:
        """Growth rate of the rest state near a guess; above 0 it is unstable."""
        found = self.eigenvalues(self.rest(guess, **inputs), **inputs)
        return float((np.log(np.abs(found)) if self.is_map else found.real).max())


def over(values: Sequence[float] | Array, ticks: int) -> Array:
    """Constant inputs, one per neuron, shape ``(ticks, neurons)``."""
    row = np.asarray(values, np.float64)
    return np.broadcast_to(row, (ticks, len(row))).copy()
