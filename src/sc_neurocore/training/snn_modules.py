"""Cells of the usual neurons, and feed-forward networks of them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from sc_neurocore.training._cell import Cell
from sc_neurocore.training._kinds import Reset, cuba_model, lif_model
from sc_neurocore.training._quantised import QuantConv2d, QuantLinear
from sc_neurocore.training._stochastic import StochasticConv2d, StochasticLinear
from sc_neurocore.training.surrogate import Surrogate, atan_surrogate


class LIFCell(Cell):
    """Leaky integrate-and-fire: ``v = beta·v + I``, a spike when ``v > threshold``."""

    def __init__(
        self, beta: float = 0.875, threshold: float = 1.0,
        surrogate_fn: Surrogate = atan_surrogate, reset: Reset = "subtract",
    ) -> None:  # fmt: skip
        super().__init__(lif_model(1 - beta, threshold, reset), surrogate_fn)


class IFCell(Cell):
    """Integrate-and-fire, without leak."""

    def __init__(
        self, threshold: float = 1.0, surrogate_fn: Surrogate = atan_surrogate,
        reset: Reset = "subtract",
    ) -> None:  # fmt: skip
        super().__init__(lif_model(0.0, threshold, reset), surrogate_fn)


class LICell(Cell):
    """Leaky integrator that never spikes; its membrane is read."""

    def __init__(self, beta: float = 0.875) -> None:
        super().__init__(lif_model(1 - beta, None))


class SynapticCell(Cell):
    """Leaky integrate-and-fire behind a synaptic current that decays by ``alpha`` a tick."""

    def __init__(
        self, alpha: float = 0.75, beta: float = 0.875, threshold: float = 1.0,
        surrogate_fn: Surrogate = atan_surrogate, reset: Reset = "subtract",
    ) -> None:  # fmt: skip
        super().__init__(cuba_model(1 - alpha, 1 - beta, threshold, reset), surrogate_fn)


class Activity(NamedTuple):
    """What one run of a network gave.

    Attributes:
        spike_counts: ``(B, classes)`` spikes of the output layer over all ticks.
        membrane: ``(B, classes)`` membrane of the output layer after the last tick.
        hidden: for each hidden layer ``(B, …)`` spikes over all ticks.
    """

    spike_counts: Tensor
    membrane: Tensor
    hidden: tuple[Tensor, ...]


class SpikingNet(nn.Module):  # type: ignore[misc]
    """Layers of synapses, each followed by a cell.

    Attributes:
        synapses: modules from spikes ``(T, B, …)`` to currents ``(T, B, …)``.
        cells: a cell for each.
    """

    def __init__(self, synapses: list[nn.Module], cells: list[Cell]) -> None:
        super().__init__()
        self.synapses, self.cells = nn.ModuleList(synapses), nn.ModuleList(cells)

    @classmethod
    def dense(
        cls,
        sizes: tuple[int, ...],
        cell: Callable[[], Cell] = LIFCell,
        linear: Callable[[int, int], nn.Module] = QuantLinear,
    ) -> Self:
        """Fully connected layers of the given sizes, the input's first."""
        pairs = list(itertools.pairwise(sizes))
        return cls([linear(m, n) for m, n in pairs], [cell() for _ in pairs])

    def stochastic(self, length: int) -> Self:
        """The same network, sharing its parameters, with bit streams for weights."""

        def view(layer: nn.Module) -> nn.Module:
            if isinstance(layer, QuantLinear):
                return StochasticLinear.sharing(layer, length)
            if isinstance(layer, QuantConv2d):
                return StochasticConv2d.sharing(layer, length)
            return layer

        synapses = [
            nn.Sequential(*map(view, stage)) if isinstance(stage, nn.Sequential) else view(stage)
            for stage in self.synapses
        ]
        return type(self)(synapses, [copy.copy(cell) for cell in self.cells])

    def run(self, x: Tensor) -> Activity:
        """Run spikes or currents ``(T, B, …)`` through all layers."""
        counts = []
        membrane = x
        for synapses, cell in zip(self.synapses, self.cells, strict=True):
            currents = synapses(x)
            state, spikes = None, []
            for current in currents:
                spike, state = cell(current, state)
                spikes.append(spike)
            x = torch.stack(spikes)
            counts.append(x.sum(0))
            assert state is not None
            membrane = state.values[-1]
        return Activity(counts[-1], membrane, tuple(counts[:-1]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spike counts and last membrane ``(B, classes)`` of the output layer."""
        activity = self.run(x)
        return activity.spike_counts, activity.membrane
