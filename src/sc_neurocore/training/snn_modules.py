"""Cells of the usual neurons, and feed-forward networks of them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import NamedTuple

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
        membrane_acc: ``(B, classes)`` the same membrane, summed over all ticks.
        hidden: for each hidden layer ``(B, …)`` spikes over all ticks.
    """

    spike_counts: Tensor
    membrane: Tensor
    membrane_acc: Tensor
    hidden: tuple[Tensor, ...]


class FeedForward(nn.Module):  # type: ignore[misc]
    """Layers of synapses, each followed by a cell.

    Attributes:
        synapses: modules from spikes ``(T, B, …)`` to currents ``(T, B, …)``.
        cells: a cell for each.
    """

    def __init__(self, synapses: list[nn.Module], cells: list[Cell]) -> None:
        super().__init__()
        self.synapses, self.cells = nn.ModuleList(synapses), nn.ModuleList(cells)

    @staticmethod
    def dense(
        sizes: tuple[int, ...],
        cell: Callable[[], Cell] = LIFCell,
        linear: Callable[[int, int], nn.Module] = QuantLinear,
    ) -> FeedForward:
        """Fully connected layers of the given sizes, the input's first."""
        pairs = list(itertools.pairwise(sizes))
        return FeedForward([linear(m, n) for m, n in pairs], [cell() for _ in pairs])

    def stochastic(self, length: int) -> FeedForward:
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
        return FeedForward(synapses, [copy.copy(cell) for cell in self.cells])

    def run(self, x: Tensor) -> Activity:
        """Run spikes or currents ``(T, B, …)`` through all layers."""
        counts = []
        membranes = [x]
        for synapses, cell in zip(self.synapses, self.cells, strict=True):
            state, spikes, membranes = None, [], []
            for current in synapses(x):
                spike, state = cell(current, state)
                spikes.append(spike)
                membranes.append(state.values[-1])
            x = torch.stack(spikes)
            counts.append(x.sum(0))
        total = torch.stack(membranes).sum(0)
        return Activity(counts[-1], membranes[-1], total, tuple(counts[:-1]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spike counts and accumulated membrane ``(B, classes)`` of the output layer."""
        activity = self.run(x)
        return activity.spike_counts, activity.membrane_acc


class SpikingNet(FeedForward):
    """Fully connected: (linear → LIF) × (n_layers + 1).

    Args:
        n_input: values per sample.
        n_hidden: neurons of each hidden layer.
        n_output: classes.
        n_layers: hidden layers.
        beta: what a membrane keeps from tick to tick.
        surrogate_fn: a function of `training.surrogate`.
        linear: makes the synapses of a layer, such as `QuantLinear`.
    """

    def __init__(
        self, n_input: int, n_hidden: int, n_output: int, n_layers: int = 1, beta: float = 0.875,
        surrogate_fn: Surrogate = atan_surrogate,
        linear: Callable[[int, int], nn.Module] = QuantLinear,
    ) -> None:  # fmt: skip
        sizes = (n_input, *[n_hidden] * n_layers, n_output)
        pairs = list(itertools.pairwise(sizes))
        super().__init__(
            [linear(m, n) for m, n in pairs],
            [LIFCell(beta, surrogate_fn=surrogate_fn) for _ in pairs],
        )
