"""One neuron, one tick at a time, through the same compiled kernel as `simulate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics._kernel import kernel_source
from sc_neurocore.dynamics._kernel_cache import load_kernel
from sc_neurocore.dynamics._methods import program
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._sheet import Layout, Spread
from sc_neurocore.dynamics._simulation import State
from sc_neurocore.exceptions import SCConfigError


class Stepper:
    """Advances one neuron tick by tick, bit-identically to `simulate` with the same seed.

    A tick that would make a state non-finite raises and changes nothing.

    Attributes:
        model: the model.
        seed: seed of the random draws.
    """

    def __init__(self, model: Model, seed: int = 0) -> None:
        if not 0 <= seed < 2**64:
            raise SCConfigError(f"seed is {seed}; it must be from 0 to 2**64 - 1")
        self.model, self.seed = model, seed
        spreads: tuple[Spread, ...] = tuple("tick" for _ in model.inputs)
        layout = Layout("float64", (), spreads, model.refractory_ticks > 0)
        source = kernel_source(program(model), layout)
        self._run = load_kernel(source.text)
        self._inputs = tuple(np.zeros(1) for _ in spreads)
        constants = np.array([*source.literals, *model.parameter_values.values()])
        self._before = (constants, np.empty((0, 1)), *self._inputs)
        self._kept, self._rows = np.empty((0, 1, 1)), np.empty(0, np.uint64)
        self._room = np.empty(1, np.int64)
        self._values = np.empty((len(model.states), 1))
        self._counter, self._last = np.zeros(1, np.int64), np.zeros(1, np.uint8)
        self._undo: tuple[NDArray[Any], ...] = (
            self._values.copy(), self._counter.copy(), self._last.copy(),
        )  # fmt: skip
        self._tick = 0
        self.state = State.initial(model)

    @property
    def state(self) -> State:
        """The state now, as a copy; assigning one continues from it."""
        return State(
            self._values.copy(), self._counter.copy(), self._last.astype(np.bool_), self._tick
        )

    @state.setter
    def state(self, state: State) -> None:
        if state.values.shape != self._values.shape:
            raise SCConfigError(
                f"state has shape {state.values.shape}; a stepper of model '{self.model.name}' "
                f"needs {self._values.shape}"
            )
        self._values[:] = state.values
        self._counter[:] = state.refractory
        self._last[:] = state.previous
        self._tick = state.tick

    def step(self, inputs: Sequence[float]) -> bool:
        """Run one tick and return whether the neuron spiked.

        Args:
            inputs: one value per input of the model, in order.

        Raises:
            SCConfigError: a state would become non-finite; nothing changes.
        """
        for held, value in zip(self._inputs, inputs, strict=True):
            held[0] = value
        live: tuple[NDArray[Any], ...] = (self._values, self._counter, self._last)
        for copy, array in zip(self._undo, live, strict=True):
            copy[:] = array
        _, spikes, failed, _, state = self._run(
            *self._before, *live, self._kept, self._rows, 0, 1, 1, self._tick,
            self.model.refractory_ticks, self.seed, self._room,
        )  # fmt: skip
        if failed >= 0:
            for copy, array in zip(self._undo, live, strict=True):
                array[:] = copy
            given = zip(self.model.input_names, inputs, strict=True)
            listed = ", ".join(f"{name} = {float(value):g}" for name, value in given)
            raise SCConfigError(
                f"state '{self.model.state_names[state]}' would become non-finite at tick "
                f"{self._tick} of model '{self.model.name}'"
                + (f" with {listed}" if listed else "")
                + f"; take a dt below {self.model.dt:g} or another method than "
                f"'{self.model.method}', or check the parameters and the input"
            )
        self._tick += 1
        return bool(spikes)
